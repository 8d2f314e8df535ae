//! Rules of proposals: vote, tally, outcome and the order to execute are one decision (SPEC P8–P13, D1, D2, X1, V1).

use std::sync::Arc;

use chrono::Duration;

use super::command::{Command, Withdrawal, ZONE_ARCHIVED};
use super::event::{Event, Opening, RecusalReason};
use super::lineage::StallReason;
use super::rejection::Rejection;
use super::state::{ExecutionStatus, State, Status, Vote};
use crate::Moment;
use crate::decision_model::{Choice, DecisionModel, Occasion, Verdict, decide as verdict_of};
use crate::ids::{EvaluationId, MemberId};
use crate::text::Prose;

pub(super) type Decision = Result<Vec<Event>, Rejection>;

pub(super) fn decide(state: &State, command: Command) -> Decision {
    let Some(opening) = &state.opening else {
        return match command {
            Command::Open(opening) => Ok(open(opening)),
            _ => Err(Rejection::NeverOpened),
        };
    };
    let proposal = Open { state, opening };
    match command {
        Command::Open(_) => Err(Rejection::AlreadyOpen),
        Command::CastVote { voter_id, choice, rationale, now } => proposal.cast_vote(voter_id, choice, rationale, now),
        Command::Recuse { member_id, now } => proposal.recuse(member_id, now),
        Command::LetGo { leaving, now } => proposal.let_go(leaving, now),
        Command::Withdraw { why, now } => proposal.withdraw(why, now),
        Command::Comment { id, author_id, text, now } => Ok(vec![Event::Commented {
            proposal_id: opening.proposal_id,
            zone_id: opening.zone_id,
            comment_id: id,
            author_id,
            text,
            commented_at: now,
        }]),
        Command::ReachDeadline { now } => proposal.reach_deadline(now),
        Command::RecordSuccess { grant_id, now } => {
            proposal.must_be_executable(now)?;
            let (proposal_id, zone_id) = (opening.proposal_id, opening.zone_id);
            Ok(vec![Event::ExecutionSucceeded { proposal_id, zone_id, grant_id, executed_at: now }])
        }
        Command::ChooseReviewers { chooses, now } => Ok(proposal.choose(*chooses, now)),
        Command::RecordFailure { failure, now } => {
            proposal.must_be_executable(now)?;
            let (proposal_id, zone_id) = (opening.proposal_id, opening.zone_id);
            Ok(vec![Event::ExecutionFailed {
                proposal_id,
                zone_id,
                code: failure.code,
                reason: failure.reason,
                failed_at: now,
            }])
        }
        Command::Delegate { from_id, to, now } => proposal.delegate(from_id, *to, now),
        Command::ReachEscalation { now } => proposal.reach_escalation(now),
        Command::Escalate { to, reason, now } => proposal.escalate(to, reason, now),
        Command::FailToEscalate { failure, now } => Ok(proposal.fail_to_escalate(failure, now)),
        Command::Settle { outcome, now } => Ok(proposal.settle(outcome, now)),
        Command::Reinstate { now } => Ok(proposal.reinstate(now)),
        Command::OpenEvaluation { id, executor_id, now } => proposal.open_evaluation(id, executor_id, now),
    }
}

fn open(opening: Arc<Opening>) -> Vec<Event> {
    let auto_approved = opening.auto_approved;
    let now = opening.opened_at;
    let mut after = State::default();
    let opened = Event::Opened(opening);
    after.evolve(&opened);
    let mut events = vec![opened];
    if auto_approved && let Some(opening) = &after.opening {
        events.push(Open { state: &after, opening }.approved("auto_approved", now));
    }
    events
}

/// A proposal that has been opened.
pub(super) struct Open<'a> {
    pub state: &'a State,
    pub opening: &'a Opening,
}

impl Open<'_> {
    pub(super) fn must_be_pending(&self, now: Moment) -> Result<(), Rejection> {
        if self.state.status != Status::PendingReview {
            return Err(Rejection::NotPending(self.state.status));
        }
        match self.state.due_at() {
            Some(due_at) if now >= due_at => Err(Rejection::DeadlinePassed(due_at)),
            Some(_) | None => Ok(()),
        }
    }

    fn cast_vote(&self, voter_id: MemberId, choice: Choice, rationale: Prose, now: Moment) -> Decision {
        self.must_have_reviewers()?;
        let reviewer = self.state.reviewer(voter_id).ok_or(Rejection::NotInElectorate)?;
        if reviewer.vote.as_ref().is_some_and(|vote| vote.choice == choice) && reviewer.left.is_none() {
            return Ok(vec![]);
        }
        self.must_be_pending(now)?;
        if reviewer.left.is_some() {
            return Err(Rejection::Recused);
        }
        let (proposal_id, zone_id, member_id, cast_at) = (self.opening.proposal_id, self.opening.zone_id, voter_id, now);
        let mut after = self.state.clone();
        after.record(voter_id, Vote { choice, rationale: rationale.clone(), cast_at });
        let tally = after.tally();
        let cast = match &reviewer.vote {
            None => Event::VoteCast { proposal_id, zone_id, member_id, choice, rationale, tally, cast_at },
            Some(_) if !self.opening.votes_may_change => return Err(Rejection::AlreadyVoted),
            Some(vote) => {
                let from = vote.choice;
                Event::VoteChanged { proposal_id, zone_id, member_id, from, choice, rationale, tally, cast_at }
            }
        };
        Ok(self.settled_after(cast, &after, now))
    }

    fn recuse(&self, member_id: MemberId, now: Moment) -> Decision {
        self.must_have_reviewers()?;
        let reviewer = self.state.reviewer(member_id).ok_or(Rejection::NotInElectorate)?;
        if reviewer.left.is_some() {
            return Ok(vec![]);
        }
        self.must_be_pending(now)?;
        if reviewer.vote.is_some() && !self.opening.votes_may_change {
            return Err(Rejection::AlreadyVoted);
        }
        let mut after = self.state.clone();
        let recused = self.leaves(&mut after, member_id, RecusalReason::Recused, now);
        Ok(self.settled_after(recused, &after, now))
    }

    /// Only when all have left is it settled, by those who stay: the vote of one who goes does not decide with the seat of another
    /// (SPEC A2, P8). While its question is up they leave as well, and nothing is settled here.
    fn let_go(&self, leaving: Vec<(MemberId, RecusalReason)>, now: Moment) -> Decision {
        let mut after = self.state.clone();
        let mut events = Vec::new();
        for (member_id, reason) in leaving {
            if after.reviewer(member_id).is_some_and(|reviewer| reviewer.left.is_none()) {
                events.push(self.leaves(&mut after, member_id, reason, now));
            }
        }
        if events.is_empty() || self.state.status != Status::PendingReview {
            return Ok(events);
        }
        let those_who_stay = Open { state: &after, opening: self.opening };
        if self.state.due_at().is_some_and(|due_at| due_at <= now) {
            events.extend(those_who_stay.reach_deadline(now)?);
        } else {
            events.extend(those_who_stay.settled(self.while_voting(), now));
        }
        Ok(events)
    }

    fn leaves(&self, after: &mut State, member_id: MemberId, reason: RecusalReason, now: Moment) -> Event {
        after.dismiss(member_id, reason);
        let (proposal_id, zone_id) = (self.opening.proposal_id, self.opening.zone_id);
        Event::ReviewerRecused { proposal_id, zone_id, member_id, reason, tally: after.tally(), recused_at: now }
    }

    fn withdraw(&self, why: Withdrawal, now: Moment) -> Decision {
        let by = if let Withdrawal::ByProposer(by) = why { Some(by) } else { None };
        if by.is_some_and(|by| by != self.opening.proposer_id) {
            return Err(Rejection::NotTheProposer);
        }
        if self.state.status == Status::Withdrawn {
            return Ok(vec![]);
        }
        if by.is_some() && self.opening.lineage.is_some() {
            // Whoever raised the question takes the escalation back; this is how it is decided.
            return Err(Rejection::AskedByEscalation);
        }
        let may_yet_change = self.state.status == Status::Escalated || self.state.is_held();
        let is_gone = by.is_none() && may_yet_change;
        if self.state.status != Status::PendingReview && !is_gone {
            return Err(Rejection::NotPending(self.state.status));
        }
        let reason = match why {
            Withdrawal::ByProposer(_) => "withdrawn_by_proposer",
            Withdrawal::ZoneArchived => ZONE_ARCHIVED,
            Withdrawal::EscalationDismissed => "escalation_dismissed",
        };
        let (proposal_id, zone_id) = (self.opening.proposal_id, self.opening.zone_id);
        Ok(vec![Event::Withdrawn { proposal_id, zone_id, reason: reason.to_owned(), withdrawn_at: now }])
    }

    /// `first`, and what it settles.
    pub(super) fn and_then_settled(&self, first: Event, now: Moment) -> Vec<Event> {
        let mut after = self.state.clone();
        after.evolve(&first);
        self.settled_after(first, &after, now)
    }

    /// `first`, which led to `after`, and what that settles.
    fn settled_after(&self, first: Event, after: &State, now: Moment) -> Vec<Event> {
        let settled = Open { state: after, opening: self.opening }.settled(self.while_voting(), now);
        [Some(first), settled].into_iter().flatten().collect()
    }

    fn while_voting(&self) -> Occasion {
        Occasion::Voting { final_votes: !self.opening.votes_may_change }
    }

    fn settled(&self, occasion: Occasion, now: Moment) -> Option<Event> {
        let rule = &self.opening.decision_model.rule;
        match verdict_of(rule, &self.state.ballots(), occasion, self.opening.human_required) {
            Verdict::Open => None,
            Verdict::Approved if !self.passes_the_zones_own_model(occasion) => Some(self.stalled(StallReason::Deadlock, now)),
            Verdict::Approved => Some(self.approved("votes", now)),
            Verdict::Rejected => Some(self.rejected("votes", now)),
            Verdict::Deadlocked => Some(self.stalled(StallReason::Deadlock, now)),
            Verdict::Undecided => Some(self.stalled(StallReason::Deadline, now)),
        }
    }

    /// A stricter model of the proposer's or the gardener's choice lets nothing through that the zone's own would stop (SPEC P9).
    fn passes_the_zones_own_model(&self, occasion: Occasion) -> bool {
        let passes = |model: &DecisionModel| {
            verdict_of(&model.rule, &self.state.ballots(), occasion, self.opening.human_required) == Verdict::Approved
        };
        self.opening.zone_model.iter().chain(&self.state.superseded_model).all(passes)
    }

    fn approved(&self, reason: &str, now: Moment) -> Event {
        let minutes = self.opening.veto_window_minutes;
        Event::Approved {
            proposal_id: self.opening.proposal_id,
            zone_id: self.opening.zone_id,
            reason: reason.to_owned(),
            tally: self.state.tally(),
            held_until: (minutes > 0).then(|| now + Duration::minutes(i64::from(minutes))),
            decided_at: now,
        }
    }

    pub(super) fn rejected(&self, reason: &str, now: Moment) -> Event {
        Event::Rejected {
            proposal_id: self.opening.proposal_id,
            zone_id: self.opening.zone_id,
            reason: reason.to_owned(),
            tally: self.state.tally(),
            decided_at: now,
        }
    }

    pub(super) fn expired(&self, reason: &str, now: Moment) -> Event {
        Event::Expired {
            proposal_id: self.opening.proposal_id,
            zone_id: self.opening.zone_id,
            reason: reason.to_owned(),
            tally: self.state.tally(),
            expired_at: now,
        }
    }

    /// The clock decides (SPEC D2, P11): at its expiry a proposal expires; at its deadline the model has its last say.
    pub(super) fn reach_deadline(&self, now: Moment) -> Decision {
        if self.state.status != Status::PendingReview {
            return Ok(vec![]);
        }
        let due_at = self.state.due_at().filter(|due_at| *due_at <= now).ok_or(Rejection::NotDue)?;
        if self.opening.expires_at == Some(due_at) {
            return Ok(vec![self.expired("expires_at", now)]);
        }
        if self.state.is_awaiting_reviewers() {
            return Ok(vec![self.stalled(StallReason::Deadline, now)]);
        }
        Ok(self.settled(Occasion::Deadline, now).into_iter().collect())
    }

    /// Only what took place can be judged, and once (SPEC V1).
    fn open_evaluation(&self, evaluation_id: EvaluationId, executor_id: MemberId, now: Moment) -> Decision {
        let executed = self.state.execution.as_ref().is_some_and(|execution| execution.status == ExecutionStatus::Succeeded);
        // What was decided for a zone below was done there.
        let done_below = self.opening.lineage.is_some_and(|lineage| lineage.source_id.is_some());
        if !executed || done_below {
            return Err(Rejection::NotExecuted);
        }
        // One subject, one judgement, whoever is said to have done it.
        if let Some((known, _)) = self.state.evaluations.first() {
            return Err(Rejection::AlreadyEvaluated(*known));
        }
        let (proposal_id, zone_id) = (self.opening.proposal_id, self.opening.zone_id);
        Ok(vec![Event::EvaluationOpened { proposal_id, zone_id, evaluation_id, executor_id, opened_at: now }])
    }

    fn must_be_executable(&self, now: Moment) -> Result<(), Rejection> {
        let Some(execution) = self.state.execution.as_ref().filter(|_| self.state.status == Status::Approved) else {
            return Err(Rejection::NothingToExecute("it is not approved"));
        };
        match (execution.status, execution.held_until) {
            (ExecutionStatus::Succeeded, _) => Err(Rejection::NothingToExecute("it has been executed")),
            (ExecutionStatus::Held, Some(until)) if now < until => Err(Rejection::Held(until)),
            (ExecutionStatus::Held | ExecutionStatus::Pending | ExecutionStatus::Failed, _) => Ok(()),
        }
    }
}
