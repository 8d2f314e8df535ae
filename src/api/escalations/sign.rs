//! `POST /escalations/{id}/cosign`.

use std::sync::Arc;

use aggregates::escalation::{Command as Deciding, Escalation};
use aggregates::ids::EscalationId;
use axum::extract::{Path, State};

use super::{EscalationView, answer, in_organization};
use crate::api::request::{Command, Nothing, id_in_path};
use crate::engine::{App, Done, Loaded, Problem, decision};
use crate::governance::escalating::carry;

/// Signs a governance escalation. The signature that makes it enough opens the proposal above in the same transaction.
#[utoipa::path(post, path = "/escalations/{id}/cosign", tag = "escalations", params(("id" = String, Path)),
    responses((status = 200, body = EscalationView), (status = "4XX", body = Problem)))]
pub async fn cosign(State(app): State<Arc<App>>, Path(id): Path<String>, command: Command<Nothing>) -> Result<Done, Problem> {
    let id: EscalationId = id_in_path(&id, "escalation")?;
    app.command(
        &command.envelope,
        decision!(attempt, [] => {
            let (loaded, zone) = in_organization(attempt, id).await?;
            attempt.permit(zone, "escalation.trigger")?;
            attempt.must_match(loaded.sequence)?;
            let member_id = attempt.caller.id();
            let person_id = attempt.authority().organization.person(member_id);
            let mut plan = attempt.plan();
            let organization = &attempt.authority().organization;
            let signed = loaded.state.signatures.iter().map(|signature| signature.member_id);
            let gone = signed.filter(|member| organization.member(*member).is_none()).collect();
            let sign = Deciding::Cosign { member_id, person_id, gone, now: attempt.now };
            let state = plan.decide(&loaded, sign).await?;
            let signed = Loaded { state, stream: loaded.stream.clone(), sequence: loaded.sequence };
            let state = carry(attempt, &mut plan, &signed).await?;
            let version = plan.sequence_after::<Escalation>(id, loaded.sequence);
            Ok((plan, answer(&state, version)?))
        }),
    )
    .await
}
