//! What happened to an evaluation.

use serde::{Deserialize, Serialize};
use strum::{Display, EnumString, IntoStaticStr};
use utoipa::ToSchema;

use super::score::Score;
use crate::Moment;
use crate::decider::{DomainEvent, stored_names};
use crate::gardener::Consultation;
use crate::ids::{EvaluationId, MemberId, ProposalId, ZoneId};
use crate::organization::Signal;
use crate::policy::{Criterion, IncentiveModel};
use crate::text::{Label, Prose};

/// What a judgement rests on, frozen when it opens.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Terms {
    /// What the work is judged by.
    pub criteria: Vec<Criterion>,
    /// How many evaluators each criterion needs that people score, at least 1.
    pub evaluators_required: u32,
    /// What the judgement does to reputation.
    pub incentives: IncentiveModel,
}

/// An evaluation as it opens.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Opened {
    /// Its id.
    pub evaluation_id: EvaluationId,
    /// What came of which proposal.
    pub proposal_id: ProposalId,
    /// In which zone.
    pub zone_id: ZoneId,
    /// Whose work.
    pub executor_id: MemberId,
    /// What it rests on.
    #[serde(flatten)]
    pub terms: Terms,
    /// Who opened it; nobody when the work was reported finished.
    pub opened_by: Option<MemberId>,
    /// When.
    pub opened_at: Moment,
}

/// Who or what gave a score.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema, Display, IntoStaticStr, EnumString)]
#[serde(rename_all = "snake_case")]
#[strum(serialize_all = "snake_case")]
pub enum ScoredBy {
    /// A person.
    Evaluator,
    /// A check on the record.
    AutomatedCheck,
    /// A language model.
    LlmReview,
}

/// The mean of one criterion's scores.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct Mean {
    /// Which criterion.
    pub criterion: Label,
    /// From 0 to 1, rounded to 3 decimals.
    pub mean: Score,
}

/// What happened to an evaluation.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(tag = "type")]
pub enum Event {
    /// It opened.
    #[serde(rename = "evaluation.opened")]
    Opened(Box<Opened>),
    /// Someone, or the system, gave a score.
    #[serde(rename = "evaluation.scored")]
    Scored {
        evaluation_id: EvaluationId,
        zone_id: ZoneId,
        criterion: Label,
        score: Score,
        rationale: Prose,
        by: ScoredBy,
        evaluator_id: Option<MemberId>,
        scored_at: Moment,
    },
    /// A check, or a model, could not give one.
    #[serde(rename = "evaluation.check_not_made")]
    CheckNotMade {
        evaluation_id: EvaluationId,
        zone_id: ZoneId,
        criterion: Label,
        code: String,
        reason: String,
        checked_at: Moment,
    },
    /// A language model is asked about a criterion.
    #[serde(rename = "evaluation.review_requested")]
    ReviewRequested { evaluation_id: EvaluationId, zone_id: ZoneId, criteria: Vec<Label>, due_at: Moment, requested_at: Moment },
    /// The model has answered, or nobody waits for it any more; what it said of each criterion stands before.
    #[serde(rename = "evaluation.reviewed")]
    Reviewed { evaluation_id: EvaluationId, zone_id: ZoneId, consultation: Option<Consultation>, reviewed_at: Moment },
    /// It is complete, and has its effect in the same transaction.
    #[serde(rename = "evaluation.completed")]
    Completed {
        evaluation_id: EvaluationId,
        zone_id: ZoneId,
        proposal_id: ProposalId,
        executor_id: MemberId,
        means: Vec<Mean>,
        score: Score,
        signal: Signal,
        completed_at: Moment,
    },
}

stored_names!(Event {
    Opened => "evaluation.opened",
    Scored => "evaluation.scored",
    CheckNotMade => "evaluation.check_not_made",
    ReviewRequested => "evaluation.review_requested",
    Reviewed => "evaluation.reviewed",
    Completed => "evaluation.completed",
});

impl DomainEvent for Event {
    fn event_type(&self) -> &'static str {
        self.stored_name()
    }

    fn zone_id(&self) -> Option<ZoneId> {
        match self {
            Self::Opened(opened) => Some(opened.zone_id),
            Self::Scored { zone_id, .. }
            | Self::CheckNotMade { zone_id, .. }
            | Self::ReviewRequested { zone_id, .. }
            | Self::Reviewed { zone_id, .. }
            | Self::Completed { zone_id, .. } => Some(*zone_id),
        }
    }
}
