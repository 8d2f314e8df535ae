//! What happens to the ledger.

use serde::{Deserialize, Serialize};
use strum::{Display, IntoStaticStr};
use utoipa::ToSchema;

use crate::Moment;
use crate::access::Particulars;
use crate::action::Action;
use crate::amount::Amount;
use crate::decider::{DomainEvent, stored_names};
use crate::ids::{MemberId, ReservationId, ZoneId};

/// For what an amount is set aside.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema, Display, IntoStaticStr)]
#[serde(rename_all = "snake_case")]
#[strum(serialize_all = "snake_case")]
pub enum Holder {
    /// Work under way: counts as a task.
    Task,
    /// A grant of the same id.
    Grant,
    /// A grant of the same id, to do a task: counts as one until it is used or ends.
    TaskGrant,
}

impl Holder {
    /// Whether it takes a place among the tasks under way.
    pub fn is_task(self) -> bool {
        match self {
            Self::Task | Self::TaskGrant => true,
            Self::Grant => false,
        }
    }
}

/// What is set aside, for whom and until when.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Terms {
    /// Its id.
    pub reservation_id: ReservationId,
    /// In which zone, and so in every zone above it.
    pub zone_id: ZoneId,
    /// For whom.
    pub principal_id: MemberId,
    /// Who asked for it.
    pub reserved_by: MemberId,
    /// To do what.
    pub action: Action,
    /// How much.
    pub amount: Amount,
    /// For what.
    pub holder: Holder,
    /// For how many seconds it counts for rate limits, where one speaks of the action.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub counted_seconds: Option<u32>,
    /// What was asked besides, so that it can be asked again.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub asked: Option<Box<Particulars>>,
    /// Since when; the moment at which it counts for spending windows, whenever it is spent.
    pub reserved_at: Moment,
    /// Until when.
    pub expires_at: Moment,
}

/// What happens to the ledger.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "type")]
pub enum Event {
    /// An amount was set aside.
    #[serde(rename = "ledger.reserved")]
    Reserved(Box<Terms>),
    /// It was spent, in full or less; the rest is free again.
    #[serde(rename = "ledger.committed")]
    Committed { reservation_id: ReservationId, zone_id: ZoneId, actual: Amount, committed_at: Moment },
    /// A part of it was spent.
    #[serde(rename = "ledger.drawn")]
    Drawn { reservation_id: ReservationId, zone_id: ZoneId, amount: Amount, drawn_at: Moment },
    /// It was given back.
    #[serde(rename = "ledger.released")]
    Released { reservation_id: ReservationId, zone_id: ZoneId, released_at: Moment },
    /// Its time was up.
    #[serde(rename = "ledger.lapsed")]
    Lapsed { reservation_id: ReservationId, zone_id: ZoneId, lapsed_at: Moment },
    /// An action was admitted that a rate limit speaks of.
    #[serde(rename = "ledger.admitted")]
    Admitted {
        zone_id: ZoneId,
        principal_id: MemberId,
        action: Action,
        counted_seconds: u32,
        #[serde(default, skip_serializing_if = "Option::is_none")]
        asked: Option<Box<Particulars>>,
        admitted_at: Moment,
    },
}

stored_names!(Event {
    Reserved => "ledger.reserved",
    Committed => "ledger.committed",
    Drawn => "ledger.drawn",
    Released => "ledger.released",
    Lapsed => "ledger.lapsed",
    Admitted => "ledger.admitted",
});

impl DomainEvent for Event {
    fn event_type(&self) -> &'static str {
        self.stored_name()
    }

    fn zone_id(&self) -> Option<ZoneId> {
        match self {
            Self::Reserved(terms) => Some(terms.zone_id),
            Self::Committed { zone_id, .. }
            | Self::Drawn { zone_id, .. }
            | Self::Released { zone_id, .. }
            | Self::Lapsed { zone_id, .. }
            | Self::Admitted { zone_id, .. } => Some(*zone_id),
        }
    }
}
