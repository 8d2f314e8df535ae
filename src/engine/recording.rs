//! What is put on record without being decided: denied checks, failed sign-ins, refused votes, exports (SPEC L5).

use aggregates::access::{self, Access};
use aggregates::actor::Actor;

use super::app::{App, Caller};
use super::plan::Plan;
use crate::entropy;
use crate::store::{Append, Draft, DraftEvent, Expected, Refused, Stream};

/// One record for each principal. What the service itself puts on record is kept with the organization: a record that organizations
/// shared would tell each how much happens to the others.
fn whose(caller: &Caller) -> Stream {
    if caller.actor == Actor::SYSTEM { Stream::of::<Access>(caller.organization_id) } else { Stream::of::<Access>(caller.id()) }
}

impl Plan {
    /// Puts something on record in the same breath.
    pub fn note(&mut self, caller: &Caller, fact: &access::Event) {
        self.writes.push(Draft { stream: whose(caller), expected: Expected::Anywhere, events: vec![DraftEvent::of(fact)] });
    }
}

impl App {
    /// Puts on record what is refused anyway; that the log cannot be written does not change the answer.
    pub async fn record_refusal(&self, caller: &Caller, fact: &access::Event) {
        if let Err(error) = self.record(caller, fact).await {
            tracing::warn!(%error, "a refusal could not be put on record");
        }
    }

    /// Puts something on record that rests on nothing. Whoever is to answer only what is on record passes the error on (SPEC L6).
    pub async fn record(&self, caller: &Caller, fact: &access::Event) -> Result<(), Refused> {
        let append = Append {
            organization_id: caller.organization_id,
            actor: caller.actor,
            correlation_id: entropy::new_id(),
            causation_id: entropy::new_id(),
            occurred_at: self.clock.now(),
            writes: vec![Draft { stream: whose(caller), expected: Expected::Anywhere, events: vec![DraftEvent::of(fact)] }],
            guards: Vec::new(),
            link: None,
            answer: None,
            beside: Vec::new(),
        };
        self.writer.append(append).await.map(drop)
    }
}
