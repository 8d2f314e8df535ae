//! `/`: what goes on, in figures; each leads to the list behind it.

mod bars;
mod figures;

use aggregates::actor::PrincipalKind;
use askama::Template;
use rust_decimal::Decimal;
use rust_decimal::prelude::ToPrimitive;

use self::bars::Day;
use self::figures::{Age, Figures, RiskLine};
use super::frame::Frame;
use super::page::{Shown, page};
use super::shown::Person;
use super::visitor::Visitor;
use super::words;
use super::zones::budget::{self, Used};

/// The most agents shown.
const AGENTS: usize = 8;
/// The most budgets shown.
const BUDGETS: usize = 8;

/// An agent and what it has earned.
struct AgentLine {
    who: Person,
    sponsor: Option<Person>,
    reputation: String,
    /// As a share of the highest, in per cent.
    width: u64,
}

/// A zone and what is open in it.
struct ZoneLine {
    zone: super::shown::ZoneName,
    open: u64,
    width: u64,
}

/// A zone and what it has used up of its budget.
struct BudgetLine {
    zone: super::shown::ZoneName,
    used: Used,
}

#[derive(Template)]
#[template(path = "overview.html")]
struct Overview {
    frame: Frame,
    /// Whether there is nothing yet to look at.
    new: bool,
    waiting: u64,
    figures: Figures,
    days: Vec<Day>,
    most: u64,
    risks: Vec<RiskLine>,
    ages: Vec<Age>,
    zones: Vec<ZoneLine>,
    agents: Vec<AgentLine>,
    budgets: Vec<BudgetLine>,
}

fn agents(visitor: &Visitor) -> Vec<AgentLine> {
    let members = visitor.ruling.authority.organization.members();
    let mut agents: Vec<_> = members.filter(|member| member.kind == PrincipalKind::Agent).collect();
    agents.sort_by(|one, other| other.reputation.cmp(&one.reputation).then(one.id.cmp(&other.id)));
    let most = agents.first().map(|member| member.reputation.decimal()).filter(|most| !most.is_zero());
    let share = |part: Decimal| most.and_then(|most| (part / most * Decimal::ONE_HUNDRED).to_u64()).unwrap_or(0).min(100);
    let line = |member: &aggregates::organization::Member| AgentLine {
        who: visitor.person(member.id),
        sponsor: member.sponsor_id.map(|id| visitor.person(id)),
        reputation: words::reputation(member.reputation),
        width: share(member.reputation.decimal()),
    };
    agents.iter().copied().take(AGENTS).map(line).collect()
}

/// The budgets that are used up most.
fn budgets(visitor: &Visitor) -> Vec<BudgetLine> {
    let zones = visitor.ruling.authority.tree.zones();
    let line =
        |zone: &aggregates::zones::Zone| Some(BudgetLine { zone: visitor.zone(zone.id), used: budget::own(visitor, zone.id)? });
    let mut lines: Vec<BudgetLine> = zones.filter_map(line).collect();
    lines.sort_by(|one, other| other.used.width.cmp(&one.used.width).then_with(|| one.zone.name.cmp(&other.zone.name)));
    lines.truncate(BUDGETS);
    lines
}

/// `GET /`.
pub async fn show(visitor: Visitor) -> Shown {
    visitor.must_everywhere("zone.read")?;
    let read = figures::read(&visitor).await?;
    let most_open = read.zones.iter().map(|(_, open)| *open).max().unwrap_or(1).max(1);
    let zones = read.zones.iter().map(|(zone, open)| ZoneLine {
        zone: visitor.zone(*zone),
        open: *open,
        width: open * 100 / most_open,
    });
    let most = read.days.iter().map(Day::all).max().unwrap_or(0).max(4);
    page(&Overview {
        frame: visitor.frame("Overview", "overview"),
        new: visitor.ruling.authority.tree.zones().next().is_none() && visitor.may_everywhere("zone.create"),
        waiting: visitor.waiting,
        zones: zones.collect(),
        agents: agents(&visitor),
        budgets: budgets(&visitor),
        days: bars::placed(read.days, most),
        most,
        figures: read.figures,
        risks: read.risks,
        ages: read.ages,
    })
}
