//! An event as the log holds it.

use aggregates::actor::Actor;
use aggregates::decider::DomainEvent;
use aggregates::ids::{OrganizationId, ZoneId};
use chrono::{DateTime, Utc};
use serde_json::Value;
use uuid::Uuid;

/// An event as the log holds it (SPEC L2).
#[derive(Clone, Debug, PartialEq)]
pub struct Recorded {
    /// Place in the one order that followers read.
    pub global_position: u64,
    /// Place in its organization's log, from 1 without gaps.
    pub position: u64,
    /// Its id.
    pub id: Uuid,
    /// Whose log it is in.
    pub organization_id: OrganizationId,
    /// What kind of aggregate it belongs to.
    pub aggregate_type: String,
    /// Which one.
    pub aggregate_id: String,
    /// Place in that aggregate's stream, from 1.
    pub sequence: u64,
    /// Its name, `aggregate.fact`.
    pub event_type: String,
    /// The version of its form.
    pub version: String,
    /// When it happened.
    pub occurred_at: DateTime<Utc>,
    /// Who did it.
    pub actor: Actor,
    /// The zone it concerns.
    pub zone_id: Option<ZoneId>,
    /// What it belongs together with.
    pub correlation_id: Uuid,
    /// What caused it.
    pub causation_id: Uuid,
    /// The fact itself.
    pub data: Value,
}

/// An event that cannot be read.
#[derive(Debug)]
pub struct Unreadable {
    /// Where it is.
    pub global_position: u64,
    /// Why it cannot be read.
    pub reason: String,
}

impl Recorded {
    /// The fact with its name inside, as aggregates read it.
    pub fn named_data(&self) -> Value {
        let mut data = self.data.clone();
        if let Value::Object(keys) = &mut data {
            keys.insert("type".to_owned(), Value::String(self.event_type.clone()));
        }
        data
    }

    /// The fact as an event of one aggregate.
    ///
    /// # Errors
    /// [`Unreadable`] when it has another form.
    pub fn read<E: DomainEvent>(&self) -> Result<E, Unreadable> {
        serde_json::from_value(self.named_data())
            .map_err(|error| Unreadable { global_position: self.global_position, reason: error.to_string() })
    }
}
