//! What a zone's policies and roles speak of: every action worth asking about.

use std::collections::BTreeSet;

use super::Authority;
use super::grants::{organization_grants, zone_grants};
use crate::action::{Action, Pattern};
use crate::actor::{OrganizationRole, ZoneRole};
use crate::ids::ZoneId;

/// Actions that the service itself asks about and no role names.
const OWN: [&str; 9] = [
    "zone.create",
    "zone.govern",
    "zone.execute",
    "proposal.create",
    "proposal.withdraw",
    "escalation.trigger",
    "evaluation.finalize",
    "member.read",
    "resource.allocate",
];

/// An action or a pattern that somebody spoke of, and an action to ask about in its name.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Spoken {
    /// As it was said.
    pub pattern: Pattern,
    /// The action itself; for a pattern, one that no other pattern spoken of names.
    pub example: Action,
}

/// Everything that the levels of `zone` and the roles there are speak of.
pub fn speakable(authority: &Authority, zone: ZoneId) -> BTreeSet<Spoken> {
    let Some(path) = authority.tree.compiled(zone) else { return BTreeSet::new() };
    let mut patterns: BTreeSet<Pattern> = BTreeSet::new();
    for (_, _, said) in path.constraints() {
        patterns.extend(said.allowed_actions.iter().flat_map(|list| list.0.iter().cloned()));
        let unions = [&said.blocked_actions, &said.approval_required_actions];
        patterns.extend(unions.into_iter().flatten().flat_map(|list| list.0.iter().cloned()));
        patterns.extend(said.rate_limits.iter().flat_map(|rates| &rates.0).map(|rate| rate.action.clone()));
    }
    for (_, _, said) in path.scopes() {
        patterns.extend(said.api_key_scopes.iter().flat_map(|list| list.0.iter().cloned()));
    }
    let roles = [ZoneRole::Executor, ZoneRole::Approver, ZoneRole::Evaluator, ZoneRole::Gardener].map(zone_grants);
    let organization = [OrganizationRole::Owner, OrganizationRole::Admin, OrganizationRole::Member].map(organization_grants);
    let named = roles.into_iter().chain(organization).flatten().copied().chain(OWN);
    patterns.extend(named.filter_map(|text| Pattern::parse(text).ok()));
    let spoken = patterns.iter().filter_map(|pattern| Some(Spoken { pattern: pattern.clone(), example: example(pattern)? }));
    spoken.collect()
}

/// An action that a pattern covers and hardly anybody would name.
fn example(pattern: &Pattern) -> Option<Action> {
    let text = match pattern.as_str().strip_suffix('*') {
        Some(prefix) => format!("{prefix}any-other"),
        None => pattern.as_str().to_owned(),
    };
    Action::parse(&text).ok()
}
