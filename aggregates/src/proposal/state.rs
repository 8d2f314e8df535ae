//! What a proposal amounts to.

use std::sync::Arc;

use serde::{Deserialize, Serialize};
use strum::{Display, EnumString, IntoStaticStr};
use utoipa::ToSchema;

use super::choosing::SelectionMade;
use super::electorate::Elector;
use super::escalating::CONTESTED;
use super::event::{Event, Opening, RecusalReason};
use super::lineage::{StallReason, WentUp};
use crate::Moment;
use crate::decision_model::{Ballot, Choice, DecisionModel, Tally};
use crate::ids::{CommentId, EvaluationId, GrantId, MemberId};
use crate::text::Prose;

/// Where a proposal stands (SPEC P2).
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, ToSchema, Display, IntoStaticStr, EnumString)]
#[serde(rename_all = "snake_case")]
#[strum(serialize_all = "snake_case")]
#[schema(as = ProposalStatus)]
pub enum Status {
    /// Waiting for reviewers.
    #[default]
    PendingReview,
    /// Approved.
    Approved,
    /// Rejected.
    Rejected,
    /// Taken to the parent zone.
    Escalated,
    /// Out of time; nobody said no.
    Expired,
    /// Taken back.
    Withdrawn,
}

/// Where an approved proposal's execution stands (SPEC P2).
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema, Display, IntoStaticStr, EnumString)]
#[serde(rename_all = "snake_case")]
#[strum(serialize_all = "snake_case")]
pub enum ExecutionStatus {
    /// Ordered.
    Pending,
    /// Waiting for the veto window to close.
    Held,
    /// Done.
    Succeeded,
    /// Not admitted; may be retried.
    Failed,
}

/// The execution of an approved proposal.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Execution {
    /// Where it stands.
    pub status: ExecutionStatus,
    /// Why it failed.
    pub reason: Option<String>,
    /// The code of why it failed.
    pub code: Option<String>,
    /// Until when it is held.
    pub held_until: Option<Moment>,
    /// The grant that came of it.
    pub grant_id: Option<GrantId>,
    /// When it last changed.
    pub at: Moment,
}

/// How it ended.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Resolution {
    /// What it became.
    pub outcome: Status,
    /// Why.
    pub reason: String,
    /// When.
    pub decided_at: Moment,
}

/// A vote.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Vote {
    /// What was said.
    pub choice: Choice,
    /// Why.
    pub rationale: Prose,
    /// When.
    pub cast_at: Moment,
}

/// One reviewer and what they did.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Reviewer {
    /// As frozen.
    pub elector: Elector,
    /// Their vote.
    pub vote: Option<Vote>,
    /// Why they left, if they did.
    pub left: Option<RecusalReason>,
    /// Who handed them the seat, if it was handed to them.
    pub seat_of: Option<MemberId>,
}

/// Where a proposal stood when its question went up.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Before {
    /// Its status.
    pub status: Status,
    /// How it had ended.
    pub resolution: Option<Resolution>,
    /// Its execution.
    pub execution: Option<Execution>,
}

/// Something someone said.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Comment {
    /// Its id.
    pub id: CommentId,
    /// Who.
    pub author_id: MemberId,
    /// What.
    pub text: Prose,
    /// When.
    pub at: Moment,
}

/// The proposal.
#[derive(Clone, Debug, Default)]
pub struct State {
    /// What it opened with, once it did.
    pub opening: Option<Arc<Opening>>,
    /// Where it stands.
    pub status: Status,
    /// Its reviewers; those who voted first, in the order of their votes.
    pub reviewers: Vec<Reviewer>,
    /// How its reviewers were chosen, where it awaited them.
    pub selection: Option<SelectionMade>,
    /// The model that a stricter one of the gardener's took the place of: an approval must pass both.
    pub superseded_model: Option<DecisionModel>,
    /// How it ended.
    pub resolution: Option<Resolution>,
    /// Its execution, once approved.
    pub execution: Option<Execution>,
    /// What was said about it.
    pub comments: Vec<Comment>,
    /// Why it came to a stop, until that has been dealt with.
    pub stalled: Option<StallReason>,
    /// Where its question went, the last time it did.
    pub went_up: Option<WentUp>,
    /// Whether it ever went by itself: it does so once.
    pub went_up_by_itself: bool,
    /// Where it stood then, as long as the question is up there.
    pub before: Option<Box<Before>>,
    /// Judgements of what came of it, and of whom.
    pub evaluations: Vec<(EvaluationId, MemberId)>,
    /// When it last changed.
    pub updated_at: Option<Moment>,
}

impl State {
    /// The reviewer with this id.
    pub fn reviewer(&self, id: MemberId) -> Option<&Reviewer> {
        self.reviewers.iter().find(|reviewer| reviewer.elector.member_id == id)
    }

    /// Reviewers who have not left.
    pub fn active_reviewers(&self) -> impl Iterator<Item = &Reviewer> {
        self.reviewers.iter().filter(|reviewer| reviewer.left.is_none())
    }

    /// The ballots of the reviewers who have not left, in the order in which they were cast.
    pub fn ballots(&self) -> Vec<Ballot> {
        self.active_reviewers()
            .map(|reviewer| Ballot {
                choice: reviewer.vote.as_ref().map(|vote| vote.choice),
                weight: reviewer.elector.weight,
                human: reviewer.elector.human,
            })
            .collect()
    }

    /// The votes so far.
    pub fn tally(&self) -> Tally {
        Tally::of(&self.ballots())
    }

    /// Whether one of its approvals must be a human's (SPEC D4), and none is yet.
    pub fn is_human_missing(&self) -> bool {
        let approves = |ballot: &Ballot| ballot.human && ballot.choice == Some(Choice::Approve);
        self.opening.as_ref().is_some_and(|opening| opening.human_required) && !self.ballots().iter().any(approves)
    }

    /// When the clock acts on it: its deadline or its expiry, whichever comes first.
    pub fn due_at(&self) -> Option<Moment> {
        let opening = self.opening.as_ref()?;
        [opening.deadline, opening.expires_at].into_iter().flatten().min()
    }

    /// Whether the proposer decides alone (SPEC P6). Whoever has handed on or left that seat does not.
    pub fn is_solo(&self) -> bool {
        self.active_reviewers().any(|reviewer| reviewer.elector.reason == super::SelectionReason::Solo)
    }

    pub(super) fn evolve(&mut self, event: &Event) {
        match event {
            Event::Opened(opening) => {
                let reviewer = |elector: &Elector| Reviewer { elector: elector.clone(), vote: None, left: None, seat_of: None };
                let seated = if opening.to_be_chosen.is_some() { &[][..] } else { &opening.electorate[..] };
                self.reviewers = seated.iter().map(reviewer).collect();
                self.updated_at = Some(opening.opened_at);
                self.opening = Some(Arc::clone(opening));
            }
            Event::VoteCast { member_id, choice, rationale, cast_at, .. }
            | Event::VoteChanged { member_id, choice, rationale, cast_at, .. } => {
                self.record(*member_id, Vote { choice: *choice, rationale: rationale.clone(), cast_at: *cast_at });
            }
            Event::ReviewerRecused { member_id, reason, recused_at, .. } => {
                self.updated_at = Some(*recused_at);
                self.dismiss(*member_id, *reason);
            }
            Event::Approved { reason, held_until, decided_at, .. } => {
                self.resolve(Status::Approved, reason, *decided_at);
                let status = if held_until.is_some() { ExecutionStatus::Held } else { ExecutionStatus::Pending };
                self.execution = Some(Execution {
                    status,
                    reason: None,
                    code: None,
                    held_until: *held_until,
                    grant_id: None,
                    at: *decided_at,
                });
            }
            Event::Rejected { reason, decided_at, .. } => self.resolve(Status::Rejected, reason, *decided_at),
            Event::Expired { reason, expired_at, .. } => self.resolve(Status::Expired, reason, *expired_at),
            Event::Withdrawn { reason, withdrawn_at, .. } => self.resolve(Status::Withdrawn, reason, *withdrawn_at),
            Event::Commented { comment_id, author_id, text, commented_at, .. } => {
                self.updated_at = Some(*commented_at);
                self.comments.push(Comment { id: *comment_id, author_id: *author_id, text: text.clone(), at: *commented_at });
            }
            Event::ExecutionSucceeded { grant_id, executed_at, .. } => {
                self.executed(ExecutionStatus::Succeeded, None, *grant_id, *executed_at);
            }
            Event::ReviewersChosen { .. } => self.choose(event),
            Event::ExecutionFailed { code, reason, failed_at, .. } => {
                self.executed(ExecutionStatus::Failed, Some((code, reason)), None, *failed_at);
            }
            Event::ReviewDelegated { from_id, elector, delegated_at, .. } => {
                self.updated_at = Some(*delegated_at);
                self.dismiss(*from_id, RecusalReason::Delegated);
                let (elector, seat_of) = (elector.clone(), Some(*from_id));
                self.reviewers.push(Reviewer { elector, vote: None, left: None, seat_of });
            }
            Event::Stalled { reason, stalled_at, .. } => {
                self.updated_at = Some(*stalled_at);
                self.stalled = Some(*reason);
            }
            Event::Escalated { escalation_id, parent_proposal_id, to_zone_id, reason, escalated_at, .. } => {
                self.went_up_by_itself |= reason != CONTESTED;
                self.updated_at = Some(*escalated_at);
                self.stalled = None;
                self.went_up =
                    Some(WentUp { escalation_id: *escalation_id, parent_id: *parent_proposal_id, to_zone_id: *to_zone_id });
                let (resolution, execution) = (self.resolution.take(), self.execution.take());
                self.before = Some(Box::new(Before { status: self.status, resolution, execution }));
                self.status = Status::Escalated;
            }
            Event::EscalationFailed { failed_at, .. } => {
                self.updated_at = Some(*failed_at);
                self.stalled = None;
            }
            Event::Reinstated { reinstated_at, .. } => {
                self.updated_at = Some(*reinstated_at);
                if let Some(before) = self.before.take() {
                    self.status = before.status;
                    self.resolution = before.resolution;
                    self.execution = before.execution;
                }
            }
            Event::EvaluationOpened { evaluation_id, executor_id, opened_at, .. } => {
                self.updated_at = Some(*opened_at);
                self.evaluations.push((*evaluation_id, *executor_id));
            }
        }
    }

    /// Waiting for votes, or waiting for them again should its question come back unanswered.
    pub fn may_be_voted_on(&self) -> bool {
        let before = self.before.as_ref().map_or(self.status, |before| before.status);
        before == Status::PendingReview
    }

    /// Whether those who were asked have decided it, though that may be contested by now.
    pub fn has_been_decided(&self) -> bool {
        self.resolution.is_some() || self.before.as_ref().is_some_and(|before| before.resolution.is_some())
    }

    /// Approved, and not executed before its veto window ends.
    pub fn is_held(&self) -> bool {
        let execution = self.execution.as_ref().map(|execution| execution.status);
        self.status == Status::Approved && execution == Some(ExecutionStatus::Held)
    }

    pub(super) fn record(&mut self, member_id: MemberId, vote: Vote) {
        self.updated_at = Some(vote.cast_at);
        let voted = self.reviewers.iter().filter(|reviewer| reviewer.vote.is_some()).count();
        let Some(place) = self.reviewers.iter().position(|reviewer| reviewer.elector.member_id == member_id) else { return };
        let mut reviewer = self.reviewers.remove(place);
        let place = if reviewer.vote.is_some() { voted - 1 } else { voted };
        reviewer.vote = Some(vote);
        self.reviewers.insert(place, reviewer);
    }

    pub(super) fn dismiss(&mut self, member_id: MemberId, reason: RecusalReason) {
        if let Some(reviewer) = self.reviewers.iter_mut().find(|reviewer| reviewer.elector.member_id == member_id) {
            reviewer.left = Some(reason);
        }
    }

    fn resolve(&mut self, outcome: Status, reason: &str, at: Moment) {
        self.status = outcome;
        self.stalled = None;
        self.before = None;
        // What is over is not executed any more; what is approved says itself how.
        self.execution = None;
        self.updated_at = Some(at);
        self.resolution = Some(Resolution { outcome, reason: reason.to_owned(), decided_at: at });
    }

    fn executed(
        &mut self,
        status: ExecutionStatus,
        failure: Option<(&String, &String)>,
        grant_id: Option<GrantId>,
        at: Moment,
    ) {
        self.updated_at = Some(at);
        if let Some(execution) = &mut self.execution {
            execution.status = status;
            execution.code = failure.map(|(code, _)| code.clone());
            execution.reason = failure.map(|(_, reason)| reason.clone());
            execution.grant_id = grant_id;
            execution.at = at;
        }
    }
}
