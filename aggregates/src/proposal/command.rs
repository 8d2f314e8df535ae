//! What can be asked of a proposal.

use std::sync::Arc;

use super::choosing::Chooses;
use super::electorate::Elector;
use super::event::{Opening, RecusalReason};
use super::execution::Failure;
use super::lineage::WentUp;
use super::state::Status;
use crate::Moment;
use crate::decision_model::Choice;
use crate::ids::{CommentId, EvaluationId, GrantId, MemberId};
use crate::text::Prose;

/// Why a proposal is taken back.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Withdrawal {
    /// Its proposer wants it back.
    ByProposer(MemberId),
    /// Its zone, or one above, was archived.
    ZoneArchived,
    /// The escalation it was to answer has come to nothing.
    EscalationDismissed,
}

/// The reason on record of what went with its zone.
pub const ZONE_ARCHIVED: &str = "zone_archived";

/// What can be asked of a proposal.
#[derive(Clone, Debug)]
pub enum Command {
    /// Opens it with everything its outcome rests on.
    Open(Arc<Opening>),
    /// Votes.
    CastVote { voter_id: MemberId, choice: Choice, rationale: Prose, now: Moment },
    /// A reviewer leaves the electorate of their own accord.
    Recuse { member_id: MemberId, now: Moment },
    /// Those who have lost what their seats rest on leave the electorate, all at once.
    LetGo { leaving: Vec<(MemberId, RecusalReason)>, now: Moment },
    /// Takes it back.
    Withdraw { why: Withdrawal, now: Moment },
    /// Says something about it.
    Comment { id: CommentId, author_id: MemberId, text: Prose, now: Moment },
    /// The clock says that its deadline or its expiry has come.
    ReachDeadline { now: Moment },
    /// Its effects took place in this very transaction.
    RecordSuccess { grant_id: Option<GrantId>, now: Moment },
    /// The policy in force now did not admit its effects.
    RecordFailure { failure: Failure, now: Moment },
    /// Its reviewers are chosen among its candidates; once.
    ChooseReviewers { chooses: Box<Chooses>, now: Moment },
    /// Hands a reviewer's seat to someone who may sit there; their weight goes with it.
    Delegate { from_id: MemberId, to: Box<Elector>, now: Moment },
    /// The clock says that it has waited long enough here.
    ReachEscalation { now: Moment },
    /// Its question goes up: opened there in this very transaction.
    Escalate { to: WentUp, reason: String, now: Moment },
    /// It should go up, and cannot.
    FailToEscalate { failure: Failure, now: Moment },
    /// The parent has decided its question: approved, rejected or expired there.
    Settle { outcome: Status, now: Moment },
    /// Its escalation came to nothing.
    Reinstate { now: Moment },
    /// What came of it is to be judged.
    OpenEvaluation { id: EvaluationId, executor_id: MemberId, now: Moment },
}
