//! Problems: refusals as clients see them (RFC 9457), with a stable code and the faults in the body.

use aggregates::permission::{Answer, Decision, Reason};
use aggregates::{Fault, Kind, Rejected};
use axum::http::{HeaderValue, StatusCode, header};
use axum::response::{IntoResponse, Response};
use serde::Serialize;
use utoipa::ToSchema;

use crate::store::{Refused, StoreError};

/// The media type of a problem document (RFC 9457).
pub const PROBLEM: &str = "application/problem+json";

/// A refusal.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub struct Problem {
    /// Always `about:blank`: the code says what it is.
    #[serde(rename = "type")]
    pub kind: &'static str,
    /// The status in words.
    pub title: String,
    /// HTTP status.
    pub status: u16,
    /// Stable code in snake case.
    pub code: String,
    /// What happened to what.
    pub detail: String,
    /// The faults in the body.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    #[schema(required = false)]
    pub errors: Vec<Fault>,
    /// Why permission was refused.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    #[schema(required = false)]
    pub reasons: Vec<Reason>,
    /// Seconds after which trying again makes sense.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub retry_after_seconds: Option<u64>,
}

impl Problem {
    /// A refusal.
    pub fn new(status: StatusCode, code: &str, detail: impl Into<String>) -> Self {
        Self {
            kind: "about:blank",
            title: status.canonical_reason().unwrap_or("Refused").to_owned(),
            status: status.as_u16(),
            code: code.to_owned(),
            detail: detail.into(),
            errors: Vec::new(),
            reasons: Vec::new(),
            retry_after_seconds: None,
        }
    }

    /// 404.
    pub fn not_found(what: &str) -> Self {
        Self::new(StatusCode::NOT_FOUND, "not_found", format!("there is no such {what} here"))
    }

    /// 401.
    pub fn unauthenticated() -> Self {
        Self::new(StatusCode::UNAUTHORIZED, "unauthenticated", "a valid bearer token is needed")
    }

    /// 403 with the reasons of a check; a zone that is not in force is a matter of state (409).
    pub fn denied(answer: Answer) -> Self {
        let first = answer.reasons.first();
        let code = first.map_or("forbidden", |reason| reason.code.as_str()).to_owned();
        let detail = first.map_or_else(|| "it is not allowed".to_owned(), |reason| reason.message.clone());
        let status = if code == "zone_not_in_force" { StatusCode::CONFLICT } else { StatusCode::FORBIDDEN };
        debug_assert!(answer.decision != Decision::Allow, "an allowed check is no problem");
        Self { reasons: answer.reasons, ..Self::new(status, &code, detail) }
    }

    /// A check that refused something that was to be done at once: too often is 429, beyond a limit of money or tasks 422.
    pub fn unaffordable(answer: Answer) -> Self {
        let retry_after_seconds = answer.reasons.first().and_then(|reason| reason.retry_after_seconds);
        let problem = Self::denied(answer);
        let status = match problem.code.as_str() {
            "rate_limited" => StatusCode::TOO_MANY_REQUESTS,
            "budget_exceeded" | "spending_limit_exceeded" | "too_many_concurrent_tasks" => StatusCode::UNPROCESSABLE_ENTITY,
            _ => return Self { retry_after_seconds, ..problem },
        };
        let title = status.canonical_reason().unwrap_or("Refused").to_owned();
        Self { status: status.as_u16(), title, retry_after_seconds, ..problem }
    }

    /// 403 without a zone: a role of the organization, or the token, does not reach.
    pub fn forbidden(action: &str) -> Self {
        Self::new(StatusCode::FORBIDDEN, "forbidden", format!("neither your role nor your token grants `{action}`"))
    }

    /// 422 for faults in the body.
    pub fn faults(errors: Vec<Fault>) -> Self {
        let detail = errors
            .first()
            .map_or_else(|| "the body does not fit".to_owned(), |fault| format!("{}: {}", fault.pointer, fault.message));
        let code = errors.first().map_or("invalid", |fault| fault.code.as_str()).to_owned();
        Self { errors, ..Self::new(StatusCode::UNPROCESSABLE_ENTITY, &code, detail) }
    }

    /// A refusal because of one place in the body.
    pub fn at(status: StatusCode, pointer: &str, code: &str, message: &str) -> Self {
        Self { errors: vec![Fault::new(pointer, code, message)], ..Self::new(status, code, message) }
    }

    /// 404 for an id in the body: what belongs to another organization does not exist here (SPEC A3).
    pub fn named_nowhere(pointer: &str, what: &str) -> Self {
        Self::at(StatusCode::NOT_FOUND, pointer, &format!("no_such_{what}"), &format!("there is no such {what} here"))
    }

    /// 400.
    pub fn malformed(detail: impl Into<String>) -> Self {
        Self::new(StatusCode::BAD_REQUEST, "malformed", detail)
    }

    /// 429.
    pub fn too_many(detail: &str, seconds: u64) -> Self {
        let problem = Self::new(StatusCode::TOO_MANY_REQUESTS, "too_many_requests", detail);
        Self { retry_after_seconds: Some(seconds.max(1)), ..problem }
    }

    /// 503.
    pub fn unavailable(code: &str, detail: impl Into<String>) -> Self {
        Self { retry_after_seconds: Some(1), ..Self::new(StatusCode::SERVICE_UNAVAILABLE, code, detail) }
    }

    /// What a rejection is to a client.
    pub fn of(rejection: &impl Rejected) -> Self {
        let status = match rejection.kind() {
            Kind::Missing => StatusCode::NOT_FOUND,
            Kind::Forbidden => StatusCode::FORBIDDEN,
            Kind::Conflict => StatusCode::CONFLICT,
            Kind::Rule => StatusCode::UNPROCESSABLE_ENTITY,
            Kind::TooMany => StatusCode::TOO_MANY_REQUESTS,
        };
        Self {
            errors: rejection.faults(),
            retry_after_seconds: rejection.retry_after_seconds(),
            ..Self::new(status, rejection.code(), rejection.to_string())
        }
    }
}

impl From<StoreError> for Problem {
    fn from(error: StoreError) -> Self {
        tracing::error!(%error, "the store failed");
        Self::unavailable("store_unavailable", "the store cannot be reached")
    }
}

impl From<Refused> for Problem {
    fn from(refused: Refused) -> Self {
        match refused {
            Refused::Conflict => Self::unavailable("contended", "too many commands at once on the same thing, try again"),
            Refused::Answered => Self::unavailable("contended", "the same key is being answered, try again"),
            Refused::Unavailable(_) => Self::unavailable("log_unavailable", "the log cannot be written, nothing has been done"),
            Refused::Unknown(_) => {
                let detail = "the log was lost while it was being written: whether this has been done shows when it is asked for \
                              again under the same Idempotency-Key";
                Self::unavailable("outcome_unknown", detail)
            }
        }
    }
}

impl IntoResponse for Problem {
    fn into_response(self) -> Response {
        let status = StatusCode::from_u16(self.status).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR);
        let body = serde_json::to_vec(&self).unwrap_or_default();
        let mut response = (status, body).into_response();
        let headers = response.headers_mut();
        headers.insert(header::CONTENT_TYPE, HeaderValue::from_static(PROBLEM));
        if status == StatusCode::UNAUTHORIZED {
            headers.insert(header::WWW_AUTHENTICATE, HeaderValue::from_static("Bearer"));
        }
        if let Some(seconds) = self.retry_after_seconds {
            headers.insert(header::RETRY_AFTER, HeaderValue::from(seconds));
        }
        response
    }
}
