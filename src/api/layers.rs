//! What every request passes through: an id, a span, limits of size and time, security headers, and a net under panics.

use std::time::Duration;

use axum::Router;
use axum::extract::{DefaultBodyLimit, MatchedPath, Request};
use axum::http::{HeaderName, HeaderValue, StatusCode, header};
use axum::middleware::{Next, from_fn};
use axum::response::{IntoResponse, Response};
use tower::ServiceBuilder;
use tower_http::catch_panic::CatchPanicLayer;
use tracing::Instrument;

use super::request::REQUEST_ID;
use crate::engine::Problem;
use crate::entropy;

/// The largest body.
const LARGEST_BODY: usize = 1024 * 1024;
/// The longest a request may take; streams are answered long before.
const LONGEST: Duration = Duration::from_mins(1);

/// What every answer says of itself, unless it says otherwise.
const SAID: [(HeaderName, HeaderValue); 5] = [
    (header::X_CONTENT_TYPE_OPTIONS, HeaderValue::from_static("nosniff")),
    (header::X_FRAME_OPTIONS, HeaderValue::from_static("DENY")),
    (header::REFERRER_POLICY, HeaderValue::from_static("no-referrer")),
    (header::CACHE_CONTROL, HeaderValue::from_static("no-store")),
    (
        header::CONTENT_SECURITY_POLICY,
        HeaderValue::from_static(
            "default-src 'none'; style-src 'self'; frame-ancestors 'none'; base-uri 'none'; form-action 'none'",
        ),
    ),
];

/// Puts the layers around `routes`: as one, because the router keeps a box and a copy of everything within for each.
pub fn around(routes: Router) -> Router {
    let layers = ServiceBuilder::new()
        .layer(from_fn(observed))
        // Within: what panics is measured, and said with the request's id.
        .layer(CatchPanicLayer::custom(panicked))
        .layer(DefaultBodyLimit::max(LARGEST_BODY));
    routes.layer(layers)
}

fn panicked(_panic: Box<dyn std::any::Any + Send + 'static>) -> Response {
    tracing::error!("a request panicked");
    Problem::new(StatusCode::INTERNAL_SERVER_ERROR, "internal", "something is broken here").into_response()
}

/// What the framework refuses by itself, in plain text (a path that is no UTF-8), is a problem like any other (SPEC H2).
fn as_problem(response: Response) -> Response {
    let plain = |kind: &HeaderValue| kind.to_str().is_ok_and(|kind| kind.starts_with("text/plain"));
    if response.status().is_client_error() && response.headers().get(header::CONTENT_TYPE).is_some_and(plain) {
        Problem::new(response.status(), "malformed", "the request cannot be read").into_response()
    } else {
        response
    }
}

/// The id of a request: its own, or a new one, which it has from then on.
fn identified(request: &mut Request) -> HeaderValue {
    let new = || HeaderValue::from_str(&entropy::new_id().to_string()).expect("letters, digits and hyphens");
    request.headers_mut().entry(REQUEST_ID).or_insert_with(new).clone()
}

async fn observed(mut request: Request, next: Next) -> Response {
    let route = request.extensions().get::<MatchedPath>().map_or("none", MatchedPath::as_str).to_owned();
    let known = ["GET", "POST", "PATCH", "DELETE", "HEAD", "OPTIONS", "PUT"];
    let method = known.into_iter().find(|known| request.method() == known).unwrap_or("other");
    let id = identified(&mut request);
    let span = tracing::info_span!("request", method, route, id = id.to_str().unwrap_or_default());
    let began = std::time::Instant::now();
    let answered = tokio::time::timeout(LONGEST, next.run(request)).instrument(span).await;
    let response = answered.unwrap_or_else(|_| Problem::unavailable("too_slow", "the request took too long").into_response());
    let mut response = as_problem(response);
    let headers = response.headers_mut();
    for (name, value) in SAID {
        headers.entry(name).or_insert(value);
    }
    headers.entry(REQUEST_ID).or_insert(id);
    let status = response.status().as_u16().to_string();
    metrics::histogram!("trust_zones_request_seconds", "method" => method, "route" => route, "status" => status)
        .record(began.elapsed().as_secs_f64());
    response
}

#[cfg(test)]
mod tests {
    use axum::body::{Body, to_bytes};
    use axum::routing::get;
    use tower::ServiceExt as _;

    use super::*;
    use crate::service::metrics_text;

    async fn falls_over() {
        panic!("a fault of ours");
    }

    #[tokio::test]
    async fn a_panic_is_answered_like_any_fault_of_ours_and_measured() {
        metrics_text();
        let service = around(Router::new().route("/falls-over", get(falls_over)));
        let request = Request::get("/falls-over").header(REQUEST_ID, "given").body(Body::empty()).expect("a request");
        let Ok(response) = service.oneshot(request).await;
        assert_eq!(response.status(), StatusCode::INTERNAL_SERVER_ERROR);
        assert_eq!(response.headers()[REQUEST_ID], "given");
        assert_eq!(response.headers()[header::X_CONTENT_TYPE_OPTIONS], "nosniff");
        let body = to_bytes(response.into_body(), 10_000).await.expect("a body");
        let problem: serde_json::Value = serde_json::from_slice(&body).expect("a problem");
        assert_eq!(problem["code"], "internal");
        let measured = metrics_text();
        let line = measured.lines().find(|line| line.contains("request_seconds_count") && line.contains("/falls-over"));
        assert!(line.is_some_and(|line| line.contains("status=\"500\"") && line.ends_with(" 1")), "{line:?}");
    }
}
