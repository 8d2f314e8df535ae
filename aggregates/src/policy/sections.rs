//! The ten policy objects as one zone writes them.

use std::collections::{BTreeMap, BTreeSet};

use serde::{Deserialize, Serialize};
use strum::{Display, EnumIter, IntoEnumIterator, IntoStaticStr};
use utoipa::ToSchema;

use super::approval::{ApprovalPolicy, EscalationPolicy, EvaluationCriteria, IncentiveModel};
use super::parameters::{AgentQualifications, AlignmentRequirements, Constraints, ResourceScope, Responsibilities};
use crate::action::{Action, Pattern};
use crate::decision_model::{DecisionModel, Weights};
use crate::ids::MemberId;

/// The names of the ten policy objects.
#[derive(
    Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize, ToSchema, Display, EnumIter, IntoStaticStr,
)]
#[serde(rename_all = "snake_case")]
#[strum(serialize_all = "snake_case")]
pub enum Section {
    /// What the zone answers for.
    Responsibilities,
    /// What it may use.
    ResourceScope,
    /// Who may work in it.
    AgentQualifications,
    /// What they put at stake.
    AlignmentRequirements,
    /// What judgements do to reputation.
    IncentiveModel,
    /// What may be done.
    Constraints,
    /// How votes become an outcome.
    DecisionModel,
    /// Who is asked.
    ApprovalPolicy,
    /// When it goes to the parent.
    EscalationPolicy,
    /// How work is judged.
    EvaluationCriteria,
}

impl Section {
    /// All ten, in the order of the specification.
    pub fn all() -> impl Iterator<Item = Self> {
        Self::iter()
    }

    /// Whether changing it changes who decides and how (SPEC C1).
    pub fn governs(self) -> bool {
        matches!(self, Self::DecisionModel | Self::ApprovalPolicy | Self::EscalationPolicy)
    }
}

/// What one zone writes of its own: the seven parameters, the three policies, and its seals. What is absent is not
/// limited here.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct Policies {
    /// What the zone answers for.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub responsibilities: Option<Responsibilities>,
    /// What it may use.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub resource_scope: Option<ResourceScope>,
    /// Who may work in it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub agent_qualifications: Option<AgentQualifications>,
    /// What they put at stake.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub alignment_requirements: Option<AlignmentRequirements>,
    /// What judgements do to reputation.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub incentive_model: Option<IncentiveModel>,
    /// What may be done.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub constraints: Option<Constraints>,
    /// How votes become an outcome.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub decision_model: Option<DecisionModel>,
    /// Who is asked.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub approval_policy: Option<ApprovalPolicy>,
    /// When it goes to the parent.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub escalation_policy: Option<EscalationPolicy>,
    /// How work is judged.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub evaluation_criteria: Option<EvaluationCriteria>,
    /// Which of these descendants may not set.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub sealed: Option<BTreeSet<Section>>,
}

impl Policies {
    /// The sections this zone writes.
    pub fn written(&self) -> impl Iterator<Item = Section> + '_ {
        Section::all().filter(|section| self.writes(*section))
    }

    /// Whether this zone writes `section`.
    pub fn writes(&self, section: Section) -> bool {
        match section {
            Section::Responsibilities => self.responsibilities.is_some(),
            Section::ResourceScope => self.resource_scope.is_some(),
            Section::AgentQualifications => self.agent_qualifications.is_some(),
            Section::AlignmentRequirements => self.alignment_requirements.is_some(),
            Section::IncentiveModel => self.incentive_model.is_some(),
            Section::Constraints => self.constraints.is_some(),
            Section::DecisionModel => self.decision_model.is_some(),
            Section::ApprovalPolicy => self.approval_policy.is_some(),
            Section::EscalationPolicy => self.escalation_policy.is_some(),
            Section::EvaluationCriteria => self.evaluation_criteria.is_some(),
        }
    }

    /// Whether this zone seals `section` for its descendants.
    pub fn seals(&self, section: Section) -> bool {
        self.sealed.as_ref().is_some_and(|sealed| sealed.contains(&section))
    }

    /// What these policies block of governing: changing it changes who decides and how (SPEC C1).
    pub fn governing_blocks(&self) -> BTreeSet<&Pattern> {
        self.blocks().filter(|pattern| pattern.reaches_governance()).collect()
    }

    /// Whether these policies, where nothing stands above them, shut every way of changing them: the direct one, and that of
    /// a proposal.
    pub fn is_unmendable(&self) -> bool {
        let blocks = |action: &'static str| self.blocks().any(|pattern| pattern.names(&Action::known(action)));
        (blocks("zone.write") || blocks("zone.govern")) && (blocks("proposal.create") || blocks("proposal.approve"))
    }

    fn blocks(&self) -> impl Iterator<Item = &Pattern> {
        self.constraints.iter().filter_map(|constraints| constraints.blocked_actions.as_ref()).flat_map(|blocked| &blocked.0)
    }

    /// The members these policies name, with where they do: static reviewers and weights.
    pub fn members_named(&self) -> Vec<(String, MemberId)> {
        let listed = self.approval_policy.iter().flat_map(|policy| policy.static_reviewers.iter().flatten());
        let listed = listed.map(|id| ("/approval_policy/static_reviewers".to_owned(), *id));
        let weights = self.decision_model.iter().filter_map(|model| model.rule.weighted());
        let weighed = weights.flat_map(|(weights, _)| match weights {
            Weights::Named(named) => named.keys().filter_map(|name| name.parse().ok()).collect(),
            Weights::Reputation(_) => Vec::new(),
        });
        listed.chain(weighed.map(|id| ("/decision_model/weights".to_owned(), id))).collect()
    }

    /// The members whose say these policies widen over `before`: newly named ones, and those who would weigh more.
    pub fn empowered(&self, before: &Self) -> Vec<MemberId> {
        let weighed = before.weights();
        let heavier = self.weights().into_iter().filter(|(name, weight)| weighed.get(name).is_some_and(|known| weight > known));
        let heavier = heavier.filter_map(|(name, _)| name.parse().ok());
        self.newly_named(before).into_iter().map(|(_, member)| member).chain(heavier).collect()
    }

    fn weights(&self) -> BTreeMap<&str, u32> {
        let weights = self.decision_model.as_ref().and_then(|model| model.rule.weighted());
        match weights {
            Some((Weights::Named(named), _)) => named.iter().map(|(name, weight)| (name.as_str(), *weight)).collect(),
            Some((Weights::Reputation(_), _)) | None => BTreeMap::new(),
        }
    }

    /// The members these policies name and `before` did not.
    pub fn newly_named(&self, before: &Self) -> Vec<(String, MemberId)> {
        let known = before.members_named();
        self.members_named().into_iter().filter(|named| !known.contains(named)).collect()
    }
}
