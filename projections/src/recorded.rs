//! An event as the log holds it.

use aggregates::actor::Actor;
use aggregates::decider::DomainEvent;
use aggregates::ids::{OrganizationId, ZoneId};
use chrono::{DateTime, Utc};
use serde_json::{Value, json};
use uuid::Uuid;

/// A fact without its name: a JSON object, kept as it is written. Most who handle events only pass it on.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Data(Box<str>);

impl Data {
    /// What an event holds.
    pub fn of<E: DomainEvent>(event: &E) -> Self {
        let text = serde_json::to_string(event).expect("events are plain data");
        let name = format!("{{\"type\":\"{}\"", event.event_type());
        let rest = text.strip_prefix(&name).map(|rest| rest.strip_prefix(',').unwrap_or(rest));
        match rest {
            Some(rest) => Self(format!("{{{rest}").into()),
            None => Self::nameless(serde_json::from_str(&text).unwrap_or_default()),
        }
    }

    fn nameless(mut data: Value) -> Self {
        if let Value::Object(keys) = &mut data {
            keys.remove("type");
        }
        Self(data.to_string().into())
    }

    /// JSON that a database has kept.
    pub fn kept(text: &str) -> Self {
        Self(text.into())
    }

    /// As it is written.
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// As a tree of values, for looking into it.
    pub fn value(&self) -> Value {
        serde_json::from_str(&self.0).unwrap_or_default()
    }
}

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
    pub data: Data,
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
    /// The event as everyone outside sees it (SPEC L2).
    pub fn view(&self) -> Value {
        json!({
            "position": self.position, "id": self.id, "organization_id": self.organization_id,
            "aggregate_type": self.aggregate_type, "aggregate_id": self.aggregate_id, "sequence": self.sequence,
            "type": self.event_type, "version": self.version.parse::<u32>().unwrap_or(1), "occurred_at": self.occurred_at,
            "actor": self.actor, "zone_id": self.zone_id, "correlation_id": self.correlation_id,
            "causation_id": self.causation_id, "data": self.data.value(),
        })
    }

    /// The fact with its name inside, as aggregates read it.
    fn named_data(&self) -> String {
        let rest = self.data.as_str().trim_start().strip_prefix('{').map_or("}", str::trim_start);
        let comma = if rest.starts_with('}') { "" } else { "," };
        format!("{{\"type\":{}{comma}{rest}", Value::from(self.event_type.as_str()))
    }

    /// The fact as an event of one aggregate.
    ///
    /// # Errors
    /// [`Unreadable`] when it has another form.
    pub fn read<E: DomainEvent>(&self) -> Result<E, Unreadable> {
        serde_json::from_str(&self.named_data())
            .map_err(|error| Unreadable { global_position: self.global_position, reason: error.to_string() })
    }
}

#[cfg(test)]
mod tests {
    use aggregates::access::Event;
    use serde_json::json;

    use super::Data;

    #[test]
    fn a_fact_is_kept_without_its_name() {
        let exported = Event::LogExported { after_position: 7, format: "ndjson".to_owned() };
        assert_eq!(Data::of(&exported).value(), json!({"after_position": 7, "format": "ndjson"}));
        assert_eq!(Data::nameless(json!({"type": "x", "a": 1})).value(), json!({"a": 1}));
    }
}
