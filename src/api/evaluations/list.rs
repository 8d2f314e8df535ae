//! `GET /evaluations`.

use std::sync::Arc;

use aggregates::evaluation::{Score, Status};
use aggregates::ids::{EvaluationId, MemberId, ProposalId, ZoneId};
use aggregates::organization::Signal;
use axum::Json;
use axum::extract::State;
use chrono::{DateTime, Utc};
use projections::evaluations::{self, Filter};
use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};

use crate::api::page::{Page, Wanted};
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
    zone_id: Option<ZoneId>,
    executor_id: Option<MemberId>,
    status: Option<Status>,
    after: Option<u64>,
}

/// An evaluation in a list; the evaluation itself says more.
#[derive(Debug, Serialize, ToSchema)]
pub struct EvaluationRow {
    id: EvaluationId,
    status: Status,
    proposal_id: ProposalId,
    zone_id: ZoneId,
    executor_id: MemberId,
    /// What was made of the scores, once it is finished.
    score: Option<Score>,
    signal: Option<Signal>,
    created_at: DateTime<Utc>,
    updated_at: DateTime<Utc>,
}

/// Evaluations, newest first.
#[utoipa::path(get, path = "/evaluations", tag = "evaluations", params(Which), responses((status = 200, body = Page<EvaluationRow>)))]
pub async fn list(
    State(app): State<Arc<App>>,
    Reader(caller): Reader,
    Query(which): Query<Which>,
) -> Result<Json<Page<EvaluationRow>>, Problem> {
    let wanted = Wanted::read(which.limit, which.cursor.as_deref())?;
    app.fresh_views(caller.organization_id, which.after).await?;
    let ruling = app.permitted(&caller, "zone.read").await?;
    let filter = || Filter { zone_id: which.zone_id, executor_id: which.executor_id, status: which.status };
    let statement = |before, limit| evaluations::page(caller.organization_id, filter(), before, limit);
    let sight = Sight { ruling: &ruling, caller: &caller, now: app.clock.now() };
    Ok(Json(wanted.page(sight.rows(&app, &wanted, statement, item).await?)))
}

fn item(row: &Row) -> Result<(u64, EvaluationRow), Problem> {
    let shown = EvaluationRow {
        id: EvaluationId(row.id("evaluation_id")?),
        status: row.word("status")?,
        proposal_id: ProposalId(row.id("proposal_id")?),
        zone_id: ZoneId(row.id("zone_id")?),
        executor_id: MemberId(row.id("executor_id")?),
        score: row.optional("score", Row::decimal)?,
        signal: row.optional("signal", Row::word)?,
        created_at: row.time("opened_at")?,
        updated_at: row.time("updated_at")?,
    };
    Ok((row.number("position")?, shown))
}
