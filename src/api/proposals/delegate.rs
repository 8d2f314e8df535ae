//! `POST /proposals/{id}/delegate`.

use std::sync::Arc;

use aggregates::ids::{MemberId, ProposalId};
use aggregates::proposal::{Command as Deciding, Proposal, seat_for};
use axum::extract::{Path, State};
use serde::Deserialize;
use utoipa::ToSchema;

use super::vote::{must_be_decidable, still_sits};
use super::{ProposalView, answer, in_organization};
use crate::api::request::{Command, id_in_path};
use crate::engine::{App, Done, Problem, decision};
use crate::governance::deciding;

/// To whom.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct Delegation {
    /// Someone who may decide in the zone and has no conflict of interest.
    member_id: MemberId,
}

/// Hands one's seat to someone else, with its weight. A seat is handed on once, and not after a vote.
#[utoipa::path(post, path = "/proposals/{id}/delegate", tag = "proposals", params(("id" = String, Path)), request_body = Delegation,
    responses((status = 200, body = ProposalView), (status = "4XX", body = Problem)))]
pub async fn delegate(
    State(app): State<Arc<App>>,
    Path(id): Path<String>,
    command: Command<Delegation>,
) -> Result<Done, Problem> {
    let Command { envelope, body } = command;
    let id: ProposalId = id_in_path(&id, "proposal")?;
    app.command(
        &envelope,
        decision!(attempt, [body] => {
            let (loaded, zone) = in_organization(attempt, id).await?;
            attempt.must_see(zone)?;
            attempt.token_must_cover("proposal.review")?;
            attempt.not_blocked(zone, "proposal.review")?;
            must_be_decidable(attempt, &loaded.state)?;
            attempt.must_match(loaded.sequence)?;
            let from_id = attempt.caller.id();
            if let Some(mine) = loaded.state.reviewer(from_id) {
                still_sits(attempt, zone, &mine.elector)?;
            }
            let seat = seat_for(attempt.authority(), &loaded.state, from_id, body.member_id);
            let to = Box::new(seat.map_err(|rejection| Problem::of(&rejection))?);
            let (plan, state) = deciding(attempt, &loaded, vec![Deciding::Delegate { from_id, to, now: attempt.now }]).await?;
            let version = plan.sequence_after::<Proposal>(id, loaded.sequence);
            Ok((plan, answer(&state, version)?))
        }),
    )
    .await
}
