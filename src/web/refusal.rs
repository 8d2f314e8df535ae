//! Refusals as pages see them: what the interface answers, or what went wrong here.

use axum::http::{HeaderValue, StatusCode, header};
use axum::response::{IntoResponse, Response};
use serde::Deserialize;
use serde_json::json;

use crate::engine::Problem;
use crate::store::StoreError;

/// One fault in what was sent.
#[derive(Clone, Debug, Default, Deserialize)]
pub struct Fault {
    /// Where, as a JSON pointer into the command's body.
    pub pointer: String,
    /// In words.
    pub message: String,
    /// Which rule.
    #[serde(default)]
    pub code: String,
    /// What is allowed, where that is known.
    #[serde(default)]
    pub limit: Option<serde_json::Value>,
}

/// A refusal.
#[derive(Clone, Debug, Deserialize)]
pub struct Refusal {
    /// HTTP status.
    pub status: u16,
    /// Stable code.
    pub code: String,
    /// In words.
    pub detail: String,
    /// The faults in what was sent.
    #[serde(default)]
    pub errors: Vec<Fault>,
    /// Seconds after which trying again makes sense.
    #[serde(default)]
    pub retry_after_seconds: Option<u64>,
}

impl Refusal {
    /// 404.
    pub fn not_found(what: &str) -> Self {
        Problem::not_found(what).into()
    }

    /// Whether what was typed is to blame, so that the form is shown again.
    pub fn is_of_the_form(&self) -> bool {
        matches!(self.status, 400 | 404 | 409 | 412 | 422) || self.may_be_sent_again()
    }

    /// Whether the same may work in a while: what was typed is kept for then.
    pub fn may_be_sent_again(&self) -> bool {
        matches!(self.status, 429 | 503)
    }

    /// The HTTP status.
    pub fn http(&self) -> StatusCode {
        StatusCode::from_u16(self.status).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR)
    }
}

impl From<Problem> for Refusal {
    fn from(problem: Problem) -> Self {
        let unread = |_| Self {
            status: problem.status,
            code: problem.code.clone(),
            detail: problem.detail.clone(),
            errors: Vec::new(),
            retry_after_seconds: problem.retry_after_seconds,
        };
        serde_json::from_value(json!(problem)).unwrap_or_else(unread)
    }
}

impl From<StoreError> for Refusal {
    fn from(error: StoreError) -> Self {
        Problem::from(error).into()
    }
}

/// A bare answer that carries the refusal; the layer around all pages makes a page of it.
impl IntoResponse for Refusal {
    fn into_response(self) -> Response {
        let mut response = self.http().into_response();
        if let Some(seconds) = self.retry_after_seconds {
            response.headers_mut().insert(header::RETRY_AFTER, HeaderValue::from(seconds));
        }
        response.extensions_mut().insert(self);
        response
    }
}
