//! `POST /proposals/{id}/recuse`.

use std::sync::Arc;

use aggregates::ids::ProposalId;
use aggregates::proposal::Command as Deciding;
use axum::extract::{Path, State};

use super::vote::must_be_decidable;
use super::{ProposalView, answer, in_organization};
use crate::api::request::{Command, Nothing, id_in_path};
use crate::engine::{App, Done, Problem, decision};
use crate::governance::deciding;

/// Stands back from deciding. The others decide; if nobody is left, it is a deadlock.
#[utoipa::path(post, path = "/proposals/{id}/recuse", tag = "proposals", params(("id" = String, Path)),
    responses((status = 200, body = ProposalView), (status = "4XX", body = Problem)))]
pub async fn recuse(State(app): State<Arc<App>>, Path(id): Path<String>, command: Command<Nothing>) -> Result<Done, Problem> {
    let id: ProposalId = id_in_path(&id, "proposal")?;
    app.command(
        &command.envelope,
        decision!(attempt, [] => {
            let (loaded, zone) = in_organization(attempt, id).await?;
            attempt.must_see(zone)?;
            attempt.token_must_cover("proposal.review")?;
            attempt.not_blocked(zone, "proposal.review")?;
            must_be_decidable(attempt, &loaded.state)?;
            attempt.must_match(loaded.sequence)?;
            let recuse = Deciding::Recuse { member_id: attempt.caller.id(), now: attempt.now };
            let (plan, state) = deciding(attempt, &loaded, vec![recuse]).await?;
            let version = plan.sequence_after::<aggregates::proposal::Proposal>(id, loaded.sequence);
            Ok((plan, answer(&state, version)?))
        }),
    )
    .await
}
