//! Proposals: requests that a zone wants decided by others. One stream each; what the outcome rests on is frozen when the
//! proposal opens, so that votes never touch the zone tree.

mod choosing;
mod command;
mod decide;
mod delegating;
mod electorate;
mod escalating;
mod event;
mod execution;
mod lineage;
mod opening;
mod rejection;
mod risk;
mod state;
mod subject;

pub use choosing::{
    Awaited, Chooser, Chooses, Nominee, SelectionMade, Tending, departed, is_tended, nominees, question, tended,
};
pub use command::{Command, Withdrawal, ZONE_ARCHIVED};
pub use delegating::seat_for;
pub use electorate::{ChosenBy, Conflict, ConflictCode, Elector, SelectionReason, interested};
pub use escalating::{CONTESTED, ESCALATION};
pub use event::{Event, Opening, RecusalReason};
pub use execution::{ALLOCATE, Effects, Failure, could_be_executed, effects};
pub use lineage::{Lineage, StallReason, WayUp, WentUp};
pub use opening::{Referral, Submission, demands_a_human, prepare, refer, stopped};
pub use rejection::Rejection;
pub use state::{Before, Comment, Execution, ExecutionStatus, Resolution, Reviewer, State, Status, Vote};
pub use subject::{
    MembershipChange, MembershipOperation, Payload, ProposalType, ResourceAllocation, Subject, TaskExecution, ZoneChange,
    read_subject,
};

use crate::Decider;

/// The proposal as an aggregate.
pub struct Proposal;

impl Decider for Proposal {
    const TYPE: &'static str = "proposal";
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
