//! A zone as clients see it.

use std::collections::BTreeSet;

use aggregates::decision_model::DecisionModel;
use aggregates::ids::{OrganizationId, ZoneId};
use aggregates::permission::Authority;
use aggregates::policy::{
    AgentQualifications, AlignmentRequirements, ApprovalPolicy, Constraints, EscalationPolicy, EvaluationCriteria,
    IncentiveModel, Policies, ResourceScope, Responsibilities, Section,
};
use aggregates::zones::{Bound, Status, Zone};
use chrono::{DateTime, Utc};
use serde::Serialize;
use utoipa::ToSchema;

use crate::engine::{Attempt, Problem, permit_under};

/// A zone, with what it writes of its own (`null` where it writes nothing).
#[derive(Debug, Serialize, ToSchema)]
pub struct ZoneView {
    id: ZoneId,
    organization_id: OrganizationId,
    parent_zone_id: Option<ZoneId>,
    name: String,
    slug: String,
    description: String,
    status: Status,
    /// Whether it and all its ancestors are active.
    in_force: bool,
    version: u64,
    created_at: DateTime<Utc>,
    updated_at: DateTime<Utc>,
    /// What it answers for.
    responsibilities: Option<Responsibilities>,
    /// What it may use.
    resource_scope: Option<ResourceScope>,
    /// Who may work in it.
    agent_qualifications: Option<AgentQualifications>,
    /// What they put at stake.
    alignment_requirements: Option<AlignmentRequirements>,
    /// What judgements do to reputation.
    incentive_model: Option<IncentiveModel>,
    /// What may be done.
    constraints: Option<Constraints>,
    /// How votes become an outcome.
    decision_model: Option<DecisionModel>,
    /// Who is asked.
    approval_policy: Option<ApprovalPolicy>,
    /// When it goes to the parent.
    escalation_policy: Option<EscalationPolicy>,
    /// How work is judged.
    evaluation_criteria: Option<EvaluationCriteria>,
    /// Which of these its descendants may not set.
    sealed: BTreeSet<Section>,
}

/// A zone after it was changed.
#[derive(Debug, Serialize, ToSchema)]
#[serde(untagged)]
pub enum ChangedZone {
    /// The zone.
    Seen(Box<SeenZone>),
    /// Whoever may mend a zone that nobody may read is not shown it for that.
    Unseen(UnseenZone),
}

/// A zone after it was changed, for whoever may read it.
#[derive(Debug, Serialize, ToSchema)]
pub struct SeenZone {
    #[serde(flatten)]
    zone: ZoneView,
    /// Descendants that write something wider than is allowed now; the limit stands.
    now_bound: Vec<Bound>,
}

/// A zone after it was changed, for whoever may not read it.
#[derive(Debug, Serialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct UnseenZone {
    id: ZoneId,
    version: u64,
    /// Descendants that write something wider than is allowed now; the limit stands.
    now_bound: Vec<Bound>,
}

impl ChangedZone {
    /// What a change of a zone answers.
    pub fn seen_by(attempt: &Attempt, after: &Authority, zone: &Zone) -> Self {
        let now_bound = after.tree.bound_below(zone.id);
        match permit_under(after, &attempt.caller, zone.id, "zone.read", attempt.now) {
            Ok(()) => Self::Seen(Box::new(SeenZone { zone: view(attempt.caller.organization_id, after, zone), now_bound })),
            Err(_) => Self::Unseen(UnseenZone { id: zone.id, version: zone.version, now_bound }),
        }
    }
}

/// A zone as it is shown.
pub fn view(organization: OrganizationId, authority: &Authority, zone: &Zone) -> ZoneView {
    let own = zone.policies.clone();
    ZoneView {
        id: zone.id,
        organization_id: organization,
        parent_zone_id: zone.parent_zone_id,
        name: zone.name.to_string(),
        slug: zone.slug.to_string(),
        description: zone.description.to_string(),
        status: zone.status,
        in_force: authority.tree.is_in_force(zone.id),
        version: zone.version,
        created_at: zone.created_at,
        updated_at: zone.updated_at,
        responsibilities: own.responsibilities,
        resource_scope: own.resource_scope,
        agent_qualifications: own.agent_qualifications,
        alignment_requirements: own.alignment_requirements,
        incentive_model: own.incentive_model,
        constraints: own.constraints,
        decision_model: own.decision_model,
        approval_policy: own.approval_policy,
        escalation_policy: own.escalation_policy,
        evaluation_criteria: own.evaluation_criteria,
        sealed: own.sealed.unwrap_or_default(),
    }
}

/// Refuses policies that newly name people who are not here: to this organization they do not exist (404).
pub fn people_named(authority: &Authority, policies: &Policies, before: &Policies) -> Result<(), Problem> {
    let mut named = policies.newly_named(before).into_iter();
    match named.find(|(_, id)| authority.organization.member(*id).is_none()) {
        Some((pointer, _)) => Err(Problem::named_nowhere(&pointer, "member")),
        None => Ok(()),
    }
}
