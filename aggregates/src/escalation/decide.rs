//! Rules of escalations (SPEC E2, E3).

use super::command::Command;
use super::event::{Contest, DismissalReason, Event, Raised};
use super::rejection::Rejection;
use super::state::{Dismissal, State, Status};
use crate::Moment;
use crate::ids::MemberId;
use crate::proposal;

type Decision = Result<Vec<Event>, Rejection>;

pub(super) fn decide(state: &State, command: Command) -> Decision {
    let Some(raised) = &state.raised else {
        return match command {
            Command::Raise(raised) => Ok(vec![Event::Raised(raised)]),
            _ => Err(Rejection::NeverRaised),
        };
    };
    match command {
        Command::Raise(_) => Err(Rejection::AlreadyRaised),
        Command::Cosign { member_id, person_id, gone, now } => cosign(state, raised, member_id, person_id, &gone, now),
        Command::Accept { proposal_id, now } => {
            must_be(Status::Pending, state)?;
            let (escalation_id, zone_id) = (raised.escalation_id, raised.zone_id);
            Ok(vec![Event::Accepted { escalation_id, zone_id, proposal_id, accepted_at: now }])
        }
        Command::Resolve { outcome, now } => Ok(resolve(state, raised, outcome, now)),
        Command::Dismiss { by, reason, note, now } => {
            let by_itself = matches!(raised.contest, Contest::Action { automatic: Some(_), .. });
            if reason == DismissalReason::Withdrawn && (by_itself || by != Some(raised.escalator_id)) {
                return Err(Rejection::NotTheEscalator);
            }
            // Saying it again changes nothing; whoever says something else hears that it is over.
            let said = |dismissal: &Dismissal| dismissal.by == by && dismissal.reason == reason;
            if state.status == Status::Dismissed && (by.is_none() || state.dismissal.as_ref().is_some_and(said)) {
                return Ok(vec![]);
            }
            if !state.is_live() {
                return Err(Rejection::NotPending(state.status));
            }
            if reason == DismissalReason::Withdrawn {
                must_be_withdrawable(state, raised)?;
            }
            let (escalation_id, zone_id) = (raised.escalation_id, raised.zone_id);
            Ok(vec![Event::Dismissed { escalation_id, zone_id, by, reason, note, dismissed_at: now }])
        }
    }
}

fn must_be(expected: Status, state: &State) -> Result<(), Rejection> {
    if state.status == expected { Ok(()) } else { Err(Rejection::NotPending(state.status)) }
}

/// A signature is a person's, whatever account it comes by; a repeat changes nothing.
fn cosign(
    state: &State,
    raised: &Raised,
    member_id: MemberId,
    person_id: MemberId,
    gone: &[MemberId],
    now: Moment,
) -> Decision {
    let Contest::Governance { .. } = raised.contest else { return Err(Rejection::NotSigned) };
    if state.signatures.iter().any(|signature| signature.member_id == member_id) {
        return Ok(vec![]);
    }
    must_be(Status::Pending, state)?;
    let mut standing = state.signatures.iter().filter(|signature| !gone.contains(&signature.member_id));
    if standing.any(|signature| signature.person_id == person_id) {
        return Err(Rejection::AlreadySigned);
    }
    let (escalation_id, zone_id) = (raised.escalation_id, raised.zone_id);
    let others = state.signatures.iter().filter(|signature| signature.person_id != person_id).count();
    let signatures = u32::try_from(others + 1).unwrap_or(u32::MAX);
    Ok(vec![Event::Cosigned { escalation_id, zone_id, member_id, person_id, signatures, cosigned_at: now }])
}

/// The escalator takes it back; what others have carried to the parent is not theirs alone any more.
fn must_be_withdrawable(state: &State, raised: &Raised) -> Result<(), Rejection> {
    match raised.contest {
        Contest::Governance { .. } => must_be(Status::Pending, state),
        Contest::Action { .. } => Ok(()),
    }
}

/// A question that was answered is resolved, whatever the answer; deciders who were confirmed, or a question that was not
/// answered, leave it dismissed (SPEC E3).
fn resolve(state: &State, raised: &Raised, outcome: proposal::Status, now: Moment) -> Vec<Event> {
    if state.status != Status::Accepted {
        return vec![];
    }
    let (escalation_id, zone_id) = (raised.escalation_id, raised.zone_id);
    let is_action = matches!(raised.contest, Contest::Action { .. });
    let upheld = match outcome {
        proposal::Status::Approved => true,
        proposal::Status::Rejected | proposal::Status::Expired => is_action,
        proposal::Status::Withdrawn => false,
        proposal::Status::PendingReview | proposal::Status::Escalated => return vec![],
    };
    if upheld {
        vec![Event::Resolved { escalation_id, zone_id, outcome, resolved_at: now }]
    } else {
        let reason = DismissalReason::NotUpheld;
        vec![Event::Dismissed { escalation_id, zone_id, by: None, reason, note: None, dismissed_at: now }]
    }
}
