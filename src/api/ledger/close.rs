//! `POST /reservations/{id}/{commit|release}`.

use std::sync::Arc;

use aggregates::amount::Amount;
use aggregates::ids::ReservationId;
use aggregates::ledger::{Command as Closing, Open};
use axum::extract::{Path, State};
use axum::http::StatusCode;
use projections::reservations;
use serde::Deserialize;
use serde_json::json;
use utoipa::ToSchema;

use super::ReservationView;
use crate::api::request::{Command, Nothing, id_in_path};
use crate::engine::{Answer, App, Attempt, Done, Plan, Problem, decision};

/// What was spent.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct Spent {
    /// All that was set aside, when absent.
    actual: Option<Amount>,
}

/// Spends what was set aside, or less; the rest is free again.
#[utoipa::path(post, path = "/reservations/{id}/commit", tag = "ledger", params(("id" = String, Path)), request_body = Spent,
    responses((status = 200, body = ReservationView), (status = "4XX", body = Problem)))]
pub async fn commit(State(app): State<Arc<App>>, Path(id): Path<String>, command: Command<Spent>) -> Result<Done, Problem> {
    let id: ReservationId = id_in_path(&id, "reservation")?;
    let actual = command.body.actual;
    app.command(&command.envelope, decision!(attempt, [] => { close(attempt, id, Close::Commit(actual)).await })).await
}

/// Gives back what was set aside.
#[utoipa::path(post, path = "/reservations/{id}/release", tag = "ledger", params(("id" = String, Path)), request_body = Nothing,
    responses((status = 200, body = ReservationView), (status = "4XX", body = Problem)))]
pub async fn release(State(app): State<Arc<App>>, Path(id): Path<String>, command: Command<Nothing>) -> Result<Done, Problem> {
    let id: ReservationId = id_in_path(&id, "reservation")?;
    app.command(&command.envelope, decision!(attempt, [] => { close(attempt, id, Close::Release).await })).await
}

#[derive(Clone, Copy)]
enum Close {
    Commit(Option<Amount>),
    Release,
}

impl Close {
    fn status(self) -> &'static str {
        match self {
            Self::Commit(_) => "committed",
            Self::Release => "released",
        }
    }
}

async fn close(attempt: &Attempt, id: ReservationId, close: Close) -> Result<(Plan, Answer), Problem> {
    let mut plan = attempt.plan();
    let mut booking = attempt.booking(&mut plan).await?;
    let standing = booking.authority.ledger.open(id).filter(|open| open.holder == aggregates::ledger::Holder::Task).cloned();
    let Some(open) = standing else { return closed_before(attempt, id, close).await };
    permit(attempt, &open)?;
    attempt.must_match(ReservationView::open(id, &open).version())?;
    let now = attempt.now;
    let (command, actual) = match close {
        Close::Commit(actual) => (Closing::Commit { reservation_id: id, actual, now }, Some(actual.unwrap_or(open.amount))),
        Close::Release => (Closing::Release { reservation_id: id, now }, None),
    };
    booking.decide(&mut plan, command).await?;
    booking.hand_to(&mut plan);
    let shown = ReservationView::open(id, &open).closed(close.status(), actual, now);
    let version = shown.version();
    Ok((plan, Answer::ok(json!(shown)).at_version(version)))
}

/// Whose it is, who asked for it, or who tends the zone.
fn permit(attempt: &Attempt, open: &Open) -> Result<(), Problem> {
    attempt.refuse_auditors(open.action.as_str())?;
    let me = attempt.caller.id();
    if me != open.principal_id && me != open.reserved_by {
        return attempt.permit(open.zone_id, "zone.write");
    }
    if attempt.caller.token_covers(&open.action) { Ok(()) } else { Err(Problem::forbidden(open.action.as_str())) }
}

/// The same once more changes nothing; anything else comes too late.
async fn closed_before(attempt: &Attempt, id: ReservationId, close: Close) -> Result<(Plan, Answer), Problem> {
    let organization = attempt.caller.organization_id;
    // That it is closed is in the log: rows that do not say so yet would have it closed differently, or not there at all.
    let head = attempt.app.log.organization_head(organization).await?;
    attempt.app.fresh_views(organization, Some(head)).await?;
    let row = attempt.app.views.live().db.row(reservations::of(organization, id)).await?;
    let shown = ReservationView::of(&row.ok_or_else(|| Problem::not_found("reservation"))?)?;
    if shown.is_of(attempt.caller.id()) {
        attempt.must_see(shown.zone_id)?;
    } else {
        attempt.permit(shown.zone_id, "zone.read")?;
    }
    attempt.must_match(shown.version())?;
    let same = match close {
        Close::Release => shown.status == "released",
        Close::Commit(actual) => {
            let said = actual.map_or_else(|| shown.amount.clone(), |actual| actual.to_string());
            let spent = [Some(said), shown.actual.clone()].map(|text| text.and_then(|text| Amount::parse(&text).ok()));
            shown.status == "committed" && spent[0] == spent[1]
        }
    };
    if same {
        let version = shown.version();
        return Ok((attempt.plan(), Answer::ok(json!(shown)).at_version(version)));
    }
    let code = if shown.status == "lapsed" { "reservation_lapsed" } else { "reservation_closed" };
    Err(Problem::new(StatusCode::CONFLICT, code, format!("the reservation is {}", shown.status)))
}
