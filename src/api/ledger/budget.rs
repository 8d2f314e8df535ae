//! `GET /zones/{id}/budget`.

use std::sync::Arc;

use aggregates::ids::ZoneId;
use aggregates::permission::{Budget, budget as worked_out};
use axum::Json;
use axum::extract::{Path, State};
use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};

use crate::api::request::{Query, Reader, id_in_path};
use crate::engine::{App, Problem, permit_in_zone};

/// How fresh.
#[derive(Debug, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
#[serde(deny_unknown_fields)]
pub struct Which {
    after: Option<u64>,
}

/// What a zone may still spend.
#[derive(Debug, Serialize, ToSchema)]
pub struct BudgetView {
    #[serde(flatten)]
    budget: Budget,
    /// The position of the log that it rests on.
    position: u64,
}

/// What a zone may still spend: its own limits and those above it, what is reserved and spent, and the zone that binds.
#[utoipa::path(get, path = "/zones/{id}/budget", tag = "ledger", params(("id" = String, Path), Which),
    responses((status = 200, body = BudgetView), (status = 404, body = Problem)))]
pub async fn budget(
    State(app): State<Arc<App>>,
    Reader(caller): Reader,
    Path(id): Path<String>,
    Query(which): Query<Which>,
) -> Result<Json<BudgetView>, Problem> {
    let id: ZoneId = id_in_path(&id, "zone")?;
    app.fresh_memory(caller.organization_id, which.after).await?;
    let ruling = app.ruling(caller.organization_id).await?;
    let now = app.clock.now();
    permit_in_zone(&ruling, &caller, id, "zone.read", now)?;
    let budget = worked_out(&ruling.authority, id, now).ok_or_else(|| Problem::not_found("zone"))?;
    Ok(Json(BudgetView { budget, position: ruling.position }))
}
