//! Rejections: why a command was refused, in words and in stable codes.

use serde::Serialize;
use utoipa::ToSchema;

/// What kind of refusal it is; the edge turns this into an HTTP status.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    /// What was named does not exist here.
    Missing,
    /// The actor may not do this.
    Forbidden,
    /// The state does not admit it.
    Conflict,
    /// A rule forbids it.
    Rule,
    /// Too often.
    TooMany,
}

/// One fault in the input: where it is and what is wrong with it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, ToSchema)]
pub struct Fault {
    /// JSON pointer (RFC 6901) into the body.
    pub pointer: String,
    /// Stable code in snake case.
    pub code: String,
    /// What happened to what.
    pub message: String,
    /// The zone whose limit binds, where one does.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub zone_id: Option<crate::ids::ZoneId>,
    /// The limit that binds.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub limit: Option<serde_json::Value>,
    /// What was asked for.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub requested: Option<serde_json::Value>,
}

impl Fault {
    /// A fault that no zone's limit caused.
    pub fn new(pointer: impl Into<String>, code: &str, message: impl Into<String>) -> Self {
        Self {
            pointer: pointer.into(),
            code: code.to_owned(),
            message: message.into(),
            zone_id: None,
            limit: None,
            requested: None,
        }
    }

    /// The same fault, seen from one level further out.
    #[must_use]
    pub fn under(mut self, prefix: &str) -> Self {
        self.pointer = format!("{prefix}{}", self.pointer);
        self
    }
}

/// A domain refusal with a stable code. Every aggregate has its own typed rejection; this is what the edge needs of it.
pub trait Rejected: std::error::Error {
    /// Stable code in snake case.
    fn code(&self) -> &'static str;
    /// The kind of refusal.
    fn kind(&self) -> Kind;
    /// The faults in the input, if the input is to blame.
    fn faults(&self) -> Vec<Fault> {
        Vec::new()
    }
    /// Seconds after which trying again makes sense, if it ever does.
    fn retry_after_seconds(&self) -> Option<u64> {
        None
    }
}
