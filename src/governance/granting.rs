//! Using grants and ending them: the grant and the money it is worth move in one append (SPEC X3).

use std::sync::Arc;

use aggregates::Moment;
use aggregates::access::Particulars;
use aggregates::amount::Amount;
use aggregates::grant::{Command, Grant, Rejection, State, Terms, digest};
use aggregates::ids::GrantId;
use aggregates::ledger;
use aggregates::permission::{Ask, Standing, check};
use aggregates::reactions::on_grant;
use aggregates::text::Label;
use axum::http::StatusCode;
use serde_json::{Map, Value};

use super::evaluating::{free_unjudged_stake, judge_finished_work};
use crate::engine::{Attempt, Booking, Loaded, Plan, Problem};

/// What a grant is to be used for.
#[derive(Clone, Debug)]
pub struct Usage {
    /// How much of it; all that is left when absent.
    pub amount: Option<Amount>,
    /// On which board.
    pub board_id: Option<Label>,
    /// With which tool.
    pub tool: Option<Label>,
    /// By which type of agent.
    pub agent_type: Option<Label>,
    /// With what else.
    pub params: Map<String, Value>,
    /// What the grant must have been given for.
    pub particulars: Map<String, Value>,
}

/// A plan that uses a grant (the same checks as always, with an approval behind it, and what it costs), the grant then, and its version.
pub async fn using_grant(attempt: &Attempt, id: GrantId, usage: &Usage) -> Result<(Plan, Arc<State>, u64), Problem> {
    let found = attempt.load::<Grant>(id).await?;
    let here = |terms: &&Terms| attempt.authority().tree.zone(terms.zone_id).is_some();
    let terms = found.state.terms.as_ref().filter(here).ok_or_else(|| Problem::not_found("grant"))?;
    if terms.principal_id != attempt.caller.id() {
        return Err(Problem::new(StatusCode::FORBIDDEN, "not_your_grant", "the grant is for somebody else"));
    }
    let mut plan = attempt.plan();
    let mut particulars = usage.particulars.clone();
    if !terms.is_allocation() {
        // Who does a task is checked when it is done; what is approved is the task.
        particulars.remove("agent_type");
    }
    let parameters_sha256 = digest(&particulars);
    let rated = attempt.authority().counted_seconds(terms.zone_id, &asking(attempt, terms, usage, None)).is_some();
    let mut booking = if terms.reservation().is_some() || rated { Some(attempt.booking(&mut plan).await?) } else { None };
    // The turn may have been long in coming: the grant is looked at after the books.
    let loaded = &attempt.load::<Grant>(id).await?;
    attempt.must_match(loaded.sequence)?;
    if let Some(reason) = on_grant(attempt.authority(), terms).filter(|_| loaded.state.ended.is_none()) {
        // It is void already, whether or not the reaction has come to it.
        return Err(Problem::of(&Rejection::GrantVoided(reason)));
    }
    let ask = asking(attempt, terms, usage, loaded.state.left());
    let now = attempt.now;
    let used = plan.decide(loaded, Command::Use { parameters_sha256, amount: usage.amount, now }).await?;
    let authority = booking.as_ref().map_or(attempt.authority(), |booking| &booking.authority);
    let answer = check(authority, terms.zone_id, &ask);
    if !answer.is_allowed() {
        return Err(Problem::unaffordable(answer));
    }
    if let Some(booking) = &mut booking {
        pay(booking, &mut plan, terms, &ask, now).await?;
    }
    if used.finished_at.is_some() {
        judge_finished_work(attempt, &mut plan, terms).await?;
    }
    if let Some(booking) = booking {
        booking.hand_to(&mut plan);
    }
    let version = plan.sequence_after::<Grant>(id, loaded.sequence);
    Ok((plan, used, version))
}

fn asking(attempt: &Attempt, terms: &Terms, usage: &Usage, left: Option<Amount>) -> Ask {
    Ask {
        amount: usage.amount.or(left),
        board_id: usage.board_id.clone(),
        agent_type: usage.agent_type.clone(),
        tool: usage.tool.clone(),
        params: usage.params.clone(),
        via: attempt.caller.via(),
        standing: Standing { approved: true, allocation: terms.is_allocation(), ..Standing::default() },
        holding: Some(terms.reservation_id()),
        ..Ask::plain(terms.principal_id, terms.action.clone(), attempt.now)
    }
}

/// Spends what the use costs, and counts it for rate limits.
async fn pay(booking: &mut Booking, plan: &mut Plan, terms: &Terms, ask: &Ask, now: Moment) -> Result<(), Problem> {
    if let Some(counted_seconds) = booking.authority.counted_seconds(terms.zone_id, ask) {
        let (zone_id, principal_id, action) = (terms.zone_id, terms.principal_id, terms.action.clone());
        let asked = Some(Box::new(Particulars::of(ask)));
        booking.decide(plan, ledger::Command::Admit { zone_id, principal_id, action, counted_seconds, asked, now }).await?;
    }
    if terms.reservation().is_none() {
        return Ok(());
    }
    let reservation_id = terms.reservation_id();
    let spend = match (terms.uses, ask.amount) {
        (None, Some(amount)) => ledger::Command::Draw { reservation_id, amount, now },
        (_, actual) => ledger::Command::Commit { reservation_id, actual, now },
    };
    booking.decide(plan, spend).await
}

/// A plan that ends a grant, gives back what was put at stake and nobody judges, and frees what is left of the money set aside for it.
pub async fn ending_grant(attempt: &Attempt, loaded: &Loaded<Grant>, command: Command) -> Result<Plan, Problem> {
    let mut plan = attempt.plan();
    plan.decide(loaded, command).await?;
    if let Some(terms) = loaded.state.terms.as_ref().filter(|_| !plan.is_empty()) {
        free_unjudged_stake(attempt, &mut plan, terms).await?;
    }
    let held = loaded.state.terms.as_ref().filter(|terms| terms.reservation().is_some());
    let (Some(terms), false) = (held, plan.is_empty()) else { return Ok(plan) };
    let mut booking = attempt.booking(&mut plan).await?;
    if booking.authority.ledger.open(terms.reservation_id()).is_some() {
        let release = ledger::Command::Release { reservation_id: terms.reservation_id(), now: attempt.now };
        booking.decide(&mut plan, release).await?;
        booking.hand_to(&mut plan);
    }
    Ok(plan)
}
