//! Asking a language model about what waits for it: beside every request and outside every transaction, a bounded number at once,
//! and about each thing once. Whatever happens to this process, the clock goes on without an answer when time is up.

use std::collections::BTreeSet;
use std::sync::Arc;
use std::time::Duration;

use aggregates::ids::OrganizationId;
use projections::deadlines::{self, Kind};
use tokio::sync::Semaphore;
use uuid::Uuid;

use super::tasks::Tasks;
use crate::engine::{App, Problem};
use crate::store::StoreError;

/// How much of what waits is looked at.
const STRIDE: u64 = 64;
/// How often it is looked for when nobody says that the log has grown.
const GLANCE: Duration = Duration::from_millis(250);
/// How long the read models get to take in what has been appended.
const BREATH: Duration = Duration::from_millis(30);

/// What waits to be asked about.
#[derive(Clone, Copy)]
pub struct Waiting {
    /// What the tasks that ask are called.
    pub name: &'static str,
    /// The deadline it waits under.
    pub kind: Kind,
    /// The most questions that are under way at once.
    pub most_at_once: usize,
}

/// Asks until told to end; each question is a task of its own, so that none holds up another or the search for more.
pub async fn ask_about_each<Asked>(
    app: Arc<App>,
    tasks: Tasks,
    waiting: Waiting,
    ask: impl Fn(OrganizationId, Uuid) -> Asked + Send,
) where
    Asked: Future<Output = Result<(), Problem>> + Send + 'static,
{
    let ending = tasks.ending();
    let mut log = app.parts.freshness.watch_log();
    let free = Arc::new(Semaphore::new(waiting.most_at_once));
    // What has been asked about is not asked about again: what failed is left to the clock.
    let mut taken: BTreeSet<Uuid> = BTreeSet::new();
    loop {
        match find(&app, waiting).await {
            Ok(found) => {
                taken.retain(|id| found.iter().any(|(_, known)| known == id));
                for (organization, id) in found {
                    if taken.contains(&id) {
                        continue;
                    }
                    let Ok(turn) = Arc::clone(&free).try_acquire_owned() else { break };
                    taken.insert(id);
                    let (ending, asked) = (ending.clone(), ask(organization, id));
                    tasks.spawn(waiting.name, async move {
                        tokio::select! {
                            asked = asked => if let Err(problem) = asked {
                                tracing::warn!(code = problem.code, detail = problem.detail, "an answer was lost");
                            },
                            () = ending.cancelled() => {}
                        }
                        drop(turn);
                    });
                }
            }
            Err(error) => tracing::warn!(%error, waiting.name, "what waits cannot be read"),
        }
        tokio::select! {
            () = ending.cancelled() => return,
            changed = log.changed() => if changed.is_err() { return },
            () = tokio::time::sleep(GLANCE) => {}
        }
        tokio::select! {
            () = ending.cancelled() => return,
            () = tokio::time::sleep(BREATH) => {}
        }
    }
}

async fn find(app: &App, waiting: Waiting) -> Result<Vec<(OrganizationId, Uuid)>, StoreError> {
    let rows = app.views.live().db.rows(deadlines::awaiting(waiting.kind, app.clock.now(), STRIDE)).await?;
    rows.iter().map(|row| Ok((OrganizationId(row.id("organization_id")?), row.id("subject_id")?))).collect()
}
