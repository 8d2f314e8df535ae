//! What a command answers.

use aggregates::ids::{MemberId, ZoneId};
use axum::http::StatusCode;
use serde::Serialize;
use serde_json::{Value, json};
use utoipa::ToSchema;

use crate::store::{Draft, DraftEvent};

/// What a large body takes, in bytes, most of the time: it is not moved while it is written.
const LARGE: usize = 8 * 1024;

/// The body of an answer.
#[derive(Clone, Debug, PartialEq)]
pub enum Told {
    /// JSON that may still be looked into.
    Value(Value),
    /// JSON as it goes out: a large body is written once, without a tree of values in between.
    Written(String),
}

/// What a command answers.
#[derive(Clone, Debug, PartialEq)]
pub struct Answer {
    /// HTTP status.
    pub status: StatusCode,
    /// The body.
    pub body: Told,
    /// The version of the thing changed.
    pub version: Option<u64>,
    /// Where a new thing is.
    pub location: Option<String>,
    /// The key of the body that is shown once and never kept.
    pub shown_once: Option<&'static str>,
    /// Whose name and address are in the body: they are kept where they can be erased, and nowhere else.
    pub about: Option<MemberId>,
}

/// The key by which a kept body says whose name and address belong into it.
const ABOUT: &str = "name_and_address_of";

impl Told {
    /// The body as a tree of values.
    pub fn value(self) -> Value {
        match self {
            Self::Value(body) => body,
            Self::Written(body) => serde_json::from_str(&body).unwrap_or_default(),
        }
    }
}

impl Answer {
    /// The body as it may be kept: without what is shown once, and without a name and an address (SPEC A7).
    pub(super) fn kept_body(&self) -> String {
        let Some(person) = self.about else { return self.told_again() };
        let mut body: Value = serde_json::from_str(&self.told_again()).unwrap_or_default();
        (body["display_name"], body["email"], body[ABOUT]) = (Value::Null, Value::Null, json!(person));
        body.to_string()
    }

    /// The body without what is shown once.
    fn told_again(&self) -> String {
        match &self.body {
            Told::Written(body) => body.clone(),
            Told::Value(body) => {
                let mut body = body.clone();
                if let Some(secret) = self.shown_once.and_then(|key| body.get_mut(key)) {
                    *secret = Value::Null;
                }
                body.to_string()
            }
        }
    }

    /// A body that was kept, and whose name and address are to be put into it again.
    pub(super) fn kept(body: String) -> (Told, Option<MemberId>) {
        if !body.contains(ABOUT) {
            return (Told::Written(body), None);
        }
        let mut value: Value = serde_json::from_str(&body).unwrap_or_default();
        let person = value.as_object_mut().and_then(|keys| keys.remove(ABOUT));
        match person.and_then(|person| serde_json::from_value(person).ok()) {
            Some(person) => (Told::Value(value), Some(person)),
            None => (Told::Written(body), None),
        }
    }

    /// The same, said of a person.
    #[must_use]
    pub fn about(mut self, person: MemberId) -> Self {
        self.about = Some(person);
        self
    }

    /// What is answered when it is only asked what would happen: the events that would follow, and this answer.
    pub(super) fn imagined(&self, writes: &[Draft]) -> Self {
        let events = writes.iter().flat_map(|draft| draft.events.iter().map(|event| ImaginedEvent::of(draft, event)));
        let body = serde_json::from_str(&self.told_again()).unwrap_or_default();
        let would_answer = WouldAnswer { status: self.status.as_u16(), body };
        Self::ok(json!(Imagined { dry_run: true, events: events.collect(), would_answer }))
    }

    /// The same, with a key of the body that is shown once and never kept.
    #[must_use]
    pub fn showing_once(mut self, key: &'static str) -> Self {
        self.shown_once = Some(key);
        self
    }

    /// 200 with a body.
    pub fn ok(body: Value) -> Self {
        Self::of(StatusCode::OK, Told::Value(body))
    }

    /// 200 with a large body, written at once.
    pub fn written(body: &impl Serialize) -> Self {
        let mut text = Vec::with_capacity(LARGE);
        serde_json::to_writer(&mut text, body).expect("answers are plain data");
        Self::of(StatusCode::OK, Told::Written(String::from_utf8(text).expect("JSON is UTF-8")))
    }

    /// 201 with a body and a place.
    pub fn created(body: Value, location: String) -> Self {
        Self { location: Some(location), ..Self::of(StatusCode::CREATED, Told::Value(body)) }
    }

    /// 204.
    pub fn nothing() -> Self {
        Self::of(StatusCode::NO_CONTENT, Told::Value(Value::Null))
    }

    fn of(status: StatusCode, body: Told) -> Self {
        Self { status, body, version: None, location: None, shown_once: None, about: None }
    }

    /// The same, with the version of the thing.
    #[must_use]
    pub fn at_version(mut self, version: u64) -> Self {
        self.version = Some(version);
        self
    }
}

/// What a command answers that is only asked what it would do.
#[derive(Debug, Serialize, ToSchema)]
pub struct Imagined {
    /// Always `true`: nothing has been done.
    dry_run: bool,
    /// What would be appended to the log, in order.
    events: Vec<ImaginedEvent>,
    would_answer: WouldAnswer,
}

/// An event that would be appended.
#[derive(Debug, Serialize, ToSchema)]
pub struct ImaginedEvent {
    r#type: String,
    aggregate_type: String,
    aggregate_id: String,
    zone_id: Option<ZoneId>,
    #[schema(value_type = Object)]
    data: Value,
}

impl ImaginedEvent {
    fn of(draft: &Draft, event: &DraftEvent) -> Self {
        Self {
            r#type: event.event_type.to_owned(),
            aggregate_type: draft.stream.aggregate_type.to_string(),
            aggregate_id: draft.stream.aggregate_id.to_string(),
            zone_id: event.zone_id,
            data: event.data.value(),
        }
    }
}

/// What would be answered.
#[derive(Debug, Serialize, ToSchema)]
pub struct WouldAnswer {
    /// The HTTP status.
    status: u16,
    body: Value,
}

/// A finished command: its answer, and the log position it holds at.
#[derive(Clone, Debug, PartialEq)]
pub struct Done {
    /// The answer.
    pub answer: Answer,
    /// The organization's position.
    pub position: u64,
}
