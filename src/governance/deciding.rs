//! Deciding proposals: what a decision orders is executed in the same append (SPEC P10, X1), and so is what it means for the
//! question it was asked for, or for the zone above. Either all of it is in the log or none, so that nothing is executed
//! twice or forgotten, and nothing waits for a visitor.

use std::sync::Arc;

use aggregates::Decider;
use aggregates::grant::{self, Grant};
use aggregates::ids::GrantId;
use aggregates::ledger;
use aggregates::organization::{Command as Membership, Organization};
use aggregates::permission::Authority;
use aggregates::proposal::{Command, Effects, ExecutionStatus, Opening, Proposal, State, Status, effects};
use aggregates::reactions;
use aggregates::zones::Zones;
use axum::http::StatusCode;
use futures::future::BoxFuture;

use super::choosing::tended;
use super::escalating;
use crate::engine::{Attempt, Loaded, Plan, Problem};
use crate::entropy;

/// A plan that runs `commands` on a proposal in turn, with everything that follows from them. Whoever has lost what their seat
/// rests on leaves first: their vote must not decide with the next one (SPEC A2, P8).
pub async fn deciding(
    attempt: &Attempt,
    loaded: &Loaded<Proposal>,
    commands: Vec<Command>,
) -> Result<(Plan, Arc<State>), Problem> {
    let mut plan = attempt.plan();
    let leaving = reactions::on_proposal(&loaded.state, attempt.authority(), attempt.now);
    let commands = leaving.into_iter().chain(commands).collect();
    let state = decided(attempt, &mut plan, loaded.clone(), commands).await?;
    Ok((plan, state))
}

/// A plan that opens a proposal, and executes it if nobody needs to be asked.
pub async fn opening(attempt: &Attempt, opening: Opening) -> Result<(Plan, Arc<State>), Problem> {
    let opening = tended(attempt, opening).await?;
    let loaded = attempt.begin::<Proposal>(opening.proposal_id).await?;
    deciding(attempt, &loaded, vec![Command::Open(Arc::new(opening))]).await
}

/// Adds `commands` on a proposal to a plan, with everything that follows from them; says what the proposal is then.
pub fn decided<'a>(
    attempt: &'a Attempt,
    plan: &'a mut Plan,
    mut proposal: Loaded<Proposal>,
    commands: Vec<Command>,
) -> BoxFuture<'a, Result<Arc<State>, Problem>> {
    Box::pin(async move {
        let before = proposal.state.status;
        let known = plan.added_to(&proposal.stream);
        for command in commands {
            proposal.state = plan.decide(&proposal, command).await?;
            // A standstill leads somewhere before anything else is done: nobody votes on what nobody can decide.
            if proposal.state.stalled.is_some() {
                proposal.state = escalating::by_itself(attempt, plan, &proposal).await?;
            }
        }
        if plan.added_to(&proposal.stream) == known {
            return Ok(proposal.state);
        }
        let ordered = proposal.state.execution.as_ref().is_some_and(|execution| execution.status == ExecutionStatus::Pending);
        if ordered {
            return execute(attempt, plan, &proposal).await;
        }
        let over = matches!(proposal.state.status, Status::Rejected | Status::Expired | Status::Withdrawn);
        if over && before != proposal.state.status {
            escalating::answer_is(attempt, plan, &proposal.state).await?;
            escalating::question_is_gone(attempt, plan, &proposal.state).await?;
        }
        Ok(proposal.state)
    })
}

/// What the zone demands is put at stake by whoever is to do it (SPEC Z7); that it can be is among the rules of execution.
async fn put_at_stake(attempt: &Attempt, plan: &mut Plan, terms: &grant::Terms) -> Result<(), Problem> {
    let demanded = attempt.authority().tree.effective(terms.zone_id).alignment_requirements.stake_required;
    let Some(amount) = demanded.map(|floor| floor.0) else { return Ok(()) };
    let (member_id, zone_id, proposal_id) = (terms.principal_id, terms.zone_id, terms.proposal_id);
    let organization = plan.as_planned(attempt.organization());
    let lock = Membership::LockStake { member_id, zone_id, proposal_id, amount, now: attempt.now };
    plan.decide::<Organization>(&organization, lock).await?;
    Ok(())
}

/// Whether what comes of it is written in the ledger: an amount, or a task where there may be only so many at once.
fn is_booked(authority: &Authority, opening: &Opening) -> bool {
    let worth = opening.subject.amount().is_some_and(|amount| !amount.is_zero());
    worth || opening.subject.work().is_some() && authority.limits_tasks(opening.zone_id)
}

/// Executes against the policy in force now; a policy that no longer admits it is a failure on record. An approval that
/// answers a question from below takes effect there. What a grant is worth is set aside in the ledger with it, so that nothing
/// is granted twice over.
pub async fn execute(attempt: &Attempt, plan: &mut Plan, proposal: &Loaded<Proposal>) -> Result<Arc<State>, Problem> {
    let now = attempt.now;
    let asked_from_below =
        proposal.state.opening.as_ref().and_then(|opening| opening.lineage).is_some_and(|lineage| lineage.source_id.is_some());
    if asked_from_below {
        let state = plan.decide(proposal, Command::RecordSuccess { grant_id: None, now }).await?;
        escalating::answer_is(attempt, plan, &state).await?;
        return Ok(state);
    }
    let books = proposal.state.opening.as_ref().is_some_and(|opening| is_booked(attempt.authority(), opening));
    let booking = if books { Some(attempt.booking(plan).await?) } else { None };
    let authority = booking.as_ref().map_or(attempt.authority(), |booking| &booking.authority);
    let outcome = match effects(authority, &proposal.state, entropy::new_id(), now) {
        // What others have set aside may still be taken back: a failure goes on record only by what the log holds.
        Err(failure) if booking.is_some() && !attempt.is_certain() => {
            return Err(Problem::new(StatusCode::CONFLICT, &failure.code, failure.reason));
        }
        Err(failure) => Command::RecordFailure { failure, now },
        Ok(Effects::Grant(terms)) => {
            let grant_id: GrantId = terms.grant_id;
            put_at_stake(attempt, plan, &terms).await?;
            let grant = attempt.begin::<Grant>(grant_id).await?;
            if let (Some(mut booking), Some(reserved)) = (booking, terms.reservation()) {
                booking.decide(plan, ledger::Command::Reserve(Box::new(reserved))).await?;
                booking.hand_to(plan);
            }
            plan.decide(&grant, grant::Command::Issue(terms)).await?;
            Command::RecordSuccess { grant_id: Some(grant_id), now }
        }
        Ok(Effects::Zones(events)) => {
            let mut tree = (*attempt.authority().tree).clone();
            for event in &events {
                Zones::evolve(&mut tree, event);
            }
            plan.add(&attempt.zone_tree(), &events, &Arc::new(tree));
            Command::RecordSuccess { grant_id: None, now }
        }
    };
    let state = plan.decide(proposal, outcome).await?;
    escalating::answer_is(attempt, plan, &state).await?;
    Ok(state)
}
