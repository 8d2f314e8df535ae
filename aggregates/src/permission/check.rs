//! The order of a check (SPEC C2): zone in force → token scope → blocked → allowed → time → qualifications → role →
//! resource scope → approval required. The first failure decides. Every level of the path has its say, root first.

use super::Authority;
use super::answer::{Answer, Decision, Reason};
use super::ask::{Ask, Via};
use super::grants::holds_in_zone;
use crate::ids::ZoneId;
use crate::organization::Member;
use crate::policy::Level;
use crate::zones::{Assignee, unfit};

/// May it be done in `zone`? A zone or principal that does not exist here is a reason like any other.
pub fn check(authority: &Authority, zone: ZoneId, ask: &Ask) -> Answer {
    let Some(member) = authority.organization.member(ask.principal) else {
        return deny(Reason::new("not_a_member", format!("{} is not an active member", ask.principal)));
    };
    if authority.tree.zone(zone).is_none() {
        return deny(Reason::new("no_such_zone", format!("there is no zone {zone} here")));
    }
    let levels = authority.tree.levels(zone);
    let question = Question { authority, zone, ask, member, levels: &levels };
    let denial = question
        .in_force()
        .or_else(|| question.within_token())
        .or_else(|| question.not_blocked())
        .or_else(|| question.allowed())
        .or_else(|| question.in_time())
        .or_else(|| question.qualified())
        .or_else(|| question.by_role())
        .or_else(|| question.within_resources());
    match (denial, question.needs_approval()) {
        (Some(reason), _) => deny(reason),
        (None, Some(reason)) => Answer { decision: Decision::ApprovalRequired, reasons: vec![reason] },
        (None, None) => Answer { decision: Decision::Allow, reasons: vec![] },
    }
}

fn deny(reason: Reason) -> Answer {
    Answer { decision: Decision::Deny, reasons: vec![reason] }
}

struct Question<'a> {
    authority: &'a Authority,
    zone: ZoneId,
    ask: &'a Ask,
    member: &'a Member,
    levels: &'a [Level<'a>],
}

impl Question<'_> {
    /// Work is bound by allow-lists, time and qualifications; governing is refused only when blocked by name.
    fn is_work(&self) -> bool {
        !self.ask.action.is_governing()
    }

    fn in_force(&self) -> Option<Reason> {
        if self.ask.standing.out_of_force {
            return None;
        }
        let stopped = self.authority.tree.not_in_force_because_of(self.zone)?;
        let message = format!("zone `{}` is {}", stopped.name, stopped.status);
        let cure = format!("activate zone `{}`", stopped.name);
        Some(Reason::new("zone_not_in_force", message).by(stopped.id).bound("/status", "active", stopped.status).cured_by(cure))
    }

    fn within_token(&self) -> Option<Reason> {
        let Via::Token(scope) = &self.ask.via else { return None };
        if let Some(scope) = scope
            && !scope.iter().any(|pattern| pattern.covers(&self.ask.action))
        {
            let message = format!("the token is not for `{}`", self.ask.action);
            return Some(
                Reason::new("outside_token_scope", message)
                    .bound("/actions", scope, &self.ask.action)
                    .cured_by("use a token whose actions include it"),
            );
        }
        if !self.is_work() {
            return None;
        }
        self.levels.iter().find_map(|level| {
            let scopes = level.resource_scope()?.api_key_scopes.as_ref()?;
            if scopes.covers(&self.ask.action) {
                return None;
            }
            let message = format!("API tokens may not be used for `{}` here", self.ask.action);
            let reason = Reason::new("key_scope_not_allowed", message).by(level.zone_id);
            Some(reason.bound("/resource_scope/api_key_scopes", scopes, &self.ask.action))
        })
    }

    fn not_blocked(&self) -> Option<Reason> {
        self.levels.iter().find_map(|level| {
            let blocked = level.constraints()?.blocked_actions.as_ref()?;
            let is_blocked = if self.is_work() { blocked.covers(&self.ask.action) } else { blocked.names(&self.ask.action) };
            if !is_blocked {
                return None;
            }
            let message = format!("`{}` is blocked", self.ask.action);
            let reason = Reason::new("action_blocked", message).by(level.zone_id);
            Some(reason.bound("/constraints/blocked_actions", blocked, &self.ask.action).cured_by(if self.is_work() {
                "change the zone that blocks it"
            } else {
                "open a proposal"
            }))
        })
    }

    /// An approved allocation is bound by resources, not by the list of work that is allowed.
    fn allowed(&self) -> Option<Reason> {
        if !self.is_work() || self.ask.standing.allocation {
            return None;
        }
        self.levels.iter().find_map(|level| {
            let allowed = level.constraints()?.allowed_actions.as_ref()?;
            if allowed.covers(&self.ask.action) {
                return None;
            }
            let message = format!("`{}` is not among the allowed actions", self.ask.action);
            let reason = Reason::new("action_not_allowed", message).by(level.zone_id);
            Some(reason.bound("/constraints/allowed_actions", allowed, &self.ask.action).cured_by("widen the zone that binds"))
        })
    }

    fn in_time(&self) -> Option<Reason> {
        if !self.is_work() {
            return None;
        }
        let now = self.ask.now;
        self.levels.iter().find_map(|level| {
            let constraints = level.constraints()?;
            if let Some(from) = constraints.valid_from.filter(|from| now < from.0) {
                let reason = Reason::new("not_yet_valid", format!("work begins at {}", from.0)).by(level.zone_id);
                return Some(reason.bound("/constraints/valid_from", from, now).cured_by("wait"));
            }
            if let Some(until) = constraints.valid_until.filter(|until| now >= until.0) {
                let reason = Reason::new("no_longer_valid", format!("work ended at {}", until.0)).by(level.zone_id);
                return Some(reason.bound("/constraints/valid_until", until, now));
            }
            let hours = constraints.active_hours.as_ref().filter(|hours| !hours.contain(now))?;
            let reason = Reason::new("outside_active_hours", "work is done at other hours").by(level.zone_id);
            Some(reason.bound("/constraints/active_hours", hours, now).cured_by("wait for the active hours"))
        })
    }

    fn qualified(&self) -> Option<Reason> {
        if !self.is_work() {
            return None;
        }
        let assignee = Assignee::of(self.member, &self.authority.organization);
        self.levels.iter().find_map(|level| {
            let (code, parameter, cure) = unfit(&assignee, level.agent_qualifications(), level.alignment_requirements())?;
            let reason = Reason::new(code, format!("the principal does not qualify: {cure}")).by(level.zone_id);
            Some(Reason { parameter: Some(parameter.to_owned()), ..reason }.cured_by(cure))
        })
    }

    fn by_role(&self) -> Option<Reason> {
        let by_role = || holds_in_zone(self.authority, self.ask.principal, self.zone, &self.ask.action);
        if self.ask.standing.approved || by_role() {
            return None;
        }
        let message = format!("no role grants `{}` here", self.ask.action);
        Some(Reason::new("no_role", message).cured_by("be assigned a role that grants it"))
    }

    fn within_resources(&self) -> Option<Reason> {
        // What the principal is counts, whatever is said besides.
        let agent_types = [self.member.agent_type.as_ref(), self.ask.agent_type.as_ref()];
        self.levels.iter().find_map(|level| {
            let scope = level.resource_scope()?;
            let outside = |code: &str, key: &str, limit: serde_json::Value, requested: serde_json::Value| {
                let message = format!("{requested} is beyond what `{key}` admits");
                let reason = Reason::new(code, message).by(level.zone_id);
                Some(reason.bound(&format!("/resource_scope/{key}"), limit, requested).cured_by("widen the zone that binds"))
            };
            if let (Some(boards), Some(board)) = (&scope.allowed_boards, &self.ask.board_id)
                && !boards.admits(board)
            {
                return outside("board_not_allowed", "allowed_boards", json(boards), json(board));
            }
            if let Some(types) = &scope.allowed_agent_types
                && let Some(agent_type) = agent_types.iter().flatten().find(|agent_type| !types.admits(agent_type))
            {
                return outside("agent_type_not_allowed", "allowed_agent_types", json(types), json(agent_type));
            }
            if let (Some(tools), Some(tool)) = (&scope.allowed_tools, &self.ask.tool)
                && !tools.admits(tool)
            {
                return outside("tool_not_allowed", "allowed_tools", json(tools), json(tool));
            }
            if let (Some(budget), Some(amount)) = (&scope.budget_limit, &self.ask.amount)
                && *amount > budget.0
            {
                return outside("budget_exceeded", "budget_limit", json(budget), json(amount));
            }
            scope.limits.iter().flat_map(|limits| &limits.0).find_map(|(name, limit)| {
                let requested = self.ask.params.get(name.as_str())?;
                let number = serde_json::from_value::<crate::amount::Quantity>(requested.clone());
                if number.is_ok_and(|number| number <= *limit) {
                    return None;
                }
                outside("limit_exceeded", &format!("limits/{name}"), json(limit), requested.clone())
            })
        })
    }

    fn needs_approval(&self) -> Option<Reason> {
        if self.ask.standing.approved {
            return None;
        }
        self.levels.iter().find_map(|level| {
            let demanded = level.constraints()?.approval_required_actions.as_ref()?;
            if !demanded.covers(&self.ask.action) || !self.is_work() {
                return None;
            }
            let message = format!("`{}` needs an approved proposal", self.ask.action);
            let reason = Reason::new("approval_required", message).by(level.zone_id);
            Some(
                reason
                    .bound("/constraints/approval_required_actions", demanded, &self.ask.action)
                    .cured_by("open a task_execution proposal for it in this zone"),
            )
        })
    }
}

fn json(value: impl serde::Serialize) -> serde_json::Value {
    serde_json::to_value(value).unwrap_or_default()
}
