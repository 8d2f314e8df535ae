//! The clock: does what is due, in order, without anyone asking. Deadlines are rows, so they survive a restart; every command is
//! idempotent, so that it does not matter if two processes hear the same strike.

use std::sync::Arc;
use std::time::Duration;

use aggregates::Rejected;
use aggregates::actor::Actor;
use aggregates::ids::{OrganizationId, ProposalId};
use aggregates::proposal::{Command, ExecutionStatus, Proposal, Rejection, State};
use projections::deadlines;
use tokio_util::sync::CancellationToken;

use crate::engine::{Answer, App, Caller, Envelope, Problem, decision};
use crate::entropy;
use crate::governance::{choose_among_candidates, deciding, evaluating, execute};

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

/// Does everything that is due now; says how much that was. A deadline that cannot be met does not hold up the others.
pub async fn do_what_is_due(app: &Arc<App>) -> Result<usize, Problem> {
    let rows = app.views.live().db.rows(deadlines::due(app.clock.now(), STRIDE)).await?;
    let mut first_refusal = None;
    for row in &rows {
        let organization = OrganizationId(row.id("organization_id")?);
        let proposal = ProposalId(row.id("subject_id")?);
        let struck = match row.text("kind")?.as_str() {
            deadlines::REVIEWERS => choose_among_candidates(app, organization, proposal, &Err(TOO_LATE), None).await,
            deadlines::REVIEW => {
                evaluating::review(app, organization, row.id("subject_id")?.into(), &Err(TOO_LATE), None).await
            }
            deadlines::VETO_WINDOW => strikes(app, organization, proposal, Strike::VetoWindow).await,
            deadlines::ESCALATION => strikes(app, organization, proposal, Strike::Escalation).await,
            _ => strikes(app, organization, proposal, Strike::Decision).await,
        };
        if let Err(problem) = struck {
            first_refusal.get_or_insert(problem);
        }
    }
    first_refusal.map_or(Ok(rows.len()), Err)
}

#[derive(Clone, Copy)]
enum Strike {
    Decision,
    VetoWindow,
    Escalation,
}

async fn strikes(app: &Arc<App>, organization_id: OrganizationId, id: ProposalId, strike: Strike) -> Result<(), Problem> {
    let caller = Caller { organization_id, actor: Actor::SYSTEM, token_id: None, scope: None };
    let envelope = Envelope { caller, answer_to: None, correlation_id: entropy::new_id(), key: None, if_match: None };
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
                    Strike::VetoWindow if is_held(&loaded.state) => {
                        let mut plan = attempt.plan();
                        execute(attempt, &mut plan, &loaded).await?;
                        plan
                    }
                    Strike::VetoWindow => attempt.plan(),
                };
                Ok((plan, Answer::nothing()))
            }),
        )
        .await;
    match done {
        // The row is older than the clock: someone moved it back.
        Err(problem) if problem.code == Rejection::NotDue.code() => Ok(()),
        done => done.map(drop),
    }
}

fn is_held(proposal: &State) -> bool {
    proposal.execution.as_ref().is_some_and(|execution| execution.status == ExecutionStatus::Held)
}
