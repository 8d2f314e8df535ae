//! Asking the gardener who should decide: finds proposals that await their reviewers, and hands in what comes back.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

use aggregates::ids::{MemberId, OrganizationId, ProposalId};
use aggregates::proposal::{Proposal, State, question};
use projections::deadlines::Kind;
use projections::reviewers;

use super::asking::{Waiting, ask_about_each};
use super::tasks::Tasks;
use crate::engine::{App, Problem};
use crate::gardener::Gardener;
use crate::governance::choose_among_candidates;
use crate::store::StoreError;

const WAITING: Waiting = Waiting { name: "question", kind: Kind::Reviewers, most_at_once: 8 };

/// Asks until told to end.
pub async fn choose_reviewers(app: Arc<App>, gardener: Gardener, tasks: Tasks) {
    let ask = |organization, id| consult(Arc::clone(&app), gardener.clone(), organization, ProposalId(id));
    ask_about_each(Arc::clone(&app), tasks, WAITING, ask).await;
}

async fn consult(app: Arc<App>, gardener: Gardener, organization: OrganizationId, id: ProposalId) -> Result<(), Problem> {
    let proposal = app.load::<Proposal>(id, false).await?.state;
    let medians = medians(&app, organization, &proposal).await?;
    let (Some(question), Some(left)) = (question(&proposal, &medians), time_left(&app, &proposal)) else { return Ok(()) };
    let choice = gardener.ask(&question, left).await;
    choose_among_candidates(&app, organization, id, &choice.advice, Some(&choice.consultation)).await
}

/// How long an answer may take: a little less than until rules choose, so that a question without an answer is on record.
fn time_left(app: &App, proposal: &State) -> Option<Duration> {
    let until = proposal.opening.as_ref()?.to_be_chosen.as_ref()?.until;
    let left = (until - app.clock.now()).to_std().ok()?;
    Some(left / 20 * 19)
}

async fn medians(app: &App, organization: OrganizationId, proposal: &State) -> Result<BTreeMap<MemberId, u64>, StoreError> {
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
