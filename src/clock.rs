//! The clock, injected everywhere: the machine's, or one that tests move.

use std::sync::Arc;
use std::sync::atomic::{AtomicI64, Ordering};

use aggregates::Moment;
use chrono::{DateTime, SubsecRound, Utc};

/// A clock.
#[derive(Clone, Debug, Default)]
pub enum Clock {
    /// The machine's.
    #[default]
    Machine,
    /// One that stands still until it is moved; microseconds since 1970.
    Movable(Arc<AtomicI64>),
}

impl Clock {
    /// A clock that stands at `moment`.
    pub fn standing_at(moment: Moment) -> Self {
        Self::Movable(Arc::new(AtomicI64::new(moment.timestamp_micros())))
    }

    /// Now, to the microsecond (what both databases keep).
    #[expect(clippy::disallowed_methods, reason = "the one place that reads the machine's clock")]
    pub fn now(&self) -> Moment {
        match self {
            Self::Machine => Utc::now().trunc_subsecs(6),
            Self::Movable(micros) => DateTime::from_timestamp_micros(micros.load(Ordering::SeqCst)).unwrap_or_default(),
        }
    }

    /// Moves a movable clock on; the machine's cannot be moved.
    pub fn advance(&self, by: chrono::Duration) {
        if let Self::Movable(micros) = self {
            micros.fetch_add(by.num_microseconds().unwrap_or(0), Ordering::SeqCst);
        }
    }
}
