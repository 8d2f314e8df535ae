//! Facts about people that the tree needs when it hands out roles.

use std::collections::BTreeSet;

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

/// Which demand of one level a member does not meet: its code, its key as a JSON pointer, and what would cure it.
pub fn unfit(
    member: &Assignee,
    qualifications: Option<&AgentQualifications>,
    alignment: Option<&AlignmentRequirements>,
) -> Option<(&'static str, &'static str, String)> {
    if let Some(demands) = qualifications {
        if demands.kinds.as_ref().is_some_and(|kinds| !kinds.0.contains(&member.kind)) {
            let cure = format!("ask a principal of another kind than {}", member.kind);
            return Some(("kind_not_allowed", "/agent_qualifications/kinds", cure));
        }
        if let Some(floor) = demands.min_reputation
            && member.reputation < floor.0
        {
            let cure = format!("earn a reputation of at least {}", floor.0);
            return Some(("reputation_too_low", "/agent_qualifications/min_reputation", cure));
        }
        let missing = demands.required_skills.iter().flat_map(|skills| &skills.0).find(|skill| !member.skills.contains(*skill));
        if let Some(skill) = missing {
            return Some(("missing_skill", "/agent_qualifications/required_skills", format!("acquire the skill `{skill}`")));
        }
    }
    let sponsor_demanded = alignment.and_then(|demands| demands.sponsor_required).is_some_and(|demand| demand.0);
    if sponsor_demanded && member.kind == PrincipalKind::Agent && member.sponsor_id.is_none() {
        let cure = "name a human sponsor for the agent".to_owned();
        return Some(("sponsor_required", "/alignment_requirements/sponsor_required", cure));
    }
    None
}
