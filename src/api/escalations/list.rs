//! `GET /escalations`.

use std::sync::Arc;

use aggregates::escalation::Status;
use aggregates::ids::ZoneId;
use axum::Json;
use axum::extract::State;
use projections::escalations;
use serde::Deserialize;
use serde_json::{Value, json};
use utoipa::IntoParams;

use crate::api::page::Wanted;
use crate::api::request::{Query, Reader};
use crate::api::sight::Sight;
use crate::engine::{App, Problem};
use crate::store::Row;

/// Which escalations to list.
#[derive(Debug, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
#[serde(deny_unknown_fields)]
pub struct Which {
    limit: Option<u64>,
    cursor: Option<String>,
    #[param(value_type = Option<String>)]
    zone_id: Option<ZoneId>,
    status: Option<Status>,
    after: Option<u64>,
}

/// Escalations, newest first.
#[utoipa::path(get, path = "/escalations", tag = "escalations", params(Which), responses((status = 200, description = "A page of escalations")))]
pub async fn list(
    State(app): State<Arc<App>>,
    Reader(caller): Reader,
    Query(which): Query<Which>,
) -> Result<Json<Value>, Problem> {
    let wanted = Wanted::read(which.limit, which.cursor.as_deref())?;
    app.fresh_views(caller.organization_id, which.after).await?;
    let ruling = app.permitted(&caller, "zone.read").await?;
    let statement = |before, limit| escalations::page(caller.organization_id, which.zone_id, which.status, before, limit);
    let sight = Sight { ruling: &ruling, caller: &caller, now: app.clock.now() };
    Ok(Json(wanted.page(sight.rows(&app, &wanted, statement, item).await?)))
}

fn item(row: &Row) -> Result<(u64, Value), Problem> {
    let automatic = row.optional("automatic", Row::text)?;
    let escalator_id = if automatic.is_some() { None } else { Some(row.id("escalator_id")?) };
    let shown = json!({
        "id": row.id("escalation_id")?, "kind": row.text("kind")?, "status": row.text("status")?,
        "zone_id": row.id("zone_id")?, "to_zone_id": row.id("to_zone_id")?, "escalator_id": escalator_id,
        "reason": row.text("reason")?, "automatic": automatic,
        "proposal_id": row.optional("source_id", Row::id)?, "parent_proposal_id": row.optional("proposal_id", Row::id)?,
        "signatures": row.number("signatures")?, "cosigner_threshold": row.optional("cosigner_threshold", Row::number)?,
        "outcome": row.optional("outcome", Row::text)?, "created_at": row.time("raised_at")?, "updated_at": row.time("updated_at")?,
    });
    Ok((row.number("position")?, shown))
}
