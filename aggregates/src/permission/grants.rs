//! What roles grant (SPEC C1).

use super::Authority;
use crate::action::{Action, Pattern};
use crate::actor::{OrganizationRole, ZoneRole};
use crate::ids::{MemberId, ZoneId};

/// Families of actions that govern; they are never implied by `zone.execute`.
const GOVERNANCE: [&str; 9] =
    ["organization", "zone", "proposal", "escalation", "evaluation", "reviewer", "token", "member", "audit"];

/// What a zone role grants, as patterns.
pub fn zone_grants(role: ZoneRole) -> &'static [&'static str] {
    match role {
        ZoneRole::Executor => &["zone.read", "zone.execute", "task.create", "task.update"],
        ZoneRole::Approver => &["zone.read", "proposal.review", "proposal.approve", "proposal.reject"],
        ZoneRole::Evaluator => &["zone.read", "evaluation.create", "evaluation.submit"],
        ZoneRole::Gardener => &["zone.read", "zone.write", "proposal.review", "reviewer.select"],
    }
}

/// What an organization role grants, as patterns.
pub fn organization_grants(role: OrganizationRole) -> &'static [&'static str] {
    match role {
        OrganizationRole::Owner => &["*"],
        OrganizationRole::Admin => &[
            "zone.*",
            "proposal.*",
            "evaluation.*",
            "escalation.*",
            "reviewer.select",
            "task.*",
            "token.*",
            "member.*",
            "audit.read",
        ],
        OrganizationRole::Member => &["zone.read", "proposal.create", "escalation.trigger"],
        OrganizationRole::Auditor => &["*.read"],
    }
}

fn grants(patterns: &[&str], action: &Action) -> bool {
    let covers = |pattern: &&str| match *pattern {
        "*.read" => action.is_read(),
        pattern => Pattern::parse(pattern).is_ok_and(|pattern| pattern.covers(action)),
    };
    let executes = || {
        !GOVERNANCE.contains(&action.family()) && patterns.iter().any(|pattern| matches!(*pattern, "zone.execute" | "zone.*"))
    };
    patterns.iter().any(covers) || executes()
}

/// Whether a role in the organization lets `member` do `action`, anywhere in it.
pub fn holds_in_organization(authority: &Authority, member: MemberId, action: &Action) -> bool {
    authority.organization.member(member).is_some_and(|member| grants(organization_grants(member.role), action))
}

/// Whether a role in the zone, in a zone above it, or in the organization lets `member` do `action` in `zone`. An auditor
/// changes nothing, whatever zone role they hold (SPEC A2).
pub fn holds_in_zone(authority: &Authority, member: MemberId, zone: ZoneId, action: &Action) -> bool {
    let Some(known) = authority.organization.member(member) else { return false };
    if known.role == OrganizationRole::Auditor && !action.is_read() {
        return false;
    }
    let roles = authority.tree.roles_of(member, zone);
    roles.iter().any(|(role, _)| grants(zone_grants(*role), action)) || holds_in_organization(authority, member, action)
}
