//! `POST /proposals/{id}/votes`.

use std::sync::Arc;

use aggregates::access;
use aggregates::decision_model::Choice;
use aggregates::ids::{ProposalId, ZoneId};
use aggregates::permission::{Ask, Standing, check};
use aggregates::proposal::{Command as Deciding, Elector, Rejection, SelectionReason, State as Proposed, stopped};
use aggregates::reactions::lost_standing;
use aggregates::text::Prose;
use axum::extract::{Path, State};
use axum::http::StatusCode;
use serde::Deserialize;
use utoipa::ToSchema;

use super::{ProposalView, answer, in_organization};
use crate::api::request::{Command, id_in_path};
use crate::engine::{App, Attempt, Done, Problem, decision};
use crate::governance::deciding;

/// A vote.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct NewVote {
    choice: Choice,
    rationale: Option<Prose>,
}

/// A voter must still hold the permission (SPEC P8); who was listed or stands alone votes by that, not by a role. Whoever sits votes also
/// where the zone has come to hide itself: a root that lets itself be changed by proposals only could never be mended else.
fn may_vote(attempt: &Attempt, proposal: &Proposed, zone: ZoneId, choice: Choice) -> Result<(), Problem> {
    let Some(reviewer) = proposal.reviewer(attempt.caller.id()) else { return Ok(()) };
    let action = match choice {
        Choice::Approve => "proposal.approve",
        Choice::Reject => "proposal.reject",
        Choice::Abstain => "proposal.review",
    };
    let action = aggregates::action::Action::parse(action).map_err(|_| Problem::forbidden(action))?;
    still_sits(attempt, zone, &reviewer.elector)?;
    let by_seat = matches!(reviewer.elector.reason, SelectionReason::Static | SelectionReason::Solo);
    must_be_decidable(attempt, proposal)?;
    let standing = Standing { approved: by_seat, out_of_force: true, ..Standing::default() };
    let ask = Ask { via: attempt.caller.via(), standing, ..Ask::plain(attempt.caller.id(), action, attempt.now) };
    let permission = check(attempt.authority(), zone, &ask);
    if permission.is_allowed() { Ok(()) } else { Err(Problem::denied(permission)) }
}

/// Votes. The deciding vote, the outcome and its execution are one transaction.
#[utoipa::path(post, path = "/proposals/{id}/votes", tag = "proposals", params(("id" = String, Path)), request_body = NewVote,
    responses((status = 200, body = ProposalView), (status = "4XX", body = Problem)))]
pub async fn vote(State(app): State<Arc<App>>, Path(id): Path<String>, command: Command<NewVote>) -> Result<Done, Problem> {
    let Command { envelope, body } = command;
    let id: ProposalId = id_in_path(&id, "proposal")?;
    let zone_of = std::sync::Mutex::new(None);
    let done = app
        .command(&envelope, decision!(attempt, [body, zone_of] => {
            let (loaded, zone) = in_organization(attempt, id).await?;
            zone_of.lock().unwrap_or_else(std::sync::PoisonError::into_inner).replace(zone);
            may_vote(attempt, &loaded.state, zone, body.choice)?;
            attempt.must_match(loaded.sequence)?;
            let rationale = body.rationale.clone().unwrap_or_else(Prose::none);
            let cast = Deciding::CastVote { voter_id: attempt.caller.id(), choice: body.choice, rationale, now: attempt.now };
            let (plan, state) = deciding(attempt, &loaded, vec![cast]).await?;
            let version = plan.sequence_after::<aggregates::proposal::Proposal>(id, loaded.sequence);
            Ok((plan, answer(&state, version)?))
        }))
        .await;
    let zone = *zone_of.lock().unwrap_or_else(std::sync::PoisonError::into_inner);
    if let (Err(problem), Some(zone_id)) = (&done, zone)
        && (400..500).contains(&problem.status)
        && !envelope.dry_run
    {
        let refused = access::Event::VoteRefused { zone_id, proposal_id: id, reason: problem.code.clone() };
        app.record_refusal(&envelope.caller, &refused).await;
    }
    done
}

/// Refuses to have a proposal decided that waits for its zone (SPEC Z2).
pub fn must_be_decidable(attempt: &Attempt, proposal: &Proposed) -> Result<(), Problem> {
    let Some(opening) = &proposal.opening else { return Ok(()) };
    let stopped = stopped(attempt.authority(), opening.zone_id, opening.lineage);
    stopped.map_or(Ok(()), |zone| Err(Problem::of(&Rejection::ZoneNotInForce(zone))))
}

/// Refuses someone who has lost what the seat rests on, whether or not the reaction has come to it.
pub fn still_sits(attempt: &Attempt, zone: ZoneId, elector: &Elector) -> Result<(), Problem> {
    match lost_standing(attempt.authority(), zone, elector) {
        None => Ok(()),
        Some(lost) => {
            let detail = format!("you no longer sit in this electorate: {lost}");
            Err(Problem::new(StatusCode::FORBIDDEN, "standing_lost", detail))
        }
    }
}
