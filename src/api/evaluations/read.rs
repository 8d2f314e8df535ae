//! `GET /evaluations/{id}`, now or as of a position or a moment.

use std::sync::Arc;

use aggregates::Decider;
use aggregates::evaluation::Evaluation;
use aggregates::ids::EvaluationId;
use axum::extract::{Path, State};
use axum::response::{IntoResponse, Response};
use serde::Deserialize;
use utoipa::IntoParams;

use super::{EvaluationView, answer};
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

/// An evaluation with its scores, what it still needs, and its result; now or as it was.
#[utoipa::path(get, path = "/evaluations/{id}", tag = "evaluations", params(("id" = String, Path), Which),
    responses((status = 200, body = EvaluationView), (status = 404, body = Problem)))]
pub async fn read(
    State(app): State<Arc<App>>,
    Reader(caller): Reader,
    Path(id): Path<String>,
    Query(which): Query<Which>,
) -> Result<Response, Problem> {
    let id: EvaluationId = id_in_path(&id, "evaluation")?;
    app.fresh_memory(caller.organization_id, which.after).await?;
    let ruling = app.ruling(caller.organization_id).await?;
    let loaded = app.load::<Evaluation>(id, which.after.is_some()).await?;
    let zone = loaded.state.opened.as_ref().map(|opened| opened.zone_id);
    let zone =
        zone.filter(|zone| ruling.authority.tree.zone(*zone).is_some()).ok_or_else(|| Problem::not_found("evaluation"))?;
    permit_in_zone(&ruling, &caller, zone, "zone.read", app.clock.now())?;
    let answer = match &which.as_of {
        None => answer(&loaded.state, loaded.sequence)?,
        Some(as_of) => {
            let events = events_as_of::<Evaluation>(&app, caller.organization_id, &id.to_string(), as_of).await?;
            answer(&Evaluation::replay(&events), events.len() as u64)?
        }
    };
    Ok(answer.into_response())
}
