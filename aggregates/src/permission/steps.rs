//! The steps of a check that ask what is written and who asks; each says why not, or nothing.

use super::Authority;
use super::answer::{Reason, seconds_until};
use super::ask::{Ask, Via};
use super::grants::holds_on_path;
use crate::Moment;
use crate::actor::PrincipalKind;
use crate::organization::Member;
use crate::policy::{Constraints, ResourceScope};
use crate::zones::{Facts, Path, misaligned, unqualified};

/// One question, with what it is answered from.
pub(super) struct Question<'a> {
    pub(super) authority: &'a Authority,
    pub(super) ask: &'a Ask,
    pub(super) member: &'a Member,
    pub(super) path: &'a Path,
    /// Work is bound by allow-lists, time and qualifications; governing is refused only when blocked by name.
    pub(super) is_work: bool,
}

/// How many openings are tried until all zones of a path are open at one of them: hours differ by the clocks they are reckoned by.
const OPENINGS: usize = 64;

/// When constraints let work be done, from `at` on; none where they never do again.
fn opens(constraints: &Constraints, at: Moment) -> Option<Moment> {
    if constraints.valid_until.is_some_and(|until| at >= until.0) {
        return None;
    }
    match (constraints.valid_from, &constraints.active_hours) {
        (Some(from), _) if at < from.0 => Some(from.0),
        (_, Some(hours)) if !hours.contain(at) => hours.open_next(at),
        _ => Some(at),
    }
}

impl Question<'_> {
    pub(super) fn in_force(&self) -> Option<Reason> {
        if self.ask.standing.out_of_force {
            return None;
        }
        let stopped = self.path.stopped_by()?;
        let message = format!("zone `{}` is {}", stopped.name, stopped.status);
        let cure = format!("activate zone `{}`", stopped.name);
        Some(Reason::new("zone_not_in_force", message).by(stopped.id).bound("/status", "active", stopped.status).cured_by(cure))
    }

    pub(super) fn within_token(&self) -> Option<Reason> {
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
        if !self.is_work {
            return None;
        }
        self.path.scopes().find_map(|(_, zone, scope)| {
            let scopes = scope.api_key_scopes.as_ref().filter(|scopes| !scopes.covers(&self.ask.action))?;
            let message = format!("API tokens may not be used for `{}` here", self.ask.action);
            let reason = Reason::new("key_scope_not_allowed", message).by(zone);
            Some(reason.bound("/resource_scope/api_key_scopes", scopes, &self.ask.action).cured_by("widen the zone that binds"))
        })
    }

    pub(super) fn not_blocked(&self) -> Option<Reason> {
        self.path.constraints().find_map(|(_, zone, constraints)| {
            let blocked = constraints.blocked_actions.as_ref()?;
            let is_blocked = if self.is_work { blocked.covers(&self.ask.action) } else { blocked.names(&self.ask.action) };
            if !is_blocked {
                return None;
            }
            let reason = Reason::new("action_blocked", format!("`{}` is blocked", self.ask.action)).by(zone);
            let cure = if self.is_work { "change the zone that blocks it" } else { "open a proposal" };
            Some(reason.bound("/constraints/blocked_actions", blocked, &self.ask.action).cured_by(cure))
        })
    }

    /// An approved allocation is bound by resources, not by the list of work that is allowed.
    pub(super) fn allowed(&self) -> Option<Reason> {
        if !self.is_work || self.ask.standing.allocation {
            return None;
        }
        self.path.constraints().find_map(|(_, zone, constraints)| {
            let allowed = constraints.allowed_actions.as_ref().filter(|allowed| !allowed.covers(&self.ask.action))?;
            let message = format!("`{}` is not among the allowed actions", self.ask.action);
            let reason = Reason::new("action_not_allowed", message).by(zone);
            Some(reason.bound("/constraints/allowed_actions", allowed, &self.ask.action).cured_by("widen the zone that binds"))
        })
    }

    pub(super) fn in_time(&self) -> Option<Reason> {
        if !self.is_work {
            return None;
        }
        let now = self.ask.now;
        let waits = |reason: Reason| match self.open_next() {
            Some(then) => reason.after_seconds(seconds_until(then, now)),
            None => reason,
        };
        self.path.constraints().find_map(|(_, zone, constraints)| {
            if let Some(from) = constraints.valid_from.filter(|from| now < from.0) {
                let reason = Reason::new("not_yet_valid", format!("work begins at {}", from.0)).by(zone);
                return Some(waits(reason.bound("/constraints/valid_from", from, now).cured_by("wait")));
            }
            if let Some(until) = constraints.valid_until.filter(|until| now >= until.0) {
                let reason = Reason::new("no_longer_valid", format!("work ended at {}", until.0)).by(zone);
                return Some(reason.bound("/constraints/valid_until", until, now).cured_by("widen the zone that binds"));
            }
            let hours = constraints.active_hours.as_ref().filter(|hours| !hours.contain(now))?;
            let reason = Reason::new("outside_active_hours", "work is done at other hours").by(zone);
            Some(waits(reason.bound("/constraints/active_hours", hours, now).cured_by("wait for the active hours")))
        })
    }

    /// When every zone of the path next lets work be done, as far as time goes; none where they never all do.
    fn open_next(&self) -> Option<Moment> {
        let mut at = self.ask.now;
        for _ in 0..OPENINGS {
            let mut levels = self.path.constraints();
            let last = levels.try_fold(at, |last, (_, _, constraints)| Some(last.max(opens(constraints, at)?)))?;
            if last == at {
                return Some(at);
            }
            at = last;
        }
        None
    }

    pub(super) fn qualified(&self) -> Option<Reason> {
        if !self.is_work {
            return None;
        }
        let facts = Facts::of(self.member, &self.authority.organization);
        let unqualified = || {
            let mut levels = self.path.qualifications();
            levels.find_map(|(_, zone, demands)| Some((zone, unqualified(&facts, demands)?)))
        };
        let misaligned = || {
            let mut levels = self.path.alignments();
            levels.find_map(|(_, zone, demands)| Some((zone, misaligned(&facts, demands)?)))
        };
        let Some((zone, unfit)) = unqualified().or_else(misaligned) else { return self.staked() };
        let reason = Reason::new(unfit.code, format!("the principal does not qualify: {}", unfit.cure)).by(zone);
        Some(reason.bound(unfit.parameter, unfit.limit, unfit.requested).cured_by(unfit.cure))
    }

    /// Whoever works must have the reputation that is put at stake. What is approved is staked when it is granted.
    fn staked(&self) -> Option<Reason> {
        if self.ask.standing.approved {
            return None;
        }
        self.path.alignments().find_map(|(_, zone, demands)| {
            let stake = demands.stake_required.filter(|stake| self.member.unstaked() < stake.0)?;
            let reason =
                Reason::new("stake_not_available", format!("work here puts {} of reputation at stake", stake.0)).by(zone);
            let cure = format!("have a reputation of at least {} that is not at stake", stake.0);
            Some(reason.bound("/alignment_requirements/stake_required", stake, self.member.unstaked()).cured_by(cure))
        })
    }

    pub(super) fn by_role(&self) -> Option<Reason> {
        if self.ask.standing.approved || holds_on_path(self.member, self.path, &self.ask.action) {
            return None;
        }
        let message = format!("no role grants `{}` here", self.ask.action);
        Some(Reason::new("no_role", message).cured_by("be assigned a role that grants it"))
    }

    pub(super) fn within_resources(&self) -> Option<Reason> {
        if !self.is_work {
            return None;
        }
        self.path.scopes().find_map(|(_, zone, scope)| {
            let (code, key, limit, requested) = self.outside(scope)?;
            let message = format!("{requested} is beyond what `{key}` admits");
            let reason = Reason::new(code, message).by(zone);
            Some(reason.bound(&format!("/resource_scope/{key}"), limit, requested).cured_by("widen the zone that binds"))
        })
    }

    fn outside(&self, scope: &ResourceScope) -> Option<(&'static str, String, serde_json::Value, serde_json::Value)> {
        // What the principal is counts, whatever is said besides.
        let agent_types = [self.member.agent_type.as_ref(), self.ask.agent_type.as_ref()];
        if let (Some(boards), Some(board)) = (&scope.allowed_boards, &self.ask.board_id)
            && !boards.admits(board)
        {
            return Some(("board_not_allowed", "allowed_boards".to_owned(), json(boards), json(board)));
        }
        if let Some(types) = &scope.allowed_agent_types
            && let Some(agent_type) = agent_types.iter().flatten().find(|agent_type| !types.admits(agent_type))
        {
            return Some(("agent_type_not_allowed", "allowed_agent_types".to_owned(), json(types), json(agent_type)));
        }
        if let Some(types) = &scope.allowed_agent_types
            && self.member.kind == PrincipalKind::Agent
            && self.member.agent_type.is_none()
        {
            // An agent of no type is of none of these, whatever it says of itself.
            return Some(("agent_type_not_allowed", "allowed_agent_types".to_owned(), json(types), serde_json::Value::Null));
        }
        if let (Some(tools), Some(tool)) = (&scope.allowed_tools, &self.ask.tool)
            && !tools.admits(tool)
        {
            return Some(("tool_not_allowed", "allowed_tools".to_owned(), json(tools), json(tool)));
        }
        scope.limits.iter().flat_map(|limits| &limits.0).find_map(|(name, limit)| {
            let requested = self.ask.params.get(name.as_str())?;
            let written = requested.as_str().map_or_else(|| requested.to_string(), str::to_owned);
            if limit.admits(&written) {
                return None;
            }
            Some(("limit_exceeded", format!("limits/{name}"), json(limit), requested.clone()))
        })
    }

    pub(super) fn needs_approval(&self) -> Option<Reason> {
        if self.ask.standing.approved || !self.is_work {
            return None;
        }
        self.path.constraints().find_map(|(_, zone, constraints)| {
            let cure = "open a task_execution proposal for it in this zone";
            if let Some(demanded) = constraints.approval_required_actions.as_ref().filter(|list| list.covers(&self.ask.action))
            {
                let message = format!("`{}` needs an approved proposal", self.ask.action);
                let reason = Reason::new("approval_required", message).by(zone);
                return Some(reason.bound("/constraints/approval_required_actions", demanded, &self.ask.action).cured_by(cure));
            }
            let reviewed =
                constraints.require_human_review.filter(|demand| demand.0 && self.member.kind != PrincipalKind::Human)?;
            let message = format!("work of principals of kind {} is reviewed by a human here", self.member.kind);
            let reason = Reason::new("human_review_required", message).by(zone);
            Some(reason.bound("/constraints/require_human_review", reviewed, self.member.kind).cured_by(cure))
        })
    }
}

fn json(value: impl serde::Serialize) -> serde_json::Value {
    serde_json::to_value(value).unwrap_or_default()
}
