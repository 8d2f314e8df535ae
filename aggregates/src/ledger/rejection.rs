//! Why the ledger stays as it is.

use strum::IntoStaticStr;

use crate::Moment;
use crate::amount::Amount;
use crate::rejection::{Fault, Kind, Rejected};

/// Why the ledger stays as it is.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error, IntoStaticStr)]
#[strum(serialize_all = "snake_case")]
pub enum Rejection {
    /// Nothing stands under this id.
    #[error("no such reservation stands")]
    NotReserved,
    /// Set aside once only.
    #[error("the reservation exists already")]
    AlreadyReserved,
    /// Its time is up.
    #[error("the reservation ended at {0}")]
    ReservationLapsed(Moment),
    /// More than was set aside.
    #[error("only {held} is set aside, not {asked}")]
    MoreThanReserved {
        /// What is set aside.
        held: Amount,
        /// What was to be spent.
        asked: Amount,
    },
    /// Its time is not up.
    #[error("the reservation stands until {0}")]
    NotDue(Moment),
}

impl Rejected for Rejection {
    fn code(&self) -> &'static str {
        self.into()
    }

    fn kind(&self) -> Kind {
        match self {
            Self::NotReserved => Kind::Missing,
            Self::AlreadyReserved | Self::ReservationLapsed(_) | Self::NotDue(_) => Kind::Conflict,
            Self::MoreThanReserved { .. } => Kind::Rule,
        }
    }

    fn faults(&self) -> Vec<Fault> {
        match self {
            Self::MoreThanReserved { .. } => vec![Fault::new("/actual", self.code(), self.to_string())],
            Self::NotReserved | Self::AlreadyReserved | Self::ReservationLapsed(_) | Self::NotDue(_) => Vec::new(),
        }
    }
}
