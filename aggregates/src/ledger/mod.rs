//! The ledger: what is set aside, spent and counted, zone by zone, in one stream per organization. A reservation debits its
//! zone and so every zone above it, or nothing: sums over subtrees are one decision (SPEC C6, C7, X4). Whether something
//! fits is asked of the permission check; the ledger keeps the books.

mod account;
mod command;
mod decide;
mod event;
mod rejection;
mod window;

pub use account::{Account, Admission, Open, State};
pub use command::Command;
pub use event::{Event, Holder, Terms};
pub use rejection::Rejection;
pub use window::{next_start, start_of, wall_clock};

use crate::Decider;

/// The longest a reservation may stand: 30 days, in seconds.
pub const LONGEST_SECONDS: u32 = 30 * 24 * 3600;
/// How long a reservation stands unless it is said: an hour, in seconds.
pub const USUAL_SECONDS: u32 = 3600;

/// The ledger as an aggregate.
pub struct Ledger;

impl Decider for Ledger {
    const TYPE: &'static str = "ledger";
    type State = State;
    type Command = Command;
    type Event = Event;
    type Rejection = Rejection;

    fn decide(state: &State, command: Command) -> Result<Vec<Event>, Rejection> {
        decide::decide(state, command)
    }

    fn evolve(state: &mut State, event: &Event) {
        state.evolve(event);
    }
}

#[cfg(test)]
mod tests;
