//! The answer, which explains itself (SPEC C3).

use serde::{Deserialize, Serialize};
use serde_json::Value;
use utoipa::ToSchema;

use crate::Moment;
use crate::ids::ZoneId;

/// What a check decides; what leaves more freedom is greater.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum Decision {
    /// No.
    Deny,
    /// Only with an approved proposal.
    ApprovalRequired,
    /// Go ahead.
    Allow,
}

/// Why, and what would cure it.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct Reason {
    /// Stable code in snake case.
    pub code: String,
    /// The zone whose word decides.
    pub zone_id: Option<ZoneId>,
    /// The key that decides, as a JSON pointer into the zone's policies.
    pub parameter: Option<String>,
    /// What it allows.
    pub limit: Option<Value>,
    /// What was asked for.
    pub requested: Option<Value>,
    /// In words.
    pub message: String,
    /// What would cure it, in words.
    pub cure: Option<String>,
    /// After how many seconds it would be allowed, where time alone cures it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub retry_after_seconds: Option<u64>,
}

impl Reason {
    /// A reason that no zone's parameter gives.
    pub fn new(code: &str, message: impl Into<String>) -> Self {
        Self {
            code: code.to_owned(),
            zone_id: None,
            parameter: None,
            limit: None,
            requested: None,
            message: message.into(),
            cure: None,
            retry_after_seconds: None,
        }
    }

    /// The zone whose word it is.
    #[must_use]
    pub fn by(mut self, zone: ZoneId) -> Self {
        self.zone_id = Some(zone);
        self
    }

    /// The key, what it allows and what was asked.
    #[must_use]
    pub fn bound(mut self, parameter: &str, limit: impl Serialize, requested: impl Serialize) -> Self {
        self.parameter = Some(parameter.to_owned());
        self.limit = serde_json::to_value(limit).ok();
        self.requested = serde_json::to_value(requested).ok();
        self
    }

    /// After how many seconds time alone would have cured it.
    #[must_use]
    pub fn after_seconds(mut self, seconds: u64) -> Self {
        self.retry_after_seconds = Some(seconds);
        self
    }

    /// What would cure it.
    #[must_use]
    pub fn cured_by(mut self, cure: impl Into<String>) -> Self {
        self.cure = Some(cure.into());
        self
    }
}

/// For how many whole seconds one waits at `now` until it is `then`: at least 1, and never too few.
pub(super) fn seconds_until(then: Moment, now: Moment) -> u64 {
    let micros = (then - now).num_microseconds().unwrap_or(i64::MAX).max(1);
    micros.unsigned_abs().div_ceil(1_000_000)
}

/// A decision and its reasons; the first failure of the order of a check decides (SPEC C2).
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct Answer {
    /// The decision.
    pub decision: Decision,
    /// Why; empty when allowed.
    pub reasons: Vec<Reason>,
}

impl Answer {
    /// Whether it may go ahead.
    pub fn is_allowed(&self) -> bool {
        self.decision == Decision::Allow
    }
}
