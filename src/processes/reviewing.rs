//! Asking a language model to review finished work: finds evaluations that wait for it, and hands in what comes back.

use std::sync::Arc;

use aggregates::ids::{EvaluationId, OrganizationId};
use projections::deadlines::Kind;

use super::asking::{Waiting, ask_about_each};
use super::tasks::Tasks;
use crate::engine::{App, Problem};
use crate::gardener::{Failure, Gardener};
use crate::governance::evaluating::{question_about, review};

const WAITING: Waiting = Waiting { name: "review", kind: Kind::Review, most_at_once: 4 };

/// Asks until told to end.
pub async fn review_work(app: Arc<App>, gardener: Gardener, tasks: Tasks) {
    let ask = |organization, id| ask(Arc::clone(&app), gardener.clone(), organization, EvaluationId(id));
    ask_about_each(Arc::clone(&app), tasks, WAITING, ask).await;
}

async fn ask(app: Arc<App>, gardener: Gardener, organization: OrganizationId, id: EvaluationId) -> Result<(), Problem> {
    let Some(question) = question_about(&app, id).await? else { return Ok(()) };
    let (answer, consultation) = gardener.consult(&question).await;
    review(&app, organization, id, &answer.map_err(Failure::code), Some(&consultation)).await
}
