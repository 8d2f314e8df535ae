//! `GET /zones/{id}/effective-policy`.

use std::sync::Arc;

use aggregates::amount::Amount;
use aggregates::ids::ZoneId;
use aggregates::permission::{Line, budget};
use aggregates::policy::{Effective, SpendingWindow};
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

/// What really holds in a zone.
#[derive(Debug, Serialize, ToSchema)]
pub struct EffectiveView {
    zone_id: ZoneId,
    #[serde(flatten)]
    effective: Effective,
    /// Every `spending_limit` on the way, root first: limits of different spans hold together, none of them says what the others do.
    spending_limits: Vec<SpendingLimitView>,
    /// Whether it and all its ancestors are active.
    in_force: bool,
    /// The position of the log that it rests on.
    position: u64,
}

/// A `spending_limit` and whose it is.
#[derive(Debug, Serialize, ToSchema)]
pub struct SpendingLimitView {
    zone_id: ZoneId,
    amount: Amount,
    window: SpendingWindow,
}

/// What really holds in a zone after every ancestor has narrowed it, and whose word made each key what it is.
#[utoipa::path(get, path = "/zones/{id}/effective-policy", tag = "zones", params(("id" = String, Path), Which),
    responses((status = 200, body = EffectiveView), (status = 404, body = Problem)))]
pub async fn effective_policy(
    State(app): State<Arc<App>>,
    Reader(caller): Reader,
    Path(id): Path<String>,
    Query(which): Query<Which>,
) -> Result<Json<EffectiveView>, Problem> {
    let id: ZoneId = id_in_path(&id, "zone")?;
    app.fresh_memory(caller.organization_id, which.after).await?;
    let ruling = app.ruling(caller.organization_id).await?;
    let now = app.clock.now();
    permit_in_zone(&ruling, &caller, id, "zone.read", now)?;
    let lines = budget(&ruling.authority, id, now).into_iter().flat_map(|budget| budget.limits);
    let spending = lines.filter(|line| line.parameter == "/constraints/spending_limit");
    let limit = |line: Line| SpendingLimitView { zone_id: line.zone_id, amount: line.limit, window: line.window };
    Ok(Json(EffectiveView {
        zone_id: id,
        effective: (*ruling.authority.tree.effective(id)).clone(),
        spending_limits: spending.map(limit).collect(),
        in_force: ruling.authority.tree.is_in_force(id),
        position: ruling.position,
    }))
}
