//! Reservations and budgets.

mod budget;
mod close;
mod read;
mod reserve;

pub use budget::{__path_budget, budget};
pub use close::{__path_commit, __path_release, commit, release};
pub use read::{__path_list, __path_read, list, read};
pub use reserve::{__path_reserve, reserve};

use aggregates::amount::Amount;
use aggregates::ids::{MemberId, ReservationId, ZoneId};
use aggregates::ledger::{Open, Terms};
use chrono::{DateTime, Utc};
use serde::Serialize;
use utoipa::ToSchema;

use crate::store::{Row, StoreError};

/// A reservation.
#[derive(Debug, Serialize, ToSchema)]
pub struct ReservationView {
    id: ReservationId,
    zone_id: ZoneId,
    /// `reserved`, `committed`, `released` or `lapsed`.
    status: String,
    action: String,
    principal_id: MemberId,
    reserved_by: MemberId,
    /// What was set aside.
    amount: String,
    /// What was spent of it.
    actual: Option<String>,
    reserved_at: DateTime<Utc>,
    expires_at: DateTime<Utc>,
    closed_at: Option<DateTime<Utc>>,
}

impl ReservationView {
    /// Whether it is somebody's: for them, or asked for by them.
    pub fn is_of(&self, member: MemberId) -> bool {
        [self.principal_id, self.reserved_by].contains(&member)
    }

    /// A reservation changes once in its life: when it is closed.
    fn version(&self) -> u64 {
        if self.closed_at.is_none() { 1 } else { 2 }
    }

    fn standing(terms: &Terms) -> Self {
        Self {
            id: terms.reservation_id,
            zone_id: terms.zone_id,
            status: "reserved".to_owned(),
            action: terms.action.to_string(),
            principal_id: terms.principal_id,
            reserved_by: terms.reserved_by,
            amount: terms.amount.to_string(),
            actual: None,
            reserved_at: terms.reserved_at,
            expires_at: terms.expires_at,
            closed_at: None,
        }
    }

    fn open(id: ReservationId, open: &Open) -> Self {
        Self {
            id,
            zone_id: open.zone_id,
            status: "reserved".to_owned(),
            action: open.action.to_string(),
            principal_id: open.principal_id,
            reserved_by: open.reserved_by,
            amount: open.amount.to_string(),
            actual: None,
            reserved_at: open.reserved_at,
            expires_at: open.expires_at,
            closed_at: None,
        }
    }

    fn closed(self, status: &str, actual: Option<Amount>, at: DateTime<Utc>) -> Self {
        Self { status: status.to_owned(), actual: actual.map(|actual| actual.to_string()), closed_at: Some(at), ..self }
    }

    fn of(row: &Row) -> Result<Self, StoreError> {
        Ok(Self {
            id: ReservationId(row.id("reservation_id")?),
            zone_id: ZoneId(row.id("zone_id")?),
            status: row.text("status")?,
            action: row.text("action")?,
            principal_id: MemberId(row.id("principal_id")?),
            reserved_by: MemberId(row.id("reserved_by")?),
            amount: row.text("amount")?,
            actual: row.optional("actual", Row::text)?,
            reserved_at: row.time("reserved_at")?,
            expires_at: row.time("expires_at")?,
            closed_at: row.optional("closed_at", Row::time)?,
        })
    }
}
