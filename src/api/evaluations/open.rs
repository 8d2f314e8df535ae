//! `POST /evaluations`.

use std::sync::Arc;

use aggregates::evaluation::Evaluation;
use aggregates::ids::{EvaluationId, MemberId, ProposalId};
use axum::extract::State;
use serde::Deserialize;
use utoipa::ToSchema;

use super::EvaluationView;
use super::view::created;
use crate::api::proposals;
use crate::api::request::Command;
use crate::engine::{App, Done, Problem, decision};
use crate::entropy;
use crate::governance::evaluating;

/// What is to be judged.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct NewEvaluation {
    proposal_id: ProposalId,
    /// Who did it, where the proposal does not say; its proposer when absent.
    executor_id: Option<MemberId>,
}

/// Opens the judgement of what came of an executed proposal, by the criteria its zone has now.
#[utoipa::path(post, path = "/evaluations", tag = "evaluations", request_body = NewEvaluation,
    responses((status = 201, body = EvaluationView), (status = "4XX", body = Problem)))]
pub async fn open(State(app): State<Arc<App>>, command: Command<NewEvaluation>) -> Result<Done, Problem> {
    let Command { envelope, body } = command;
    let id = EvaluationId(entropy::new_id());
    app.command(
        &envelope,
        decision!(attempt, [body] => {
            let found = proposals::in_organization(attempt, body.proposal_id).await;
            let nowhere = |problem: Problem| match problem.status {
                404 => Problem::named_nowhere("/proposal_id", "proposal"),
                _ => problem,
            };
            let (proposal, zone) = found.map_err(nowhere)?;
            attempt.permit_in_force(zone, "evaluation.create")?;
            let here = |executor: &MemberId| attempt.authority().organization.anyone(*executor).is_some();
            if body.executor_id.as_ref().is_some_and(|executor| !here(executor)) {
                return Err(Problem::named_nowhere("/executor_id", "member"));
            }
            let mut plan = attempt.plan();
            let opened_by = Some(attempt.caller.id());
            let state = evaluating::open(attempt, &mut plan, &proposal, id, body.executor_id, opened_by).await?;
            let version = plan.sequence_after::<Evaluation>(id, 0);
            Ok((plan, created(&state, id, version)?))
        }),
    )
    .await
}
