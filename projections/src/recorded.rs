//! An event as the log holds it.

use std::any::Any;
use std::borrow::Cow;
use std::fmt::{self, Debug, Formatter};
use std::sync::{Arc, OnceLock};

use aggregates::actor::Actor;
use aggregates::decider::DomainEvent;
use aggregates::ids::{OrganizationId, ZoneId};
use chrono::{DateTime, Utc};
use serde::Serialize;
use serde_json::Value;
use utoipa::ToSchema;
use uuid::Uuid;

/// A fact without its name: a JSON object, kept as it is written. Most who handle events only pass it on; those of one process who
/// look into it share what the first of them has read.
#[derive(Clone)]
pub struct Data {
    text: Arc<str>,
    fact: OnceLock<Arc<dyn Any + Send + Sync>>,
}

impl PartialEq for Data {
    fn eq(&self, other: &Self) -> bool {
        self.text == other.text
    }
}

impl Debug for Data {
    fn fmt(&self, formatter: &mut Formatter<'_>) -> std::fmt::Result {
        formatter.write_str(&self.text)
    }
}

impl Data {
    /// What an event holds.
    pub fn of<E: DomainEvent>(event: &E) -> Self {
        let mut text = serde_json::to_string(event).expect("events are plain data");
        let name = ["{\"type\":\"", event.event_type(), "\""];
        let rest = name.iter().try_fold(text.as_str(), |rest, part| rest.strip_prefix(part));
        let rest = rest.map(|rest| text.len() - rest.strip_prefix(',').unwrap_or(rest).len());
        let data = match rest {
            Some(rest) => {
                text.replace_range(..rest, "{");
                Self::kept(&text)
            }
            None => Self::nameless(serde_json::from_str(&text).unwrap_or_default()),
        };
        Self { fact: OnceLock::from(Arc::new(event.clone()) as Arc<dyn Any + Send + Sync>), ..data }
    }

    fn nameless(mut data: Value) -> Self {
        if let Value::Object(keys) = &mut data {
            keys.remove("type");
        }
        Self::kept(&data.to_string())
    }

    /// JSON that a database has kept.
    pub fn kept(text: &str) -> Self {
        Self { text: text.into(), fact: OnceLock::new() }
    }

    /// As it is written.
    pub fn as_str(&self) -> &str {
        &self.text
    }

    /// As a tree of values, for looking into it.
    pub fn value(&self) -> Value {
        serde_json::from_str(&self.text).unwrap_or_default()
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
    pub aggregate_type: Cow<'static, str>,
    /// Which one.
    pub aggregate_id: Arc<str>,
    /// Place in that aggregate's stream, from 1.
    pub sequence: u64,
    /// Its name, `aggregate.fact`.
    pub event_type: Cow<'static, str>,
    /// The version of its form.
    pub version: Cow<'static, str>,
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

/// An event as everyone outside sees it (SPEC L2).
#[derive(Clone, Debug, PartialEq, Serialize, ToSchema)]
pub struct EventView {
    /// Place in its organization's log, from 1 without gaps.
    position: u64,
    id: Uuid,
    organization_id: OrganizationId,
    /// What kind of aggregate it belongs to.
    aggregate_type: String,
    /// Which one.
    aggregate_id: String,
    /// Place in that aggregate's stream, from 1.
    sequence: u64,
    /// Its name, `aggregate.fact`.
    r#type: String,
    /// The version of its form.
    version: u32,
    occurred_at: DateTime<Utc>,
    actor: Actor,
    /// The zone it concerns, if it does.
    zone_id: Option<ZoneId>,
    /// What it belongs together with.
    correlation_id: Uuid,
    /// What caused it.
    causation_id: Uuid,
    /// The fact itself; its keys depend on `type`.
    #[schema(value_type = Object)]
    data: Value,
}

impl fmt::Display for EventView {
    /// As one line of JSON.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&serde_json::to_string(self).map_err(|_| fmt::Error)?)
    }
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
    pub fn view(&self) -> EventView {
        EventView {
            position: self.position,
            id: self.id,
            organization_id: self.organization_id,
            aggregate_type: self.aggregate_type.to_string(),
            aggregate_id: self.aggregate_id.to_string(),
            sequence: self.sequence,
            r#type: self.event_type.to_string(),
            version: self.version.parse().unwrap_or(1),
            occurred_at: self.occurred_at,
            actor: self.actor,
            zone_id: self.zone_id,
            correlation_id: self.correlation_id,
            causation_id: self.causation_id,
            data: self.data.value(),
        }
    }

    /// The fact with its name inside, as aggregates read it.
    fn named_data(&self) -> String {
        let rest = self.data.as_str().trim_start().strip_prefix('{').map_or("}", str::trim_start);
        let comma = if rest.starts_with('}') { "" } else { "," };
        format!("{{\"type\":{}{comma}{rest}", Value::from(self.event_type.as_ref()))
    }

    /// The fact as an event of one aggregate.
    ///
    /// # Errors
    /// [`Unreadable`] when it has another form.
    pub fn read<E: DomainEvent>(&self) -> Result<E, Unreadable> {
        let known = self.data.fact.get().and_then(|fact| fact.downcast_ref::<E>());
        if let Some(known) = known {
            return Ok(known.clone());
        }
        let read = serde_json::from_str::<E>(&self.named_data());
        let fact = read.map_err(|error| Unreadable { global_position: self.global_position, reason: error.to_string() })?;
        self.data.fact.get_or_init(|| Arc::new(fact.clone()));
        Ok(fact)
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
