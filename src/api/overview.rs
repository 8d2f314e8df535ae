//! `GET /overview`: how things stand, in figures for dashboards.

use std::collections::BTreeMap;
use std::sync::Arc;

use aggregates::permission::budget;
use axum::Json;
use axum::extract::State;
use projections::audit;
use serde::Deserialize;
use serde_json::{Value, json};
use utoipa::IntoParams;

use super::request::{Query, Reader};
use super::sight::Sight;
use crate::engine::{App, Problem};
use crate::overview::{AGES, DAYS, overview};

/// How fresh.
#[derive(Debug, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
#[serde(deny_unknown_fields)]
pub struct Which {
    after: Option<u64>,
}

/// Open proposals by risk, zone and age; decisions of two weeks by day, and how long half of them took at most; escalations that go
/// on; what zones have used up of their budgets.
#[utoipa::path(get, path = "/overview", tag = "organizations", params(Which),
    responses((status = 200, description = "`open`, `decided`, `escalations`, `budgets`, and the log `position` they rest on")))]
pub async fn read(
    State(app): State<Arc<App>>,
    Reader(caller): Reader,
    Query(which): Query<Which>,
) -> Result<Json<Value>, Problem> {
    app.fresh_views(caller.organization_id, which.after).await?;
    let ruling = app.permitted(&caller, "zone.read").await?;
    let now = app.clock.now();
    let sight = Sight { ruling: &ruling, caller: &caller, now };
    let reached = app.parts.freshness.views_position();
    let position = app.log.number(audit::position_by(caller.organization_id, reached), "position").await?;
    let figures = overview(&app, caller.organization_id, now, |zone| sight.reaches(zone)).await?;
    let (mut by_risk, mut by_zone) = (BTreeMap::new(), BTreeMap::new());
    for open in &figures.open {
        *by_risk.entry(&open.risk_level).or_insert(0) += open.number;
        *by_zone.entry(open.zone_id.to_string()).or_insert(0) += open.number;
    }
    let older: BTreeMap<String, u64> =
        AGES.iter().zip(figures.older).map(|(days, number)| (format!("{days}_days"), number)).collect();
    let days: Vec<Value> = figures
        .first
        .iter_days()
        .take(usize::try_from(DAYS).unwrap_or(14))
        .map(|day| {
            let of_day = |status: &str| figures.days.get(&day).and_then(|day| day.get(status)).copied().unwrap_or(0);
            json!({"day": day, "approved": of_day("approved"), "rejected": of_day("rejected"), "expired": of_day("expired"),
                "withdrawn": of_day("withdrawn")})
        })
        .collect();
    let zones = ruling.authority.tree.zones();
    let budgets: Vec<Value> = zones
        .filter(|zone| sight.reaches(zone.id))
        .filter_map(|zone| budget(&ruling.authority, zone.id, now))
        .filter(|budget| budget.limits.iter().any(|line| line.own))
        .map(|budget| {
            json!({"zone_id": budget.zone_id, "limit": budget.limit, "reserved": budget.reserved, "spent": budget.spent,
                "remaining": budget.remaining})
        })
        .collect();
    let oldest = figures.open.iter().map(|open| open.oldest).min();
    Ok(Json(json!({
        "open": {"total": figures.open(), "by_risk": by_risk, "by_zone": by_zone, "older_than": older, "oldest_opened_at": oldest},
        "decided": {"days": days, "median_seconds": figures.median.map(|median| median.num_seconds())},
        "escalations": {"pending": figures.escalations.get("pending").unwrap_or(&0),
            "accepted": figures.escalations.get("accepted").unwrap_or(&0)},
        "budgets": budgets, "position": position.unwrap_or(0),
    })))
}
