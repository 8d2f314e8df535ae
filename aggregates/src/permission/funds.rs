//! The steps of a check that count: budgets and spending over subtrees, rates, tasks under way. Every level that limits
//! something is held against what its whole subtree has booked.

use chrono::Duration;
use serde::Serialize;
use utoipa::ToSchema;

use super::Authority;
use super::answer::{Reason, seconds_until};
use super::ask::Ask;
use crate::Moment;
use crate::amount::Amount;
use crate::ids::ZoneId;
use crate::ledger::{Account, next_start, start_of};
use crate::policy::{RateLimit, SpendingWindow};
use crate::zones::Path;

/// What a question would use up, and of what.
pub(super) struct Funds<'a> {
    pub(super) authority: &'a Authority,
    pub(super) ask: &'a Ask,
    pub(super) path: &'a Path,
}

/// The accounts in the subtree of the zone at `level` of a path.
fn below<'a>(authority: &'a Authority, path: &'a Path, level: usize) -> impl Iterator<Item = &'a Account> {
    authority.ledger.accounts().filter_map(move |(zone, account)| {
        let theirs = authority.tree.compiled(zone)?;
        (theirs.shared_with(path) > level).then_some(account)
    })
}

impl Funds<'_> {
    /// What the subtree at `level` has booked since `from`, without what is held for this very question.
    fn booked(&self, level: usize, from: Option<Moment>) -> Amount {
        below(self.authority, self.path, level).fold(Amount::ZERO, |sum, account| {
            let own = self.ask.holding.map_or(Amount::ZERO, |holding| account.held_since(holding, from));
            sum.plus(account.booked_since(from).minus(own))
        })
    }

    /// What is held for this very question since before `from`.
    fn held_before(&self, level: usize, from: Option<Moment>) -> Amount {
        let Some(holding) = self.ask.holding.filter(|_| from.is_some()) else { return Amount::ZERO };
        below(self.authority, self.path, level).fold(Amount::ZERO, |sum, account| {
            sum.plus(account.held_since(holding, None).minus(account.held_since(holding, from)))
        })
    }

    pub(super) fn within_budget(&self) -> Option<Reason> {
        let amount = self.ask.amount?;
        self.path.scopes().find_map(|(level, zone, scope)| {
            let limit = scope.budget_limit?;
            let booked = self.booked(level, None);
            if booked.plus(amount) <= limit.0 {
                return None;
            }
            let message = format!("{amount} is more than the {} left of `budget_limit` {}", limit.0.minus(booked), limit.0);
            let reason = Reason::new("budget_exceeded", message).by(zone);
            Some(reason.bound("/resource_scope/budget_limit", limit, amount).cured_by("widen the zone that binds"))
        })
    }

    pub(super) fn within_spending(&self) -> Option<Reason> {
        let amount = self.ask.amount?;
        self.path.constraints().find_map(|(level, zone, constraints)| {
            let limit = constraints.spending_limit?;
            let from = start_of(limit.window, self.path.clock(level), self.ask.now);
            let booked = self.booked(level, from);
            // What was set aside in an earlier window is spent out of that one.
            let held = self.held_before(level, from);
            if held >= amount && !held.is_zero() {
                return None;
            }
            let amount = amount.minus(held);
            if booked.plus(amount) <= limit.amount {
                return None;
            }
            let left = limit.amount.minus(booked);
            let message = format!("{amount} is more than the {left} left of `spending_limit` {}", limit.amount);
            let reason = Reason::new("spending_limit_exceeded", message).by(zone);
            let reason = reason.bound("/constraints/spending_limit", limit, amount);
            let next = next_start(limit.window, self.path.clock(level), self.ask.now).filter(|_| amount <= limit.amount);
            Some(match next {
                Some(next) => reason.cured_by("wait for the next window").after_seconds(seconds_until(next, self.ask.now)),
                None => reason.cured_by("widen the zone that binds"),
            })
        })
    }

    /// An allocation is no task.
    pub(super) fn within_tasks(&self) -> Option<Reason> {
        if self.ask.standing.allocation {
            return None;
        }
        self.path.constraints().find_map(|(level, zone, constraints)| {
            let most = constraints.max_concurrent_tasks?;
            let accounts = below(self.authority, self.path, level);
            let tasks = accounts.map(|account| account.tasks_besides(self.ask.holding)).fold(0, u32::saturating_add);
            if tasks < most.0 {
                return None;
            }
            let under_way = if tasks == 1 { "1 task is".to_owned() } else { format!("{tasks} tasks are") };
            let message = format!("{under_way} under way, {} may be at once", most.0);
            let reason = Reason::new("too_many_concurrent_tasks", message).by(zone);
            let asked = tasks.saturating_add(1);
            Some(reason.bound("/constraints/max_concurrent_tasks", most, asked).cured_by("wait until a task is finished"))
        })
    }

    pub(super) fn within_rates(&self) -> Option<Reason> {
        self.path.constraints().find_map(|(level, zone, constraints)| {
            let rates = constraints.rate_limits.iter().flat_map(|rates| &rates.0);
            let mut covering = rates.filter(|rate| rate.action.covers(&self.ask.action));
            covering.find_map(|rate| self.within_rate(level, zone, rate))
        })
    }

    /// Any span of the limit's length that holds this moment begins after `since`: what was admitted after it counts, even if
    /// the clock of another process was ahead.
    fn within_rate(&self, level: usize, zone: ZoneId, rate: &RateLimit) -> Option<Reason> {
        let span = Duration::seconds(i64::from(rate.per_seconds));
        let since = self.ask.now - span;
        let accounts = below(self.authority, self.path, level);
        let mut admitted: Vec<Moment> = accounts.flat_map(|account| account.admitted_since(&rate.action, since)).collect();
        let most = usize::try_from(rate.max).unwrap_or(usize::MAX);
        if admitted.len() < most {
            return None;
        }
        let message = format!("`{}` was admitted {} times in {} seconds", rate.action, admitted.len(), rate.per_seconds);
        let reason = Reason::new("rate_limited", message).by(zone).bound("/constraints/rate_limits", rate, admitted.len() + 1);
        admitted.sort_unstable_by(|one, other| other.cmp(one));
        // When the newest `max` of them no longer all count.
        let Some(freed_by) = most.checked_sub(1).and_then(|newest| admitted.get(newest)) else {
            return Some(reason.cured_by("widen the zone that binds"));
        };
        let seconds = seconds_until(*freed_by + span, self.ask.now);
        Some(reason.cured_by(format!("wait {seconds} seconds")).after_seconds(seconds))
    }
}

impl Authority {
    /// Whether `zone` or a zone above it says how many tasks may be under way at once.
    pub fn limits_tasks(&self, zone: ZoneId) -> bool {
        let path = self.tree.compiled(zone);
        path.is_some_and(|path| path.constraints().any(|(_, _, constraints)| constraints.max_concurrent_tasks.is_some()))
    }

    /// For how many seconds an admission of `ask` in `zone` counts: as long as the longest rate limit that speaks of it; none
    /// where no limit does.
    pub fn counted_seconds(&self, zone: ZoneId, ask: &Ask) -> Option<u32> {
        if ask.action.is_governing() {
            return None;
        }
        let path = self.tree.compiled(zone)?;
        let rates = path.constraints().filter_map(|(_, _, constraints)| constraints.rate_limits.as_ref());
        let covering = rates.flat_map(|rates| &rates.0).filter(|rate| rate.action.covers(&ask.action));
        covering.map(|rate| rate.per_seconds).max()
    }
}

/// One limit of money, and what has been booked against it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, ToSchema)]
pub struct Line {
    /// Whose limit.
    pub zone_id: ZoneId,
    /// Whether it is the zone's own rather than an ancestor's.
    pub own: bool,
    /// Which key.
    pub parameter: &'static str,
    /// Over which span.
    pub window: SpendingWindow,
    /// When the span began; none for the whole.
    #[schema(value_type = Option<String>)]
    pub window_began_at: Option<Moment>,
    /// How much.
    pub limit: Amount,
    /// Set aside or spent in the span, over the subtree of the limit's zone.
    pub booked: Amount,
    /// What is left.
    pub remaining: Amount,
}

/// What a zone may still spend, and who says so.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, ToSchema)]
pub struct Budget {
    /// Which zone.
    pub zone_id: ZoneId,
    /// The smallest `budget_limit` of the zone and those above it.
    pub limit: Option<Amount>,
    /// What is set aside in the zone and below it.
    pub reserved: Amount,
    /// What has been spent in the zone and below it.
    pub spent: Amount,
    /// What may still be reserved here now; none where nothing limits it.
    pub remaining: Option<Amount>,
    /// The zone whose limit leaves the least.
    pub binding_zone_id: Option<ZoneId>,
    /// How many tasks are under way in the zone and below it.
    pub concurrent_tasks: u32,
    /// Every limit, root first.
    pub limits: Vec<Line>,
}

/// What `zone` may still spend at `now`; none if there is no such zone.
pub fn budget(authority: &Authority, zone: ZoneId, now: Moment) -> Option<Budget> {
    let path = authority.tree.compiled(zone)?;
    let depth = path.zones().len().checked_sub(1)?;
    let line = |level: usize, zone_id: ZoneId, parameter: &'static str, window: SpendingWindow, limit: Amount| {
        let window_began_at = start_of(window, path.clock(level), now);
        let accounts = below(authority, path, level);
        let booked = accounts.fold(Amount::ZERO, |sum, account| sum.plus(account.booked_since(window_began_at)));
        let own = level == depth;
        Line { zone_id, own, parameter, window, window_began_at, limit, booked, remaining: limit.minus(booked) }
    };
    let budgets = path.scopes().filter_map(|(level, zone_id, scope)| {
        Some(line(level, zone_id, "/resource_scope/budget_limit", SpendingWindow::Total, scope.budget_limit?.0))
    });
    let windows = path.constraints().filter_map(|(level, zone_id, constraints)| {
        let limit = constraints.spending_limit?;
        Some(line(level, zone_id, "/constraints/spending_limit", limit.window, limit.amount))
    });
    let limits: Vec<Line> = budgets.chain(windows).collect();
    let binding = limits.iter().min_by_key(|line| line.remaining);
    let own = || below(authority, path, depth);
    Some(Budget {
        zone_id: zone,
        limit: path.scopes().filter_map(|(_, _, scope)| scope.budget_limit).map(|limit| limit.0).min(),
        reserved: own().fold(Amount::ZERO, |sum, account| sum.plus(account.reserved())),
        spent: own().fold(Amount::ZERO, |sum, account| sum.plus(account.spent())),
        remaining: binding.map(|line| line.remaining),
        binding_zone_id: binding.map(|line| line.zone_id),
        concurrent_tasks: own().map(Account::tasks).fold(0, u32::saturating_add),
        limits,
    })
}
