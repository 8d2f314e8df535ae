//! One SQL text for both databases, with its values.

use chrono::{DateTime, Utc};
use serde::Serialize;
use serde_json::value::{RawValue, to_raw_value};
use uuid::Uuid;

/// JSON as it is written: no database looks into it before it is kept.
#[derive(Clone, Debug)]
pub struct Json(pub Box<RawValue>);

impl PartialEq for Json {
    fn eq(&self, other: &Self) -> bool {
        self.0.get() == other.0.get()
    }
}

/// How many values a statement has, most of the time, at most.
const TYPICAL: usize = 8;

/// A value to bind.
#[derive(Clone, Debug, PartialEq)]
pub enum Param {
    /// An id.
    Id(Option<Uuid>),
    /// A whole number.
    Int(Option<i64>),
    /// A text.
    Text(Option<String>),
    /// A moment.
    Time(Option<DateTime<Utc>>),
    /// JSON.
    Json(Option<Json>),
    /// Yes or no.
    Bool(bool),
}

impl Param {
    /// A value as JSON.
    pub fn json(value: &impl Serialize) -> Self {
        Self::Json(Some(Json(to_raw_value(value).expect("what is kept is plain data"))))
    }
}

/// A statement in the SQL both databases speak, with `$1…` placeholders.
#[derive(Clone, Debug, PartialEq)]
pub struct Statement {
    /// The text.
    pub sql: &'static str,
    /// The values.
    pub params: Vec<Param>,
    /// Whether it need not be said if it is said again soon, of the same aggregate and by the same text.
    pub passing: bool,
}

impl Statement {
    /// A statement without values yet.
    pub fn new(sql: &'static str) -> Self {
        Self { sql, params: Vec::with_capacity(TYPICAL), passing: false }
    }

    /// The same, said of an aggregate for the time being: whatever it writes, the next one writes over, and nothing that is said in between
    /// reads it.
    #[must_use]
    pub fn passing(self) -> Self {
        Self { passing: true, ..self }
    }

    /// Binds the next value.
    #[must_use]
    pub fn bind(mut self, param: impl Into<Param>) -> Self {
        self.params.push(param.into());
        self
    }
}

macro_rules! into_param {
    ($($type:ty => $variant:ident),+ $(,)?) => {$(
        impl From<$type> for Param {
            fn from(value: $type) -> Self {
                Self::$variant(Some(value.into()))
            }
        }

        impl From<Option<$type>> for Param {
            fn from(value: Option<$type>) -> Self {
                Self::$variant(value.map(Into::into))
            }
        }
    )+};
}
into_param! {
    Uuid => Id,
    i64 => Int,
    String => Text,
    &str => Text,
    DateTime<Utc> => Time,
}

macro_rules! into_id {
    ($($type:ident),+) => {$(
        impl From<aggregates::ids::$type> for Param {
            fn from(id: aggregates::ids::$type) -> Self {
                Self::Id(Some(id.0))
            }
        }

        impl From<Option<aggregates::ids::$type>> for Param {
            fn from(id: Option<aggregates::ids::$type>) -> Self {
                Self::Id(id.map(|id| id.0))
            }
        }
    )+};
}
into_id!(OrganizationId, MemberId, ZoneId, ProposalId, TokenId, InviteId, GrantId, EscalationId, EvaluationId, ReservationId);

impl From<bool> for Param {
    fn from(value: bool) -> Self {
        Self::Bool(value)
    }
}

impl From<Option<u64>> for Param {
    fn from(value: Option<u64>) -> Self {
        Self::Int(value.map(|value| i64::try_from(value).unwrap_or(i64::MAX)))
    }
}

impl From<u64> for Param {
    fn from(value: u64) -> Self {
        Self::Int(Some(i64::try_from(value).unwrap_or(i64::MAX)))
    }
}
