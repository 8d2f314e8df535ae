//! `GET /overview`: how things stand, in figures for dashboards.

use std::collections::BTreeMap;
use std::sync::Arc;

use aggregates::amount::Amount;
use aggregates::ids::ZoneId;
use aggregates::permission::budget;
use aggregates::policy::Risk;
use axum::Json;
use axum::extract::State;
use chrono::{DateTime, NaiveDate, Utc};
use projections::audit;
use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};

use super::request::{Query, Reader};
use super::sight::Sight;
use crate::engine::{App, Problem};
use crate::overview::{AGES, DAYS, Overview, overview};

/// How fresh.
#[derive(Debug, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
#[serde(deny_unknown_fields)]
pub struct Which {
    after: Option<u64>,
}

/// How things stand.
#[derive(Debug, Serialize, ToSchema)]
pub struct OverviewView {
    open: OpenView,
    decided: DecidedView,
    escalations: EscalationsView,
    /// Of zones with limits of their own.
    budgets: Vec<BudgetLine>,
    /// The position of the log that the figures rest on.
    position: u64,
}

/// Open proposals in zones that the caller may read.
#[derive(Debug, Serialize, ToSchema)]
pub struct OpenView {
    total: u64,
    by_risk: BTreeMap<Risk, u64>,
    by_zone: BTreeMap<ZoneId, u64>,
    /// How many have been open for longer than that, such as `3_days`.
    older_than: BTreeMap<String, u64>,
    oldest_opened_at: Option<DateTime<Utc>>,
}

/// What became of proposals.
#[derive(Debug, Serialize, ToSchema)]
pub struct DecidedView {
    /// The last 14 days, the earliest first.
    days: Vec<DayView>,
    /// How long half of the latest decisions took at most.
    median_seconds: Option<i64>,
}

/// What became of proposals on a day (UTC).
#[derive(Debug, Serialize, ToSchema)]
pub struct DayView {
    #[schema(value_type = String, format = Date)]
    day: NaiveDate,
    approved: u64,
    rejected: u64,
    expired: u64,
    withdrawn: u64,
}

/// Escalations that go on.
#[derive(Debug, Serialize, ToSchema)]
pub struct EscalationsView {
    pending: u64,
    accepted: u64,
}

/// What a zone has used up of its budget.
#[derive(Debug, Serialize, ToSchema)]
pub struct BudgetLine {
    zone_id: ZoneId,
    limit: Option<Amount>,
    reserved: Amount,
    spent: Amount,
    remaining: Option<Amount>,
}

/// Open proposals by risk, zone and age; decisions of two weeks by day, and how long half of them took at most; escalations that go
/// on; what zones have used up of their budgets.
#[utoipa::path(get, path = "/overview", tag = "organizations", params(Which),
    responses((status = 200, body = OverviewView)))]
pub async fn read(
    State(app): State<Arc<App>>,
    Reader(caller): Reader,
    Query(which): Query<Which>,
) -> Result<Json<OverviewView>, Problem> {
    app.fresh_views(caller.organization_id, which.after).await?;
    let ruling = app.permitted(&caller, "zone.read").await?;
    let now = app.clock.now();
    let sight = Sight { ruling: &ruling, caller: &caller, now };
    let reached = app.parts.freshness.views_position();
    let position = app.log.number(audit::position_by(caller.organization_id, reached), "position").await?;
    let figures = overview(&app, caller.organization_id, now, |zone| sight.reaches(zone)).await?;
    let zones = ruling.authority.tree.zones();
    let budgets = zones
        .filter(|zone| sight.reaches(zone.id))
        .filter_map(|zone| budget(&ruling.authority, zone.id, now))
        .filter(|budget| budget.limits.iter().any(|line| line.own))
        .map(|budget| BudgetLine {
            zone_id: budget.zone_id,
            limit: budget.limit,
            reserved: budget.reserved,
            spent: budget.spent,
            remaining: budget.remaining,
        });
    let under_way = |status: &str| figures.escalations.get(status).copied().unwrap_or(0);
    Ok(Json(OverviewView {
        open: open(&figures),
        decided: decided(&figures),
        escalations: EscalationsView { pending: under_way("pending"), accepted: under_way("accepted") },
        budgets: budgets.collect(),
        position: position.unwrap_or(0),
    }))
}

fn open(figures: &Overview) -> OpenView {
    let (mut by_risk, mut by_zone) = (BTreeMap::new(), BTreeMap::new());
    for open in &figures.open {
        *by_risk.entry(open.risk_level).or_insert(0) += open.number;
        *by_zone.entry(open.zone_id).or_insert(0) += open.number;
    }
    OpenView {
        total: figures.open(),
        by_risk,
        by_zone,
        older_than: AGES.iter().zip(figures.older).map(|(days, number)| (format!("{days}_days"), number)).collect(),
        oldest_opened_at: figures.open.iter().map(|open| open.oldest).min(),
    }
}

fn decided(figures: &Overview) -> DecidedView {
    let days = figures.first.iter_days().take(usize::try_from(DAYS).unwrap_or(14)).map(|day| {
        let of_day = |status: &str| figures.days.get(&day).and_then(|day| day.get(status)).copied().unwrap_or(0);
        DayView {
            day,
            approved: of_day("approved"),
            rejected: of_day("rejected"),
            expired: of_day("expired"),
            withdrawn: of_day("withdrawn"),
        }
    });
    DecidedView { days: days.collect(), median_seconds: figures.median.map(|median| median.num_seconds()) }
}
