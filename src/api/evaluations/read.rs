//! `GET /evaluations/{id}`, now or as of a position or a moment.

use std::sync::Arc;

use aggregates::evaluation::{self, Evaluation};
use aggregates::ids::{EvaluationId, ZoneId};
use axum::extract::{Path, State};
use axum::response::{IntoResponse, Response};

use super::{EvaluationView, answer};
use crate::api::request::{Query, Reader, id_in_path};
use crate::api::time_travel::{InZone, Which, as_it_is, as_it_was};
use crate::engine::{App, Problem};

impl InZone for Evaluation {
    const NAME: &'static str = "evaluation";

    fn zone(state: &evaluation::State) -> Option<ZoneId> {
        state.opened.as_ref().map(|opened| opened.zone_id)
    }
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
    let loaded = as_it_is::<Evaluation>(&app, &caller, id, which.after).await?;
    let loaded = as_it_was(&app, &caller, loaded, which.as_of.as_deref()).await?;
    Ok(answer(&loaded.state, loaded.sequence)?.into_response())
}
