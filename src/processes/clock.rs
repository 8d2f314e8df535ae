//! The clock: does what is due, in order, without anyone asking. Deadlines are rows, so they survive a restart; every command is
//! idempotent, so that it does not matter if two processes hear the same strike.

use std::sync::Arc;
use std::time::Duration;

use aggregates::Rejected;
use aggregates::grant::{Command as GrantCommand, Grant};
use aggregates::ids::{GrantId, OrganizationId, ProposalId, ReservationId};
use aggregates::proposal::{Command, Proposal, Rejection, State};
use aggregates::reactions::on_proposal;
use projections::deadlines::{self, Kind};
use tokio_util::sync::CancellationToken;
use uuid::Uuid;

use crate::engine::{Answer, App, Attempt, Done, Envelope, Problem, decision};
use crate::entropy;
use crate::governance::{choose_among_candidates, deciding, ending_grant, evaluating, execute, lapsing};
use crate::store::StoreError;

/// How often the clock is looked at.
const TICK: Duration = Duration::from_millis(250);
/// Why rules choose when nobody has been heard of in time.
const TOO_LATE: &str = "timeout";
/// How much is done before the clock is looked at again.
const STRIDE: u64 = 200;

/// Watches the clock until told to end.
pub async fn watch_clock(app: Arc<App>, ending: CancellationToken) {
    loop {
        if let Err(problem) = do_what_is_due(&app).await {
            tracing::warn!(code = problem.code, detail = problem.detail, "a deadline could not be met and will be tried again");
        }
        tokio::select! {
            () = ending.cancelled() => return,
            () = tokio::time::sleep(TICK) => {}
        }
    }
}

/// Does everything that is due now; says how much that was. What cannot be done does not hold up the rest.
pub async fn do_what_is_due(app: &Arc<App>) -> Result<usize, Problem> {
    let (mut done, mut first_refusal, mut after) = (0, None, deadlines::first());
    loop {
        let rows = app.views.live().db.rows(deadlines::due(app.clock.now(), &after, STRIDE)).await?;
        for row in &rows {
            after = (row.time("due_at")?, row.id("subject_id")?, row.text("kind")?);
            if let Err(problem) = meet(app, &after.2, after.1, OrganizationId(row.id("organization_id")?)).await {
                first_refusal.get_or_insert(problem);
            }
        }
        done += rows.len();
        if (rows.len() as u64) < STRIDE {
            return first_refusal.map_or(Ok(done), Err);
        }
    }
}

async fn meet(app: &Arc<App>, kind: &str, subject: Uuid, organization: OrganizationId) -> Result<(), Problem> {
    let unknown = |_| StoreError::UnreadableRow("deadlines", format!("`{kind}` is no kind of deadline"));
    match kind.parse().map_err(unknown)? {
        Kind::Reviewers => choose_among_candidates(app, organization, ProposalId(subject), &Err(TOO_LATE), None).await,
        Kind::Review => evaluating::review(app, organization, subject.into(), &Err(TOO_LATE), None).await,
        Kind::Reservation => lapses(app, organization, ReservationId(subject)).await,
        Kind::Grant => expires(app, organization, GrantId(subject)).await,
        Kind::VetoWindow => strikes(app, organization, ProposalId(subject), Strike::VetoWindow).await,
        Kind::Escalation => strikes(app, organization, ProposalId(subject), Strike::Escalation).await,
        Kind::Decision => strikes(app, organization, ProposalId(subject), Strike::Decision).await,
    }
}

#[derive(Clone, Copy)]
enum Strike {
    Decision,
    VetoWindow,
    Escalation,
}

async fn strikes(app: &Arc<App>, organization_id: OrganizationId, id: ProposalId, strike: Strike) -> Result<(), Problem> {
    let envelope = by_the_clock(organization_id);
    let done = app
        .command(
            &envelope,
            decision!(attempt, [] => {
                let loaded = attempt.load::<Proposal>(id).await?;
                let plan = match strike {
                    Strike::Decision => deciding(attempt, &loaded, vec![Command::ReachDeadline { now: attempt.now }]).await?.0,
                    Strike::Escalation => {
                        deciding(attempt, &loaded, vec![Command::ReachEscalation { now: attempt.now }]).await?.0
                    }
                    Strike::VetoWindow if is_to_be_executed(attempt, &loaded.state) => {
                        let mut plan = attempt.plan();
                        execute(attempt, &mut plan, &loaded).await?;
                        plan
                    }
                    Strike::VetoWindow => deciding(attempt, &loaded, Vec::new()).await?.0,
                };
                Ok((plan, Answer::nothing()))
            }),
        )
        .await;
    unless_early(done)
}

/// Held, and not to leave with its zone (SPEC Z2).
fn is_to_be_executed(attempt: &Attempt, proposal: &State) -> bool {
    proposal.is_held() && on_proposal(proposal, attempt.authority(), attempt.now).is_none()
}

fn by_the_clock(organization_id: OrganizationId) -> Envelope {
    Envelope::of_the_system(organization_id, entropy::new_id())
}

/// The row may be older than the clock: someone moved it back.
fn unless_early(done: Result<Done, Problem>) -> Result<(), Problem> {
    match done {
        Err(problem) if problem.code == Rejection::NotDue.code() => Ok(()),
        done => done.map(drop),
    }
}

/// What was set aside and not spent in time is free again (SPEC X4).
async fn lapses(app: &Arc<App>, organization: OrganizationId, id: ReservationId) -> Result<(), Problem> {
    let lapsed = app
        .command(
            &by_the_clock(organization),
            decision!(attempt, [] => { Ok((lapsing(attempt, id).await?, Answer::nothing())) }),
        )
        .await;
    unless_early(lapsed)
}

/// A grant ends by itself (SPEC X3).
async fn expires(app: &Arc<App>, organization: OrganizationId, id: GrantId) -> Result<(), Problem> {
    let expired = app
        .command(
            &by_the_clock(organization),
            decision!(attempt, [] => {
                let grant = attempt.load::<Grant>(id).await?;
                let plan = ending_grant(attempt, &grant, GrantCommand::Expire { now: attempt.now }).await?;
                Ok((plan, Answer::nothing()))
            }),
        )
        .await;
    unless_early(expired)
}
