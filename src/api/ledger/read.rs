//! `GET /reservations/{id}` and `GET /zones/{id}/reservations`.

use std::sync::Arc;

use aggregates::ids::{ReservationId, ZoneId};
use axum::Json;
use axum::extract::{Path, State};
use axum::response::{IntoResponse, Response};
use projections::reservations;
use serde::Deserialize;
use serde_json::json;
use utoipa::IntoParams;

use super::ReservationView;
use crate::api::page::{Page, Wanted};
use crate::api::request::{Query, Reader, id_in_path};
use crate::engine::{Answer, App, Problem, permit_in_zone};

/// How fresh.
#[derive(Debug, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
#[serde(deny_unknown_fields)]
pub struct Which {
    after: Option<u64>,
}

/// A reservation, and what became of it.
#[utoipa::path(get, path = "/reservations/{id}", tag = "ledger", params(("id" = String, Path), Which),
    responses((status = 200, body = ReservationView), (status = 404, body = Problem)))]
pub async fn read(
    State(app): State<Arc<App>>,
    Reader(caller): Reader,
    Path(id): Path<String>,
    Query(which): Query<Which>,
) -> Result<Response, Problem> {
    let id: ReservationId = id_in_path(&id, "reservation")?;
    app.fresh_views(caller.organization_id, which.after).await?;
    let row = app.views.live().db.row(reservations::of(caller.organization_id, id)).await?;
    let shown = ReservationView::of(&row.ok_or_else(|| Problem::not_found("reservation"))?)?;
    let ruling = app.ruling(caller.organization_id).await?;
    permit_in_zone(&ruling, &caller, shown.zone_id, "zone.read", app.clock.now())?;
    let version = shown.version();
    Ok(Answer::ok(json!(shown)).at_version(version).into_response())
}

/// Which page.
#[derive(Debug, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
#[serde(deny_unknown_fields)]
pub struct WhichOfZone {
    limit: Option<u64>,
    cursor: Option<String>,
    after: Option<u64>,
}

/// A zone's reservations, newest first.
#[utoipa::path(get, path = "/zones/{id}/reservations", tag = "ledger", params(("id" = String, Path), WhichOfZone),
    responses((status = 200, body = Page<ReservationView>), (status = 404, body = Problem)))]
pub async fn list(
    State(app): State<Arc<App>>,
    Reader(caller): Reader,
    Path(id): Path<String>,
    Query(which): Query<WhichOfZone>,
) -> Result<Json<Page<ReservationView>>, Problem> {
    let zone: ZoneId = id_in_path(&id, "zone")?;
    let wanted = Wanted::read(which.limit, which.cursor.as_deref())?;
    app.fresh_views(caller.organization_id, which.after).await?;
    let ruling = app.ruling(caller.organization_id).await?;
    permit_in_zone(&ruling, &caller, zone, "zone.read", app.clock.now())?;
    let statement = reservations::page(caller.organization_id, zone, wanted.before(), wanted.one_more());
    let rows = app.views.live().db.rows(statement).await?;
    let items = rows.iter().map(|row| Ok((row.number("position")?, ReservationView::of(row)?)));
    Ok(Json(wanted.page(items.collect::<Result<_, Problem>>()?)))
}
