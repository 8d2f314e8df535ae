//! `GET /proposals` and `GET /proposals/pending-reviews`.

use std::sync::Arc;

use aggregates::decision_model::{DecisionModel, Needed, Tally};
use aggregates::ids::{MemberId, ProposalId, ZoneId};
use aggregates::policy::Risk;
use aggregates::proposal::{ExecutionStatus, ProposalType, Status};
use axum::Json;
use axum::extract::State;
use chrono::{DateTime, Utc};
use projections::proposals::{self, Filter};
use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};

use super::view::needed_now;
use crate::api::page::{Page, Wanted};
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
    zone_id: Option<ZoneId>,
    status: Option<Status>,
    #[serde(rename = "type")]
    #[param(rename = "type")]
    proposal_type: Option<ProposalType>,
    proposer_id: Option<MemberId>,
    reviewer_id: Option<MemberId>,
    after: Option<u64>,
}

/// A proposal in a list; the proposal itself says more.
#[derive(Debug, Serialize, ToSchema)]
pub struct ProposalRow {
    id: ProposalId,
    zone_id: ZoneId,
    r#type: ProposalType,
    title: String,
    status: Status,
    risk_level: Risk,
    proposer_id: MemberId,
    /// What an approval still needs; nothing is once it is decided.
    needed: Needed,
    decision_model: DecisionModel,
    tally: Tally,
    deadline: Option<DateTime<Utc>>,
    expires_at: Option<DateTime<Utc>>,
    created_at: DateTime<Utc>,
    updated_at: DateTime<Utc>,
    resolution: Option<RowResolution>,
    execution: Option<RowExecution>,
}

/// How it ended.
#[derive(Debug, Serialize, ToSchema)]
pub struct RowResolution {
    outcome: Status,
    reason: Option<String>,
    decided_at: DateTime<Utc>,
}

/// How its execution stands.
#[derive(Debug, Serialize, ToSchema)]
pub struct RowExecution {
    status: ExecutionStatus,
}

fn item(row: &Row) -> Result<(u64, ProposalRow), Problem> {
    let (model, tally, status) = (row.read("decision_model")?, row.read("tally")?, row.word("status")?);
    let (deadline, expires_at) = (row.optional("deadline", Row::time)?, row.optional("expires_at", Row::time)?);
    let reason = row.optional("reason", Row::text)?;
    let decided_at = row.optional("decided_at", Row::time)?;
    let due = [deadline, expires_at].into_iter().flatten().min();
    let shown = ProposalRow {
        id: ProposalId(row.id("proposal_id")?),
        zone_id: ZoneId(row.id("zone_id")?),
        r#type: row.word("proposal_type")?,
        title: row.text("title")?,
        status,
        risk_level: row.word("risk_level")?,
        proposer_id: MemberId(row.id("proposer_id")?),
        // A row does not know who has approved; the proposal itself says whether a human is missing.
        needed: needed_now(status, &model, &tally, false, due),
        decision_model: model,
        tally,
        deadline,
        expires_at,
        created_at: row.time("opened_at")?,
        updated_at: row.time("updated_at")?,
        resolution: decided_at.map(|decided_at| RowResolution { outcome: status, reason, decided_at }),
        execution: row.optional("execution_status", Row::word)?.map(|status| RowExecution { status }),
    };
    Ok((row.number("opened_position")?, shown))
}

/// Proposals, newest first.
#[utoipa::path(get, path = "/proposals", tag = "proposals", params(Which), responses((status = 200, body = Page<ProposalRow>)))]
pub async fn list(
    State(app): State<Arc<App>>,
    Reader(caller): Reader,
    Query(which): Query<Which>,
) -> Result<Json<Page<ProposalRow>>, Problem> {
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
pub struct WhichWait {
    limit: Option<u64>,
    cursor: Option<String>,
    after: Option<u64>,
}

/// What waits for the caller's vote, newest first.
#[utoipa::path(get, path = "/proposals/pending-reviews", tag = "proposals", params(WhichWait), responses((status = 200, body = Page<ProposalRow>)))]
pub async fn pending_reviews(
    State(app): State<Arc<App>>,
    Reader(caller): Reader,
    Query(which): Query<WhichWait>,
) -> Result<Json<Page<ProposalRow>>, Problem> {
    let wanted = Wanted::read(which.limit, which.cursor.as_deref())?;
    app.fresh_views(caller.organization_id, which.after).await?;
    let ruling = app.permitted(&caller, "zone.read").await?;
    let statement = |before, limit| proposals::pending_reviews(caller.organization_id, caller.id(), before, limit);
    let sight = Sight { ruling: &ruling, caller: &caller, now: app.clock.now() };
    Ok(Json(wanted.page(sight.rows(&app, &wanted, statement, item).await?)))
}
