//! `POST /proposals`.

use std::sync::Arc;

use aggregates::decision_model::DecisionModel;
use aggregates::ids::{ProposalId, ZoneId};
use aggregates::proposal::{Proposal, ProposalType, Submission, prepare, read_subject};
use aggregates::text::{Name, Prose};
use axum::extract::State;
use axum::http::StatusCode;
use chrono::{DateTime, Utc};
use serde::Deserialize;
use serde_json::Value;
use utoipa::ToSchema;

use super::{ProposalView, answer};
use crate::api::request::Command;
use crate::engine::{Answer, App, Attempt, Done, Plan, Problem, decision};
use crate::entropy;
use crate::governance::opening;

/// A new proposal.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct NewProposal {
    zone_id: ZoneId,
    r#type: ProposalType,
    title: Name,
    description: Option<Prose>,
    /// By type: `task_execution`, `resource_allocation`, `zone_change`, `membership_change`.
    #[schema(value_type = Object)]
    payload: Value,
    /// Stricter than the zone's.
    decision_model: Option<DecisionModel>,
    expires_at: Option<DateTime<Utc>>,
}

/// Opens a proposal with its electorate. What could not be executed now, or decided by nobody, is refused with the reason.
#[utoipa::path(post, path = "/proposals", tag = "proposals", request_body = NewProposal,
    responses((status = 201, body = ProposalView), (status = "4XX", body = Problem)))]
pub async fn submit(State(app): State<Arc<App>>, command: Command<NewProposal>) -> Result<Done, Problem> {
    let Command { envelope, body } = command;
    let subject = read_subject(body.r#type, &body.payload).map_err(|fault| Problem::faults(vec![fault]))?;
    let id = ProposalId(entropy::new_id());
    app.command(
        &envelope,
        decision!(attempt, [body, subject] => {
            if attempt.authority().tree.zone(body.zone_id).is_none() {
                return Err(Problem::named_nowhere("/zone_id", "zone"));
            }
            attempt.permit(body.zone_id, "proposal.create")?;
            let submission = Submission {
                id,
                zone_id: body.zone_id,
                proposer_id: attempt.caller.id(),
                title: body.title.clone(),
                description: body.description.clone().unwrap_or_else(Prose::none),
                subject: subject.clone(),
                decision_model: body.decision_model.clone(),
                expires_at: body.expires_at,
                now: attempt.now,
                policy_position: attempt.ruling.position,
            };
            opened(attempt, submission).await
        }),
    )
    .await
}

/// A plan that opens a proposal, and the answer: what it has become.
pub async fn opened(attempt: &Attempt, submission: Submission) -> Result<(Plan, Answer), Problem> {
    let id = submission.id;
    let prepared = prepare(attempt.authority(), submission).map_err(|rejection| Problem::of(&rejection))?;
    let (plan, state) = opening(attempt, prepared).await?;
    let mut answer = answer(&state, plan.sequence_after::<Proposal>(id, 0))?;
    answer.status = StatusCode::CREATED;
    answer.location = Some(format!("/api/v1/proposals/{id}"));
    Ok((plan, answer))
}
