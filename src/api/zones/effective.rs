//! `GET /zones/{id}/effective-policy`.

use std::sync::Arc;

use aggregates::ids::ZoneId;
use aggregates::permission::budget;
use aggregates::policy::Effective;
use axum::Json;
use axum::extract::{Path, State};
use serde::Deserialize;
use serde_json::{Value, json};
use utoipa::IntoParams;

use crate::api::request::{Query, Reader, id_in_path};
use crate::engine::{App, Problem, permit_in_zone};

/// How fresh.
#[derive(Debug, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
#[serde(deny_unknown_fields)]
pub struct Which {
    after: Option<u64>,
}

/// What really holds in a zone after every ancestor has narrowed it, and whose word made each key what it is.
#[utoipa::path(get, path = "/zones/{id}/effective-policy", tag = "zones", params(("id" = String, Path), Which),
    responses((status = 200, body = Effective), (status = 404, body = Problem)))]
pub async fn effective_policy(
    State(app): State<Arc<App>>,
    Reader(caller): Reader,
    Path(id): Path<String>,
    Query(which): Query<Which>,
) -> Result<Json<Value>, Problem> {
    let id: ZoneId = id_in_path(&id, "zone")?;
    app.fresh_memory(caller.organization_id, which.after).await?;
    let ruling = app.ruling(caller.organization_id).await?;
    let now = app.clock.now();
    permit_in_zone(&ruling, &caller, id, "zone.read", now)?;
    let mut shown = json!(*ruling.authority.tree.effective(id));
    shown["zone_id"] = json!(id);
    // Limits of different spans hold together: none of them says what the others do.
    let lines = budget(&ruling.authority, id, now).into_iter().flat_map(|budget| budget.limits);
    let spending = lines.filter(|line| line.parameter == "/constraints/spending_limit");
    let limits: Vec<Value> =
        spending.map(|line| json!({"zone_id": line.zone_id, "amount": line.limit, "window": line.window})).collect();
    shown["spending_limits"] = json!(limits);
    shown["in_force"] = json!(ruling.authority.tree.is_in_force(id));
    shown["position"] = json!(ruling.position);
    Ok(Json(shown))
}
