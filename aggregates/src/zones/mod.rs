//! The zone tree of an organization. One stream for the whole tree: narrowing, cycles, slugs and cascades are then one
//! decision each.

mod changes;
mod command;
mod decide;
mod event;
mod facts;
mod path;
mod rejection;
mod tree;

pub use changes::Changes;
pub use command::Command;
pub use event::Event;
pub use facts::{Assignee, Facts, Unfit, misaligned, unfit, unqualified};
pub use path::Path;
pub use rejection::Rejection;
pub use tree::{Assignment, Bound, Status, Tree, Zone};

use crate::Decider;

#[cfg(test)]
mod laws;
#[cfg(test)]
mod tests;

/// The zone tree as an aggregate.
pub struct Zones;

impl Decider for Zones {
    const TYPE: &'static str = "zone_tree";
    type State = Tree;
    type Command = Command;
    type Event = Event;
    type Rejection = Rejection;

    fn decide(state: &Tree, command: Command) -> Result<Vec<Event>, Rejection> {
        decide::decide(state, command)
    }

    fn evolve(state: &mut Tree, event: &Event) {
        state.evolve(event);
    }
}
