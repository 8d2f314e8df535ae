//! What can be asked of the ledger.

use super::event::Terms;
use crate::Moment;
use crate::access::Particulars;
use crate::action::Action;
use crate::amount::Amount;
use crate::ids::{MemberId, ReservationId, ZoneId};

/// What can be asked of the ledger. That an amount fits has been asked before, of the very state that decides.
#[derive(Clone, Debug)]
pub enum Command {
    /// Sets an amount aside.
    Reserve(Box<Terms>),
    /// Spends what was set aside, or less; the rest is free again.
    Commit { reservation_id: ReservationId, actual: Option<Amount>, now: Moment },
    /// Spends a part and keeps the rest set aside.
    Draw { reservation_id: ReservationId, amount: Amount, now: Moment },
    /// Gives what was set aside back.
    Release { reservation_id: ReservationId, now: Moment },
    /// Gives it back because its time is up.
    Lapse { reservation_id: ReservationId, now: Moment },
    /// Counts an action that a rate limit speaks of.
    Admit {
        zone_id: ZoneId,
        principal_id: MemberId,
        action: Action,
        counted_seconds: u32,
        asked: Option<Box<Particulars>>,
        now: Moment,
    },
}
