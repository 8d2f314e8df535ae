//! The policies that the nearest zone sets: approval, escalation, evaluation, incentives.

use std::collections::BTreeSet;

use serde::{Deserialize, Serialize};
use strum::{Display, EnumString, IntoStaticStr};
use utoipa::ToSchema;

use crate::amount::{Amount, Quantity, Share};
use crate::ids::MemberId;
use crate::proposal::ProposalType;
use crate::text::Label;

/// How risky a proposal is (SPEC P3).
#[derive(
    Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize, ToSchema, Display, IntoStaticStr, EnumString,
)]
#[serde(rename_all = "snake_case")]
#[strum(serialize_all = "snake_case")]
pub enum Risk {
    /// Little can go wrong.
    Low,
    /// Some harm is possible.
    Medium,
    /// Serious harm is possible.
    High,
    /// The zone itself is at stake.
    Critical,
}

impl Risk {
    /// One step up; critical is the top.
    #[must_use]
    pub fn raised(self) -> Self {
        match self {
            Self::Low => Self::Medium,
            Self::Medium => Self::High,
            Self::High | Self::Critical => Self::Critical,
        }
    }
}

/// Who chooses the reviewers (SPEC G1).
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum ReviewerSelection {
    /// Approvers of the zone, then of its ancestors.
    #[default]
    Assigned,
    /// The listed members.
    Static,
    /// The gardener; by rule where it cannot.
    Gardener,
}

/// How many reviewers each level of risk calls for.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct ReviewersByRisk {
    /// At low risk; 1 when absent.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub low: Option<u32>,
    /// At medium risk; 2 when absent.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub medium: Option<u32>,
    /// At high risk; 3 when absent.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub high: Option<u32>,
    /// At critical risk; 5 when absent.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub critical: Option<u32>,
}

/// What is approved without reviewers (SPEC P4).
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct AutoApprove {
    /// Proposals of these types.
    #[serde(default, skip_serializing_if = "BTreeSet::is_empty")]
    pub types: BTreeSet<ProposalType>,
    /// Proposals of an amount strictly below this.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub below: Option<Amount>,
}

/// Who is asked, and what may be skipped.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct ApprovalPolicy {
    /// Who chooses the reviewers; `assigned` when absent.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub reviewer_selection: Option<ReviewerSelection>,
    /// The listed reviewers.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub static_reviewers: Option<BTreeSet<MemberId>>,
    /// How many reviewers by risk.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub reviewers_by_risk: Option<ReviewersByRisk>,
    /// What needs no reviewers.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub auto_approve: Option<AutoApprove>,
    /// Whether a vote may be changed while the proposal is pending; no when absent.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub allow_vote_change: Option<bool>,
    /// Minutes between approval and execution in which an escalation stops it; 0 when absent.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub veto_window_minutes: Option<u32>,
    /// Whether a proposer without peers may decide alone (SPEC P6); no when absent.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub solo: Option<bool>,
}

impl ApprovalPolicy {
    /// How many reviewers `risk` calls for.
    pub fn reviewers_for(&self, risk: Risk) -> usize {
        let by_risk = self.reviewers_by_risk.clone().unwrap_or_default();
        let number = match risk {
            Risk::Low => by_risk.low.unwrap_or(1),
            Risk::Medium => by_risk.medium.unwrap_or(2),
            Risk::High => by_risk.high.unwrap_or(3),
            Risk::Critical => by_risk.critical.unwrap_or(5),
        };
        usize::try_from(number).unwrap_or(usize::MAX)
    }

    /// Who chooses the reviewers.
    pub fn selection(&self) -> ReviewerSelection {
        self.reviewer_selection.unwrap_or_default()
    }
}

/// When disagreement goes to the parent zone.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct EscalationPolicy {
    /// Distinct persons who must sign a governance escalation; 2 when absent.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub cosigner_threshold: Option<u32>,
    /// Per person and zone, rolling 24 hours; no limit when absent.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub max_escalations_per_day: Option<u32>,
    /// Hours after which an undecided proposal escalates by itself.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub auto_escalate_after_hours: Option<Quantity>,
    /// Whether a deadlock escalates rather than rejects.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub auto_escalate_on_deadlock: Option<bool>,
}

impl EscalationPolicy {
    /// How many distinct persons must sign a governance escalation: 2 unless set (SPEC Z6).
    pub fn cosigners(&self) -> u32 {
        self.cosigner_threshold.unwrap_or(2).max(1)
    }
}

/// Who or what scores a criterion.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum CriterionType {
    /// A person.
    Human,
    /// A check on the record.
    AutomatedCheck,
    /// A language model.
    LlmReview,
}

/// One thing finished work is judged by.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct Criterion {
    /// Its name, unique in the zone.
    pub name: Label,
    /// Who or what scores it.
    #[serde(rename = "type")]
    pub kind: CriterionType,
    /// Its weight among the criteria; 1 when absent.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub weight: Option<Quantity>,
    /// What the check or the model needs to know.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<Object>)]
    pub config: Option<serde_json::Map<String, serde_json::Value>>,
}

/// How finished work is judged.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct EvaluationCriteria {
    /// What it is judged by.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub criteria: Option<Vec<Criterion>>,
    /// How many evaluators each human criterion needs; 1 when absent.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub evaluators_required: Option<u32>,
}

impl EvaluationCriteria {
    /// How many evaluators each human criterion needs: 1 unless set (SPEC Z6).
    pub fn evaluators(&self) -> u32 {
        self.evaluators_required.unwrap_or(1).max(1)
    }
}

/// What judgements do to reputation.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct IncentiveModel {
    /// Scores from here on are positive; 0.8 when absent.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub positive_threshold: Option<Share>,
    /// Scores from here on are neutral; 0.4 when absent.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub neutral_threshold: Option<Share>,
    /// What a positive judgement adds.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub positive_magnitude: Option<Quantity>,
    /// What a neutral judgement adds.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub neutral_magnitude: Option<Quantity>,
    /// What a negative judgement takes away.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub negative_magnitude: Option<Quantity>,
}

impl IncentiveModel {
    /// The score from which a judgement is positive: 0.8 unless set (SPEC Z6).
    pub fn positive_threshold(&self) -> Share {
        self.positive_threshold.unwrap_or_else(|| Share::of_tenths(8))
    }

    /// The score from which a judgement is neutral: 0.4 unless set (SPEC Z6).
    pub fn neutral_threshold(&self) -> Share {
        self.neutral_threshold.unwrap_or_else(|| Share::of_tenths(4))
    }
}
