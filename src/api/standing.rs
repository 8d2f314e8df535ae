//! `GET /members/{id}/reputation`.

use std::sync::Arc;

use aggregates::ids::{MemberId, ZoneId};
use axum::Json;
use axum::extract::{Path, State};
use projections::{reviewers, standing};
use serde::Deserialize;
use serde_json::{Value, json};
use utoipa::IntoParams;

use super::page::Wanted;
use super::request::{Query, Reader, id_in_path};
use super::sight::Sight;
use crate::engine::{App, Caller, Problem};
use crate::governance::member_record;
use crate::store::Row;

/// Which part of the history.
#[derive(Debug, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
#[serde(deny_unknown_fields)]
pub struct Which {
    limit: Option<u64>,
    cursor: Option<String>,
    after: Option<u64>,
}

/// What someone is trusted with, what of it is at stake, what their reviews amount to, and how it came to be, the latest first.
#[utoipa::path(get, path = "/members/{id}/reputation", tag = "organizations", params(("id" = String, Path), Which),
    responses((status = 200, description = "`reputation`, `available`, `stakes`, `reviews`, and a page of history"), (status = 404, body = Problem)))]
pub async fn read(
    State(app): State<Arc<App>>,
    Reader(caller): Reader,
    Path(id): Path<String>,
    Query(which): Query<Which>,
) -> Result<Json<Value>, Problem> {
    let id: MemberId = id_in_path(&id, "member")?;
    let wanted = Wanted::read(which.limit, which.cursor.as_deref())?;
    app.fresh_views(caller.organization_id, which.after).await?;
    let ruling = app.ruling(caller.organization_id).await?;
    let member = ruling.authority.organization.anyone(id).ok_or_else(|| Problem::not_found("member"))?;
    let statement = standing::page(caller.organization_id, id, wanted.before(), wanted.one_more());
    let rows = app.views.live().db.rows(statement).await?;
    let sight = Sight { ruling: &ruling, caller: &caller, now: app.clock.now() };
    let mut shown = wanted.page(rows.iter().map(|row| item(row, sight)).collect::<Result<_, _>>()?);
    shown["member_id"] = json!(id);
    shown["reputation"] = json!(member.reputation);
    shown["available"] = json!(member.unstaked());
    let stake = |(proposal_id, (zone_id, amount)): (_, &(ZoneId, _))| {
        let seen = sight.reaches(*zone_id);
        json!({"proposal_id": seen.then_some(proposal_id), "zone_id": seen.then_some(zone_id), "amount": amount})
    };
    shown["stakes"] = member.stakes.iter().map(stake).collect();
    shown["reviews"] = reviews(&app, &caller, id).await?;
    Ok(Json(shown))
}

/// What someone's reviews amount to: shares in thousandths, null where nothing is known yet.
async fn reviews(app: &App, caller: &Caller, member: MemberId) -> Result<Value, Problem> {
    let record = member_record(app, caller.organization_id, member).await?;
    let share = |part: u64, whole: u64| (whole > 0).then(|| part * 1_000 / whole);
    let times = app.views.live().db.rows(reviewers::answer_times(caller.organization_id, member)).await?;
    let middle = times.len().checked_sub(1).and_then(|last| times.get(last / 2));
    Ok(json!({
        "asked": record.asked, "in_time": record.in_time, "upheld": record.upheld, "overturned": record.overturned,
        "open": record.open, "response_per_mille": share(record.in_time, record.asked),
        "accuracy_per_mille": share(record.upheld, record.upheld + record.overturned),
        "median_answer_seconds": middle.map(|row| row.number("answer_seconds")).transpose()?,
    }))
}

/// What changed someone's reputation; where, and over what, only if the caller may see it.
fn item(row: &Row, sight: Sight<'_>) -> Result<(u64, Value), Problem> {
    let number = |text: String| text.parse::<serde_json::Number>().ok();
    let position = row.number("position")?;
    let (zone, cause) = (row.id("zone_id")?, row.id("cause_id")?);
    let seen = sight.reaches(ZoneId(zone));
    let shown = json!({
        "position": position, "kind": row.text("kind")?, "magnitude": number(row.text("magnitude")?),
        "reputation": row.optional("after", Row::text)?.and_then(number), "zone_id": seen.then_some(zone),
        "cause": {"type": row.text("cause")?, "id": seen.then_some(cause)}, "at": row.time("at")?,
    });
    Ok((position, shown))
}
