//! What is handed to the log: the events of one command, everything they rest on, and the answer they earn.

use std::ops::{Deref, Range};
use std::sync::Arc;

use aggregates::actor::Actor;
use aggregates::decider::DomainEvent;
use aggregates::ids::{OrganizationId, ZoneId};
use aggregates::{Decider, Moment};
use projections::{Data, Recorded, Statement};
use uuid::Uuid;

use super::error::StoreError;

/// One aggregate's events.
#[derive(Clone, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Stream {
    /// Of what type.
    pub aggregate_type: &'static str,
    /// Which one.
    pub aggregate_id: Arc<str>,
}

impl Stream {
    /// The stream of one aggregate of type `D`.
    #[expect(clippy::needless_pass_by_value, reason = "ids are copied, and read better without a borrow")]
    pub fn of<D: Decider>(id: impl ToString) -> Self {
        Self { aggregate_type: D::TYPE, aggregate_id: id.to_string().into() }
    }
}

/// Where a stream is believed to end.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Expected {
    /// After this many events; anything else is a conflict.
    At(u64),
    /// Wherever: a record that rests on nothing.
    Anywhere,
}

/// A fact, not yet recorded.
#[derive(Clone, Debug)]
pub struct DraftEvent {
    /// Its name.
    pub event_type: &'static str,
    /// The fact, without its name.
    pub data: Data,
    /// The zone it concerns.
    pub zone_id: Option<ZoneId>,
}

impl DraftEvent {
    /// A fact to record.
    pub fn of<E: DomainEvent>(event: &E) -> Self {
        Self { event_type: event.event_type(), data: Data::of(event), zone_id: event.zone_id() }
    }
}

/// Facts for one stream.
#[derive(Clone, Debug)]
pub struct Draft {
    /// Whose.
    pub stream: Stream,
    /// Where it is believed to end.
    pub expected: Expected,
    /// What is to follow.
    pub events: Vec<DraftEvent>,
}

/// An answer to be given again for the same key.
#[derive(Clone, Debug, PartialEq)]
pub struct GivenAnswer {
    /// Who asked.
    pub caller_id: Uuid,
    /// Under which key.
    pub key: String,
    /// What was asked: a digest of method, path and body.
    pub fingerprint: String,
    /// HTTP status.
    pub status: u16,
    /// The body.
    pub body: String,
    /// Entity tag.
    pub etag: Option<String>,
    /// Where the new thing is.
    pub location: Option<String>,
    /// The log position it was given at; the log fills this in.
    pub position: u64,
    /// When it was given.
    pub given_at: Moment,
}

/// The place of an append among those that were decided on each other before the log had them. A sequence alone would not do:
/// where the one before is refused, another may take its place and its number.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Link {
    /// What it is called by those that build on it; no other link of its organization is.
    pub ticket: u64,
    /// On which it builds: it is refused unless that is the last link which the log took.
    pub builds_on: Option<u64>,
}

/// The events of one command: all are appended or none is.
#[derive(Clone, Debug)]
pub struct Append {
    /// Whose log.
    pub organization_id: OrganizationId,
    /// Who acts.
    pub actor: Actor,
    /// What it belongs together with.
    pub correlation_id: Uuid,
    /// What caused it.
    pub causation_id: Uuid,
    /// When.
    pub occurred_at: Moment,
    /// The facts, by stream.
    pub writes: Vec<Draft>,
    /// Streams the decision rests on without adding to them: if one has moved, it is a conflict.
    pub guards: Vec<(Stream, u64)>,
    /// What was handed in before and has to be in the log, where it rests on that.
    pub link: Option<Link>,
    /// The answer to keep.
    pub answer: Option<GivenAnswer>,
    /// Rows outside the log that belong to the command (secrets, profiles).
    pub beside: Vec<Statement>,
}

/// What the log made of an append.
#[derive(Clone, Debug)]
pub struct Committed {
    /// The organization's position after it.
    pub position: u64,
    /// The events, as recorded.
    pub events: Part,
}

/// One append's events among those of its batch.
#[derive(Clone, Debug)]
pub struct Part {
    /// The events of the batch.
    pub batch: Arc<Vec<Recorded>>,
    /// Which of them.
    pub place: Range<usize>,
}

impl Deref for Part {
    type Target = [Recorded];

    fn deref(&self) -> &[Recorded] {
        &self.batch[self.place.clone()]
    }
}

/// Why an append is not known to be in the log.
#[derive(Clone, Debug, thiserror::Error)]
pub enum Refused {
    /// A stream had moved.
    #[error("a stream this rests on has moved")]
    Conflict,
    /// The key has an answer.
    #[error("this key has been answered")]
    Answered,
    /// The log could not be written.
    #[error("the log cannot be written: {0}")]
    Unavailable(String),
    /// The way to the log was lost while it was being written, and nobody could say afterwards whether it had been.
    #[error("whether the log was written is not known: {0}")]
    Unknown(String),
}

impl From<StoreError> for Refused {
    fn from(error: StoreError) -> Self {
        match error {
            StoreError::Unanswered(_) => Self::Unknown(error.to_string()),
            _ => Self::Unavailable(error.to_string()),
        }
    }
}
