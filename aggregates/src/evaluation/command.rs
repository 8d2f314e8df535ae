//! What can be asked of an evaluation.

use super::checks::Check;
use super::event::Opened;
use super::score::Score;
use crate::Moment;
use crate::ids::MemberId;
use crate::text::{Label, Prose};

/// What can be asked of an evaluation.
#[derive(Clone, Debug)]
pub enum Command {
    /// Opens it.
    Open(Box<Opened>),
    /// An evaluator scores a criterion.
    Score { evaluator_id: MemberId, criterion: Label, score: Score, rationale: Prose, now: Moment },
    /// The outcome of a check on the record.
    RecordCheck { criterion: Label, check: Check, now: Moment },
    /// A language model is to be asked about every criterion it scores that has no score yet; until `due_at`.
    RequestReviews { due_at: Moment, now: Moment },
    /// What the language model said.
    RecordReview { criterion: Label, check: Check, now: Moment },
    /// Finishes it.
    Finalize { now: Moment },
}
