//! `/grants`: rights given by approved proposals.

use std::sync::Arc;

use aggregates::Moment;
use aggregates::amount::Amount;
use aggregates::grant::{Ended, Grant, INEXACT, State as Granted, VoidReason, inexact_number, particulars};
use aggregates::ids::{GrantId, MemberId, ProposalId, ZoneId};
use aggregates::text::Label;
use axum::Json;
use axum::extract::{Path, State};
use axum::http::StatusCode;
use axum::response::{IntoResponse, Response};
use chrono::{DateTime, Utc};
use projections::grants;
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value, json};
use utoipa::{IntoParams, ToSchema};

use super::page::{Page, Wanted};
use super::request::{Command, Fresh, Query, Reader, id_in_path, null_or};
use super::sight::Sight;
use crate::engine::{Answer, App, Done, Problem, decision, permit_in_zone};
use crate::governance::{Usage, using_grant};
use crate::store::{Row, StoreError};

/// A grant: the right to do what a proposal was approved for.
#[derive(Debug, Serialize, ToSchema)]
pub struct GrantView {
    id: GrantId,
    proposal_id: ProposalId,
    principal_id: MemberId,
    zone_id: ZoneId,
    action: String,
    /// SHA-256, in hexadecimal, of the particulars it was given for.
    parameters_sha256: String,
    amount: Option<Amount>,
    /// How often it may be used; any number of times when `null`.
    uses: Option<u64>,
    used: u64,
    /// How much of the amount has been used up.
    spent: Amount,
    expires_at: DateTime<Utc>,
    created_at: DateTime<Utc>,
    status: GrantStatus,
    /// Why it is void, if it is.
    reason: Option<VoidReason>,
}

/// Where a grant stands.
#[derive(Clone, Copy, Debug, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum GrantStatus {
    /// It can be used.
    Issued,
    /// It has been used up.
    Used,
    /// Its time is up.
    Expired,
    /// It was taken back.
    Voided,
}

impl GrantView {
    fn of(grant: &Granted, now: Moment) -> Option<Self> {
        let terms = grant.terms.as_ref()?;
        let (status, reason) = match grant.ended {
            None if terms.expires_at <= now => (GrantStatus::Expired, None),
            None => (GrantStatus::Issued, None),
            Some(Ended::Used) => (GrantStatus::Used, None),
            Some(Ended::Expired) => (GrantStatus::Expired, None),
            Some(Ended::Voided(reason)) => (GrantStatus::Voided, Some(reason)),
        };
        Some(Self {
            id: terms.grant_id,
            proposal_id: terms.proposal_id,
            principal_id: terms.principal_id,
            zone_id: terms.zone_id,
            action: terms.action.to_string(),
            parameters_sha256: terms.parameters_sha256.clone(),
            amount: terms.amount,
            uses: terms.uses.map(u64::from),
            used: u64::from(grant.used),
            spent: grant.spent,
            expires_at: terms.expires_at,
            created_at: terms.issued_at,
            status,
            reason,
        })
    }

    fn read(row: &Row, now: Moment) -> Result<Self, StoreError> {
        let expires_at = row.time("expires_at")?;
        let ended = row.optional("ended", Row::word)?;
        let as_time_says = if expires_at <= now { GrantStatus::Expired } else { GrantStatus::Issued };
        Ok(Self {
            id: GrantId(row.id("grant_id")?),
            proposal_id: ProposalId(row.id("proposal_id")?),
            principal_id: MemberId(row.id("principal_id")?),
            zone_id: ZoneId(row.id("zone_id")?),
            action: row.text("action")?,
            parameters_sha256: row.text("parameters_sha256")?,
            amount: row.optional("amount", Row::word)?,
            uses: row.optional("uses", Row::number)?,
            used: row.number("used")?,
            spent: row.optional("spent", Row::word)?.unwrap_or(Amount::ZERO),
            expires_at,
            created_at: row.time("issued_at")?,
            status: ended.unwrap_or(as_time_says),
            reason: row.optional("voided", Row::word)?,
        })
    }
}

/// Which grants to list.
#[derive(Debug, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
#[serde(deny_unknown_fields)]
pub struct Which {
    limit: Option<u64>,
    cursor: Option<String>,
    principal_id: Option<MemberId>,
    zone_id: Option<ZoneId>,
    after: Option<u64>,
}

/// Grants, newest first.
#[utoipa::path(get, path = "/grants", tag = "proposals", params(Which), responses((status = 200, body = Page<GrantView>)))]
pub async fn list(
    State(app): State<Arc<App>>,
    Reader(caller): Reader,
    Query(which): Query<Which>,
) -> Result<Json<Page<GrantView>>, Problem> {
    let wanted = Wanted::read(which.limit, which.cursor.as_deref())?;
    app.fresh_views(caller.organization_id, which.after).await?;
    let ruling = app.permitted(&caller, "zone.read").await?;
    let now = app.clock.now();
    let organization = caller.organization_id;
    let statement = |before, limit| grants::page(organization, which.principal_id, which.zone_id, before, limit);
    let item = |row: &Row| Ok((row.number("position")?, GrantView::read(row, now)?));
    let sight = Sight { ruling: &ruling, caller: &caller, now };
    Ok(Json(wanted.page(sight.rows(&app, &wanted, statement, item).await?)))
}

/// One grant; for its principal, and for whoever may read its zone.
#[utoipa::path(get, path = "/grants/{id}", tag = "ledger", params(("id" = String, Path), Fresh),
    responses((status = 200, body = GrantView), (status = "4XX", body = Problem)))]
pub async fn read(
    State(app): State<Arc<App>>,
    Reader(caller): Reader,
    Path(id): Path<String>,
    Query(fresh): Query<Fresh>,
) -> Result<Response, Problem> {
    let id: GrantId = id_in_path(&id, "grant")?;
    let grant = app.load_fresh::<Grant>(caller.organization_id, id, fresh.after).await?;
    let ruling = app.ruling(caller.organization_id).await?;
    let terms = grant.state.terms.as_ref().filter(|terms| ruling.authority.tree.zone(terms.zone_id).is_some());
    let terms = terms.ok_or_else(|| Problem::not_found("grant"))?;
    if terms.principal_id != caller.id() {
        permit_in_zone(&ruling, &caller, terms.zone_id, "zone.read", app.clock.now())?;
    }
    Ok(Answer::ok(json!(GrantView::of(&grant.state, app.clock.now()))).at_version(grant.sequence).into_response())
}

/// What a grant is used for: the particulars it was given for, all of them.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct Use {
    /// How much of it; all that is left when absent.
    amount: Option<Amount>,
    board_id: Option<Label>,
    tool: Option<Label>,
    agent_type: Option<Label>,
    #[serde(default, deserialize_with = "null_or")]
    #[schema(value_type = Option<Object>)]
    params: Map<String, Value>,
}

/// Uses a grant: by its principal, with the parameters it was given for, before it ends, and while the zone still admits it.
#[utoipa::path(post, path = "/grants/{id}/use", tag = "ledger", params(("id" = String, Path)), request_body = Use,
    responses((status = 200, body = GrantView, description = "The grant after its use"), (status = "4XX", body = Problem)))]
pub async fn use_grant(State(app): State<Arc<App>>, Path(id): Path<String>, command: Command<Use>) -> Result<Done, Problem> {
    let Command { envelope, body } = command;
    let id: GrantId = id_in_path(&id, "grant")?;
    if let Some(place) = inexact_number(&body.params) {
        return Err(Problem::at(StatusCode::UNPROCESSABLE_ENTITY, &format!("/params{place}"), "invalid", INEXACT));
    }
    let given = [
        ("board_id", json!(body.board_id)),
        ("tool", json!(body.tool)),
        ("agent_type", json!(body.agent_type)),
        ("params", json!(body.params)),
    ];
    let usage = Usage {
        amount: body.amount,
        board_id: body.board_id,
        tool: body.tool,
        agent_type: body.agent_type,
        params: body.params,
        particulars: particulars(given),
    };
    app.command(
        &envelope,
        decision!(attempt, [usage] => {
            let (plan, used, version) = using_grant(attempt, id, usage).await?;
            Ok((plan, Answer::ok(json!(GrantView::of(&used, attempt.now))).at_version(version)))
        }),
    )
    .await
}
