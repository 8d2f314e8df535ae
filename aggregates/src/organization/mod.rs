//! The organization: who belongs to it and as what. One stream, so that "at least one owner remains" is one decision.

mod command;
mod decide;
mod event;
mod repute;
mod state;

pub use command::Command;
pub use decide::Rejection;
pub use event::Event;
pub use repute::{Cause, Judged, Signal};
pub use state::{Member, State};

use crate::Decider;

/// The organization as an aggregate.
pub struct Organization;

impl Decider for Organization {
    const TYPE: &'static str = "organization";
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
