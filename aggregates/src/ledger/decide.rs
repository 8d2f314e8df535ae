//! Rules of the ledger: what is set aside is spent, given back or lapses, once.

use super::account::{Open, State};
use super::command::Command;
use super::event::Event;
use super::rejection::Rejection;
use crate::Moment;
use crate::amount::Amount;
use crate::ids::ReservationId;

type Decision = Result<Vec<Event>, Rejection>;

pub(super) fn decide(state: &State, command: Command) -> Decision {
    match command {
        Command::Reserve(terms) if state.open(terms.reservation_id).is_some() => Err(Rejection::AlreadyReserved),
        Command::Reserve(terms) => Ok(vec![Event::Reserved(terms)]),
        Command::Commit { reservation_id, actual, now } => {
            let open = standing(state, reservation_id, now)?;
            let actual = actual.unwrap_or(open.amount);
            enough(open, actual)?;
            Ok(vec![Event::Committed { reservation_id, zone_id: open.zone_id, actual, committed_at: now }])
        }
        Command::Draw { reservation_id, amount, now } => {
            let open = standing(state, reservation_id, now)?;
            enough(open, amount)?;
            let zone_id = open.zone_id;
            // What is used up is closed.
            Ok(vec![if amount == open.amount {
                Event::Committed { reservation_id, zone_id, actual: amount, committed_at: now }
            } else {
                Event::Drawn { reservation_id, zone_id, amount, drawn_at: now }
            }])
        }
        Command::Release { reservation_id, now } => {
            let open = state.open(reservation_id).ok_or(Rejection::NotReserved)?;
            Ok(vec![Event::Released { reservation_id, zone_id: open.zone_id, released_at: now }])
        }
        Command::Lapse { reservation_id, now } => lapse(state, reservation_id, now),
        Command::Admit { zone_id, principal_id, action, counted_seconds, asked, now } => {
            Ok(vec![Event::Admitted { zone_id, principal_id, action, counted_seconds, asked, admitted_at: now }])
        }
    }
}

/// The clock may come twice, or after somebody else: what does not stand any more has nothing to lapse.
fn lapse(state: &State, reservation_id: ReservationId, now: Moment) -> Decision {
    let Some(open) = state.open(reservation_id) else { return Ok(vec![]) };
    if now < open.expires_at {
        return Err(Rejection::NotDue(open.expires_at));
    }
    Ok(vec![Event::Lapsed { reservation_id, zone_id: open.zone_id, lapsed_at: now }])
}

fn standing(state: &State, id: ReservationId, now: Moment) -> Result<&Open, Rejection> {
    let open = state.open(id).ok_or(Rejection::NotReserved)?;
    if now >= open.expires_at { Err(Rejection::ReservationLapsed(open.expires_at)) } else { Ok(open) }
}

fn enough(open: &Open, asked: Amount) -> Result<(), Rejection> {
    if asked > open.amount { Err(Rejection::MoreThanReserved { held: open.amount, asked }) } else { Ok(()) }
}
