//! `POST /evaluations/{id}/scores`, `/auto-evaluate` and `/finalize`.

use std::sync::Arc;

use aggregates::actor::PrincipalKind;
use aggregates::evaluation::{self, Command as Judging, Evaluation, Rejection, Score, State as Judged, is_open_to_judging};
use aggregates::ids::{EvaluationId, ZoneId};
use aggregates::proposal::Proposal;
use aggregates::text::{Label, Prose};
use axum::extract::{Path, State};
use serde::Deserialize;
use utoipa::ToSchema;

use super::{EvaluationView, answer, in_organization};
use crate::api::request::{Command, Nothing, id_in_path};
use crate::engine::{App, Attempt, Done, Problem, decision};
use crate::governance::evaluating;

/// A score.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct NewScore {
    #[schema(value_type = String)]
    criterion: Label,
    /// From 0 to 1.
    score: Score,
    rationale: Prose,
}

async fn must_be_impartial(attempt: &Attempt, evaluation: &Judged) -> Result<(), Problem> {
    let opened = evaluation.opened.as_ref().ok_or_else(|| Problem::not_found("evaluation"))?;
    let proposal = attempt.load::<Proposal>(opened.proposal_id).await?;
    let (organization, asked) = (&attempt.authority().organization, proposal.state.opening.as_deref());
    evaluation::must_be_impartial(organization, asked, opened.executor_id, attempt.caller.id())
        .map_err(|rejection| Problem::of(&rejection))
}

fn must_be_open_to_judge(attempt: &Attempt, zone: ZoneId) -> Result<(), Problem> {
    let open = is_open_to_judging(&attempt.authority().tree, zone);
    if open { attempt.permit(zone, "evaluation.submit") } else { attempt.permit_in_force(zone, "evaluation.submit") }
}

fn must_be_human(attempt: &Attempt) -> Result<(), Problem> {
    let human = attempt.caller.actor.kind == PrincipalKind::Human;
    if human { Ok(()) } else { Err(Problem::of(&Rejection::NotHuman)) }
}

/// Scores a criterion, once.
#[utoipa::path(post, path = "/evaluations/{id}/scores", tag = "evaluations", params(("id" = String, Path)), request_body = NewScore,
    responses((status = 200, body = EvaluationView), (status = "4XX", body = Problem)))]
pub async fn score(State(app): State<Arc<App>>, Path(id): Path<String>, command: Command<NewScore>) -> Result<Done, Problem> {
    let Command { envelope, body } = command;
    let id: EvaluationId = id_in_path(&id, "evaluation")?;
    app.command(
        &envelope,
        decision!(attempt, [body] => {
            let (loaded, zone) = in_organization(attempt, id).await?;
            must_be_open_to_judge(attempt, zone)?;
            must_be_impartial(attempt, &loaded.state).await?;
            attempt.must_match(loaded.sequence)?;
            must_be_human(attempt)?;
            let mut plan = attempt.plan();
            let score = Judging::Score {
                evaluator_id: attempt.caller.id(),
                criterion: body.criterion.clone(),
                score: body.score,
                rationale: body.rationale.clone(),
                now: attempt.now,
            };
            let state = plan.decide(&loaded, score).await?;
            let version = plan.sequence_after::<Evaluation>(id, loaded.sequence);
            Ok((plan, answer(&state, version)?))
        }),
    )
    .await
}

/// Makes the automated checks that have no score yet, and has the language model asked about what it is to review. What
/// cannot be scored says why, and can be tried again.
#[utoipa::path(post, path = "/evaluations/{id}/auto-evaluate", tag = "evaluations", params(("id" = String, Path)),
    responses((status = 200, body = EvaluationView), (status = "4XX", body = Problem)))]
pub async fn auto_evaluate(
    State(app): State<Arc<App>>,
    Path(id): Path<String>,
    command: Command<Nothing>,
) -> Result<Done, Problem> {
    let id: EvaluationId = id_in_path(&id, "evaluation")?;
    app.command(
        &command.envelope,
        decision!(attempt, [] => {
            let (loaded, zone) = in_organization(attempt, id).await?;
            must_be_open_to_judge(attempt, zone)?;
            must_be_impartial(attempt, &loaded.state).await?;
            attempt.must_match(loaded.sequence)?;
            let mut plan = attempt.plan();
            let sequence = loaded.sequence;
            let checked = evaluating::check_automatically(attempt, &mut plan, loaded).await?;
            let reviewed = evaluating::ask_for_reviews(attempt, &mut plan, checked).await?;
            let version = plan.sequence_after::<Evaluation>(id, sequence);
            Ok((plan, answer(&reviewed.state, version)?))
        }),
    )
    .await
}

/// Completes it. Its effect on reputation and stakes is part of the same transaction.
#[utoipa::path(post, path = "/evaluations/{id}/finalize", tag = "evaluations", params(("id" = String, Path)),
    responses((status = 200, body = EvaluationView), (status = "4XX", body = Problem)))]
pub async fn finalize(State(app): State<Arc<App>>, Path(id): Path<String>, command: Command<Nothing>) -> Result<Done, Problem> {
    let id: EvaluationId = id_in_path(&id, "evaluation")?;
    app.command(
        &command.envelope,
        decision!(attempt, [] => {
            let (loaded, zone) = in_organization(attempt, id).await?;
            must_be_open_to_judge(attempt, zone)?;
            must_be_impartial(attempt, &loaded.state).await?;
            attempt.must_match(loaded.sequence)?;
            let mut plan = attempt.plan();
            let state = evaluating::finalize(attempt, &mut plan, &loaded).await?;
            let version = plan.sequence_after::<Evaluation>(id, loaded.sequence);
            Ok((plan, answer(&state, version)?))
        }),
    )
    .await
}
