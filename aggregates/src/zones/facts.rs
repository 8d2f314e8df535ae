//! Facts about people that the tree needs when it hands out roles.

use std::collections::BTreeSet;

use serde_json::{Value, json};

use crate::actor::PrincipalKind;
use crate::amount::Quantity;
use crate::ids::MemberId;
use crate::organization::{self, Member};
use crate::policy::{AgentQualifications, AlignmentRequirements};
use crate::text::Label;

/// Whoever is to hold a role, as far as qualifications look at it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Assignee {
    /// Who.
    pub member_id: MemberId,
    /// Of what kind.
    pub kind: PrincipalKind,
    /// Who is accountable.
    pub sponsor_id: Option<MemberId>,
    /// Of what repute.
    pub reputation: Quantity,
    /// With what skills.
    pub skills: BTreeSet<Label>,
}

impl Assignee {
    /// What is known of a member; a sponsor who has left is no sponsor.
    pub fn of(member: &Member, organization: &organization::State) -> Self {
        Self {
            member_id: member.id,
            kind: member.kind,
            sponsor_id: member.sponsor_id.filter(|sponsor| organization.member(*sponsor).is_some()),
            reputation: member.reputation,
            skills: member.skills.clone(),
        }
    }
}

/// What qualifications look at. What a member has earned enters every check here.
#[derive(Clone, Copy, Debug)]
pub struct Facts<'a> {
    /// Of what kind.
    pub kind: PrincipalKind,
    /// Whether a human of the organization is accountable.
    pub sponsored: bool,
    /// Of what repute.
    pub reputation: Quantity,
    /// With what skills.
    pub skills: &'a BTreeSet<Label>,
}

impl Assignee {
    /// The facts about an assignee.
    pub fn facts(&self) -> Facts<'_> {
        let sponsored = self.sponsor_id.is_some();
        Facts { kind: self.kind, sponsored, reputation: self.reputation, skills: &self.skills }
    }
}

impl<'a> Facts<'a> {
    /// The facts about a member; a sponsor who has left is no sponsor.
    pub fn of(member: &'a Member, organization: &organization::State) -> Self {
        let sponsored = member.sponsor_id.is_some_and(|sponsor| organization.member(sponsor).is_some());
        Self { kind: member.kind, sponsored, reputation: member.reputation, skills: &member.skills }
    }
}

/// A demand that is not met.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Unfit {
    /// Its code.
    pub code: &'static str,
    /// Its key as a JSON pointer.
    pub parameter: &'static str,
    /// What it asks for.
    pub limit: Value,
    /// What the member has.
    pub requested: Value,
    /// What would cure it.
    pub cure: String,
}

/// Which qualification that one level asks for is missing.
pub fn unqualified(facts: &Facts<'_>, demands: &AgentQualifications) -> Option<Unfit> {
    if demands.kinds.as_ref().is_some_and(|kinds| !kinds.0.contains(&facts.kind)) {
        return Some(Unfit {
            code: "kind_not_allowed",
            parameter: "/agent_qualifications/kinds",
            limit: json!(demands.kinds),
            requested: json!(facts.kind),
            cure: format!("ask a principal of another kind than {}", facts.kind),
        });
    }
    if let Some(floor) = demands.min_reputation
        && facts.reputation < floor.0
    {
        return Some(Unfit {
            code: "reputation_too_low",
            parameter: "/agent_qualifications/min_reputation",
            limit: json!(floor),
            requested: json!(facts.reputation),
            cure: format!("earn a reputation of at least {}", floor.0),
        });
    }
    let missing = demands.required_skills.iter().flat_map(|skills| &skills.0).find(|skill| !facts.skills.contains(*skill))?;
    Some(Unfit {
        code: "missing_skill",
        parameter: "/agent_qualifications/required_skills",
        limit: json!(demands.required_skills),
        requested: json!(facts.skills),
        cure: format!("acquire the skill `{missing}`"),
    })
}

/// What one level wants put at stake and is not.
pub fn misaligned(facts: &Facts<'_>, demands: &AlignmentRequirements) -> Option<Unfit> {
    let sponsor_demanded = demands.sponsor_required.is_some_and(|demand| demand.0);
    if sponsor_demanded && facts.kind == PrincipalKind::Agent && !facts.sponsored {
        return Some(Unfit {
            code: "sponsor_required",
            parameter: "/alignment_requirements/sponsor_required",
            limit: json!(true),
            requested: json!(false),
            cure: "name a human sponsor for the agent".to_owned(),
        });
    }
    None
}

/// Which demand of one level a member does not meet when a role is handed out. A stake is asked for when work is done.
pub fn unfit(
    member: &Assignee,
    qualifications: Option<&AgentQualifications>,
    alignment: Option<&AlignmentRequirements>,
) -> Option<Unfit> {
    let facts = member.facts();
    let unqualified = qualifications.and_then(|demands| unqualified(&facts, demands));
    unqualified.or_else(|| alignment.and_then(|demands| misaligned(&facts, demands)))
}
