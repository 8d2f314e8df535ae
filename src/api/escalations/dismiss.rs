//! `POST /escalations/{id}/dismiss` and `POST /escalations/{id}/withdraw`.

use std::sync::Arc;

use aggregates::escalation::{Contest, DismissalReason, Escalation, Rejection, kept_from_dismissing};
use aggregates::ids::EscalationId;
use aggregates::proposal::Proposal;
use aggregates::text::Prose;
use axum::extract::{Path, State};
use serde::Deserialize;
use utoipa::ToSchema;

use super::{EscalationView, answer, in_organization};
use crate::api::request::{Command, Nothing, id_in_path};
use crate::engine::{App, Attempt, Done, Plan, Problem, decision};
use crate::governance::escalating;

/// Why it is refused.
#[derive(Debug, Default, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct Refusal {
    reason: Option<Prose>,
}

/// Those whom an escalation is about do not make it go away; nor does whoever raised it under another name.
async fn may_dismiss(attempt: &Attempt, plan: &mut Plan, escalation: &aggregates::escalation::State) -> Result<(), Problem> {
    let raised = escalation.raised.as_ref().ok_or_else(|| Problem::not_found("escalation"))?;
    attempt.permit(raised.to_zone_id, "escalation.dismiss")?;
    let organization = &attempt.authority().organization;
    let mine = organization.person(attempt.caller.id());
    let source = match &raised.contest {
        Contest::Action { proposal_id, .. } => Some(plan.load::<Proposal>(attempt, *proposal_id).await?.state),
        Contest::Governance { .. } => None,
    };
    let kept = kept_from_dismissing(attempt.authority(), escalation, source.as_deref());
    if kept.into_iter().any(|member| organization.person(member) == mine) {
        return Err(Problem::of(&Rejection::Contested));
    }
    Ok(())
}

/// Refuses to take a question up: whoever runs escalations in the zone above may, unless it is about them.
#[utoipa::path(post, path = "/escalations/{id}/dismiss", tag = "escalations", params(("id" = String, Path)), request_body = Refusal,
    responses((status = 200, body = EscalationView), (status = "4XX", body = Problem)))]
pub async fn dismiss(State(app): State<Arc<App>>, Path(id): Path<String>, command: Command<Refusal>) -> Result<Done, Problem> {
    let Command { envelope, body } = command;
    let id: EscalationId = id_in_path(&id, "escalation")?;
    app.command(
        &envelope,
        decision!(attempt, [body] => {
            let (loaded, zone) = in_organization(attempt, id).await?;
            attempt.must_see(zone)?;
            let mut plan = attempt.plan();
            may_dismiss(attempt, &mut plan, &loaded.state).await?;
            attempt.must_match(loaded.sequence)?;
            let by = Some(attempt.caller.id());
            let reason = DismissalReason::Refused;
            let state = escalating::dismiss(attempt, &mut plan, &loaded, by, reason, body.reason.clone()).await?;
            let version = plan.sequence_after::<Escalation>(id, loaded.sequence);
            Ok((plan, answer(&state, version)?))
        }),
    )
    .await
}

/// Takes it back: what was contested stands where it stood. Only who raised it may, and not what others have carried up.
#[utoipa::path(post, path = "/escalations/{id}/withdraw", tag = "escalations", params(("id" = String, Path)),
    responses((status = 200, body = EscalationView), (status = "4XX", body = Problem)))]
pub async fn withdraw(State(app): State<Arc<App>>, Path(id): Path<String>, command: Command<Nothing>) -> Result<Done, Problem> {
    let id: EscalationId = id_in_path(&id, "escalation")?;
    app.command(
        &command.envelope,
        decision!(attempt, [] => {
            let (loaded, zone) = in_organization(attempt, id).await?;
            attempt.must_see(zone)?;
            attempt.refuse_auditors("escalation.trigger")?;
            attempt.token_must_cover("escalation.trigger")?;
            attempt.must_match(loaded.sequence)?;
            let mut plan = attempt.plan();
            let by = Some(attempt.caller.id());
            let reason = DismissalReason::Withdrawn;
            let state = escalating::dismiss(attempt, &mut plan, &loaded, by, reason, None).await?;
            let version = plan.sequence_after::<Escalation>(id, loaded.sequence);
            Ok((plan, answer(&state, version)?))
        }),
    )
    .await
}
