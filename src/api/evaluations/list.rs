//! `GET /evaluations`.

use std::sync::Arc;

use aggregates::evaluation::Status;
use aggregates::ids::{MemberId, ZoneId};
use axum::Json;
use axum::extract::State;
use projections::evaluations::{self, Filter};
use serde::Deserialize;
use serde_json::{Value, json};
use utoipa::IntoParams;

use crate::api::page::Wanted;
use crate::api::request::{Query, Reader};
use crate::api::sight::Sight;
use crate::engine::{App, Problem};
use crate::store::Row;

/// Which evaluations to list.
#[derive(Debug, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
#[serde(deny_unknown_fields)]
pub struct Which {
    limit: Option<u64>,
    cursor: Option<String>,
    #[param(value_type = Option<String>)]
    zone_id: Option<ZoneId>,
    #[param(value_type = Option<String>)]
    executor_id: Option<MemberId>,
    status: Option<Status>,
    after: Option<u64>,
}

/// Evaluations, newest first.
#[utoipa::path(get, path = "/evaluations", tag = "evaluations", params(Which), responses((status = 200, description = "A page of evaluations")))]
pub async fn list(
    State(app): State<Arc<App>>,
    Reader(caller): Reader,
    Query(which): Query<Which>,
) -> Result<Json<Value>, Problem> {
    let wanted = Wanted::read(which.limit, which.cursor.as_deref())?;
    app.fresh_views(caller.organization_id, which.after).await?;
    let ruling = app.permitted(&caller, "zone.read").await?;
    let filter = || Filter { zone_id: which.zone_id, executor_id: which.executor_id, status: which.status };
    let statement = |before, limit| evaluations::page(caller.organization_id, filter(), before, limit);
    let sight = Sight { ruling: &ruling, caller: &caller, now: app.clock.now() };
    Ok(Json(wanted.page(sight.rows(&app, &wanted, statement, item).await?)))
}

fn item(row: &Row) -> Result<(u64, Value), Problem> {
    let score = row.optional("score", Row::text)?.map(|score| score.parse::<serde_json::Number>());
    let shown = json!({
        "id": row.id("evaluation_id")?, "status": row.text("status")?, "proposal_id": row.id("proposal_id")?,
        "zone_id": row.id("zone_id")?, "executor_id": row.id("executor_id")?, "score": score.transpose().ok().flatten(),
        "signal": row.optional("signal", Row::text)?, "created_at": row.time("opened_at")?, "updated_at": row.time("updated_at")?,
    });
    Ok((row.number("position")?, shown))
}
