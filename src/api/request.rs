//! Reading requests: who asks, with what, under which key; and answering with position, version and place.

use std::net::{IpAddr, SocketAddr};
use std::sync::Arc;

use aggregates::Fault;
use aggregates::reading;
use axum::body::Bytes;
use axum::extract::{ConnectInfo, FromRequest, FromRequestParts, Request};
use axum::http::request::Parts;
use axum::http::{HeaderMap, HeaderValue, StatusCode, header};
use axum::response::{IntoResponse, Response};
use chrono::{DateTime, Datelike, Utc};
use serde::de::DeserializeOwned;
use serde::{Deserialize, Deserializer};
use serde_json::Value;
use uuid::Uuid;

use super::json;
use crate::auth::sign_in;
use crate::engine::{Answer, App, Caller, Done, Envelope, Problem, Told};
use crate::entropy;

/// Header: the log position an answer holds at.
pub const POSITION: &str = "trust-zones-position";
/// Header: what a request belongs together with.
pub const REQUEST_ID: &str = "x-request-id";

/// A request that changes something: who asks, under which key, with which body.
pub struct Command<T> {
    /// Who, key, seen version.
    pub envelope: Envelope,
    /// What.
    pub body: T,
}

/// Reads `null` as what is absent.
pub fn null_or<'de, D: Deserializer<'de>, T: Deserialize<'de> + Default>(given: D) -> Result<T, D::Error> {
    Ok(Option::<T>::deserialize(given)?.unwrap_or_default())
}

/// What someone sends who need not sign in.
pub struct Body<T> {
    /// The key to answer under, and a digest of what is asked.
    pub key: Option<(String, String)>,
    /// What.
    pub body: T,
}

impl<T: DeserializeOwned + 'static, S: Send + Sync> FromRequest<S> for Body<T> {
    type Rejection = Problem;

    async fn from_request(request: Request, state: &S) -> Result<Self, Problem> {
        let (parts, body) = request.into_parts();
        let key = Key::of(&parts)?;
        let bytes = whole(parts, body, state).await?;
        Ok(Self { key: key.map(|key| key.asked(&bytes)), body: read_body(&bytes)? })
    }
}

/// A request without a body to read.
#[derive(Debug, Default, serde::Deserialize, utoipa::ToSchema)]
#[serde(deny_unknown_fields)]
pub struct Nothing {}

/// A request that only reads.
pub struct Reader(pub Caller);

/// A query string, strictly read.
pub struct Query<T>(pub T);

/// The address a request comes from.
pub struct Address(pub IpAddr);

impl<S: Send + Sync> FromRequestParts<S> for Address {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, _state: &S) -> Result<Self, Problem> {
        let peer = parts.extensions.get::<ConnectInfo<SocketAddr>>().map(|peer| peer.0.ip());
        Ok(Self(peer.unwrap_or(IpAddr::from([127, 0, 0, 1]))))
    }
}

async fn caller(parts: &mut Parts, app: &Arc<App>) -> Result<Caller, Problem> {
    // Put there by the pages of this very process, for a browser that is signed in; nothing from outside carries one.
    if let Some(known) = parts.extensions.get::<Caller>() {
        return Ok(known.clone());
    }
    let Address(address) = Address::from_request_parts(parts, app).await?;
    let header = parts.headers.get(header::AUTHORIZATION).and_then(|value| value.to_str().ok());
    let bearer = header.and_then(|value| value.split_once(' ')).filter(|(scheme, _)| scheme.eq_ignore_ascii_case("bearer"));
    match bearer {
        Some((_, token)) => sign_in(app, token.trim(), address).await,
        None => Err(Problem::unauthenticated()),
    }
}

impl FromRequestParts<Arc<App>> for Reader {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, app: &Arc<App>) -> Result<Self, Problem> {
        caller(parts, app).await.map(Self)
    }
}

impl<T: DeserializeOwned, S: Send + Sync> FromRequestParts<S> for Query<T> {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, _state: &S) -> Result<Self, Problem> {
        let query = parts.uri.query().unwrap_or_default();
        if query.contains("%00") {
            return Err(Problem::malformed("the query must not contain NUL"));
        }
        let read = axum::extract::Query::<T>::try_from_uri(&parts.uri);
        read.map(|read| Self(read.0)).map_err(|error| Problem::malformed(error.body_text()))
    }
}

impl<T: DeserializeOwned + 'static> FromRequest<Arc<App>> for Command<T> {
    type Rejection = Problem;

    async fn from_request(request: Request, app: &Arc<App>) -> Result<Self, Problem> {
        let (mut parts, body) = request.into_parts();
        let caller = caller(&mut parts, app).await?;
        let (correlation_id, if_match) = (correlation(&parts.headers), if_match(&parts.headers)?);
        let (dry_run, key) = (dry_run(&parts)?, Key::of(&parts)?);
        let bytes = whole(parts, body, app).await?;
        let key = key.map(|key| key.asked(&bytes));
        let envelope = Envelope { caller, answer_to: None, correlation_id, key, if_match, dry_run };
        Ok(Self { envelope, body: read_body(&bytes)? })
    }
}

/// The whole body, unless it is too large.
async fn whole<S: Send + Sync>(parts: Parts, body: axum::body::Body, state: &S) -> Result<Bytes, Problem> {
    let bytes = Bytes::from_request(Request::from_parts(parts, body), state).await;
    bytes.map_err(|rejection| unread(rejection.status()))
}

fn unread(status: StatusCode) -> Problem {
    if status == StatusCode::PAYLOAD_TOO_LARGE {
        Problem::new(status, "body_too_large", "the body is larger than 1 MiB")
    } else {
        Problem::malformed("the body could not be read")
    }
}

fn correlation(headers: &HeaderMap) -> Uuid {
    let given = headers.get(REQUEST_ID).and_then(|value| value.to_str().ok());
    given.and_then(|text| Uuid::parse_str(text).ok()).unwrap_or_else(entropy::new_id)
}

/// An idempotency key, and what is asked under it.
struct Key {
    key: String,
    method_and_path: String,
}

impl Key {
    fn of(parts: &Parts) -> Result<Option<Self>, Problem> {
        let Some(key) = parts.headers.get("idempotency-key") else { return Ok(None) };
        let key = key.to_str().ok().filter(|key| (1..=255).contains(&key.len()));
        let key = key.ok_or_else(|| Problem::malformed("an Idempotency-Key has 1 to 255 visible characters"))?;
        // The version is left out: answers are kept under digests that were made without it.
        let path = parts.uri.path();
        let path = path.strip_prefix(super::VERSION).unwrap_or(path);
        Ok(Some(Self { key: key.to_owned(), method_and_path: format!("{} {path}\n", parts.method) }))
    }

    /// The key, and a digest of method, path and body: the same key must always ask the same.
    fn asked(self, body: &[u8]) -> (String, String) {
        (self.key, entropy::sha256([self.method_and_path.as_bytes(), body].concat()))
    }
}

/// How fresh a read is to be.
#[derive(Clone, Copy, Debug, Default, serde::Deserialize, utoipa::IntoParams)]
#[into_params(parameter_in = Query)]
#[serde(deny_unknown_fields)]
pub struct Fresh {
    /// At least as of this position.
    pub after: Option<u64>,
}

/// Whether a command is only to say what it would do.
#[derive(Clone, Copy, Debug, Default, serde::Deserialize, utoipa::IntoParams)]
#[into_params(parameter_in = Query)]
#[serde(deny_unknown_fields)]
pub struct DryRun {
    /// Answers the events it would append, and appends nothing.
    #[serde(default)]
    pub dry_run: bool,
}

/// What the query of a command may say: whether it is one, and how fresh what it answers from must be.
const QUERIED: [&str; 2] = ["dry_run", "after"];

fn dry_run(parts: &Parts) -> Result<bool, Problem> {
    let pairs = axum::extract::Query::<Vec<(String, String)>>::try_from_uri(&parts.uri);
    let pairs = pairs.map_err(|error| Problem::malformed(error.body_text()))?.0;
    // A `dry-run` that is passed over in silence would be carried out.
    if let Some((key, _)) = pairs.iter().find(|(key, _)| !QUERIED.contains(&key.as_str())) {
        return Err(super::page::refused(key, "is no key of this query"));
    }
    match pairs.iter().find(|(key, _)| key == "dry_run").map(|(_, value)| value.as_str()) {
        None | Some("false") => Ok(false),
        Some("true") => Ok(true),
        Some(_) => Err(super::page::refused("dry_run", "must be true or false")),
    }
}

/// The versions `If-Match` names, any of which will do (RFC 9110); none where it is absent or takes every one.
fn if_match(headers: &HeaderMap) -> Result<Option<Vec<u64>>, Problem> {
    let lines = headers.get_all(header::IF_MATCH).iter();
    let tags: Vec<&str> = lines.flat_map(|line| line.to_str().unwrap_or_default().split(',')).map(str::trim).collect();
    if tags.is_empty() || tags.contains(&"*") {
        return Ok(None);
    }
    let version = |tag: &&str| tag.trim_start_matches("W/").trim_matches('"').parse().ok();
    let versions: Vec<u64> = tags.iter().filter_map(version).collect();
    if versions.is_empty() {
        return Err(Problem::new(StatusCode::PRECONDITION_FAILED, "stale_version", "If-Match names no version of this"));
    }
    Ok(Some(versions))
}

fn read_body<T: DeserializeOwned>(bytes: &[u8]) -> Result<T, Problem> {
    let bytes = if bytes.iter().all(u8::is_ascii_whitespace) { b"{}" } else { bytes };
    let value = json::parse(bytes).map_err(|error| Problem::malformed(format!("the body is no JSON: {error}")))?;
    if let Some(number) = json::overlong_fraction(bytes) {
        let reason = format!("{number} has more digits than a number in JSON holds, send it as a string");
        return Err(Problem::faults(vec![Fault::new("", "invalid", reason)]));
    }
    if let Some(pointer) = too_deep_in(&value) {
        let reason = format!("must not be nested more than {DEEPEST} deep");
        return Err(Problem::faults(vec![Fault::new(pointer, "invalid", reason)]));
    }
    if let Some((pointer, reason)) = unfit_in(&value) {
        return Err(Problem::faults(vec![Fault::new(pointer, "invalid", reason)]));
    }
    if !value.is_object() {
        return Err(Problem::faults(vec![Fault::new("", "invalid", "the body must be a JSON object")]));
    }
    reading::read(&value).map_err(|fault| Problem::faults(vec![fault]))
}

/// How deep JSON may be nested that is taken in. What is kept of it lies a few levels deeper in events, and readers of JSON, ours
/// among them, refuse what is nested more than 127 deep: a fact that nobody could read again must never be written.
const DEEPEST: usize = 64;

/// The key of a body under which it is nested too deep.
fn too_deep_in(body: &Value) -> Option<String> {
    fn depth(value: &Value) -> usize {
        match value {
            Value::Array(items) => 1 + items.iter().map(depth).max().unwrap_or(0),
            Value::Object(keys) => 1 + keys.values().map(depth).max().unwrap_or(0),
            Value::Null | Value::Bool(_) | Value::Number(_) | Value::String(_) => 0,
        }
    }
    let keys = body.as_object().into_iter().flatten();
    let mut deep = keys.filter(|(_, value)| depth(value) >= DEEPEST);
    deep.next().map(|(key, _)| reading::below(key, ""))
}

/// Where a text is one that could not be kept, and why.
fn unfit_in(value: &Value) -> Option<(String, &'static str)> {
    match value {
        Value::String(text) => unfit(text).map(|reason| (String::new(), reason)),
        Value::Array(items) => items.iter().enumerate().find_map(|(index, item)| {
            let (place, reason) = unfit_in(item)?;
            Some((format!("/{index}{place}"), reason))
        }),
        Value::Object(keys) => keys.iter().find_map(|(key, item)| {
            if key.contains('\0') {
                return Some((String::new(), NUL));
            }
            let (place, reason) = unfit_in(item)?;
            Some((reading::below(key, &place), reason))
        }),
        Value::Null | Value::Bool(_) | Value::Number(_) => None,
    }
}

/// The one character that databases do not keep.
const NUL: &str = "must not contain the character NUL";
/// Years that RFC 3339 and the order of texts do not know.
const UNENDING_YEAR: &str = "a moment is written as in RFC 3339, its year in four digits";

fn unfit(text: &str) -> Option<&'static str> {
    let text = text.trim();
    // A year that is not of four digits has a sign, or lies one time zone away.
    let at_an_end = || ["+", "-", "0000", "9999"].iter().any(|end| text.starts_with(end));
    let moment = || text.parse::<DateTime<Utc>>().ok();
    if text.contains('\0') {
        Some(NUL)
    } else if at_an_end() && moment().is_some_and(|moment| !(0..=9999).contains(&moment.year())) {
        Some(UNENDING_YEAR)
    } else {
        None
    }
}

/// An id in a path; what is no id names nothing.
pub fn id_in_path<T: From<Uuid>>(text: &str, what: &str) -> Result<T, Problem> {
    Uuid::parse_str(text).map(T::from).map_err(|_| Problem::not_found(what))
}

impl IntoResponse for Done {
    fn into_response(self) -> Response {
        let Self { answer, position } = self;
        let mut response = answer.into_response();
        response.headers_mut().insert(POSITION, HeaderValue::from(position));
        response
    }
}

impl IntoResponse for Answer {
    fn into_response(self) -> Response {
        let mut response = if self.status == StatusCode::NO_CONTENT {
            self.status.into_response()
        } else {
            match self.body {
                Told::Value(body) => (self.status, axum::Json(body)).into_response(),
                Told::Written(body) => {
                    let json = HeaderValue::from_static("application/json");
                    (self.status, [(header::CONTENT_TYPE, json)], body).into_response()
                }
            }
        };
        let headers = response.headers_mut();
        if let Some(version) = self.version
            && let Ok(tag) = HeaderValue::from_str(&format!("\"{version}\""))
        {
            headers.insert(header::ETAG, tag);
        }
        if let Some(place) = self.location.and_then(|place| HeaderValue::from_str(&place).ok()) {
            headers.insert(header::LOCATION, place);
        }
        response
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_asked_under_a_key_keeps_its_digest() {
        let digest = |path: &str| {
            let request = axum::http::Request::post(path).header("idempotency-key", "a key").body(()).expect("a request");
            let key = Key::of(&request.into_parts().0).expect("a key").expect("one");
            key.asked(br#"{"a":1}"#)
        };
        // Answers are kept under it, and asked for by versions to come: `POST /proposals`, a line break and the body.
        let kept = "538747ff86b623ccfffade9f0eed7ef27b23f6035d2e0e61b8661588f1392e58";
        assert_eq!(digest("/api/v1/proposals?dry_run=false"), ("a key".to_owned(), kept.to_owned()));
        assert_ne!(digest("/api/v1/zones").1, kept);
    }
}
