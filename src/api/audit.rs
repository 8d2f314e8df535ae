//! `/audit`: the log, page by page.

use std::sync::Arc;

use aggregates::Moment;
use aggregates::ids::{MemberId, OrganizationId, ZoneId};
use axum::Json;
use axum::extract::State;
use chrono::{DateTime, Utc};
use projections::{EventView, audit};
use serde::Deserialize;
use utoipa::{IntoParams, ToSchema};
use uuid::Uuid;

use super::page::{Page, Wanted, within_rfc_3339};
use super::request::{Query, Reader};
use crate::engine::{App, Caller, Direction, Problem, Ruling, permit, permit_in_zone};

/// In which order.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum Order {
    /// Newest first.
    #[default]
    Desc,
    /// Oldest first.
    Asc,
}

/// Which events to list.
#[derive(Debug, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
#[serde(deny_unknown_fields)]
pub struct Which {
    limit: Option<u64>,
    cursor: Option<String>,
    actor_id: Option<MemberId>,
    #[serde(rename = "type")]
    #[param(rename = "type")]
    event_type: Option<String>,
    zone_id: Option<ZoneId>,
    aggregate_id: Option<String>,
    from: Option<DateTime<Utc>>,
    to: Option<DateTime<Utc>>,
    correlation_id: Option<Uuid>,
    #[serde(default)]
    #[param(inline)]
    order: Option<Order>,
    /// Accepted on every read; the log is always fresh.
    after: Option<u64>,
}

/// The whole log is for `audit.read`, and so is every part of it; the history of one zone is for whoever may read that zone, too.
fn may_look(ruling: &Ruling, caller: &Caller, zone: Option<ZoneId>, now: Moment) -> Result<(), Problem> {
    let whole = permit(ruling, caller, "audit.read");
    match zone {
        None => whole,
        Some(zone) if ruling.authority.tree.zone(zone).is_none() => Err(Problem::not_found("zone")),
        Some(_) if whole.is_ok() => Ok(()),
        Some(zone) => permit_in_zone(ruling, caller, zone, "zone.read", now),
    }
}

/// A zone is no aggregate: its history is what the tree of zones says of it.
fn of_a_zone(ruling: &Ruling, organization: OrganizationId, filter: audit::Filter) -> audit::Filter {
    let named = filter.aggregate_id.as_deref().and_then(|id| id.parse::<ZoneId>().ok());
    match named.filter(|zone| filter.zone_id.is_none() && ruling.authority.tree.zone(*zone).is_some()) {
        Some(zone) => audit::Filter { zone_id: Some(zone), aggregate_id: Some(organization.to_string()), ..filter },
        None => filter,
    }
}

/// Events, filtered. The whole log is for `audit.read`; the history of one zone, or of one proposal, for whoever may read that zone.
#[utoipa::path(get, path = "/audit", tag = "audit", params(Which), responses((status = 200, body = Page<EventView>), (status = "4XX", body = Problem)))]
pub async fn read(
    State(app): State<Arc<App>>,
    Reader(caller): Reader,
    Query(which): Query<Which>,
) -> Result<Json<Page<EventView>>, Problem> {
    let wanted = Wanted::read(which.limit, which.cursor.as_deref())?;
    app.fresh_memory(caller.organization_id, which.after).await?;
    let ruling = app.ruling(caller.organization_id).await?;
    let filter = audit::Filter {
        actor_id: which.actor_id,
        event_type: which.event_type,
        zone_id: which.zone_id,
        aggregate_id: which.aggregate_id,
        from: within_rfc_3339("from", which.from)?,
        to: within_rfc_3339("to", which.to)?,
        correlation_id: which.correlation_id,
    };
    let filter = of_a_zone(&ruling, caller.organization_id, filter);
    may_look(&ruling, &caller, app.zone_of_history(&ruling, &filter).await?, app.clock.now())?;
    let organization = caller.organization_id;
    let direction = match which.order.unwrap_or_default() {
        Order::Desc => Direction::Backwards(wanted.before()),
        Order::Asc => Direction::Onwards(wanted.cursor.unwrap_or(0)),
    };
    let events = app.history(organization, filter, direction, wanted.one_more()).await?;
    Ok(Json(wanted.page(events.iter().map(|event| (event.position, event.view())).collect())))
}
