//! Setting money aside and counting what rates speak of: whether it fits is asked of the books as they will be, and what
//! follows is written in the same turn (SPEC C6, C7, X4).

use aggregates::Moment;
use aggregates::access::Particulars;
use aggregates::action::Action;
use aggregates::amount::Amount;
use aggregates::ids::{ReservationId, ZoneId};
use aggregates::ledger::{Command, Holder, Terms};
use aggregates::permission::{Answer, Ask, check, is_auditor};
use axum::http::StatusCode;
use chrono::Duration;

use crate::engine::{Attempt, Caller, Plan, Problem, Ruling, permit_in_zone};

/// What is to be set aside.
#[derive(Clone, Debug)]
pub struct Wish {
    /// The id it will have.
    pub id: ReservationId,
    /// Where.
    pub zone_id: ZoneId,
    /// How much.
    pub amount: Amount,
    /// For how many seconds.
    pub seconds: u32,
}

/// A plan that sets `wish` aside for `ask`, if the check allows it. Governing is not work: nothing is set aside for it.
pub async fn reserving(attempt: &Attempt, wish: &Wish, ask: &Ask) -> Result<(Plan, Terms), Problem> {
    if ask.action.is_governing() {
        let message = "must be work: nothing is set aside for governing";
        return Err(Problem::at(StatusCode::UNPROCESSABLE_ENTITY, "/action", "not_work", message));
    }
    let mut plan = attempt.plan();
    let mut booking = attempt.booking(&mut plan).await?;
    let answer = check(&booking.authority, wish.zone_id, ask);
    if !answer.is_allowed() {
        return Err(Problem::unaffordable(answer));
    }
    let terms = Terms {
        reservation_id: wish.id,
        zone_id: wish.zone_id,
        principal_id: ask.principal,
        reserved_by: attempt.caller.id(),
        action: ask.action.clone(),
        amount: wish.amount,
        holder: Holder::Task,
        counted_seconds: booking.authority.counted_seconds(wish.zone_id, ask),
        asked: Some(Box::new(Particulars::of(ask))),
        reserved_at: attempt.now,
        expires_at: attempt.now + Duration::seconds(i64::from(wish.seconds)),
    };
    booking.decide(&mut plan, Command::Reserve(Box::new(terms.clone()))).await?;
    booking.hand_to(&mut plan);
    Ok((plan, terms))
}

/// Refuses whoever acts for another without being able to do such work in the zone themselves.
pub fn must_work_there(ruling: &Ruling, caller: &Caller, zone_id: ZoneId, action: &Action, now: Moment) -> Result<(), Problem> {
    permit_in_zone(ruling, caller, zone_id, "zone.execute", now)?;
    if caller.token_covers(action) { Ok(()) } else { Err(Problem::forbidden(action.as_str())) }
}

/// Whether an answer to the caller about `ask` counts for rate limits. To auditors, and to those who could not do such work
/// themselves, it is only told (SPEC A2).
pub fn counts(ruling: &Ruling, caller: &Caller, zone_id: ZoneId, ask: &Ask) -> bool {
    let may = || ask.principal == caller.id() || must_work_there(ruling, caller, zone_id, &ask.action, ask.now).is_ok();
    ruling.authority.counted_seconds(zone_id, ask).is_some() && !is_auditor(&ruling.authority, caller.id()) && may()
}

/// A plan that counts `ask` for the rate limits that speak of it, if the check still allows it; else the check's answer.
pub async fn admitting(attempt: &Attempt, zone_id: ZoneId, ask: &Ask) -> Result<(Plan, Answer), Problem> {
    let mut plan = attempt.plan();
    let mut booking = attempt.booking(&mut plan).await?;
    let answer = check(&booking.authority, zone_id, ask);
    let counted = booking.authority.counted_seconds(zone_id, ask).filter(|_| answer.is_allowed());
    if let Some(counted_seconds) = counted {
        let (principal_id, action) = (ask.principal, Action::clone(&ask.action));
        let asked = Some(Box::new(Particulars::of(ask)));
        let admit = Command::Admit { zone_id, principal_id, action, counted_seconds, asked, now: attempt.now };
        booking.decide(&mut plan, admit).await?;
        booking.hand_to(&mut plan);
    }
    Ok((plan, answer))
}

/// A plan that frees a reservation whose time is up.
pub async fn lapsing(attempt: &Attempt, reservation_id: ReservationId) -> Result<Plan, Problem> {
    let mut plan = attempt.plan();
    let mut booking = attempt.booking(&mut plan).await?;
    booking.decide(&mut plan, Command::Lapse { reservation_id, now: attempt.now }).await?;
    booking.hand_to(&mut plan);
    Ok(plan)
}
