//! What zones have used up of what they may: each limit of money as a bar.

use aggregates::ids::ZoneId;
use aggregates::permission::{Budget, Line, budget};
use aggregates::policy::SpendingWindow;
use rust_decimal::Decimal;
use rust_decimal::prelude::ToPrimitive;

use crate::web::shown::ZoneName;
use crate::web::visitor::Visitor;
use crate::web::words::money;

/// How much of a limit is used up.
pub struct Used {
    /// Which limit.
    pub label: &'static str,
    /// Whose, where it is not the zone's own.
    pub of: Option<ZoneName>,
    /// How much there is.
    pub limit: String,
    /// How much is spent or set aside.
    pub booked: String,
    /// How much is left.
    pub left: String,
    /// The used part, in per cent: 0 to 100.
    pub width: u64,
}

impl Used {
    fn of(visitor: &Visitor, line: &Line) -> Self {
        let label = match (line.parameter, line.window) {
            ("/resource_scope/budget_limit", _) => "Budget",
            (_, SpendingWindow::Day) => "Spending today",
            (_, SpendingWindow::Week) => "Spending this week",
            (_, SpendingWindow::Month) => "Spending this month",
            (_, SpendingWindow::Total) => "Spending in all",
        };
        let (limit, booked) = (line.limit.decimal(), line.booked.decimal());
        let share = if limit.is_zero() { Decimal::ONE } else { booked / limit };
        Self {
            label,
            of: (!line.own).then(|| visitor.zone(line.zone_id)),
            limit: money(limit),
            booked: money(booked),
            left: money(line.remaining.decimal()),
            width: (share * Decimal::ONE_HUNDRED).to_u64().unwrap_or(100).min(100),
        }
    }

    /// How full it is, as the bar shows it beside its figures.
    pub fn look(&self) -> &'static str {
        match self.width {
            90.. => "critical",
            70..90 => "high",
            _ => "",
        }
    }
}

fn known(visitor: &Visitor, zone: ZoneId) -> Option<Budget> {
    budget(&visitor.ruling.authority, zone, visitor.now())
}

/// Every limit of money that holds in a zone, the root's first.
pub fn limits(visitor: &Visitor, zone: ZoneId) -> Vec<Used> {
    known(visitor, zone).into_iter().flat_map(|budget| budget.limits).map(|line| Used::of(visitor, &line)).collect()
}

/// What a zone has used up of the budget it sets itself, if it sets one.
pub fn own(visitor: &Visitor, zone: ZoneId) -> Option<Used> {
    let budget = known(visitor, zone)?;
    let line = budget.limits.iter().find(|line| line.own && line.parameter == "/resource_scope/budget_limit")?;
    Some(Used::of(visitor, line))
}
