//! Reservations: what became of each amount that was set aside for work.

use aggregates::Decider;
use aggregates::ids::{OrganizationId, ReservationId, ZoneId};
use aggregates::ledger::{Event, Holder, Ledger};
use chrono::{DateTime, Utc};

use crate::{Recorded, Statement, Unreadable};

/// The rows an event writes.
pub fn project(recorded: &Recorded) -> Result<Vec<Statement>, Unreadable> {
    if recorded.aggregate_type != Ledger::TYPE {
        return Ok(vec![]);
    }
    Ok(match recorded.read::<Event>()? {
        Event::Reserved(terms) if terms.holder == Holder::Task => vec![
            Statement::new(
                "INSERT INTO reservations (reservation_id, organization_id, position, zone_id, principal_id, reserved_by, action,
                     amount, status, reserved_at, expires_at)
                 VALUES ($1, $2, $3, $4, $5, $6, $7, $8, 'reserved', $9, $10)",
            )
            .bind(terms.reservation_id)
            .bind(recorded.organization_id)
            .bind(recorded.position)
            .bind(terms.zone_id)
            .bind(terms.principal_id)
            .bind(terms.reserved_by)
            .bind(terms.action.as_str())
            .bind(terms.amount.to_string())
            .bind(terms.reserved_at)
            .bind(terms.expires_at),
        ],
        Event::Committed { reservation_id, actual, committed_at, .. } => {
            vec![closed(reservation_id, "committed", Some(actual.to_string()), committed_at)]
        }
        Event::Released { reservation_id, released_at, .. } => vec![closed(reservation_id, "released", None, released_at)],
        Event::Lapsed { reservation_id, lapsed_at, .. } => vec![closed(reservation_id, "lapsed", None, lapsed_at)],
        Event::Reserved(_) | Event::Drawn { .. } | Event::Admitted { .. } => vec![],
    })
}

fn closed(id: ReservationId, status: &'static str, actual: Option<String>, at: DateTime<Utc>) -> Statement {
    Statement::new("UPDATE reservations SET status = $2, actual = $3, closed_at = $4 WHERE reservation_id = $1")
        .bind(id)
        .bind(status)
        .bind(actual)
        .bind(at)
}

macro_rules! selected {
    ($rest:literal) => {
        concat!(
            "SELECT reservation_id, position, zone_id, principal_id, reserved_by, action, amount, actual, status, reserved_at, expires_at,
                 closed_at FROM reservations ",
            $rest
        )
    };
}

/// One reservation.
pub fn of(organization: OrganizationId, id: ReservationId) -> Statement {
    Statement::new(selected!("WHERE organization_id = $1 AND reservation_id = $2")).bind(organization).bind(id)
}

/// A page of a zone's reservations before `before`, newest first.
pub fn page(organization: OrganizationId, zone: ZoneId, before: u64, limit: u64) -> Statement {
    Statement::new(selected!("WHERE organization_id = $1 AND zone_id = $2 AND position < $3 ORDER BY position DESC LIMIT $4"))
        .bind(organization)
        .bind(zone)
        .bind(before)
        .bind(limit)
}
