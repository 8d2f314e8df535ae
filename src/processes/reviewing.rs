//! Asking a language model to review finished work: finds evaluations that wait for it, asks beside every request and outside
//! every transaction, and hands in what comes back. Whatever happens to this process, the clock gives up for it in time.

use std::collections::BTreeSet;
use std::sync::Arc;
use std::time::Duration;

use aggregates::ids::{EvaluationId, OrganizationId};
use projections::deadlines;
use tokio::sync::Semaphore;

use super::tasks::Tasks;
use crate::engine::{App, Problem};
use crate::gardener::{Failure, Gardener};
use crate::governance::evaluating::{question_about, review};
use crate::store::StoreError;

/// The most questions that are under way at once.
const MOST_AT_ONCE: usize = 4;
/// How many waiting evaluations are looked at.
const STRIDE: u64 = 64;
/// How often they are looked for.
const GLANCE: Duration = Duration::from_millis(500);

/// Asks until told to end; each question is a task of its own.
pub async fn review_work(app: Arc<App>, gardener: Gardener, tasks: Tasks) {
    let ending = tasks.ending();
    let free = Arc::new(Semaphore::new(MOST_AT_ONCE));
    let mut taken: BTreeSet<EvaluationId> = BTreeSet::new();
    loop {
        match waiting(&app).await {
            Ok(waiting) => {
                taken.retain(|id| waiting.iter().any(|(_, known)| known == id));
                for (organization, id) in waiting {
                    if taken.contains(&id) {
                        continue;
                    }
                    let Ok(turn) = Arc::clone(&free).try_acquire_owned() else { break };
                    taken.insert(id);
                    let (app, gardener, ending) = (Arc::clone(&app), gardener.clone(), ending.clone());
                    tasks.spawn("review", async move {
                        tokio::select! {
                            asked = ask(&app, &gardener, organization, id) => if let Err(problem) = asked {
                                tracing::warn!(code = problem.code, detail = problem.detail, "a review of work was lost");
                            },
                            () = ending.cancelled() => {}
                        }
                        drop(turn);
                    });
                }
            }
            Err(error) => tracing::warn!(%error, "evaluations that wait for a review cannot be read"),
        }
        tokio::select! {
            () = ending.cancelled() => return,
            () = tokio::time::sleep(GLANCE) => {}
        }
    }
}

async fn waiting(app: &App) -> Result<Vec<(OrganizationId, EvaluationId)>, StoreError> {
    let rows = app.views.live().db.rows(deadlines::awaiting_review(app.clock.now(), STRIDE)).await?;
    rows.iter().map(|row| Ok((OrganizationId(row.id("organization_id")?), EvaluationId(row.id("subject_id")?)))).collect()
}

async fn ask(app: &Arc<App>, gardener: &Gardener, organization: OrganizationId, id: EvaluationId) -> Result<(), Problem> {
    let Some(question) = question_about(app, id).await? else { return Ok(()) };
    let (answer, consultation) = gardener.consult(&question).await;
    review(app, organization, id, &answer.map_err(Failure::code), Some(&consultation)).await
}
