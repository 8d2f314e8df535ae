//! Asking the gardener: finds proposals that await their reviewers, asks beside every request and outside every transaction, and
//! hands in what comes back. Whatever happens to this process, the clock lets the rules choose when time is up.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;
use std::time::Duration;

use aggregates::ids::{OrganizationId, ProposalId};
use aggregates::proposal::{Proposal, State, question};
use projections::{deadlines, reviewers};
use tokio::sync::Semaphore;

use super::tasks::Tasks;
use crate::engine::{App, Problem};
use crate::gardener::Gardener;
use crate::governance::choose_among_candidates;
use crate::store::StoreError;

/// The most questions that are under way at once.
const MOST_AT_ONCE: usize = 8;
/// How many waiting proposals are looked at.
const STRIDE: u64 = 64;
/// How often they are looked for when nobody says that the log has grown.
const GLANCE: Duration = Duration::from_millis(250);
/// How long the read models get to take in what has been appended.
const BREATH: Duration = Duration::from_millis(30);

/// Asks until told to end; each question is a task of its own, so that none holds up another or the search for more.
pub async fn choose_reviewers(app: Arc<App>, gardener: Gardener, tasks: Tasks) {
    let ending = tasks.ending();
    let mut log = app.parts.freshness.watch_log();
    let free = Arc::new(Semaphore::new(MOST_AT_ONCE));
    // Whoever has been asked about a proposal is not asked again: what failed is left to the rules.
    let mut taken: BTreeSet<ProposalId> = BTreeSet::new();
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
                    tasks.spawn("question", async move {
                        tokio::select! {
                            () = consult(&app, &gardener, organization, id) => {}
                            () = ending.cancelled() => {}
                        }
                        drop(turn);
                    });
                }
            }
            Err(error) => tracing::warn!(%error, "proposals that await their reviewers cannot be read"),
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

async fn waiting(app: &App) -> Result<Vec<(OrganizationId, ProposalId)>, StoreError> {
    let rows = app.views.live().db.rows(deadlines::awaiting_reviewers(app.clock.now(), STRIDE)).await?;
    rows.iter().map(|row| Ok((OrganizationId(row.id("organization_id")?), ProposalId(row.id("subject_id")?)))).collect()
}

async fn consult(app: &Arc<App>, gardener: &Gardener, organization: OrganizationId, id: ProposalId) {
    if let Err(problem) = consulted(app, gardener, organization, id).await {
        tracing::warn!(code = problem.code, detail = problem.detail, "a choice of reviewers was lost: rules will choose");
    }
}

async fn consulted(app: &Arc<App>, gardener: &Gardener, organization: OrganizationId, id: ProposalId) -> Result<(), Problem> {
    let proposal = app.load::<Proposal>(id, false).await?.state;
    let medians = medians(app, organization, &proposal).await?;
    let (Some(question), Some(left)) = (question(&proposal, &medians), time_left(app, &proposal)) else { return Ok(()) };
    let choice = gardener.ask(&question, left).await;
    choose_among_candidates(app, organization, id, &choice.advice, Some(&choice.consultation)).await
}

/// How long an answer may take: a little less than until rules choose, so that a question without an answer is on record.
fn time_left(app: &App, proposal: &State) -> Option<Duration> {
    let until = proposal.opening.as_ref()?.to_be_chosen.as_ref()?.until;
    let left = (until - app.clock.now()).to_std().ok()?;
    Some(left / 20 * 19)
}

async fn medians(
    app: &App,
    organization: OrganizationId,
    proposal: &State,
) -> Result<BTreeMap<aggregates::ids::MemberId, u64>, StoreError> {
    let awaited = proposal.opening.as_ref().and_then(|opening| opening.to_be_chosen.as_ref());
    let mut medians = BTreeMap::new();
    for nominee in awaited.iter().flat_map(|awaited| &awaited.candidates) {
        let member = nominee.elector.member_id;
        let times = app.views.live().db.rows(reviewers::answer_times(organization, member)).await?;
        if let Some(middle) = times.len().checked_sub(1).and_then(|last| times.get(last / 2)) {
            medians.insert(member, middle.number("answer_seconds")?);
        }
    }
    Ok(medians)
}
