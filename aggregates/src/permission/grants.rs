//! What roles grant (SPEC C1).

use super::Authority;
use crate::action::{Action, GOVERNANCE};
use crate::actor::{OrganizationRole, ZoneRole};
use crate::ids::{MemberId, ZoneId};
use crate::organization::Member;
use crate::zones::Path;

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

/// Whether one of `patterns`, which are well formed, speaks of `action`.
fn grants(patterns: &[&str], action: &Action) -> bool {
    let covers = |pattern: &&str| match *pattern {
        "*.read" => action.is_read(),
        pattern => match pattern.strip_suffix('*') {
            Some(prefix) => action.as_str().starts_with(prefix),
            None => action.as_str() == pattern,
        },
    };
    let executes = || {
        patterns.iter().any(|pattern| matches!(*pattern, "zone.execute" | "zone.*")) && !GOVERNANCE.contains(&action.family())
    };
    patterns.iter().any(covers) || executes()
}

/// Whether a role somewhere on a path, or in the organization, lets `member` do `action`. An auditor changes nothing, whatever
/// zone role they hold (SPEC A2).
pub(super) fn holds_on_path(member: &Member, path: &Path, action: &Action) -> bool {
    if member.role == OrganizationRole::Auditor && !action.is_read() {
        return false;
    }
    let by_zone = || path.roles_of(member.id).iter().any(|role| grants(zone_grants(*role), action));
    grants(organization_grants(member.role), action) || by_zone()
}

/// Whether a role in the organization lets `member` do `action`, anywhere in it.
pub fn holds_in_organization(authority: &Authority, member: MemberId, action: &Action) -> bool {
    authority.organization.member(member).is_some_and(|member| grants(organization_grants(member.role), action))
}

/// Whether `member` reads everything and changes nothing (SPEC A2).
pub fn is_auditor(authority: &Authority, member: MemberId) -> bool {
    authority.organization.member(member).is_some_and(|member| member.role == OrganizationRole::Auditor)
}

/// Whether a role in the zone, in a zone above it, or in the organization lets `member` do `action` in `zone`. An auditor
/// changes nothing, whatever zone role they hold (SPEC A2).
pub fn holds_in_zone(authority: &Authority, member: MemberId, zone: ZoneId, action: &Action) -> bool {
    let Some(known) = authority.organization.member(member) else { return false };
    match authority.tree.compiled(zone) {
        Some(path) => holds_on_path(known, path, action),
        None => known.role != OrganizationRole::Auditor && grants(organization_grants(known.role), action),
    }
}
