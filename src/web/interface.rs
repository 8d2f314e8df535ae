//! Asking the interface, in process: pages have no other way to change anything.

use axum::Router;
use axum::body::{Body, to_bytes};
use axum::http::{Request, StatusCode};
use serde_json::Value;
use tower::ServiceExt;

use super::refusal::Refusal;
use crate::engine::Problem;

/// The longest answer that is taken in, in bytes.
const LARGEST_ANSWER: usize = 4 * 1024 * 1024;

/// What the interface answers to a request.
pub async fn asked(interface: &Router, request: Result<Request<Body>, axum::http::Error>) -> Result<Value, Refusal> {
    let broken = |detail: &str| Problem::new(StatusCode::INTERNAL_SERVER_ERROR, "internal", detail);
    let request = request.map_err(|_| broken("the command cannot be sent"))?;
    let Ok(response) = interface.clone().oneshot(request).await;
    let status = response.status();
    let bytes = to_bytes(response.into_body(), LARGEST_ANSWER).await.map_err(|_| broken("the answer is too large"))?;
    if status.is_success() {
        return Ok(serde_json::from_slice(&bytes).unwrap_or(Value::Null));
    }
    let refusal: Result<Refusal, _> = serde_json::from_slice(&bytes);
    Err(refusal.unwrap_or_else(|_| broken("the answer cannot be read").into()))
}
