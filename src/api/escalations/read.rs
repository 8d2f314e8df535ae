//! `GET /escalations/{id}`, now or as of a position or a moment.

use std::sync::Arc;

use aggregates::escalation::{self, Escalation};
use aggregates::ids::{EscalationId, ZoneId};
use axum::extract::{Path, State};
use axum::response::{IntoResponse, Response};

use super::{EscalationView, answer};
use crate::api::request::{Query, Reader, id_in_path};
use crate::api::time_travel::{InZone, Which, as_it_is, as_it_was};
use crate::engine::{App, Problem};

impl InZone for Escalation {
    const NAME: &'static str = "escalation";

    fn zone(state: &escalation::State) -> Option<ZoneId> {
        state.raised.as_ref().map(|raised| raised.zone_id)
    }
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
    let loaded = as_it_is::<Escalation>(&app, &caller, id, which.after).await?;
    let loaded = as_it_was(&app, &caller, loaded, which.as_of.as_deref()).await?;
    Ok(answer(&loaded.state, loaded.sequence)?.into_response())
}
