//! `GET /proposals` and `GET /proposals/pending-reviews`.

use std::sync::Arc;

use aggregates::decision_model::{DecisionModel, Tally};
use aggregates::ids::{MemberId, ZoneId};
use aggregates::proposal::{ProposalType, Status};
use axum::Json;
use axum::extract::State;
use projections::proposals::{self, Filter};
use serde::Deserialize;
use serde_json::{Value, json};
use utoipa::IntoParams;

use super::view::needed_now;
use crate::api::page::Wanted;
use crate::api::request::{Query, Reader};
use crate::api::sight::Sight;
use crate::engine::{App, Problem};
use crate::store::Row;

/// Which proposals to list.
#[derive(Debug, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
#[serde(deny_unknown_fields)]
pub struct Which {
    limit: Option<u64>,
    cursor: Option<String>,
    #[param(value_type = Option<String>)]
    zone_id: Option<ZoneId>,
    status: Option<Status>,
    #[serde(rename = "type")]
    #[param(rename = "type")]
    proposal_type: Option<ProposalType>,
    #[param(value_type = Option<String>)]
    proposer_id: Option<MemberId>,
    #[param(value_type = Option<String>)]
    reviewer_id: Option<MemberId>,
    after: Option<u64>,
}

fn garbled(error: &serde_json::Error) -> Problem {
    tracing::error!(%error, "a row of proposals cannot be read");
    Problem::unavailable("read_model_broken", "the list cannot be read, rebuild the read models")
}

fn item(row: &Row) -> Result<(u64, Value), Problem> {
    let model: DecisionModel = serde_json::from_value(row.json("decision_model")?).map_err(|error| garbled(&error))?;
    let tally: Tally = serde_json::from_value(row.json("tally")?).map_err(|error| garbled(&error))?;
    let status: Status = serde_json::from_value(json!(row.text("status")?)).map_err(|error| garbled(&error))?;
    let (deadline, expires_at) = (row.optional("deadline", Row::time)?, row.optional("expires_at", Row::time)?);
    let decided_at = row.optional("decided_at", Row::time)?;
    let reason = row.optional("reason", Row::text)?;
    let due = [deadline, expires_at].into_iter().flatten().min();
    // A row does not know who has approved; the proposal itself says whether a human is missing.
    let needed = needed_now(status, &model, &tally, false, due);
    let shown = json!({
        "id": row.id("proposal_id")?, "zone_id": row.id("zone_id")?, "type": row.text("proposal_type")?, "title": row.text("title")?,
        "status": status, "risk_level": row.text("risk_level")?, "proposer_id": row.id("proposer_id")?,
        "needed": needed, "decision_model": model, "tally": tally, "deadline": deadline,
        "expires_at": expires_at, "created_at": row.time("opened_at")?, "updated_at": row.time("updated_at")?,
        "resolution": decided_at.map(|at| json!({"outcome": status, "reason": reason, "decided_at": at})),
        "execution": row.optional("execution_status", Row::text)?.map(|status| json!({"status": status})),
    });
    Ok((row.number("opened_position")?, shown))
}

/// Proposals, newest first.
#[utoipa::path(get, path = "/proposals", tag = "proposals", params(Which), responses((status = 200, description = "A page of proposals")))]
pub async fn list(
    State(app): State<Arc<App>>,
    Reader(caller): Reader,
    Query(which): Query<Which>,
) -> Result<Json<Value>, Problem> {
    let wanted = Wanted::read(which.limit, which.cursor.as_deref())?;
    app.fresh_views(caller.organization_id, which.after).await?;
    let ruling = app.permitted(&caller, "zone.read").await?;
    let filter = Filter {
        zone_id: which.zone_id,
        status: which.status.map(|status| status.to_string()),
        proposal_type: which.proposal_type.map(|kind| kind.to_string()),
        proposer_id: which.proposer_id,
        reviewer_id: which.reviewer_id,
    };
    let statement = |before, limit| proposals::page(caller.organization_id, filter.clone(), before, limit);
    let sight = Sight { ruling: &ruling, caller: &caller, now: app.clock.now() };
    Ok(Json(wanted.page(sight.rows(&app, &wanted, statement, item).await?)))
}

/// Which page.
#[derive(Debug, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
#[serde(deny_unknown_fields)]
pub struct Page {
    limit: Option<u64>,
    cursor: Option<String>,
    after: Option<u64>,
}

/// What waits for the caller's vote, newest first.
#[utoipa::path(get, path = "/proposals/pending-reviews", tag = "proposals", params(Page), responses((status = 200, description = "A page of proposals")))]
pub async fn pending_reviews(
    State(app): State<Arc<App>>,
    Reader(caller): Reader,
    Query(which): Query<Page>,
) -> Result<Json<Value>, Problem> {
    let wanted = Wanted::read(which.limit, which.cursor.as_deref())?;
    app.fresh_views(caller.organization_id, which.after).await?;
    let ruling = app.permitted(&caller, "zone.read").await?;
    let statement = |before, limit| proposals::pending_reviews(caller.organization_id, caller.id(), before, limit);
    let sight = Sight { ruling: &ruling, caller: &caller, now: app.clock.now() };
    Ok(Json(wanted.page(sight.rows(&app, &wanted, statement, item).await?)))
}
