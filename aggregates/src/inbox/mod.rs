//! The inbox: which of what changed for someone they have seen. What there is to see follows from other events; one stream for
//! each member says what of it is read.

use std::collections::BTreeSet;

use serde::{Deserialize, Serialize};
use strum::IntoStaticStr;

use crate::decider::{DomainEvent, stored_names};
use crate::ids::MemberId;
use crate::rejection::{Fault, Kind, Rejected};
use crate::{Decider, Moment};

/// The most positions one command marks.
pub const AT_ONCE: usize = 200;

/// What can be asked of an inbox.
#[derive(Clone, Debug)]
pub enum Command {
    /// Marks as read everything up to a log position, and what happened at single positions.
    MarkRead { member_id: MemberId, up_to: Option<u64>, positions: BTreeSet<u64>, now: Moment },
}

/// What happened to an inbox.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "type")]
pub enum Event {
    /// Something was read.
    #[serde(rename = "inbox.marked_read")]
    MarkedRead { member_id: MemberId, up_to: Option<u64>, positions: BTreeSet<u64>, marked_at: Moment },
}

stored_names!(Event { MarkedRead => "inbox.marked_read" });

impl DomainEvent for Event {
    fn event_type(&self) -> &'static str {
        self.stored_name()
    }
}

/// What has been read: everything up to a position, and single ones after it.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct State {
    /// Everything up to here.
    pub up_to: u64,
    /// And these.
    pub positions: BTreeSet<u64>,
}

/// Why nothing is marked.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error, IntoStaticStr)]
#[strum(serialize_all = "snake_case")]
pub enum Rejection {
    /// Too many at once.
    #[error("at most {AT_ONCE} positions are marked at once, or everything up to one")]
    TooManyPositions,
}

impl Rejected for Rejection {
    fn code(&self) -> &'static str {
        self.into()
    }

    fn kind(&self) -> Kind {
        Kind::Rule
    }

    fn faults(&self) -> Vec<Fault> {
        vec![Fault::new("/positions", self.code(), self.to_string())]
    }
}

/// The inbox as an aggregate.
pub struct Inbox;

impl Decider for Inbox {
    const TYPE: &'static str = "inbox";
    type State = State;
    type Command = Command;
    type Event = Event;
    type Rejection = Rejection;

    fn decide(state: &State, command: Command) -> Result<Vec<Event>, Rejection> {
        let Command::MarkRead { member_id, up_to, positions, now } = command;
        if positions.len() > AT_ONCE {
            return Err(Rejection::TooManyPositions);
        }
        let up_to = up_to.filter(|up_to| *up_to > state.up_to);
        let read = up_to.unwrap_or(state.up_to);
        let positions: BTreeSet<u64> =
            positions.into_iter().filter(|position| *position > read && !state.positions.contains(position)).collect();
        if up_to.is_none() && positions.is_empty() {
            return Ok(vec![]);
        }
        Ok(vec![Event::MarkedRead { member_id, up_to, positions, marked_at: now }])
    }

    fn evolve(state: &mut State, event: &Event) {
        let Event::MarkedRead { up_to, positions, .. } = event;
        state.positions.extend(positions);
        if let Some(up_to) = up_to {
            state.up_to = *up_to;
            state.positions.retain(|position| position > up_to);
        }
    }
}
