//! The shape every aggregate has.

use std::fmt::Debug;

use serde::Serialize;
use serde::de::DeserializeOwned;

use crate::Rejected;

/// A pure decision maker: commands in, events or a rejection out.
pub trait Decider {
    /// Name of the aggregate in the log.
    const TYPE: &'static str;
    /// What the past amounts to.
    type State: Default + Clone + Debug + Send + Sync + 'static;
    /// What someone asks for.
    type Command;
    /// What happened.
    type Event: DomainEvent;
    /// Why it did not.
    type Rejection: Rejected;

    /// Decides a command from the state alone.
    ///
    /// # Errors
    /// The typed reason why the command is refused; nothing has happened then.
    fn decide(state: &Self::State, command: Self::Command) -> Result<Vec<Self::Event>, Self::Rejection>;

    /// Applies a fact. Never fails: what is in the log has happened.
    fn evolve(state: &mut Self::State, event: &Self::Event);

    /// The state after all of `events`.
    fn replay<'a>(events: impl IntoIterator<Item = &'a Self::Event>) -> Self::State
    where
        Self::Event: 'a,
    {
        let mut state = Self::State::default();
        for event in events {
            Self::evolve(&mut state, event);
        }
        state
    }
}

/// A fact as the log stores it: `{"type": "aggregate.fact", ...}`.
pub trait DomainEvent: Serialize + DeserializeOwned + Clone + Debug + PartialEq + Send + Sync + 'static {
    /// The stored name, `aggregate.fact`, which never changes.
    fn event_type(&self) -> &'static str;

    /// The zone it concerns, for filters.
    fn zone_id(&self) -> Option<crate::ids::ZoneId> {
        None
    }
}

/// Declares an aggregate's events with the names the log knows them by.
macro_rules! stored_names {
    ($event:ident { $($variant:ident => $name:literal),+ $(,)? }) => {
        impl $event {
            /// Every stored name of this aggregate's events.
            pub const NAMES: &'static [&'static str] = &[$($name),+];

            fn stored_name(&self) -> &'static str {
                match self {
                    $(Self::$variant { .. } => $name),+
                }
            }
        }
    };
}
pub(crate) use stored_names;
