//! `GET /zones/{id}`, now or as of a position or a moment.

use std::sync::Arc;

use aggregates::Decider;
use aggregates::ids::ZoneId;
use aggregates::zones::{Event, Zones};
use axum::extract::{Path, State};
use axum::response::{IntoResponse, Response};
use serde_json::json;

use super::{ZoneView, view};
use crate::api::request::{Query, Reader, id_in_path};
use crate::api::time_travel::{Which, events_as_of};
use crate::engine::{Answer, App, Problem, permit_in_zone};

/// A zone, now or as it was.
#[utoipa::path(get, path = "/zones/{id}", tag = "zones", params(("id" = String, Path), Which),
    responses((status = 200, body = ZoneView), (status = 404, body = Problem)))]
pub async fn read(
    State(app): State<Arc<App>>,
    Reader(caller): Reader,
    Path(id): Path<String>,
    Query(which): Query<Which>,
) -> Result<Response, Problem> {
    let id: ZoneId = id_in_path(&id, "zone")?;
    app.fresh_memory(caller.organization_id, which.after).await?;
    let ruling = app.ruling(caller.organization_id).await?;
    permit_in_zone(&ruling, &caller, id, "zone.read", app.clock.now())?;
    let organization = caller.organization_id;
    let then = match &which.as_of {
        None => None,
        Some(as_of) => {
            let events: Vec<Event> = events_as_of::<Zones>(&app, organization, &organization.to_string(), as_of).await?;
            Some(ruling.authority.with_tree(Zones::replay(&events)))
        }
    };
    let authority = then.as_ref().unwrap_or(&ruling.authority);
    let zone = authority.tree.zone(id).ok_or_else(|| Problem::not_found("zone"))?;
    Ok(Answer::ok(json!(view(organization, authority, zone))).at_version(zone.version).into_response())
}
