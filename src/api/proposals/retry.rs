//! `POST /proposals/{id}/retry-execution`.

use std::sync::Arc;

use aggregates::ids::{ProposalId, ZoneId};
use aggregates::proposal::{ExecutionStatus, Proposal};
use axum::extract::{Path, State};
use axum::http::StatusCode;

use super::{ProposalView, answer, in_organization};
use crate::api::request::{Command, Nothing, id_in_path};
use crate::engine::{App, Attempt, Done, Problem, decision};
use crate::governance::execute;

/// Whoever may write the zone may retry. A zone that blocks `zone.write` is changed only by proposal, and this is one.
fn may_retry(attempt: &Attempt, zone: ZoneId) -> Result<(), Problem> {
    match attempt.permit(zone, "zone.write") {
        Err(problem) if problem.code == "action_blocked" => attempt.permit_by_role(zone, "zone.write"),
        permitted => permitted,
    }
}

/// Executes again what failed, against the policy in force now.
#[utoipa::path(post, path = "/proposals/{id}/retry-execution", tag = "proposals", params(("id" = String, Path)),
    responses((status = 200, body = ProposalView), (status = "4XX", body = Problem)))]
pub async fn retry_execution(
    State(app): State<Arc<App>>,
    Path(id): Path<String>,
    command: Command<Nothing>,
) -> Result<Done, Problem> {
    let id: ProposalId = id_in_path(&id, "proposal")?;
    app.command(
        &command.envelope,
        decision!(attempt, [] => {
            let (loaded, zone) = in_organization(attempt, id).await?;
            may_retry(attempt, zone)?;
            attempt.must_match(loaded.sequence)?;
            let execution = loaded.state.execution.as_ref();
            if execution.is_none_or(|execution| execution.status != ExecutionStatus::Failed) {
                return Err(Problem::new(StatusCode::CONFLICT, "nothing_to_execute", "there is no failed execution to retry"));
            }
            let mut plan = attempt.plan();
            let state = execute(attempt, &mut plan, &loaded).await?;
            let version = plan.sequence_after::<Proposal>(id, loaded.sequence);
            Ok((plan, answer(&state, version)?))
        }),
    )
    .await
}
