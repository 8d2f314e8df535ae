//! Going up: an undecided or contested proposal leaves its zone, and what the parent decides comes back (SPEC E1, E5, D1, D2).

use chrono::Duration;

use super::decide::{Decision, Open};
use super::event::Event;
use super::execution::Failure;
use super::lineage::{StallReason, WentUp};
use super::rejection::Rejection;
use super::state::Status;
use crate::Moment;

impl Open<'_> {
    /// Undecided with nobody left to decide it: up, where its zone says so and it has not gone there by itself yet, else over.
    pub(super) fn stalled(&self, reason: StallReason, now: Moment) -> Event {
        let way_up = &self.opening.way_up;
        let goes_up = match reason {
            StallReason::Deadlock => way_up.on_deadlock,
            StallReason::Deadline => way_up.at_deadline,
            StallReason::AutoEscalateAfterHours => true,
        };
        if goes_up && !self.state.went_up_by_itself {
            let (proposal_id, zone_id) = (self.opening.proposal_id, self.opening.zone_id);
            Event::Stalled { proposal_id, zone_id, reason, tally: self.state.tally(), stalled_at: now }
        } else if reason == StallReason::Deadline {
            self.expired("deadline", now)
        } else {
            self.rejected("deadlock", now)
        }
    }

    /// The clock says that it has waited long enough here (SPEC E5).
    pub(super) fn reach_escalation(&self, now: Moment) -> Decision {
        if self.state.status != Status::PendingReview || self.state.went_up_by_itself {
            return Ok(vec![]);
        }
        let at = self.opening.way_up.at.filter(|at| *at <= now).ok_or(Rejection::NotDue)?;
        // Of two moments that have passed, the earlier one counts, however late the clock is.
        if self.state.due_at().is_some_and(|due_at| due_at <= at) {
            return self.reach_deadline(now);
        }
        Ok(vec![self.stalled(StallReason::AutoEscalateAfterHours, now)])
    }

    /// Its question goes up. While it is there nobody decides it here.
    pub(super) fn escalate(&self, to: WentUp, reason: String, now: Moment) -> Decision {
        self.must_be_contestable(now)?;
        Ok(vec![Event::Escalated {
            proposal_id: self.opening.proposal_id,
            zone_id: self.opening.zone_id,
            escalation_id: to.escalation_id,
            parent_proposal_id: to.parent_id,
            to_zone_id: to.to_zone_id,
            reason,
            escalated_at: now,
        }])
    }

    /// A pending proposal can be contested, and a decided one within its veto window (SPEC E1).
    fn must_be_contestable(&self, now: Moment) -> Result<(), Rejection> {
        if self.opening.lineage.is_some_and(|lineage| lineage.last_instance) {
            return Err(Rejection::LastInstance);
        }
        let window = Duration::minutes(i64::from(self.opening.veto_window_minutes));
        let closes_at = self.state.resolution.as_ref().map(|resolution| resolution.decided_at + window);
        let is_open = closes_at.is_some_and(|closes_at| now < closes_at);
        match self.state.status {
            Status::Escalated => Err(Rejection::AlreadyEscalated),
            Status::PendingReview if self.state.stalled.is_some() => Ok(()),
            Status::PendingReview => self.must_be_pending(now),
            Status::Approved if is_open && self.state.is_held() => Ok(()),
            Status::Rejected if is_open && !self.is_answered() => Ok(()),
            Status::Approved | Status::Rejected | Status::Expired | Status::Withdrawn => {
                Err(Rejection::NotContestable(self.state.status))
            }
        }
    }

    /// The zone above has said so, or it is what the zone above says: nobody is asked the same twice, and what has been answered
    /// below cannot be answered otherwise.
    fn is_answered(&self) -> bool {
        let by_those_above = self.state.resolution.as_ref().is_some_and(|resolution| resolution.reason == ESCALATION);
        by_those_above || self.opening.lineage.is_some_and(|lineage| lineage.source_id.is_some())
    }

    /// It should go up by itself and cannot: a stop is the end, a long wait goes on.
    pub(super) fn fail_to_escalate(&self, failure: Failure, now: Moment) -> Vec<Event> {
        let Some(stalled) = self.state.stalled else { return vec![] };
        let failed = Event::EscalationFailed {
            proposal_id: self.opening.proposal_id,
            zone_id: self.opening.zone_id,
            code: failure.code,
            reason: failure.reason,
            failed_at: now,
        };
        let end = match stalled {
            StallReason::Deadlock => Some(self.rejected("deadlock", now)),
            StallReason::Deadline => Some(self.expired("deadline", now)),
            StallReason::AutoEscalateAfterHours => None,
        };
        [Some(failed), end].into_iter().flatten().collect()
    }

    /// The parent has decided: that is the outcome here, to be executed here (SPEC E1).
    pub(super) fn settle(&self, outcome: Status, now: Moment) -> Vec<Event> {
        if self.state.status != Status::Escalated {
            return vec![];
        }
        match outcome {
            Status::Approved => {
                let tally = self.state.tally();
                let (proposal_id, zone_id) = (self.opening.proposal_id, self.opening.zone_id);
                let reason = ESCALATION.to_owned();
                vec![Event::Approved { proposal_id, zone_id, reason, tally, held_until: None, decided_at: now }]
            }
            Status::Rejected => vec![self.rejected(ESCALATION, now)],
            Status::Expired => vec![self.expired(ESCALATION, now)],
            Status::PendingReview | Status::Escalated | Status::Withdrawn => vec![],
        }
    }

    /// Its escalation came to nothing: it stands where it stood. What nobody could decide then is over now.
    pub(super) fn reinstate(&self, now: Moment) -> Vec<Event> {
        let (Some(before), Some(went_up)) = (&self.state.before, &self.state.went_up) else { return vec![] };
        let held = before.execution.as_ref().and_then(|execution| execution.held_until);
        let reinstated = Event::Reinstated {
            proposal_id: self.opening.proposal_id,
            zone_id: self.opening.zone_id,
            escalation_id: went_up.escalation_id,
            status: before.status,
            due_at: self.state.due_at().filter(|_| before.status == Status::PendingReview),
            held_until: held.filter(|_| before.status == Status::Approved),
            escalates_at: self
                .opening
                .way_up
                .at
                .filter(|_| before.status == Status::PendingReview && !self.state.went_up_by_itself),
            reinstated_at: now,
        };
        let waits_for_votes = before.status == Status::PendingReview && !self.state.is_awaiting_reviewers();
        if waits_for_votes && self.state.due_at().is_none_or(|due_at| now < due_at) {
            return self.and_then_settled(reinstated, now);
        }
        vec![reinstated]
    }
}

/// Why a question goes up that somebody contests; any other reason is its own.
pub const CONTESTED: &str = "contested";

/// The reason of an outcome that the parent decided.
pub const ESCALATION: &str = "escalation";
