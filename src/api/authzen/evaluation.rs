//! `POST /access/v1/evaluation` and `/access/v1/evaluations`.

use std::sync::Arc;

use aggregates::permission::{Ask, check};
use axum::Json;
use axum::extract::State;
use axum::http::StatusCode;
use serde_json::{Map, Value, json};

use super::words::{Deed, Entity, Said, asking, context_of, member_of, not_here, part, told, zone_of};
use crate::api::checks::MOST;
use crate::api::request::Command;
use crate::engine::{Answer, App, Caller, Problem, Ruling, decision, may_ask_about, permit_in_zone};
use crate::governance::{admitting, counts};

/// Evaluates one question. What a rate limit speaks of is counted when it is allowed, as by `/check`.
pub async fn evaluate(State(app): State<Arc<App>>, command: Command<Map<String, Value>>) -> Result<Json<Value>, Problem> {
    let Command { envelope, body } = command;
    if let Some(done) = app.answered(&envelope).await? {
        return Ok(Json(done.answer.body.value()));
    }
    let ruling = app.ruling(envelope.caller.organization_id).await?;
    match posed(&app, &ruling, &envelope.caller, &body)? {
        Posed::Nothing(answer) => Ok(Json(answer)),
        Posed::Question(zone, ask) => {
            let answer = check(&ruling.authority, zone, &ask);
            let counted = answer.is_allowed() && counts(&ruling, &envelope.caller, zone, &ask);
            if !counted || envelope.dry_run {
                return Ok(Json(told(&answer, ruling.position)));
            }
            let admitted = app.command(
                &envelope,
                decision!(attempt, [ask] => {
                    let ask = Ask { now: attempt.now, ..Ask::clone(ask) };
                    let (plan, answer) = admitting(attempt, zone, &ask).await?;
                    Ok((plan, Answer::ok(told(&answer, attempt.ruling.position))))
                }),
            );
            Ok(Json(admitted.await?.answer.body.value()))
        }
    }
}

/// A question, or the answer where there is nothing to ask about.
enum Posed {
    Question(aggregates::ids::ZoneId, Box<Ask>),
    Nothing(Value),
}

fn posed(app: &App, ruling: &Ruling, caller: &Caller, body: &Map<String, Value>) -> Result<Posed, Problem> {
    let (subject, resource): (Entity, Entity) = (part(body, "subject")?, part(body, "resource")?);
    let deed: Deed = part(body, "action")?;
    let context = context_of(body)?;
    let said = Said { deed: &deed, resource: Some(&resource), context: context.as_ref() };
    let now = app.clock.now();
    let authority = &ruling.authority;
    let Some(zone) = zone_of(authority, &resource) else {
        return Ok(Posed::Nothing(not_here("no_such_zone", "there is no such zone here", ruling.position)));
    };
    let Some(member) = member_of(authority, &subject) else {
        permit_in_zone(ruling, caller, zone, "zone.read", now)?;
        return Ok(Posed::Nothing(not_here("not_a_member", "there is no such member here", ruling.position)));
    };
    may_ask_about(ruling, caller, member, zone, now)?;
    Ok(Posed::Question(zone, Box::new(asking(caller, member, said, now)?)))
}

/// What is wrong with one question of many is told in its place; the others are answered.
fn unanswerable(problem: &Problem) -> Value {
    let error = json!({"status": problem.status, "code": problem.code, "message": problem.detail, "errors": problem.errors});
    json!({"decision": false, "context": {"error": error}})
}

/// When to stop.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Semantic {
    ExecuteAll,
    DenyOnFirstDeny,
    PermitOnFirstPermit,
}

fn semantic(body: &Map<String, Value>) -> Result<Semantic, Problem> {
    let at = "/options/evaluations_semantic";
    match body.get("options").and_then(|options| options.get("evaluations_semantic")) {
        None => Ok(Semantic::ExecuteAll),
        Some(Value::String(text)) if text == "execute_all" => Ok(Semantic::ExecuteAll),
        Some(Value::String(text)) if text == "deny_on_first_deny" => Ok(Semantic::DenyOnFirstDeny),
        Some(Value::String(text)) if text == "permit_on_first_permit" => Ok(Semantic::PermitOnFirstPermit),
        Some(_) => {
            let message = "must be execute_all, deny_on_first_deny or permit_on_first_permit";
            Err(Problem::at(StatusCode::BAD_REQUEST, at, "invalid", message))
        }
    }
}

/// Evaluates many questions, in order; what a question leaves out is taken from the request. It only asks: nothing is counted.
pub async fn evaluate_all(state: State<Arc<App>>, command: Command<Map<String, Value>>) -> Result<Json<Value>, Problem> {
    let questions = match command.body.get("evaluations") {
        None => return evaluate(state, command).await,
        Some(Value::Array(questions)) if questions.is_empty() => return evaluate(state, command).await,
        Some(Value::Array(questions)) if questions.len() <= MOST => questions.clone(),
        Some(_) => {
            let message = format!("must be an array of at most {MOST} evaluations");
            return Err(Problem::at(StatusCode::BAD_REQUEST, "/evaluations", "invalid", &message));
        }
    };
    let Command { envelope, body } = command;
    let semantic = semantic(&body)?;
    let State(app) = state;
    let ruling = app.ruling(envelope.caller.organization_id).await?;
    let mut answers = Vec::with_capacity(questions.len());
    for (index, question) in questions.into_iter().enumerate() {
        let Value::Object(own) = question else {
            let at = format!("/evaluations/{index}");
            return Err(Problem::at(StatusCode::BAD_REQUEST, &at, "invalid", "must be an object"));
        };
        let mut whole: Map<String, Value> = ["subject", "action", "resource", "context"]
            .into_iter()
            .filter_map(|key| Some((key.to_owned(), body.get(key)?.clone())))
            .collect();
        whole.extend(own);
        let answer = match posed(&app, &ruling, &envelope.caller, &whole) {
            Ok(Posed::Nothing(answer)) => answer,
            Ok(Posed::Question(zone, ask)) => told(&check(&ruling.authority, zone, &ask), ruling.position),
            Err(problem) if problem.status < 500 => unanswerable(&problem),
            Err(problem) => return Err(problem),
        };
        let permitted = answer["decision"] == json!(true);
        answers.push(answer);
        match semantic {
            Semantic::DenyOnFirstDeny if !permitted => break,
            Semantic::PermitOnFirstPermit if permitted => break,
            Semantic::ExecuteAll | Semantic::DenyOnFirstDeny | Semantic::PermitOnFirstPermit => {}
        }
    }
    Ok(Json(json!({"evaluations": answers})))
}
