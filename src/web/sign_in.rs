//! Signing in and out, and changing the organization one looks at.

use std::net::{IpAddr, SocketAddr};
use std::sync::Arc;

use aggregates::ids::OrganizationId;
use askama::Template;
use axum::extract::{ConnectInfo, Extension, State};
use axum::http::{HeaderMap, StatusCode, Uri, header};
use axum::response::Response;

use super::Web;
use super::form::{Faults, Fields};
use super::frame::{Frame, Organization};
use super::page::{Shown, on_to, page_with};
use super::refusal::Refusal;
use super::session::{holding, is_loopback};
use super::visitor::{organizations, signed_in};
use crate::auth::sessions;
use crate::engine::App;

#[derive(Template)]
#[template(path = "sign_in.html")]
struct SignInPage {
    frame: Frame,
    to: String,
    faults: Faults,
    /// Organizations the browser is still signed in to.
    others: Vec<Organization>,
}

/// A place of ours to go on to; never another site.
fn local(address: &str) -> &str {
    let ours = address.starts_with('/') && !address.starts_with("//") && !address.contains('\\');
    if ours && !address.chars().any(char::is_control) { address } else { "/" }
}

/// `GET /sign-in`.
pub async fn show(State(web): State<Arc<Web>>, headers: HeaderMap, uri: Uri) -> Shown {
    let to = Fields::of_query(uri.query().unwrap_or_default()).text("to").to_owned();
    form(&web.app, &headers, uri.query().unwrap_or_default(), &to, Faults::default(), StatusCode::OK).await
}

async fn form(app: &App, headers: &HeaderMap, query: &str, to: &str, faults: Faults, status: StatusCode) -> Shown {
    let others = match signed_in(app, headers).await? {
        Some((session, _)) => organizations(app, &session).await?,
        None => Vec::new(),
    };
    let frame = Frame::for_nobody("Sign in", headers, query);
    page_with(status, &SignInPage { frame, to: local(to).to_owned(), faults, others })
}

/// `POST /sign-in`.
pub async fn sign_in(
    State(web): State<Arc<Web>>,
    headers: HeaderMap,
    peer: Option<Extension<ConnectInfo<SocketAddr>>>,
    fields: Fields,
) -> Shown {
    let app = &web.app;
    let refused = |message: &str| Faults::at("/token", message);
    let origin = headers.get(header::ORIGIN).and_then(|origin| origin.to_str().ok()).unwrap_or_default();
    if origin.starts_with("http://") && !is_loopback(&headers) {
        let faults = refused("your browser will not keep you signed in without HTTPS: open this page at its https address");
        return form(app, &headers, "", fields.text("to"), faults, StatusCode::UNPROCESSABLE_ENTITY).await;
    }
    let Some(token) = fields.given("token") else {
        return form(app, &headers, "", fields.text("to"), refused("paste a token"), StatusCode::UNPROCESSABLE_ENTITY).await;
    };
    let address = peer.map_or(IpAddr::from([127, 0, 0, 1]), |peer| peer.0.0.ip());
    let before = signed_in(app, &headers).await?.map(|(session, _)| session);
    match sessions::open(app, token, address, before).await {
        Ok(opened) => {
            let response = on_to(local(fields.text("to")))?;
            Ok(with_cookie(response, &headers, &opened.secret, opened.seconds))
        }
        Err(problem) if problem.status == 401 => {
            let faults = refused("this token is not known here, or it has expired or been revoked");
            form(app, &headers, "", fields.text("to"), faults, StatusCode::UNPROCESSABLE_ENTITY).await
        }
        Err(problem) => Err(problem.into()),
    }
}

fn with_cookie(mut response: Response, headers: &HeaderMap, secret: &str, seconds: i64) -> Response {
    response.headers_mut().append(header::SET_COOKIE, holding(headers, secret, seconds));
    response
}

/// `POST /sign-out`: ends the session, in all its organizations.
pub async fn sign_out(State(web): State<Arc<Web>>, headers: HeaderMap) -> Shown {
    if let Some((session, _)) = signed_in(&web.app, &headers).await? {
        sessions::close(&web.app, &session).await?;
    }
    Ok(with_cookie(on_to("/sign-in?said=signed-out")?, &headers, "", 0))
}

/// `POST /organization`: looks at another organization that the browser is signed in to.
pub async fn switch(State(web): State<Arc<Web>>, headers: HeaderMap, fields: Fields) -> Shown {
    let Some((session, _)) = signed_in(&web.app, &headers).await? else { return on_to("/sign-in?said=ended") };
    let asked: OrganizationId = fields.text("organization_id").parse().map_err(|_| Refusal::not_found("organization"))?;
    sessions::switch(&web.app, &session, asked).await?;
    on_to("/?said=switched")
}

#[cfg(test)]
mod tests {
    use super::local;

    #[test]
    fn signing_in_leads_to_a_page_of_ours() {
        assert_eq!(local("/proposals?status=approved"), "/proposals?status=approved");
        for elsewhere in ["", "https://evil.example", "//evil.example", "/\\evil.example", "javascript:alert(1)", "/\nx"] {
            assert_eq!(local(elsewhere), "/", "{elsewhere}");
        }
    }
}
