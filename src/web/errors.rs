//! Error pages that help: what happened, what it means, where to go. Made in one place, of whatever a handler refused.

use std::sync::Arc;

use askama::Template;
use axum::extract::{FromRequestParts, Request, State};
use axum::http::request::Parts;
use axum::http::{Method, StatusCode, header};
use axum::middleware::Next;
use axum::response::{IntoResponse, Redirect, Response};

use super::Web;
use super::frame::Frame;
use super::page::{dress, page_with};
use super::refusal::Refusal;
use super::visitor::Visitor;

#[derive(Template)]
#[template(path = "error.html")]
struct ErrorPage {
    frame: Frame,
    refusal: Refusal,
    heading: &'static str,
    advice: &'static str,
    request_id: String,
}

/// Makes a page of every refusal that a person is to read. What programs get is left as it is.
pub async fn shown(State(web): State<Arc<Web>>, request: Request, next: Next) -> Response {
    let (parts, body) = request.into_parts();
    if is_for_programs(parts.uri.path()) {
        return next.run(Request::from_parts(parts, body)).await;
    }
    let asked = parts.clone();
    let response = next.run(Request::from_parts(parts, body)).await;
    if response.status() == StatusCode::METHOD_NOT_ALLOWED && asked.method == Method::GET {
        // Someone reloads what a refused form left in the address bar: what it was about is one level up.
        let above = asked.uri.path().rsplit_once('/').map_or("/", |(above, _)| above);
        return Redirect::to(if above.is_empty() { "/" } else { above }).into_response();
    }
    let refusal = response.extensions().get::<Refusal>().cloned().or_else(|| nowhere(&asked, &response));
    match refusal {
        None => response,
        Some(refusal) => error_page(&web, asked, refusal, response).await,
    }
}

fn is_for_programs(path: &str) -> bool {
    ["/api/", "/access/", "/.well-known/", "/healthz", "/readyz", "/metrics", "/openapi.json", "/docs"]
        .iter()
        .any(|prefix| path.starts_with(prefix))
}

/// A browser that asked for what nobody serves.
fn nowhere(asked: &Parts, response: &Response) -> Option<Refusal> {
    let accepts = asked.headers.get(header::ACCEPT).and_then(|accept| accept.to_str().ok());
    let wants_page = accepts.is_some_and(|accept| accept.contains("text/html"));
    match response.status() {
        StatusCode::NOT_FOUND | StatusCode::METHOD_NOT_ALLOWED if wants_page => Some(Refusal::not_found("page")),
        _ => None,
    }
}

fn words(refusal: &Refusal) -> (&'static str, &'static str) {
    match refusal.status {
        404 => (
            "There is nothing here",
            "It may belong to another organization, or the address may be mistyped. What exists can be found from the menu.",
        ),
        403 if refusal.code == "other_origin" => {
            ("This came from another site", "Nothing has been changed. Go to the page yourself and try it there.")
        }
        403 => (
            "You may not see or do this here",
            "Ask an owner for a role that includes it, or sign in with a token that is for more. Nothing has been changed.",
        ),
        409 | 412 => ("Something else came first", "It has changed since you saw it. Look at it again and decide anew."),
        429 => ("Too many requests", "Wait a little and try again."),
        503 => ("Not available right now", "Nothing has been lost or half done. Try again in a moment."),
        400 if refusal.code == "filter_not_understood" => (
            "This list cannot be narrowed like that",
            "The address may be mistyped or incomplete. Start from the whole list, and narrow it there.",
        ),
        400 | 422 => ("This cannot be done as asked", "Go back, change what the message names, and send it again."),
        _ => ("Something is broken here", "It has been noted. If it goes on, tell whoever runs this service the request id."),
    }
}

async fn error_page(web: &Arc<Web>, mut asked: Parts, refusal: Refusal, refused: Response) -> Response {
    let request_id = refused.headers().get("x-request-id").or_else(|| asked.headers.get("x-request-id"));
    let request_id = request_id.and_then(|id| id.to_str().ok()).unwrap_or_default().to_owned();
    let (heading, advice) = words(&refusal);
    let frame = match Visitor::from_request_parts(&mut asked, web).await {
        Ok(visitor) => visitor.frame(heading, ""),
        Err(_) => Frame::for_nobody(heading, &asked.headers, ""),
    };
    let status = refusal.http();
    let page = ErrorPage { frame, refusal, heading, advice, request_id };
    let Ok(mut made) = page_with(status, &page) else { return refused };
    if let Some(wait) = refused.headers().get(header::RETRY_AFTER) {
        made.headers_mut().insert(header::RETRY_AFTER, wait.clone());
    }
    dress(made)
}
