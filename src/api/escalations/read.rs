//! `GET /escalations/{id}`, now or as of a position or a moment.

use std::sync::Arc;

use aggregates::Decider;
use aggregates::escalation::Escalation;
use aggregates::ids::EscalationId;
use axum::extract::{Path, State};
use axum::response::{IntoResponse, Response};
use serde::Deserialize;
use utoipa::IntoParams;

use super::{EscalationView, answer};
use crate::api::request::{Query, Reader, id_in_path};
use crate::api::time_travel::events_as_of;
use crate::engine::{App, Problem, permit_in_zone};

/// Which state of it.
#[derive(Debug, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
pub struct Which {
    /// A position or an RFC 3339 moment; now when absent.
    as_of: Option<String>,
    after: Option<u64>,
}

/// An escalation with its signatures, the proposals on both sides of it, and how it ended; now or as it was.
#[utoipa::path(get, path = "/escalations/{id}", tag = "escalations", params(("id" = String, Path), Which),
    responses((status = 200, body = EscalationView), (status = 404, body = Problem)))]
pub async fn read(
    State(app): State<Arc<App>>,
    Reader(caller): Reader,
    Path(id): Path<String>,
    Query(which): Query<Which>,
) -> Result<Response, Problem> {
    let id: EscalationId = id_in_path(&id, "escalation")?;
    app.fresh_memory(caller.organization_id, which.after).await?;
    let ruling = app.ruling(caller.organization_id).await?;
    let loaded = app.load::<Escalation>(id, which.after.is_some()).await?;
    let zone = loaded.state.raised.as_ref().map(|raised| raised.zone_id);
    let zone =
        zone.filter(|zone| ruling.authority.tree.zone(*zone).is_some()).ok_or_else(|| Problem::not_found("escalation"))?;
    permit_in_zone(&ruling, &caller, zone, "zone.read", app.clock.now())?;
    let answer = match &which.as_of {
        None => answer(&loaded.state, loaded.sequence)?,
        Some(as_of) => {
            let events = events_as_of::<Escalation>(&app, caller.organization_id, &id.to_string(), as_of).await?;
            answer(&Escalation::replay(&events), events.len() as u64)?
        }
    };
    Ok(answer.into_response())
}
