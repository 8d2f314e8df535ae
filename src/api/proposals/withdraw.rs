//! `POST /proposals/{id}/withdraw`.

use std::sync::Arc;

use aggregates::ids::ProposalId;
use aggregates::proposal::{Command as Deciding, Withdrawal};
use axum::extract::{Path, State};

use super::{ProposalView, answer, in_organization};
use crate::api::request::{Command, Nothing, id_in_path};
use crate::engine::{App, Done, Problem, decision};
use crate::governance::deciding;

/// Takes a pending proposal back; only its proposer may.
#[utoipa::path(post, path = "/proposals/{id}/withdraw", tag = "proposals", params(("id" = String, Path)),
    responses((status = 200, body = ProposalView), (status = "4XX", body = Problem)))]
pub async fn withdraw(State(app): State<Arc<App>>, Path(id): Path<String>, command: Command<Nothing>) -> Result<Done, Problem> {
    let id: ProposalId = id_in_path(&id, "proposal")?;
    app.command(
        &command.envelope,
        decision!(attempt, [] => {
            let (loaded, zone) = in_organization(attempt, id).await?;
            attempt.permit(zone, "proposal.create")?;
            attempt.must_match(loaded.sequence)?;
            let withdraw = Deciding::Withdraw { why: Withdrawal::ByProposer(attempt.caller.id()), now: attempt.now };
            let (plan, state) = deciding(attempt, &loaded, vec![withdraw]).await?;
            let version = plan.sequence_after::<aggregates::proposal::Proposal>(id, loaded.sequence);
            Ok((plan, answer(&state, version)?))
        }),
    )
    .await
}
