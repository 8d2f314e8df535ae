//! `GET /escalations`.

use std::sync::Arc;

use aggregates::escalation::Status;
use aggregates::ids::{EscalationId, MemberId, ProposalId, ZoneId};
use aggregates::proposal::StallReason;
use axum::Json;
use axum::extract::State;
use chrono::{DateTime, Utc};
use projections::escalations;
use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};

use crate::api::page::{Page, Wanted};
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
    zone_id: Option<ZoneId>,
    status: Option<Status>,
    after: Option<u64>,
}

/// An escalation in a list; the escalation itself says more.
#[derive(Debug, Serialize, ToSchema)]
pub struct EscalationRow {
    id: EscalationId,
    /// `action` contests a decision, `governance` contests who decides.
    kind: String,
    status: Status,
    zone_id: ZoneId,
    to_zone_id: ZoneId,
    /// Who raised it; nobody did where it is automatic.
    escalator_id: Option<MemberId>,
    reason: String,
    /// Why it went up by itself, if nobody raised it.
    automatic: Option<StallReason>,
    /// The contested proposal.
    proposal_id: Option<ProposalId>,
    /// The proposal that decides it in the zone above.
    parent_proposal_id: Option<ProposalId>,
    signatures: u64,
    cosigner_threshold: Option<u64>,
    /// What the proposal above became, or why it came to nothing.
    outcome: Option<String>,
    created_at: DateTime<Utc>,
    updated_at: DateTime<Utc>,
}

/// Escalations, newest first.
#[utoipa::path(get, path = "/escalations", tag = "escalations", params(Which), responses((status = 200, body = Page<EscalationRow>)))]
pub async fn list(
    State(app): State<Arc<App>>,
    Reader(caller): Reader,
    Query(which): Query<Which>,
) -> Result<Json<Page<EscalationRow>>, Problem> {
    let wanted = Wanted::read(which.limit, which.cursor.as_deref())?;
    app.fresh_views(caller.organization_id, which.after).await?;
    let ruling = app.permitted(&caller, "zone.read").await?;
    let statement = |before, limit| escalations::page(caller.organization_id, which.zone_id, which.status, before, limit);
    let sight = Sight { ruling: &ruling, caller: &caller, now: app.clock.now() };
    Ok(Json(wanted.page(sight.rows(&app, &wanted, statement, item).await?)))
}

fn item(row: &Row) -> Result<(u64, EscalationRow), Problem> {
    let automatic = row.optional("automatic", Row::word)?;
    let shown = EscalationRow {
        id: EscalationId(row.id("escalation_id")?),
        kind: row.text("kind")?,
        status: row.word("status")?,
        zone_id: ZoneId(row.id("zone_id")?),
        to_zone_id: ZoneId(row.id("to_zone_id")?),
        escalator_id: if automatic.is_some() { None } else { Some(MemberId(row.id("escalator_id")?)) },
        reason: row.text("reason")?,
        automatic,
        proposal_id: row.optional("source_id", Row::id)?.map(ProposalId),
        parent_proposal_id: row.optional("proposal_id", Row::id)?.map(ProposalId),
        signatures: row.number("signatures")?,
        cosigner_threshold: row.optional("cosigner_threshold", Row::number)?,
        outcome: row.optional("outcome", Row::text)?,
        created_at: row.time("raised_at")?,
        updated_at: row.time("updated_at")?,
    };
    Ok((row.number("position")?, shown))
}
