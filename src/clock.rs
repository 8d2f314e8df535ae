//! The clock, injected everywhere: the machine's, one that tests move, or the machine's while it is late.

use std::sync::Arc;
use std::sync::atomic::{AtomicI64, Ordering};

use aggregates::Moment;
use chrono::{DateTime, SubsecRound, TimeDelta, Utc};

/// A clock.
#[derive(Clone, Debug, Default)]
pub enum Clock {
    /// The machine's.
    #[default]
    Machine,
    /// One that stands still until it is moved; microseconds since 1970.
    Movable(Arc<AtomicI64>),
    /// The machine's, by so many microseconds late: for telling what has come to pass as it came to pass.
    Late(Arc<AtomicI64>),
}

impl Clock {
    /// A clock that stands at `moment`.
    pub fn standing_at(moment: Moment) -> Self {
        Self::Movable(Arc::new(AtomicI64::new(moment.timestamp_micros())))
    }

    /// The machine's clock, not late yet: it can be put back and moved on again.
    pub fn that_can_be_put_back() -> Self {
        Self::Late(Arc::default())
    }

    /// Now, to the microsecond (what both databases keep).
    #[expect(clippy::disallowed_methods, reason = "the one place that reads the machine's clock")]
    pub fn now(&self) -> Moment {
        match self {
            Self::Machine => Utc::now().trunc_subsecs(6),
            Self::Late(by) => (Utc::now() - TimeDelta::microseconds(by.load(Ordering::SeqCst))).trunc_subsecs(6),
            Self::Movable(micros) => DateTime::from_timestamp_micros(micros.load(Ordering::SeqCst)).unwrap_or_default(),
        }
    }

    /// Moves the clock on, or back; the machine's cannot be moved.
    pub fn advance(&self, by: TimeDelta) {
        let by = by.num_microseconds().unwrap_or(0);
        match self {
            Self::Machine => {}
            Self::Movable(micros) => drop(micros.fetch_add(by, Ordering::SeqCst)),
            Self::Late(late) => drop(late.fetch_sub(by, Ordering::SeqCst)),
        }
    }
}
