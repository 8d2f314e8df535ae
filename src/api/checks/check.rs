//! `POST /zones/{id}/check`: may it be done here, now, and if not, why.

use std::sync::Arc;

use aggregates::access::{Event as Fact, Particulars};
use aggregates::action::Action;
use aggregates::amount::Amount;
use aggregates::grant::{INEXACT, inexact_number};
use aggregates::ids::{MemberId, ProposalId, ZoneId};
use aggregates::permission::{Answer as Checked, Ask, Decision, Reason, check as check_permission};
use aggregates::proposal::{ProposalType, Subject, Submission, TaskExecution};
use aggregates::text::{Label, Name, Prose};
use axum::Json;
use axum::extract::{Path, State};
use axum::http::StatusCode;
use axum::response::{IntoResponse, Response};
use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value, json};
use utoipa::{IntoParams, ToSchema};

use super::imagined::{Grounds, must_see_parent};
use super::question::Question;
use crate::api::proposals::{ProposalView, opened};
use crate::api::request::{Command, Query, id_in_path, null_or};
use crate::engine::{Answer, App, Attempt, Caller, Done, Envelope, Plan, Problem, decision, may_ask_about, permit_in_zone};
use crate::entropy;
use crate::governance::{admitting, counts};

/// A question of permission, and what is to be done with the answer.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct NewCheck {
    action: Action,
    /// Who would do it; the caller when absent.
    principal_id: Option<MemberId>,
    amount: Option<Amount>,
    board_id: Option<Label>,
    agent_type: Option<Label>,
    tool: Option<Label>,
    /// Numbers are held against `limits` of the same name.
    #[serde(default, deserialize_with = "null_or")]
    #[schema(value_type = Option<Object>)]
    params: Map<String, Value>,
    /// Whether the answer is put on record.
    #[serde(default)]
    record: bool,
    /// Whether a proposal is opened where the answer is `approval_required`.
    #[serde(default)]
    submit: bool,
    /// What the proposal is called; the action's name when absent.
    title: Option<Name>,
    /// What would have been decided at this position of the log.
    at_position: Option<u64>,
    /// What would be decided at this moment; now, or when the event at `at_position` happened, when absent.
    at: Option<DateTime<Utc>>,
    /// What would be decided if this were written to the zone, as a `PATCH` of it would.
    #[schema(value_type = Option<Object>)]
    changes: Option<Map<String, Value>>,
}

impl NewCheck {
    fn question(&self) -> Question {
        Question {
            action: self.action.clone(),
            principal_id: self.principal_id,
            amount: self.amount,
            board_id: self.board_id.clone(),
            agent_type: self.agent_type.clone(),
            tool: self.tool.clone(),
            params: self.params.clone(),
        }
    }

    /// Whether it asks about what is not: nothing is done about such an answer.
    fn is_imagined(&self) -> bool {
        self.at_position.is_some() || self.at.is_some() || self.changes.is_some()
    }
}

/// What is decided, why, and what it rests on.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub struct CheckView {
    decision: Decision,
    /// Why; empty when allowed.
    reasons: Vec<Reason>,
    /// The position of the log that it rests on.
    position: u64,
    /// The moment it is about.
    decided_at: DateTime<Utc>,
    /// What would cure it, where an approval would.
    #[serde(skip_serializing_if = "Option::is_none")]
    cure: Option<Cure>,
    /// The proposal that was opened, where that was asked for.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<ProposalView>)]
    proposal: Option<Value>,
}

/// What would cure an answer.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub struct Cure {
    proposal: CuringProposal,
}

/// A proposal as it would be submitted.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub struct CuringProposal {
    zone_id: ZoneId,
    r#type: ProposalType,
    title: String,
    #[schema(value_type = Object)]
    payload: Value,
}

/// How fresh.
#[derive(Debug, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
#[serde(deny_unknown_fields)]
pub struct Which {
    after: Option<u64>,
    /// Only asks: nothing is counted, recorded or opened.
    #[serde(default)]
    dry_run: bool,
}

/// Decides a question of permission and explains the decision. Decided in memory; only what a rate limit speaks of is counted in
/// the log, when it is allowed.
#[utoipa::path(post, path = "/zones/{id}/check", tag = "checks", params(("id" = String, Path), Which), request_body = NewCheck,
    responses((status = 200, body = CheckView), (status = 201, body = CheckView, description = "A proposal was opened"), (status = "4XX", body = Problem)))]
pub async fn check(
    State(app): State<Arc<App>>,
    Path(id): Path<String>,
    Query(which): Query<Which>,
    command: Command<NewCheck>,
) -> Result<Response, Problem> {
    let Command { envelope, body } = command;
    let caller = &envelope.caller;
    let zone: ZoneId = id_in_path(&id, "zone")?;
    if let Some(done) = app.answered(&envelope).await? {
        return Ok(done.into_response());
    }
    app.fresh_memory(caller.organization_id, which.after).await?;
    let ruling = app.ruling(caller.organization_id).await?;
    let now = app.clock.now();
    may_ask_about(&ruling, caller, body.principal_id.unwrap_or(caller.id()), zone, now)?;
    if body.is_imagined() {
        permit_in_zone(&ruling, caller, zone, "zone.read", now)?;
        return imagined(&app, caller, zone, body).await.map(IntoResponse::into_response);
    }
    let ask = body.question().asking(&ruling.authority, caller, now)?;
    let answer = check_permission(&ruling.authority, zone, &ask);
    let opens = body.submit && answer.decision == Decision::ApprovalRequired;
    let kept = body.record || answer.is_allowed() && counts(&ruling, caller, zone, &ask);
    if opens || kept && !which.dry_run {
        return acted_on(&app, &envelope, zone, &ask, &body).await.map(IntoResponse::into_response);
    }
    Ok(Json(cured(&answer, zone, &ask, ruling.position)).into_response())
}

async fn imagined(app: &App, caller: &Caller, zone: ZoneId, body: NewCheck) -> Result<Json<CheckView>, Problem> {
    let mut grounds = Grounds::at(app, caller, body.at_position, body.at).await?;
    // What was not there yet allows nothing and denies nothing (SPEC C3).
    if grounds.authority.tree.zone(zone).is_none() {
        return Err(Problem::not_found("zone"));
    }
    let question = body.question();
    if let Some(changes) = body.changes {
        must_see_parent(&*app.ruling(caller.organization_id).await?, caller, &changes, app.clock.now())?;
        grounds = grounds.with(zone, changes)?;
    }
    let principal = question.principal_id.unwrap_or(caller.id());
    // Who has been here at any time may be asked about at every time.
    if app.ruling(caller.organization_id).await?.authority.organization.anyone(principal).is_none() {
        return Err(Problem::named_nowhere("/principal_id", "member"));
    }
    let ask = question.asking_of(principal, caller, grounds.now);
    let answer = check_permission(&grounds.authority, zone, &ask);
    Ok(Json(cured(&answer, zone, &ask, grounds.position)))
}

/// What is put on record of an answer.
fn fact(zone_id: ZoneId, ask: &Ask, answer: &Checked) -> Fact {
    let (principal_id, action, reasons) = (ask.principal, ask.action.to_string(), answer.reasons.clone());
    let particulars = Some(Box::new(Particulars::of(ask)));
    match answer.decision {
        Decision::Deny => Fact::CheckDenied { zone_id, principal_id, action, reasons, particulars },
        decision @ (Decision::Allow | Decision::ApprovalRequired) => {
            Fact::CheckAnswered { zone_id, principal_id, action, decision, reasons, particulars }
        }
    }
}

/// The answer, and what is done about it in the same breath: where rate limits speak of the action it is counted (SPEC C7), where
/// that is asked for it is put on record, and a proposal is opened. It may differ from the one that was found before.
async fn acted_on(app: &Arc<App>, envelope: &Envelope, zone: ZoneId, ask: &Ask, body: &NewCheck) -> Result<Done, Problem> {
    app.command(
        envelope,
        decision!(attempt, [ask, body] => {
            let ask = Ask { now: attempt.now, ..Ask::clone(ask) };
            let (mut plan, answer) = if counts(&attempt.ruling, &attempt.caller, zone, &ask) {
                admitting(attempt, zone, &ask).await?
            } else {
                (attempt.plan(), check_permission(attempt.authority(), zone, &ask))
            };
            let mut shown = cured(&answer, zone, &ask, attempt.ruling.position);
            let opens = body.submit && answer.decision == Decision::ApprovalRequired;
            let opened = if opens { Some(opening(attempt, zone, &ask, body.title.as_ref()).await?) } else { None };
            let told = match opened {
                None => Answer::ok(json!(shown)),
                Some((opening, opened)) => {
                    plan = opening;
                    shown.proposal = Some(opened.body.value());
                    let place = opened.location.unwrap_or_default();
                    Answer { version: opened.version, ..Answer::created(json!(shown), place) }
                }
            };
            // A refusal that rests on what others have only handed in is no answer yet.
            if body.record && (answer.is_allowed() || opens || attempt.is_certain()) {
                plan.note(&attempt.caller, &fact(zone, &ask, &answer));
            }
            Ok((plan, told))
        }),
    )
    .await
}

/// The task that an approval would allow.
fn task(ask: &Ask) -> TaskExecution {
    TaskExecution {
        action: ask.action.clone(),
        amount: ask.amount,
        board_id: ask.board_id.clone(),
        tool: ask.tool.clone(),
        params: (!ask.params.is_empty()).then(|| ask.params.clone()),
        executor_id: Some(ask.principal),
    }
}

/// The answer, with the proposal that would cure it where one would.
fn cured(answer: &Checked, zone_id: ZoneId, ask: &Ask, position: u64) -> CheckView {
    let curing = || CuringProposal {
        zone_id,
        r#type: ProposalType::TaskExecution,
        title: ask.action.to_string(),
        payload: Subject::TaskExecution(task(ask)).payload(),
    };
    CheckView {
        decision: answer.decision,
        reasons: answer.reasons.clone(),
        position,
        decided_at: ask.now,
        cure: (answer.decision == Decision::ApprovalRequired).then(|| Cure { proposal: curing() }),
        proposal: None,
    }
}

/// The proposal that would cure the answer, opened.
async fn opening(attempt: &Attempt, zone_id: ZoneId, ask: &Ask, title: Option<&Name>) -> Result<(Plan, Answer), Problem> {
    if let Some(place) = inexact_number(&ask.params) {
        return Err(Problem::at(StatusCode::UNPROCESSABLE_ENTITY, &format!("/params{place}"), "invalid", INEXACT));
    }
    attempt.permit(zone_id, "proposal.create")?;
    let named = || Name::parse(ask.action.as_str()).map_err(|error| Problem::malformed(error.to_string()));
    let submission = Submission {
        id: ProposalId(entropy::new_id()),
        zone_id,
        proposer_id: attempt.caller.id(),
        title: title.cloned().map_or_else(named, Ok)?,
        description: Prose::none(),
        subject: Subject::TaskExecution(task(ask)),
        decision_model: None,
        expires_at: None,
        now: attempt.now,
        policy_position: attempt.ruling.position,
    };
    opened(attempt, submission).await
}
