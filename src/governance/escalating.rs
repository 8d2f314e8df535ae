//! Taking a question up and bringing the answer back (SPEC section 8). Each step is part of the append that causes it: the
//! source, the escalation and the proposal above never disagree.

use std::sync::Arc;

use aggregates::escalation::{
    Allowance, AllowanceCommand, Ascent, Command, Contest, DismissalReason, Escalation, Raised, Rejection, State,
    action_referral, contested_people, governance_referral, instance_above,
};
use aggregates::ids::{EscalationId, MemberId, ProposalId, ZoneId};
use aggregates::proposal::{
    self, CONTESTED, Command as Deciding, Failure, Opening, Proposal, Referral, Status, WentUp, Withdrawal, ZONE_ARCHIVED,
    refer,
};
use aggregates::reactions;
use aggregates::text::{Name, Prose};
use serde_json::{Map, Value};

use super::choosing::tended;
use super::{decided, evaluating};
use crate::engine::{Attempt, Loaded, Plan, Problem};
use crate::entropy;

/// Contests a decision: its question moves up (SPEC E1).
pub async fn contest_decision(
    attempt: &Attempt,
    plan: &mut Plan,
    source: &Loaded<Proposal>,
    reason: Prose,
) -> Result<Arc<State>, Problem> {
    let opening = source.state.opening.as_ref().ok_or_else(|| Problem::not_found("proposal"))?;
    let ascent = ascent(attempt, opening.zone_id);
    count_against_allowance(attempt, plan, ascent.escalation_id, opening.zone_id).await?;
    let escalator_id = attempt.caller.id();
    let contest = Contest::Action { proposal_id: opening.proposal_id, automatic: None };
    let raised = raised(opening.zone_id, escalator_id, reason, contest, ascent);
    let to = WentUp { escalation_id: ascent.escalation_id, parent_id: ascent.proposal_id, to_zone_id: ascent.to.zone_id };
    // Whether it can be contested at all comes before whether anyone could decide it.
    plan.decide(source, Deciding::Escalate { to, reason: CONTESTED.to_owned(), now: ascent.now }).await?;
    let referral = action_referral(&source.state, Some(escalator_id), ascent).ok_or_else(|| Problem::not_found("proposal"))?;
    let opening = opening_above(attempt, referral).await?;
    open_above(attempt, plan, raised, opening).await
}

/// Contests who decides in a zone: the escalator is the first to sign (SPEC E2).
pub async fn contest_deciders(
    attempt: &Attempt,
    plan: &mut Plan,
    zone_id: ZoneId,
    change: Map<String, Value>,
    reason: Prose,
) -> Result<Arc<State>, Problem> {
    let ascent = ascent(attempt, zone_id);
    count_against_allowance(attempt, plan, ascent.escalation_id, zone_id).await?;
    let escalator_id = attempt.caller.id();
    let effective = attempt.authority().tree.effective(zone_id);
    let policy = &effective.escalation_policy;
    let about = contested_people(attempt.authority(), zone_id, &change);
    let contest = Contest::Governance {
        change,
        cosigner_threshold: policy.cosigners(),
        person_id: attempt.authority().organization.person(escalator_id),
        about,
    };
    let escalation = attempt.load::<Escalation>(ascent.escalation_id).await?;
    let state =
        plan.decide(&escalation, Command::Raise(Box::new(raised(zone_id, escalator_id, reason, contest, ascent)))).await?;
    carry(attempt, plan, &Loaded { state, ..escalation }).await
}

/// A governance escalation that enough have signed becomes a proposal above (SPEC E2).
pub async fn carry(attempt: &Attempt, plan: &mut Plan, escalation: &Loaded<Escalation>) -> Result<Arc<State>, Problem> {
    let state = Arc::clone(&escalation.state);
    if !state.is_carried(|signer| attempt.authority().organization.member(signer).is_some()) {
        return Ok(state);
    }
    let opening = opening_above(attempt, petition(attempt, &state)?).await?;
    accept(attempt, plan, escalation, opening).await
}

/// The question of a petition, as those above are asked it.
fn petition(attempt: &Attempt, state: &State) -> Result<Referral, Problem> {
    let raised = state.raised.as_ref().ok_or_else(|| Problem::not_found("escalation"))?;
    let to = instance_above(attempt.authority(), raised.zone_id);
    let ascent = Ascent { to, escalation_id: raised.escalation_id, ..ascent(attempt, raised.zone_id) };
    let zone = attempt.authority().tree.zone(raised.zone_id).ok_or_else(|| Problem::not_found("zone"))?;
    let title = Name::parse(&format!("Who decides in {}", zone.name)).unwrap_or_else(|_| zone.name.clone());
    governance_referral(attempt.authority(), state, title, ascent).ok_or_else(|| Problem::not_found("escalation"))
}

/// A proposal that came to a stop goes up by itself; where nobody above could decide it either, that is on record (SPEC E5).
pub async fn by_itself(attempt: &Attempt, plan: &mut Plan, source: &Loaded<Proposal>) -> Result<Arc<proposal::State>, Problem> {
    let state = &source.state;
    let (Some(asked), Some(stalled)) = (&state.opening, state.stalled) else { return Ok(Arc::clone(state)) };
    let ascent = ascent(attempt, asked.zone_id);
    let referral = action_referral(state, None, ascent).ok_or_else(|| Problem::not_found("proposal"))?;
    let above = match opening_above(attempt, referral).await {
        Ok(above) => above,
        Err(refused) if refused.status < 500 => {
            let failure = Failure { code: refused.code, reason: refused.detail };
            return plan.decide(source, Deciding::FailToEscalate { failure, now: ascent.now }).await;
        }
        Err(broken) => return Err(broken),
    };
    let to = WentUp { escalation_id: ascent.escalation_id, parent_id: ascent.proposal_id, to_zone_id: ascent.to.zone_id };
    let after = plan.decide(source, Deciding::Escalate { to, reason: stalled.to_string(), now: ascent.now }).await?;
    let contest = Contest::Action { proposal_id: asked.proposal_id, automatic: Some(stalled) };
    let reason = Prose::parse(stalled.in_words()).unwrap_or_else(|_| Prose::none());
    open_above(attempt, plan, raised(asked.zone_id, asked.proposer_id, reason, contest, ascent), above).await?;
    Ok(after)
}

/// A proposal that was opened for an escalation is over: the answer goes back to where the question came from.
pub async fn answer_is(attempt: &Attempt, plan: &mut Plan, above: &proposal::State) -> Result<(), Problem> {
    let Some(lineage) = above.opening.as_ref().and_then(|opening| opening.lineage) else { return Ok(()) };
    let now = attempt.now;
    if let Some(source_id) = lineage.source_id {
        let source = plan.load::<Proposal>(attempt, source_id).await?;
        let commands = match above.status {
            Status::Withdrawn => reinstated(attempt, &source),
            outcome => vec![Deciding::Settle { outcome, now }],
        };
        let was_up = source.state.status == Status::Escalated;
        let settled = decided(attempt, plan, source, commands).await?;
        if was_up && settled.status == above.status {
            evaluating::tell_voters(attempt, plan, &settled, above.status).await?;
        }
    }
    let escalation = plan.load::<Escalation>(attempt, lineage.escalation_id).await?;
    plan.decide(&escalation, Command::Resolve { outcome: above.status, now }).await?;
    Ok(())
}

/// What stands where it stood also stands with the people as they are now.
fn reinstated(attempt: &Attempt, source: &Loaded<Proposal>) -> Vec<Deciding> {
    let now = attempt.now;
    reactions::on_proposal(&source.state, attempt.authority(), now).into_iter().chain([Deciding::Reinstate { now }]).collect()
}

/// A proposal was withdrawn while its question was up: nobody needs the answer any more.
pub async fn question_is_gone(attempt: &Attempt, plan: &mut Plan, source: &proposal::State) -> Result<(), Problem> {
    let Some(went_up) = source.went_up.filter(|_| source.status == Status::Withdrawn) else { return Ok(()) };
    let escalation = plan.load::<Escalation>(attempt, went_up.escalation_id).await?;
    if escalation.state.is_live() {
        let archived = source.resolution.as_ref().is_some_and(|resolution| resolution.reason == ZONE_ARCHIVED);
        let reason = if archived { DismissalReason::ZoneArchived } else { DismissalReason::NotUpheld };
        dismiss(attempt, plan, &escalation, None, reason, None).await?;
    }
    Ok(())
}

/// An escalation comes to nothing: the proposal above goes, and the source stands where it stood.
pub async fn dismiss(
    attempt: &Attempt,
    plan: &mut Plan,
    escalation: &Loaded<Escalation>,
    by: Option<MemberId>,
    reason: DismissalReason,
    note: Option<Prose>,
) -> Result<Arc<State>, Problem> {
    let now = attempt.now;
    let after = plan.decide(escalation, Command::Dismiss { by, reason, note, now }).await?;
    if let Some(above) = escalation.state.proposal_id.filter(|_| escalation.state.is_live()) {
        let above = plan.load::<Proposal>(attempt, above).await?;
        if by.is_some() && above.state.has_been_decided() {
            return Err(Problem::of(&Rejection::Answered));
        }
        decided(attempt, plan, above, vec![Deciding::Withdraw { why: Withdrawal::EscalationDismissed, now }]).await?;
    }
    Ok(after)
}

fn ascent(attempt: &Attempt, from: ZoneId) -> Ascent {
    Ascent {
        to: instance_above(attempt.authority(), from),
        escalation_id: EscalationId(entropy::new_id()),
        proposal_id: ProposalId(entropy::new_id()),
        now: attempt.now,
        policy_position: attempt.ruling.position,
    }
}

fn raised(zone_id: ZoneId, escalator_id: MemberId, reason: Prose, contest: Contest, ascent: Ascent) -> Raised {
    Raised {
        escalation_id: ascent.escalation_id,
        zone_id,
        to_zone_id: ascent.to.zone_id,
        escalator_id,
        reason,
        contest,
        raised_at: ascent.now,
    }
}

/// The proposal above, as it would open there: refused where nobody could decide it.
async fn opening_above(attempt: &Attempt, referral: Referral) -> Result<Opening, Problem> {
    let opening = refer(attempt.authority(), referral).map_err(|rejection| Problem::of(&rejection))?;
    tended(attempt, opening).await
}

async fn open_above(attempt: &Attempt, plan: &mut Plan, raised: Raised, opening: Opening) -> Result<Arc<State>, Problem> {
    let escalation = attempt.load::<Escalation>(raised.escalation_id).await?;
    let state = plan.decide(&escalation, Command::Raise(Box::new(raised))).await?;
    accept(attempt, plan, &Loaded { state, ..escalation }, opening).await
}

async fn accept(
    attempt: &Attempt,
    plan: &mut Plan,
    escalation: &Loaded<Escalation>,
    opening: Opening,
) -> Result<Arc<State>, Problem> {
    let (proposal_id, now) = (opening.proposal_id, attempt.now);
    let above = attempt.load::<Proposal>(proposal_id).await?;
    decided(attempt, plan, above, vec![Deciding::Open(Arc::new(opening))]).await?;
    plan.decide(escalation, Command::Accept { proposal_id, now }).await
}

/// A person's escalations in a zone are counted where they cannot be miscounted (SPEC E4).
async fn count_against_allowance(
    attempt: &Attempt,
    plan: &mut Plan,
    escalation_id: EscalationId,
    zone_id: ZoneId,
) -> Result<(), Problem> {
    let authority = attempt.authority();
    let person_id = authority.organization.person(attempt.caller.id());
    let limit = authority.tree.effective(zone_id).escalation_policy.max_escalations_per_day;
    let allowance = attempt.load::<Allowance>(format!("{zone_id}:{person_id}")).await?;
    let count = AllowanceCommand::Use { escalation_id, zone_id, person_id, limit, now: attempt.now };
    plan.decide(&allowance, count).await?;
    Ok(())
}
