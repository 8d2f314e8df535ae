//! `POST /checks`: up to a thousand questions at once, answered from one state of things.

use std::sync::Arc;

use aggregates::action::Action;
use aggregates::amount::Amount;
use aggregates::ids::{MemberId, ZoneId};
use aggregates::permission::{Answer, check as check_permission};
use aggregates::text::Label;
use axum::Json;
use axum::extract::State;
use axum::http::StatusCode;
use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};
use utoipa::{IntoParams, ToSchema};

use super::question::Question;
use crate::api::request::{Command, Query, null_or};
use crate::engine::{App, Problem, may_ask_about};

/// The most questions at once.
pub const MOST: usize = 1_000;

/// One of many questions.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct OneOfMany {
    zone_id: ZoneId,
    action: Action,
    principal_id: Option<MemberId>,
    amount: Option<Amount>,
    board_id: Option<Label>,
    agent_type: Option<Label>,
    tool: Option<Label>,
    #[serde(default, deserialize_with = "null_or")]
    #[schema(value_type = Option<Object>)]
    params: Map<String, Value>,
}

/// Many questions.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct Many {
    /// At most 1,000.
    checks: Vec<OneOfMany>,
}

/// The answers to many questions.
#[derive(Debug, Serialize, ToSchema)]
pub struct Answers {
    /// In the order of the questions.
    items: Vec<Answer>,
    /// The position of the log that they rest on.
    position: u64,
    decided_at: DateTime<Utc>,
}

/// How fresh.
#[derive(Debug, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
#[serde(deny_unknown_fields)]
pub struct Which {
    after: Option<u64>,
    /// Makes no difference: many questions only ask.
    #[serde(default)]
    #[expect(dead_code, reason = "accepted like on every command")]
    dry_run: bool,
}

/// Answers many questions of permission, in order. It only asks: nothing is counted for rate limits or put on record.
#[utoipa::path(post, path = "/checks", tag = "checks", params(Which), request_body = Many,
    responses((status = 200, body = Answers), (status = "4XX", body = Problem)))]
pub async fn check_all(
    State(app): State<Arc<App>>,
    Query(which): Query<Which>,
    command: Command<Many>,
) -> Result<Json<Answers>, Problem> {
    let caller = &command.envelope.caller;
    if command.body.checks.len() > MOST {
        let message = format!("at most {MOST} checks at once");
        return Err(Problem::at(StatusCode::UNPROCESSABLE_ENTITY, "/checks", "too_many_items", &message));
    }
    app.fresh_memory(caller.organization_id, which.after).await?;
    let ruling = app.ruling(caller.organization_id).await?;
    let now = app.clock.now();
    let mut items = Vec::with_capacity(command.body.checks.len());
    for (index, one) in command.body.checks.into_iter().enumerate() {
        let zone = one.zone_id;
        let at = |mut problem: Problem| {
            problem.errors = problem.errors.into_iter().map(|fault| fault.under(&format!("/checks/{index}"))).collect();
            problem
        };
        if ruling.authority.tree.zone(zone).is_none() {
            return Err(at(Problem::named_nowhere("/zone_id", "zone")));
        }
        may_ask_about(&ruling, caller, one.principal_id.unwrap_or(caller.id()), zone, now)?;
        let question = Question {
            action: one.action,
            principal_id: one.principal_id,
            amount: one.amount,
            board_id: one.board_id,
            agent_type: one.agent_type,
            tool: one.tool,
            params: one.params,
        };
        let ask = question.asking(&ruling.authority, caller, now).map_err(at)?;
        items.push(check_permission(&ruling.authority, zone, &ask));
    }
    Ok(Json(Answers { items, position: ruling.position, decided_at: now }))
}
