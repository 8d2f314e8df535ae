//! Reactions: what people and zones losing their standing means for open proposals and grants. The rules are in
//! `aggregates::reactions`; every command is idempotent, so that a crash between any two of them loses and repeats nothing.

use std::sync::Arc;
use std::time::Duration;

use aggregates::Decider;
use aggregates::escalation::Escalation;
use aggregates::grant::{Command as GrantCommand, Grant, VoidReason};
use aggregates::ids::{EscalationId, GrantId, MemberId, OrganizationId, ProposalId, ZoneId};
use aggregates::organization::Organization;
use aggregates::proposal::Proposal;
use aggregates::reactions::{self, Concern};
use aggregates::zones::Zones;
use projections::{Recorded, Statement, audit, checkpoints, escalations, grants, proposals};
use tokio_util::sync::CancellationToken;

use crate::engine::{Answer, App, Envelope, Problem, decision};
use crate::governance::{self, ending_grant};
use crate::store::StoreError;

/// The name its checkpoint goes by.
pub const NAME: &str = "reactions";
/// The read models are behind, and nothing can be looked up.
const NOT_FRESH_YET: &str = "not_fresh_yet";
const STRIDE: u64 = 500;
const GLANCE: Duration = Duration::from_secs(1);
const PAUSE: Duration = Duration::from_millis(500);

/// Reacts until told to end.
pub async fn react_to_log(app: Arc<App>, ending: CancellationToken) {
    let mut log = app.parts.freshness.watch_log();
    let mut seen = 0;
    let mut looked = tokio::time::Instant::now();
    loop {
        seen = beyond_what_concerns_nobody(&app, seen);
        app.parts.freshness.reactions_reached(seen);
        let pause = if seen >= app.parts.freshness.log_position() && looked.elapsed() < GLANCE {
            GLANCE
        } else {
            looked = tokio::time::Instant::now();
            match react_until(&app, &ending).await {
                Ok(up_to) => {
                    seen = up_to;
                    app.parts.freshness.reactions_reached(seen);
                    GLANCE
                }
                Err(problem) => {
                    tracing::warn!(code = problem.code, detail = problem.detail, "a reaction failed and will be tried again");
                    seen = 0;
                    PAUSE
                }
            }
        };
        tokio::select! {
            () = ending.cancelled() => return,
            changed = log.changed(), if pause == GLANCE => if changed.is_err() { return },
            () = tokio::time::sleep(pause) => {}
        }
    }
}

/// How far the log is known to hold nothing about anybody's standing after `seen`: most of what happens need not be read again to
/// find that out.
fn beyond_what_concerns_nobody(app: &App, mut seen: u64) -> u64 {
    for batch in app.parts.recent.after(seen, usize::MAX) {
        if batch.iter().any(|event| matches!(event.aggregate_type.as_ref(), Organization::TYPE | Zones::TYPE)) {
            break;
        }
        seen = batch.last().map_or(seen, |last| last.global_position);
    }
    seen
}

/// Reacts to everything the log holds so far; says how far that is.
pub async fn react_until(app: &Arc<App>, ending: &CancellationToken) -> Result<u64, Problem> {
    let kept = checkpoint(app).await?;
    let (mut at, mut failed) = (kept, None);
    loop {
        let head = app.log.head().await?;
        let events = app.log.events(audit::of_standing(at, head, STRIDE)).await?;
        for event in &events {
            if ending.is_cancelled() {
                return Ok(at);
            }
            match react(app, event).await {
                Err(behind) if behind.code == NOT_FRESH_YET => return Err(behind),
                // What fails is tried again from there; it does not hold up what comes after it.
                Err(problem) => drop(failed.get_or_insert(problem)),
                Ok(()) => {}
            }
            at = event.global_position;
        }
        if events.is_empty() {
            if let Some(problem) = failed {
                return Err(problem);
            }
            // Where nothing concerns anyone, the checkpoint moves now and then: reading on costs less than writing.
            if head > kept + STRIDE {
                advance(app, head).await?;
            }
            return Ok(head);
        }
        if failed.is_none() {
            advance(app, at).await?;
        }
    }
}

/// How far reactions have come. It is kept with the log: whoever is reacted to has to be once, however often the read models are made
/// again. Databases from before kept it with those.
async fn checkpoint(app: &App) -> Result<u64, StoreError> {
    let kept = app.log.number(checkpoints::follower(NAME), "global_position").await?;
    match kept {
        Some(kept) => Ok(kept),
        None => Ok(app.views.live().db.row(checkpoints::of(NAME)).await?.map_or(Ok(0), |row| row.number("global_position"))?),
    }
}

async fn advance(app: &App, to: u64) -> Result<(), StoreError> {
    app.log.db().execute(checkpoints::advance(NAME, to)).await
}

fn concern(event: &Recorded) -> Result<Option<Concern>, StoreError> {
    Ok(match event.aggregate_type.as_ref() {
        Organization::TYPE => reactions::of_organization(&event.read()?),
        Zones::TYPE => reactions::of_zones(&event.read()?),
        _ => None,
    })
}

fn voided(event: &Recorded) -> Result<Option<VoidReason>, StoreError> {
    Ok(if event.aggregate_type == Zones::TYPE { reactions::voids(&event.read()?) } else { None })
}

async fn react(app: &Arc<App>, event: &Recorded) -> Result<(), Problem> {
    let Some(concern) = concern(event)? else { return Ok(()) };
    // The read models say which proposals and grants there were when it happened; later ones were opened knowing of it.
    if !app.parts.freshness.views_at(event.global_position, Duration::from_secs(10)).await {
        return Err(Problem::unavailable(NOT_FRESH_YET, "the read models are behind"));
    }
    let touched = touched(app, event.organization_id, concern).await?;
    for id in touched.proposals {
        unless_refused(look_again_at_proposal(app, event, ProposalId(id)).await)?;
    }
    for (id, given_at) in touched.grants {
        unless_refused(look_again_at_grant(app, event, id, given_at).await)?;
    }
    for id in touched.escalations {
        unless_refused(look_again_at_escalation(app, event, EscalationId(id)).await)?;
    }
    Ok(())
}

/// What the rules refuse they would refuse again: it is told, and does not hold up everything after it.
fn unless_refused(done: Result<(), Problem>) -> Result<(), Problem> {
    match done {
        Err(problem) if problem.status < 500 => {
            tracing::error!(code = problem.code, detail = problem.detail, "a reaction was refused");
            Ok(())
        }
        done => done,
    }
}

type Ids = Vec<uuid::Uuid>;

/// What must be looked at again.
#[derive(Default)]
struct Touched {
    proposals: Ids,
    /// With the position at which each was given.
    grants: Vec<(GrantId, u64)>,
    escalations: Ids,
}

async fn touched(app: &Arc<App>, organization: OrganizationId, concern: Concern) -> Result<Touched, Problem> {
    let zone = match concern {
        Concern::Member(member) => {
            return Ok(Touched {
                proposals: ids(app, proposals::reviewed_by(organization, member), "proposal_id").await?,
                grants: standing_grants(app, organization, Some(member), None).await?,
                escalations: Ids::new(),
            });
        }
        Concern::Subtree(zone) => zone,
    };
    let ruling = app.ruling(organization).await?;
    let below = ruling.authority.tree.descendants(zone).into_iter().map(|zone| zone.id);
    let mut touched = Touched::default();
    for zone in std::iter::once(zone).chain(below) {
        touched.proposals.extend(ids(app, proposals::open_in(organization, zone), "proposal_id").await?);
        touched.grants.extend(standing_grants(app, organization, None, Some(zone)).await?);
        touched.escalations.extend(ids(app, escalations::live_in(organization, zone), "escalation_id").await?);
    }
    Ok(touched)
}

async fn standing_grants(
    app: &Arc<App>,
    organization: OrganizationId,
    principal: Option<MemberId>,
    zone: Option<ZoneId>,
) -> Result<Vec<(GrantId, u64)>, StoreError> {
    let rows = app.views.live().db.rows(grants::standing(organization, principal, zone)).await?;
    rows.iter().map(|row| Ok((GrantId(row.id("grant_id")?), row.number("position")?))).collect()
}

async fn ids(app: &Arc<App>, statement: Statement, column: &str) -> Result<Ids, StoreError> {
    app.views.live().db.rows(statement).await?.iter().map(|row| row.id(column)).collect()
}

/// Trust Zones acting for an organization because of an event.
fn because_of(event: &Recorded) -> Envelope {
    Envelope::of_the_system(event.organization_id, event.correlation_id)
}

async fn look_again_at_proposal(app: &Arc<App>, event: &Recorded, id: ProposalId) -> Result<(), Problem> {
    app.command(
        &because_of(event),
        decision!(attempt, [] => {
            let loaded = attempt.load::<Proposal>(id).await?;
            let plan = governance::deciding(attempt, &loaded, Vec::new()).await?;
            Ok((plan.0, Answer::nothing()))
        }),
    )
    .await
    .map(drop)
}

async fn look_again_at_grant(app: &Arc<App>, event: &Recorded, id: GrantId, given_at: u64) -> Result<(), Problem> {
    // What was given since was given knowing of it.
    let voided = voided(event)?.filter(|_| given_at < event.position);
    app.command(
        &because_of(event),
        decision!(attempt, [voided] => {
            let loaded = attempt.load::<Grant>(id).await?;
            let lost = || loaded.state.terms.as_ref().and_then(|terms| reactions::on_grant(attempt.authority(), terms));
            let void = voided.or_else(lost);
            let plan = match void {
                Some(reason) => ending_grant(attempt, &loaded, GrantCommand::Void { reason, now: attempt.now }).await?,
                None => attempt.plan(),
            };
            Ok((plan, Answer::nothing()))
        }),
    )
    .await
    .map(drop)
}

/// What nobody needs an answer to any more comes to nothing, unless it has been answered.
async fn look_again_at_escalation(app: &Arc<App>, event: &Recorded, id: EscalationId) -> Result<(), Problem> {
    app.command(
        &because_of(event),
        decision!(attempt, [] => {
            let loaded = attempt.load::<Escalation>(id).await?;
            let mut plan = attempt.plan();
            let above = match loaded.state.proposal_id {
                Some(above) => Some(attempt.load::<Proposal>(above).await?),
                None => None,
            };
            let answered = above.is_some_and(|above| above.state.has_been_decided());
            if let Some(reason) = loaded.state.pointless(&attempt.authority().tree).filter(|_| !answered) {
                governance::escalating::dismiss(attempt, &mut plan, &loaded, None, reason, None).await?;
            }
            Ok((plan, Answer::nothing()))
        }),
    )
    .await
    .map(drop)
}
