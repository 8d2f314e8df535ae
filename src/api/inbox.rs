//! `GET /me/inbox` and `POST /me/inbox/read`.

use std::collections::BTreeSet;
use std::sync::Arc;

use aggregates::evaluation::{Evaluation, is_open_to_judging, must_be_impartial};
use aggregates::ids::{EvaluationId, ProposalId, ZoneId};
use aggregates::inbox::{Command as Marking, Inbox};
use aggregates::policy::Risk;
use aggregates::proposal::Proposal;
use axum::Json;
use axum::extract::State;
use chrono::{DateTime, Utc};
use projections::{evaluations, inbox, proposals};
use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};
use uuid::Uuid;

use super::page::{Page, Wanted};
use super::request::{Command, Query, Reader};
use super::sight::Sight;
use crate::engine::{Answer, App, Caller, Done, Problem, decision, permit_in_zone};
use crate::store::Row;

/// The most of what waits that is listed with the inbox; the rest is in the lists behind it.
const WAITING: usize = 50;
/// How many judgements are looked at in one go for those that wait.
const STRIDE: u64 = 200;

/// Which page.
#[derive(Debug, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
#[serde(deny_unknown_fields)]
pub struct Which {
    limit: Option<u64>,
    cursor: Option<String>,
    after: Option<u64>,
}

/// What waits for someone, and what changed for them.
#[derive(Debug, Serialize, ToSchema)]
pub struct InboxView {
    /// How much of what changed has not been read.
    unread: u64,
    waiting: Waiting,
    /// What changed, the latest first.
    #[serde(flatten)]
    news: Page<News>,
}

/// What waits; at most 50 of each kind, the rest is in the lists behind it.
#[derive(Debug, Serialize, ToSchema)]
pub struct Waiting {
    reviews: Vec<WaitingReview>,
    evaluations: Vec<WaitingJudgement>,
}

/// A proposal that waits for the caller's vote.
#[derive(Debug, Serialize, ToSchema)]
pub struct WaitingReview {
    proposal_id: ProposalId,
    zone_id: ZoneId,
    title: String,
    risk_level: Risk,
    deadline: Option<DateTime<Utc>>,
}

/// A judgement that waits for a score of the caller's, or to be finished by them.
#[derive(Debug, Serialize, ToSchema)]
#[expect(clippy::struct_field_names, reason = "the names clients read")]
pub struct WaitingJudgement {
    evaluation_id: EvaluationId,
    zone_id: ZoneId,
    proposal_id: ProposalId,
}

/// Something that changed.
#[derive(Debug, Serialize, ToSchema)]
pub struct News {
    /// Where it is in the log.
    position: u64,
    /// What happened.
    kind: String,
    zone_id: Option<ZoneId>,
    subject: NewsSubject,
    at: DateTime<Utc>,
    read: bool,
}

/// What it happened to.
#[derive(Debug, Serialize, ToSchema)]
pub struct NewsSubject {
    r#type: String,
    id: Uuid,
}

/// What waits for the caller (reviews and judgements), and what changed for the caller, the latest first.
#[utoipa::path(get, path = "/me/inbox", tag = "organizations", params(Which),
    responses((status = 200, body = InboxView)))]
pub async fn read(
    State(app): State<Arc<App>>,
    Reader(caller): Reader,
    Query(which): Query<Which>,
) -> Result<Json<InboxView>, Problem> {
    let wanted = Wanted::read(which.limit, which.cursor.as_deref())?;
    app.fresh_views(caller.organization_id, which.after).await?;
    app.permitted(&caller, "zone.read").await?;
    let statement = inbox::page(caller.organization_id, caller.id(), wanted.before(), wanted.one_more());
    let rows = app.views.live().db.rows(statement).await?;
    let unread = app.views.live().db.row(inbox::unread(caller.organization_id, caller.id())).await?;
    Ok(Json(InboxView {
        unread: unread.map_or(Ok(0), |row| row.number("unread"))?,
        waiting: Waiting { reviews: reviews(&app, &caller).await?, evaluations: judgements(&app, &caller).await? },
        news: wanted.page(rows.iter().map(news).collect::<Result<_, _>>()?),
    }))
}

fn news(row: &Row) -> Result<(u64, News), Problem> {
    let position = row.number("position")?;
    let shown = News {
        position,
        kind: row.text("kind")?,
        zone_id: row.optional("zone_id", Row::id)?.map(ZoneId),
        subject: NewsSubject { r#type: row.text("subject_type")?, id: row.id("subject_id")? },
        at: row.time("at")?,
        read: row.number("is_read")? == 1,
    };
    Ok((position, shown))
}

/// Proposals that wait for the caller's vote.
async fn reviews(app: &App, caller: &Caller) -> Result<Vec<WaitingReview>, Problem> {
    let ruling = app.ruling(caller.organization_id).await?;
    let sight = Sight { ruling: &ruling, caller, now: app.clock.now() };
    let wanted = Wanted { limit: WAITING as u64, cursor: None };
    let statement = |before, limit| proposals::pending_reviews(caller.organization_id, caller.id(), before, limit);
    let item = |row: &Row| {
        let shown = WaitingReview {
            proposal_id: ProposalId(row.id("proposal_id")?),
            zone_id: ZoneId(row.id("zone_id")?),
            title: row.text("title")?,
            risk_level: row.word("risk_level")?,
            deadline: row.optional("deadline", Row::time)?,
        };
        Ok((row.number("opened_position")?, shown))
    };
    let in_sight = sight.rows(app, &wanted, statement, item).await?;
    Ok(in_sight.into_iter().take(WAITING).map(|(_, shown)| shown).collect())
}

/// Judgements that wait for something of the caller's: a score that is not given yet, or to be finished.
async fn judgements(app: &App, caller: &Caller) -> Result<Vec<WaitingJudgement>, Problem> {
    let ruling = app.ruling(caller.organization_id).await?;
    let organization = &ruling.authority.organization;
    let (mut shown, mut after) = (Vec::new(), 0);
    loop {
        let rows = app.views.live().db.rows(evaluations::unfinished(caller.organization_id, after, STRIDE)).await?;
        for row in &rows {
            let (zone_id, executor) = (ZoneId(row.id("zone_id")?), row.id("executor_id")?.into());
            let (evaluation_id, proposal_id) = (EvaluationId(row.id("evaluation_id")?), ProposalId(row.id("proposal_id")?));
            after = row.number("position")?;
            let may = permit_in_zone(&ruling, caller, zone_id, "evaluation.submit", app.clock.now()).is_ok();
            if !may || !is_open_to_judging(&ruling.authority.tree, zone_id) {
                continue;
            }
            let proposal = app.load::<Proposal>(proposal_id, false).await?;
            let asked = proposal.state.opening.as_deref();
            let impartial = must_be_impartial(organization, asked, executor, caller.id()).is_ok();
            let evaluation = app.load::<Evaluation>(evaluation_id, false).await?;
            if impartial && evaluation.state.waits_for(caller.id(), caller.actor.kind) {
                shown.push(WaitingJudgement { evaluation_id, zone_id, proposal_id });
            }
            if shown.len() == WAITING {
                return Ok(shown);
            }
        }
        if (rows.len() as u64) < STRIDE {
            return Ok(shown);
        }
    }
}

/// What has been read.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct Marks {
    /// Everything up to this log position.
    up_to: Option<u64>,
    /// What happened at these; at most 200.
    #[serde(default)]
    positions: BTreeSet<u64>,
}

/// Marks what changed as read. An auditor changes nothing, not even that.
#[utoipa::path(post, path = "/me/inbox/read", tag = "organizations", request_body = Marks,
    responses((status = 204, description = "Marked"), (status = "4XX", body = Problem)))]
pub async fn mark_read(State(app): State<Arc<App>>, command: Command<Marks>) -> Result<Done, Problem> {
    let Command { envelope, body } = command;
    // What has not happened yet cannot have been read.
    let head = app.log.organization_head(envelope.caller.organization_id).await?;
    app.command(
        &envelope,
        decision!(attempt, [body] => {
            attempt.token_must_cover("zone.read")?;
            attempt.refuse_auditors("member.write")?;
            let member_id = attempt.caller.id();
            let inbox = attempt.load::<Inbox>(member_id).await?;
            let (up_to, positions) = (body.up_to.map(|up_to| up_to.min(head)), body.positions.iter().map(|at| (*at).min(i64::MAX as u64)).collect());
            let mut plan = attempt.plan();
            plan.decide(&inbox, Marking::MarkRead { member_id, up_to, positions, now: attempt.now }).await?;
            Ok((plan, Answer::nothing()))
        }),
    )
    .await
}
