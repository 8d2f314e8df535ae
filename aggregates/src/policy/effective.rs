//! The effective policy: what really holds in a zone, after every ancestor has narrowed it.

use std::collections::BTreeMap;

use serde::Serialize;
use utoipa::ToSchema;

use super::approval::{ApprovalPolicy, EscalationPolicy, EvaluationCriteria, IncentiveModel};
use super::parameters::{AgentQualifications, AlignmentRequirements, Constraints, ResourceScope, Responsibilities};
use super::sections::{Policies, Section};
use crate::decision_model::DecisionModel;
use crate::ids::ZoneId;

/// One zone on the path from the root, with what it writes and what of that is void because an ancestor sealed it.
#[derive(Clone, Debug)]
pub struct Level<'a> {
    /// Whose level it is.
    pub zone_id: ZoneId,
    /// What the zone writes.
    pub policies: &'a Policies,
    void: Vec<Section>,
}

macro_rules! unless_void {
    ($($key:ident: $section:ident => $type:ty),+ $(,)?) => {
        impl<'a> Level<'a> {
            $(
                #[doc = concat!("What this level says of `", stringify!($key), "`, unless a seal voids it.")]
                pub fn $key(&self) -> Option<&'a $type> {
                    if self.void.contains(&Section::$section) { None } else { self.policies.$key.as_ref() }
                }
            )+
        }
    };
}
unless_void! {
    responsibilities: Responsibilities => Responsibilities,
    resource_scope: ResourceScope => ResourceScope,
    agent_qualifications: AgentQualifications => AgentQualifications,
    alignment_requirements: AlignmentRequirements => AlignmentRequirements,
    incentive_model: IncentiveModel => IncentiveModel,
    constraints: Constraints => Constraints,
    decision_model: DecisionModel => DecisionModel,
    approval_policy: ApprovalPolicy => ApprovalPolicy,
    escalation_policy: EscalationPolicy => EscalationPolicy,
    evaluation_criteria: EvaluationCriteria => EvaluationCriteria,
}

impl<'a> Level<'a> {
    /// The levels of a path of zones, root first, with seals worked out.
    pub fn of_path(path: impl IntoIterator<Item = (ZoneId, &'a Policies)>) -> Vec<Self> {
        let mut sealed: Vec<Section> = Vec::new();
        path.into_iter()
            .map(|(zone_id, policies)| {
                let void = sealed.clone();
                sealed.extend(policies.sealed.iter().flatten());
                Self { zone_id, policies, void }
            })
            .collect()
    }
}

/// What really holds in a zone.
#[derive(Clone, Debug, PartialEq, Serialize, ToSchema)]
pub struct Effective {
    /// Outcomes and expectations of all levels.
    pub responsibilities: Responsibilities,
    /// What may be used.
    pub resource_scope: ResourceScope,
    /// Who may work here.
    pub agent_qualifications: AgentQualifications,
    /// What they put at stake.
    pub alignment_requirements: AlignmentRequirements,
    /// The nearest zone's incentives.
    pub incentive_model: IncentiveModel,
    /// What may be done.
    pub constraints: Constraints,
    /// The nearest zone's decision model; `unilateral` where no zone sets one.
    pub decision_model: DecisionModel,
    /// The nearest zone's approval policy.
    pub approval_policy: ApprovalPolicy,
    /// The nearest zone's escalation policy.
    pub escalation_policy: EscalationPolicy,
    /// The nearest zone's evaluation criteria.
    pub evaluation_criteria: EvaluationCriteria,
    /// For each key or policy (as a JSON pointer), the zone whose word made it what it is.
    pub bound_by: BTreeMap<String, ZoneId>,
    /// What is sealed here, and the zone that sealed it.
    pub sealed: BTreeMap<Section, ZoneId>,
}

impl Effective {
    /// The effective policy at the end of a path of levels, root first.
    pub fn of(levels: &[Level<'_>]) -> Self {
        let mut bound_by = BTreeMap::new();
        macro_rules! met {
            ($key:ident, $type:ty) => {{
                let written: Vec<_> = levels.iter().filter_map(|level| Some((level.zone_id, level.$key()?))).collect();
                bound_by.extend(<$type>::binders(stringify!($key), &written));
                let all: Vec<&$type> = written.iter().map(|(_, own)| *own).collect();
                <$type>::meet_all(&all)
            }};
        }
        let responsibilities = met!(responsibilities, Responsibilities);
        let resource_scope = met!(resource_scope, ResourceScope);
        let agent_qualifications = met!(agent_qualifications, AgentQualifications);
        let alignment_requirements = met!(alignment_requirements, AlignmentRequirements);
        let constraints = met!(constraints, Constraints);
        macro_rules! nearest {
            ($key:ident) => {{
                let found = levels.iter().rev().find_map(|level| Some((level.zone_id, level.$key()?)));
                if let Some((zone, _)) = found {
                    bound_by.insert(format!("/{}", stringify!($key)), zone);
                }
                found.map(|(_, own)| own.clone()).unwrap_or_default()
            }};
        }
        let incentive_model = nearest!(incentive_model);
        let decision_model = nearest!(decision_model);
        let approval_policy = nearest!(approval_policy);
        let escalation_policy = nearest!(escalation_policy);
        let evaluation_criteria = nearest!(evaluation_criteria);
        let mut sealed = BTreeMap::new();
        for level in levels {
            for section in level.policies.sealed.iter().flatten() {
                sealed.entry(*section).or_insert(level.zone_id);
            }
        }
        Self {
            responsibilities,
            resource_scope,
            agent_qualifications,
            alignment_requirements,
            incentive_model,
            constraints,
            decision_model,
            approval_policy,
            escalation_policy,
            evaluation_criteria,
            bound_by,
            sealed,
        }
    }
}
