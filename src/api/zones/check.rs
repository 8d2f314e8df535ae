//! `POST /zones/{id}/check`: may it be done here, now, and if not, why.

use std::sync::Arc;

use aggregates::access;
use aggregates::action::Action;
use aggregates::amount::Amount;
use aggregates::ids::{MemberId, ZoneId};
use aggregates::permission::{Ask, Decision, Via, check as check_permission};
use aggregates::text::Label;
use axum::Json;
use axum::extract::{Path, State};
use serde::Deserialize;
use serde_json::{Map, Value, json};
use utoipa::{IntoParams, ToSchema};

use crate::api::request::{Command, Query, id_in_path};
use crate::engine::{App, Problem, permit_in_zone};

/// A question of permission.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct Question {
    action: Action,
    /// Who would do it; the caller when absent.
    #[schema(value_type = Option<String>)]
    principal_id: Option<MemberId>,
    amount: Option<Amount>,
    board_id: Option<Label>,
    agent_type: Option<Label>,
    tool: Option<Label>,
    /// Numbers are held against `limits` of the same name.
    #[serde(default)]
    #[schema(value_type = Option<Object>)]
    params: Map<String, Value>,
    /// Whether a refusal is put on record.
    #[serde(default)]
    record: bool,
}

/// How fresh.
#[derive(Debug, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
pub struct Which {
    after: Option<u64>,
}

/// Decides a question of permission and explains the decision. Decided in memory, without asking the database.
#[utoipa::path(post, path = "/zones/{id}/check", tag = "zones", params(("id" = String, Path), Which), request_body = Question,
    responses((status = 200, description = "`decision`, `reasons` and the log `position` they rest on"), (status = "4XX", body = Problem)))]
pub async fn check(
    State(app): State<Arc<App>>,
    Path(id): Path<String>,
    Query(which): Query<Which>,
    command: Command<Question>,
) -> Result<Json<Value>, Problem> {
    let Command { envelope, body } = command;
    let caller = envelope.caller;
    let zone: ZoneId = id_in_path(&id, "zone")?;
    app.fresh_memory(caller.organization_id, which.after).await?;
    let ruling = app.ruling(caller.organization_id).await?;
    let now = app.clock.now();
    permit_in_zone(&ruling, &caller, zone, "zone.read", now)?;
    let principal = body.principal_id.unwrap_or(caller.id());
    if ruling.authority.organization.member(principal).is_none() {
        return Err(Problem::named_nowhere("/principal_id", "member"));
    }
    let via = if principal == caller.id() { caller.via() } else { Via::Itself };
    let ask = Ask {
        amount: body.amount,
        board_id: body.board_id,
        agent_type: body.agent_type,
        tool: body.tool,
        params: body.params,
        via,
        ..Ask::plain(principal, body.action, now)
    };
    let answer = check_permission(&ruling.authority, zone, &ask);
    if body.record && answer.decision == Decision::Deny {
        let reasons = answer.reasons.clone();
        let fact =
            access::Event::CheckDenied { zone_id: zone, principal_id: principal, action: ask.action.to_string(), reasons };
        app.record(&caller, &fact).await;
    }
    Ok(Json(json!({"decision": answer.decision, "reasons": answer.reasons, "position": ruling.position})))
}
