//! `POST /zones/{id}/reservations`.

use std::sync::Arc;

use aggregates::action::Action;
use aggregates::amount::Amount;
use aggregates::ids::{MemberId, ReservationId, ZoneId};
use aggregates::ledger::{LONGEST_SECONDS, USUAL_SECONDS};
use aggregates::permission::Ask;
use aggregates::text::Label;
use axum::extract::{Path, State};
use axum::http::StatusCode;
use serde::Deserialize;
use serde_json::{Map, Value, json};
use utoipa::ToSchema;

use super::ReservationView;
use crate::api::request::{Command, id_in_path, null_or};
use crate::engine::{Answer, App, Attempt, Done, Problem, decision};
use crate::entropy;
use crate::governance::{Wish, must_work_there, reserving};

/// What is to be set aside.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct NewReservation {
    action: Action,
    amount: Amount,
    /// For whom; for the caller when absent.
    principal_id: Option<MemberId>,
    /// For how long; an hour when absent, 30 days at most.
    #[schema(minimum = 1, maximum = 2_592_000)]
    expires_in_seconds: Option<u32>,
    board_id: Option<Label>,
    agent_type: Option<Label>,
    tool: Option<Label>,
    /// Numbers are held against `limits` of the same name.
    #[serde(default, deserialize_with = "null_or")]
    #[schema(value_type = Option<Object>)]
    params: Map<String, Value>,
}

/// The question behind a wish. Whoever sets money aside for another must be able to work in the zone themselves.
fn asking(attempt: &Attempt, zone: ZoneId, body: &NewReservation) -> Result<Ask, Problem> {
    let principal = body.principal_id.unwrap_or(attempt.caller.id());
    if attempt.authority().organization.member(principal).is_none() {
        return Err(Problem::named_nowhere("/principal_id", "member"));
    }
    let myself = principal == attempt.caller.id();
    if !myself {
        must_work_there(&attempt.ruling, &attempt.caller, zone, &body.action, attempt.now)?;
    }
    Ok(Ask {
        amount: Some(body.amount),
        board_id: body.board_id.clone(),
        agent_type: body.agent_type.clone(),
        tool: body.tool.clone(),
        params: body.params.clone(),
        // For whomever it is, it comes by the caller's token.
        via: attempt.caller.via(),
        ..Ask::plain(principal, body.action.clone(), attempt.now)
    })
}

/// Checks an action and sets its amount aside in the zone and every zone above it, or in none. A refusal names the zone that binds.
#[utoipa::path(post, path = "/zones/{id}/reservations", tag = "ledger", params(("id" = String, Path)), request_body = NewReservation,
    responses((status = 201, body = ReservationView), (status = "4XX", body = Problem)))]
pub async fn reserve(
    State(app): State<Arc<App>>,
    Path(id): Path<String>,
    command: Command<NewReservation>,
) -> Result<Done, Problem> {
    let Command { envelope, body } = command;
    let zone: ZoneId = id_in_path(&id, "zone")?;
    let seconds = body.expires_in_seconds.unwrap_or(USUAL_SECONDS);
    if !(1..=LONGEST_SECONDS).contains(&seconds) {
        let message = format!("must be from 1 to {LONGEST_SECONDS}");
        return Err(Problem::at(StatusCode::UNPROCESSABLE_ENTITY, "/expires_in_seconds", "invalid", &message));
    }
    let wish = Wish { id: ReservationId(entropy::new_id()), zone_id: zone, amount: body.amount, seconds };
    app.command(
        &envelope,
        decision!(attempt, [body, wish] => {
            attempt.must_see(zone)?;
            attempt.refuse_auditors(body.action.as_str())?;
            let (plan, terms) = reserving(attempt, wish, &asking(attempt, zone, body)?).await?;
            let location = format!("/api/v1/reservations/{}", wish.id);
            let shown = ReservationView::standing(&terms);
            let version = shown.version();
            Ok((plan, Answer::created(json!(shown), location).at_version(version)))
        }),
    )
    .await
}
