//! Escalations: a decision (action) or the deciders (governance) taken to the parent zone (SPEC section 8). The question itself
//! is a proposal there; this aggregate says who asked for it, who signed, and how it ended.

mod allowance;
mod command;
mod decide;
mod event;
mod raising;
mod rejection;
mod state;

pub use allowance::{Allowance, Command as AllowanceCommand, Event as AllowanceEvent, Rejection as AllowanceRejection};
pub use command::Command;
pub use event::{Contest, DismissalReason, Event, Raised};
pub use raising::{
    Ascent, Instance, action_referral, contested_people, governance_referral, instance_above, kept_from_dismissing,
    may_escalate,
};
pub use rejection::Rejection;
pub use state::{Dismissal, Signature, State, Status};

use crate::Decider;

/// The escalation as an aggregate.
pub struct Escalation;

impl Decider for Escalation {
    const TYPE: &'static str = "escalation";
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
