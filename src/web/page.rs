//! Answering with a page.

use askama::Template;
use axum::extract::Request;
use axum::http::{HeaderValue, StatusCode, header};
use axum::middleware::Next;
use axum::response::{Html, IntoResponse, Redirect, Response};

use super::refusal::Refusal;
use crate::engine::Problem;

/// What a handler shows: a page, a way on, or why not.
pub type Shown = Result<Response, Refusal>;

/// What pages may load: our own style, scripts and icons; nothing inline, nothing from elsewhere.
const POLICY: &str = "default-src 'none'; style-src 'self'; script-src 'self'; img-src 'self'; connect-src 'self'; \
                      form-action 'self'; base-uri 'none'; frame-ancestors 'none'";

/// Answers with a page.
pub fn page(template: &impl Template) -> Shown {
    page_with(StatusCode::OK, template)
}

/// Answers with a page under another status.
pub fn page_with(status: StatusCode, template: &impl Template) -> Shown {
    let html = template.render().map_err(|error| {
        tracing::error!(%error, "a page cannot be rendered");
        Problem::new(StatusCode::INTERNAL_SERVER_ERROR, "internal", "this page is broken")
    })?;
    Ok((status, Html(html)).into_response())
}

/// Sends the browser on with a `GET`.
#[expect(clippy::unnecessary_wraps, reason = "handlers end with it")]
pub fn on_to(address: &str) -> Shown {
    Ok(Redirect::to(address).into_response())
}

/// Puts the headers of every page on an answer.
pub fn dress(mut response: Response) -> Response {
    let headers = response.headers_mut();
    headers.insert(header::CONTENT_SECURITY_POLICY, HeaderValue::from_static(POLICY));
    // With `no-referrer` browsers would not say where a form comes from.
    headers.insert(header::REFERRER_POLICY, HeaderValue::from_static("same-origin"));
    response
}

/// The layer that does so.
pub async fn headers(request: Request, next: Next) -> Response {
    dress(next.run(request).await)
}
