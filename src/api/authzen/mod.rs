//! The `OpenID` `AuthZEN` Authorization API 1.0: the same checks in the words of that interface (docs/AUTHZEN.md).

mod evaluation;
mod search;
mod words;

use std::sync::Arc;

use axum::Router;
use axum::http::{HeaderMap, header};
use axum::response::Json;
use axum::routing::{get, post};
use serde_json::{Value, json};

use crate::engine::App;

/// Its routes. They are described by its own metadata, not by ours.
pub fn routes() -> Router<Arc<App>> {
    Router::new()
        .route("/.well-known/authzen-configuration", get(configuration))
        .route("/access/v1/evaluation", post(evaluation::evaluate))
        .route("/access/v1/evaluations", post(evaluation::evaluate_all))
        .route("/access/v1/search/subject", post(search::subjects))
        .route("/access/v1/search/resource", post(search::resources))
        .route("/access/v1/search/action", post(search::actions))
}

/// Where everything is, by the name under which it was asked for.
async fn configuration(headers: HeaderMap) -> Json<Value> {
    let said = |name: &str| headers.get(name).and_then(|value| value.to_str().ok());
    let host = said(header::HOST.as_str()).unwrap_or("localhost");
    let scheme = said("x-forwarded-proto").filter(|scheme| *scheme == "https").unwrap_or("http");
    let base = format!("{scheme}://{host}");
    Json(json!({
        "policy_decision_point": base,
        "access_evaluation_endpoint": format!("{base}/access/v1/evaluation"),
        "access_evaluations_endpoint": format!("{base}/access/v1/evaluations"),
        "search_subject_endpoint": format!("{base}/access/v1/search/subject"),
        "search_resource_endpoint": format!("{base}/access/v1/search/resource"),
        "search_action_endpoint": format!("{base}/access/v1/search/action"),
    }))
}
