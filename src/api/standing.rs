//! `GET /members/{id}/reputation`.

use std::sync::Arc;

use aggregates::amount::Quantity;
use aggregates::ids::{MemberId, ProposalId, ZoneId};
use axum::Json;
use axum::extract::{Path, State};
use chrono::{DateTime, Utc};
use projections::{reviewers, standing};
use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};
use uuid::Uuid;

use super::page::{Page, Wanted};
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

/// What someone is trusted with, and why.
#[derive(Debug, Serialize, ToSchema)]
pub struct StandingView {
    member_id: MemberId,
    reputation: Quantity,
    /// What of it is not at stake.
    available: Quantity,
    stakes: Vec<StakeView>,
    reviews: ReviewsView,
    /// What changed it, the latest first.
    #[serde(flatten)]
    history: Page<StepView>,
}

/// What someone has put at stake on a proposal; which one is `null` where the caller may not see it.
#[derive(Debug, Serialize, ToSchema)]
pub struct StakeView {
    proposal_id: Option<ProposalId>,
    zone_id: Option<ZoneId>,
    amount: Quantity,
}

/// What someone's reviews amount to: shares in thousandths, `null` where nothing is known yet.
#[derive(Debug, Serialize, ToSchema)]
pub struct ReviewsView {
    asked: u64,
    in_time: u64,
    upheld: u64,
    overturned: u64,
    open: u64,
    response_per_mille: Option<u64>,
    accuracy_per_mille: Option<u64>,
    median_answer_seconds: Option<u64>,
}

/// One change of someone's reputation; where, and over what, is `null` where the caller may not see it.
#[derive(Debug, Serialize, ToSchema)]
pub struct StepView {
    position: u64,
    kind: String,
    magnitude: Quantity,
    /// What it was afterwards; `null` where it did not change.
    reputation: Option<Quantity>,
    zone_id: Option<ZoneId>,
    cause: CauseView,
    at: DateTime<Utc>,
}

/// What a change rests on.
#[derive(Debug, Serialize, ToSchema)]
pub struct CauseView {
    r#type: String,
    id: Option<Uuid>,
}

/// What someone is trusted with, what of it is at stake, what their reviews amount to, and how it came to be, the latest first.
#[utoipa::path(get, path = "/members/{id}/reputation", tag = "organizations", params(("id" = String, Path), Which),
    responses((status = 200, body = StandingView), (status = 404, body = Problem)))]
pub async fn read(
    State(app): State<Arc<App>>,
    Reader(caller): Reader,
    Path(id): Path<String>,
    Query(which): Query<Which>,
) -> Result<Json<StandingView>, Problem> {
    let id: MemberId = id_in_path(&id, "member")?;
    let wanted = Wanted::read(which.limit, which.cursor.as_deref())?;
    app.fresh_views(caller.organization_id, which.after).await?;
    let ruling = app.ruling(caller.organization_id).await?;
    let member = ruling.authority.organization.anyone(id).ok_or_else(|| Problem::not_found("member"))?;
    let statement = standing::page(caller.organization_id, id, wanted.before(), wanted.one_more());
    let rows = app.views.live().db.rows(statement).await?;
    let sight = Sight { ruling: &ruling, caller: &caller, now: app.clock.now() };
    let stake = |(proposal_id, (zone_id, amount)): (&ProposalId, &(ZoneId, Quantity))| {
        let seen = sight.reaches(*zone_id);
        StakeView { proposal_id: seen.then_some(*proposal_id), zone_id: seen.then_some(*zone_id), amount: *amount }
    };
    Ok(Json(StandingView {
        member_id: id,
        reputation: member.reputation,
        available: member.unstaked(),
        stakes: member.stakes.iter().map(stake).collect(),
        reviews: reviews(&app, &caller, id).await?,
        history: wanted.page(rows.iter().map(|row| step(row, sight)).collect::<Result<_, _>>()?),
    }))
}

async fn reviews(app: &App, caller: &Caller, member: MemberId) -> Result<ReviewsView, Problem> {
    let record = member_record(app, caller.organization_id, member).await?;
    let share = |part: u64, whole: u64| (whole > 0).then(|| part * 1_000 / whole);
    let times = app.views.live().db.rows(reviewers::answer_times(caller.organization_id, member)).await?;
    let middle = times.len().checked_sub(1).and_then(|last| times.get(last / 2));
    Ok(ReviewsView {
        asked: record.asked,
        in_time: record.in_time,
        upheld: record.upheld,
        overturned: record.overturned,
        open: record.open,
        response_per_mille: share(record.in_time, record.asked),
        accuracy_per_mille: share(record.upheld, record.upheld + record.overturned),
        median_answer_seconds: middle.map(|row| row.number("answer_seconds")).transpose()?,
    })
}

fn step(row: &Row, sight: Sight<'_>) -> Result<(u64, StepView), Problem> {
    let position = row.number("position")?;
    let (zone, cause) = (ZoneId(row.id("zone_id")?), row.id("cause_id")?);
    let seen = sight.reaches(zone);
    let shown = StepView {
        position,
        kind: row.text("kind")?,
        magnitude: row.decimal("magnitude")?,
        reputation: row.optional("after", Row::decimal)?,
        zone_id: seen.then_some(zone),
        cause: CauseView { r#type: row.text("cause")?, id: seen.then_some(cause) },
        at: row.time("at")?,
    };
    Ok((position, shown))
}
