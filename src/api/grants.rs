//! `/grants`: rights given by approved proposals.

use std::sync::Arc;

use aggregates::ids::{MemberId, ZoneId};
use axum::Json;
use axum::extract::State;
use projections::grants;
use serde::Deserialize;
use serde_json::{Value, json};
use utoipa::IntoParams;

use super::page::Wanted;
use super::request::{Query, Reader};
use crate::engine::{App, Problem};
use crate::store::Row;

/// Which grants to list.
#[derive(Debug, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
pub struct Which {
    limit: Option<u64>,
    cursor: Option<String>,
    #[param(value_type = Option<String>)]
    principal_id: Option<MemberId>,
    #[param(value_type = Option<String>)]
    zone_id: Option<ZoneId>,
    after: Option<u64>,
}

/// Grants, newest first.
#[utoipa::path(get, path = "/grants", tag = "proposals", params(Which), responses((status = 200, description = "A page of grants")))]
pub async fn list(
    State(app): State<Arc<App>>,
    Reader(caller): Reader,
    Query(which): Query<Which>,
) -> Result<Json<Value>, Problem> {
    let wanted = Wanted::read(which.limit, which.cursor.as_deref())?;
    app.permitted(&caller, "zone.read").await?;
    app.fresh_views(caller.organization_id, which.after).await?;
    let now = app.clock.now();
    let statement = grants::page(caller.organization_id, which.principal_id, which.zone_id, wanted.before(), wanted.one_more());
    let rows = app.views.live().db.rows(statement).await?;
    let items = rows.iter().map(|row| {
        let voided = row.optional("voided", Row::text)?;
        let expires_at = row.time("expires_at")?;
        let status = if voided.is_some() {
            "voided"
        } else if expires_at <= now {
            "expired"
        } else {
            "issued"
        };
        let item = json!({
            "id": row.id("grant_id")?, "proposal_id": row.id("proposal_id")?, "principal_id": row.id("principal_id")?,
            "zone_id": row.id("zone_id")?, "action": row.text("action")?, "parameters_sha256": row.text("parameters_sha256")?,
            "amount": row.optional("amount", Row::text)?, "uses": row.optional("uses", Row::number)?, "expires_at": expires_at,
            "created_at": row.time("issued_at")?, "status": status, "reason": voided,
        });
        Ok((row.number("position")?, item))
    });
    Ok(Json(wanted.page(items.collect::<Result<_, Problem>>()?)))
}
