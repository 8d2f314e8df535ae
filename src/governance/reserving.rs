//! Setting money aside and counting what rates speak of: whether it fits is asked of the books as they will be, and what
//! follows is written in the same turn (SPEC C6, C7, X4).

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

/// Whether an answer to the caller about `ask` counts for rate limits: whoever asks for another must be able to do such work there
/// themselves, as for setting money aside. To everyone else it is only told (SPEC A2).
pub fn counts(ruling: &Ruling, caller: &Caller, zone_id: ZoneId, ask: &Ask) -> bool {
    if ruling.authority.counted_seconds(zone_id, ask).is_none() || is_auditor(&ruling.authority, caller.id()) {
        return false;
    }
    let works_here = || permit_in_zone(ruling, caller, zone_id, "zone.execute", ask.now).is_ok();
    ask.principal == caller.id() || (works_here() && caller.token_covers(&ask.action))
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
