//! A batch of appends as it fills: each is held against the log as those before it leave it. One that does not fit is refused
//! alone.

use std::collections::{BTreeMap, HashMap};
use std::ops::Range;

use aggregates::ids::OrganizationId;
use projections::Recorded;
use uuid::Uuid;

use super::append::{Append, DraftEvent, Expected, GivenAnswer, Refused, Stream};
use super::heads::{Heads, key_of};

/// The last link of each organization that the log took.
pub type Links = HashMap<OrganizationId, u64>;

/// What becomes of an append: the organization's position after it, and which of the batch's events are its own.
pub type Outcome = Result<(u64, Range<usize>), Refused>;

/// What a batch comes to.
pub struct Batch<'a> {
    /// Where everything stands after it.
    pub heads: Heads,
    /// Its events, in order.
    pub events: Vec<Recorded>,
    /// Where the organizations stand that it adds to.
    pub touched: BTreeMap<Uuid, u64>,
    /// The answers to keep.
    pub answers: Vec<GivenAnswer>,
    /// What becomes of each append.
    pub outcomes: Vec<Outcome>,
    /// The last links it takes.
    pub linked: Links,
    links: &'a Links,
    new_id: fn() -> Uuid,
}

impl<'a> Batch<'a> {
    /// The batch of `appends` on a log that stands at `heads`, where `links` were the last it took.
    pub fn admit(appends: &[Append], heads: Heads, links: &'a Links, new_id: fn() -> Uuid) -> Self {
        let mut batch = Self {
            heads,
            events: Vec::new(),
            touched: BTreeMap::new(),
            answers: Vec::new(),
            outcomes: Vec::with_capacity(appends.len()),
            linked: Links::new(),
            links,
            new_id,
        };
        for append in appends {
            let outcome = batch.take(append);
            batch.outcomes.push(outcome);
        }
        batch
    }

    fn take(&mut self, append: &Append) -> Outcome {
        if let Some(answer) = &append.answer
            && self.heads.answered.contains(&key_of(answer))
        {
            return Err(Refused::Answered);
        }
        let moved = |stream: &Stream, expected: u64| self.heads.streams.get(stream).copied().unwrap_or(0) != expected;
        let stale_write = append.writes.iter().any(|draft| match draft.expected {
            Expected::At(expected) => moved(&draft.stream, expected),
            Expected::Anywhere => false,
        });
        let last = self.linked.get(&append.organization_id).or_else(|| self.links.get(&append.organization_id)).copied();
        let unlinked = append.link.is_some_and(|link| link.builds_on.is_some() && link.builds_on != last);
        if stale_write || unlinked || append.guards.iter().any(|(stream, expected)| moved(stream, *expected)) {
            return Err(Refused::Conflict);
        }
        if let Some(link) = append.link {
            self.linked.insert(append.organization_id, link.ticket);
        }
        let first = self.events.len();
        for draft in &append.writes {
            for event in &draft.events {
                let recorded = self.record(append, &draft.stream, event);
                self.events.push(recorded);
            }
        }
        let position = self.heads.organizations.get(&append.organization_id.0).copied().unwrap_or(0);
        if let Some(answer) = &append.answer {
            self.heads.answered.insert(key_of(answer));
            self.answers.push(GivenAnswer { position, ..answer.clone() });
        }
        Ok((position, first..self.events.len()))
    }

    fn record(&mut self, append: &Append, stream: &Stream, event: &DraftEvent) -> Recorded {
        self.heads.log += 1;
        let position = self.heads.organizations.entry(append.organization_id.0).or_insert(0);
        *position += 1;
        self.touched.insert(append.organization_id.0, *position);
        let sequence = self.heads.streams.entry(stream.clone()).or_insert(0);
        *sequence += 1;
        Recorded {
            global_position: self.heads.log,
            position: *position,
            id: (self.new_id)(),
            organization_id: append.organization_id,
            aggregate_type: stream.aggregate_type.into(),
            aggregate_id: stream.aggregate_id.clone(),
            sequence: *sequence,
            event_type: event.event_type.into(),
            version: "1".into(),
            occurred_at: append.occurred_at,
            actor: append.actor,
            zone_id: event.zone_id,
            correlation_id: append.correlation_id,
            causation_id: append.causation_id,
            data: event.data.clone(),
        }
    }
}
