//! What can be asked of an evaluation.

use std::collections::BTreeMap;

use super::checks::Check;
use super::event::Opened;
use super::score::Score;
use crate::Moment;
use crate::gardener::Consultation;
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
    /// What a language model says of a criterion, or why it is not asked.
    RecordReview { criterion: Label, check: Check, now: Moment },
    /// What the language model answered to what it was asked.
    RecordReviews { checks: BTreeMap<Label, Check>, consultation: Option<Box<Consultation>>, now: Moment },
    /// Finishes it.
    Finalize { now: Moment },
}
