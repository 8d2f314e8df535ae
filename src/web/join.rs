//! Joining by an invitation: the one page besides signing in that needs no token, and gives one.

use std::net::SocketAddr;
use std::sync::Arc;

use askama::Template;
use axum::body::Body;
use axum::extract::{ConnectInfo, Extension, State};
use axum::http::{HeaderMap, Request, StatusCode, Uri, header};
use serde_json::json;

use super::Web;
use super::form::{Faults, Fields};
use super::frame::Frame;
use super::interface;
use super::page::{Shown, page, page_with};
use crate::entropy::sha256;

#[derive(Template)]
#[template(path = "join.html")]
struct Join {
    frame: Frame,
    fields: Fields,
    faults: Faults,
}

#[derive(Template)]
#[template(path = "joined.html")]
struct Joined {
    frame: Frame,
    /// The token; nothing where it has been shown before.
    token: String,
}

fn form(headers: &HeaderMap, fields: Fields, faults: Faults, status: StatusCode) -> Shown {
    page_with(status, &Join { frame: Frame::for_nobody("Join", headers, ""), fields, faults })
}

/// `GET /join`.
pub async fn show(headers: HeaderMap, uri: Uri) -> Shown {
    form(&headers, Fields::of_query(uri.query().unwrap_or_default()), Faults::default(), StatusCode::OK)
}

/// `POST /join`: the answer is the page that shows the token.
pub async fn join(
    State(web): State<Arc<Web>>,
    headers: HeaderMap,
    peer: Option<Extension<ConnectInfo<SocketAddr>>>,
    fields: Fields,
) -> Shown {
    let mut body = json!({"code": fields.text("code").trim(), "display_name": fields.text("display_name").trim()});
    if let Some(email) = fields.given("email") {
        body["email"] = json!(email);
    }
    let text = body.to_string();
    let mut request = Request::post("/api/v1/invites/accept").header(header::CONTENT_TYPE, "application/json");
    if let Some(once) = fields.once() {
        request = request.header("idempotency-key", sha256(format!("{once} {text}")));
    }
    if let Some(Extension(peer)) = peer {
        request = request.extension(peer);
    }
    match interface::asked(&web.interface, request.body(Body::from(text))).await {
        Ok(joined) => {
            let token = joined["token"].as_str().unwrap_or_default().to_owned();
            page(&Joined { frame: Frame::for_nobody("Joined", &headers, ""), token })
        }
        Err(refusal) if refusal.status == 404 => {
            let faults = Faults::at("/code", "No invitation has this code.");
            form(&headers, fields, faults, StatusCode::UNPROCESSABLE_ENTITY)
        }
        Err(refusal) if refusal.is_of_the_form() => {
            let faults = Faults::of(&refusal, &["/code", "/display_name", "/email"]);
            form(&headers, fields, faults, refusal.http())
        }
        Err(refusal) => Err(refusal),
    }
}
