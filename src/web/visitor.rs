//! Whoever is signed in and looks at a page, and what they send.

use std::collections::HashMap;
use std::sync::Arc;

use aggregates::Moment;
use aggregates::actor::OrganizationRole;
use aggregates::ids::{MemberId, ZoneId};
use aggregates::organization::Member;
use aggregates::zones::Zone;
use axum::body::Body;
use axum::extract::FromRequestParts;
use axum::http::request::Parts;
use axum::http::{HeaderMap, Method, Request, StatusCode, Uri, header};
use axum::response::{IntoResponse, Redirect, Response};
use projections::desk;
use serde_json::Value;

use super::Web;
use super::frame::{Frame, Organization};
use super::interface;
use super::refusal::Refusal;
use super::session;
use super::shown::{Person, ZoneName};
use super::words::spoken;
use crate::auth::sessions;
use crate::engine::{App, Caller, Problem, Ruling, permit, permit_in_zone};
use crate::entropy::sha256;
use crate::store::{KeptSession, Row};

/// Whoever is signed in.
pub struct Visitor {
    /// The service.
    pub app: Arc<App>,
    /// As whom.
    pub caller: Caller,
    /// The member that is.
    pub member: Member,
    /// Who is who and what holds where, when the page was asked for.
    pub ruling: Arc<Ruling>,
    /// The browser's session.
    pub session: KeptSession,
    /// What waits for them.
    pub waiting: u64,
    /// The log position that was reached when the page was asked for.
    pub position: u64,
    /// The organizations the browser is signed in to.
    pub organizations: Vec<Organization>,
    /// The headers of the request.
    pub headers: HeaderMap,
    /// What was asked for.
    pub uri: Uri,
    names: HashMap<MemberId, String>,
    web: Arc<Web>,
}

/// Nobody is signed in, or something went wrong on the way.
pub enum Stopped {
    /// Where to sign in.
    SignIn(String),
    /// Comes from a link elsewhere: the browser kept its cookie to itself and is asked to come again, from here.
    ComeAgain,
    /// What went wrong.
    Refused(Refusal),
}

impl IntoResponse for Stopped {
    fn into_response(self) -> Response {
        match self {
            Self::SignIn(address) => Redirect::to(&address).into_response(),
            Self::ComeAgain => {
                let again =
                    "<!doctype html><html lang=\"en\"><meta http-equiv=\"refresh\" content=\"0\"><title>Trust Zones</title>";
                axum::response::Html(again).into_response()
            }
            Self::Refused(refusal) => refusal.into_response(),
        }
    }
}

impl<E: Into<Refusal>> From<E> for Stopped {
    fn from(error: E) -> Self {
        Self::Refused(error.into())
    }
}

/// The session and the caller that a request comes with.
pub async fn signed_in(app: &App, headers: &HeaderMap) -> Result<Option<(KeptSession, Option<Caller>)>, Refusal> {
    let Some(secret) = session::secret(headers) else { return Ok(None) };
    let Some(session) = sessions::session(app, secret).await? else { return Ok(None) };
    let caller = sessions::visiting(app, &session).await?;
    Ok(Some((session, caller)))
}

fn header_is(headers: &HeaderMap, name: &str, value: &str) -> bool {
    headers.get(name).is_some_and(|known| known == value)
}

/// Where to sign in, and to come back to what was asked for.
fn to_sign_in(parts: &Parts, ended: bool) -> Stopped {
    if parts.method == Method::GET && header_is(&parts.headers, "sec-fetch-site", "cross-site") && !ended {
        return Stopped::ComeAgain;
    }
    let mut query = form_urlencoded::Serializer::new(String::new());
    if parts.method == Method::GET && parts.uri.path() != "/" {
        query.append_pair("to", parts.uri.path_and_query().map_or("/", |asked| asked.as_str()));
    }
    if ended {
        query.append_pair("said", "ended");
    }
    let query = query.finish();
    Stopped::SignIn(if query.is_empty() { "/sign-in".to_owned() } else { format!("/sign-in?{query}") })
}

/// The organizations a browser is signed in to, as far as its tokens still hold.
pub async fn organizations(app: &App, session: &KeptSession) -> Result<Vec<Organization>, Refusal> {
    let mut known = Vec::new();
    for sign_in in &session.sign_ins {
        if sessions::caller_behind(app, sign_in).await?.is_none() {
            continue;
        }
        let ruling = app.ruling(sign_in.organization_id).await?;
        let name = ruling.authority.organization.name.as_ref().map(ToString::to_string).unwrap_or_default();
        let current = sign_in.organization_id == session.current;
        known.push(Organization { id: sign_in.organization_id.to_string(), name, current });
    }
    Ok(known)
}

impl FromRequestParts<Arc<Web>> for Visitor {
    type Rejection = Stopped;

    async fn from_request_parts(parts: &mut Parts, web: &Arc<Web>) -> Result<Self, Stopped> {
        let app = Arc::clone(&web.app);
        let held = session::secret(&parts.headers).is_some();
        let Some((session, Some(caller))) = signed_in(&app, &parts.headers).await? else {
            // A script that looks for news is not to be given a form to sign in with.
            if header_is(&parts.headers, "x-live", "1") {
                return Err(Problem::unauthenticated().into());
            }
            return Err(to_sign_in(parts, held));
        };
        // Before anything else is read: what happens from here on is news to the page.
        let position = app.log.organization_head(caller.organization_id).await?;
        app.fresh_memory(caller.organization_id, Some(position)).await?;
        let ruling = app.ruling(caller.organization_id).await?;
        let organizations = organizations(&app, &session).await?;
        let member = ruling.authority.organization.member(caller.id()).cloned().ok_or_else(Problem::unauthenticated)?;
        let profiles = app.log.profiles(caller.organization_id, None).await?;
        let profiles = profiles.into_iter().filter(|profile| !profile.display_name.is_empty());
        let names = profiles.map(|profile| (profile.member_id, profile.display_name)).collect();
        app.fresh_views(caller.organization_id, None).await?;
        let counted = app.views.live().db.row(desk::waiting_for(caller.id())).await?;
        let waiting = counted.map(|row| row.number("number")).transpose()?.unwrap_or(0);
        let (headers, uri) = (parts.headers.clone(), parts.uri.clone());
        let web = Arc::clone(web);
        Ok(Self { app, caller, member, ruling, session, waiting, position, organizations, headers, uri, names, web })
    }
}

impl Visitor {
    /// What surrounds a page with this title, in this section of the menu.
    pub fn frame(&self, title: &str, section: &'static str) -> Frame {
        Frame::of(self, title, section)
    }

    /// Now.
    pub fn now(&self) -> Moment {
        self.app.clock.now()
    }

    /// Refuses an auditor the forms that they could only fill in for nothing (SPEC A2).
    pub fn refuse_auditors(&self) -> Result<(), Refusal> {
        if self.member.role != OrganizationRole::Auditor {
            return Ok(());
        }
        Err(Problem::new(StatusCode::FORBIDDEN, "forbidden", "auditors read everything and change nothing").into())
    }

    /// Someone, as shown.
    pub fn person(&self, id: MemberId) -> Person {
        let known = self.ruling.authority.organization.anyone(id);
        Person::new(id, self.names.get(&id).map(String::as_str), known, id == self.caller.id())
    }

    /// Someone's name.
    pub fn name(&self, id: MemberId) -> String {
        self.person(id).name
    }

    /// A zone, as shown.
    pub fn zone(&self, id: ZoneId) -> ZoneName {
        ZoneName::new(id, self.ruling.authority.tree.zone(id).map(|zone| zone.name.to_string()))
    }

    /// What the rules said, for people: zones by their names, and nothing that only programs read.
    pub fn words(&self, said: &str) -> String {
        let mut words: Vec<String> = Vec::new();
        for word in said.split(' ') {
            let zone = word.parse::<ZoneId>().ok().and_then(|id| self.ruling.authority.tree.zone(id));
            if zone.is_some() && words.last().is_some_and(|before| before == "zone") {
                words.pop();
            }
            words.push(zone.map_or_else(|| word.to_owned(), |zone| zone.name.to_string()));
        }
        let words = words.join(" ").replace('"', "").replace("budget_limit", "budget limit");
        spoken(words.trim_start_matches("it could not be executed: "))
    }

    /// The zones the visitor may read, each before those below it, and how deep it lies. What a zone hides is hidden below it, too.
    pub fn zones(&self) -> Vec<(&Zone, usize)> {
        let tree = &self.ruling.authority.tree;
        let in_sight = |zone: &&Zone| self.may(zone.id, "zone.read");
        let roots = tree.zones().filter(|zone| zone.parent_zone_id.is_none()).filter(in_sight);
        let mut open: Vec<(&Zone, usize)> = roots.map(|root| (root, 0)).collect();
        open.reverse();
        let mut zones = Vec::new();
        while let Some((zone, depth)) = open.pop() {
            zones.push((zone, depth));
            let mut children: Vec<&Zone> = tree.children(zone.id).filter(in_sight).collect();
            children.reverse();
            open.extend(children.into_iter().map(|child| (child, depth + 1)));
        }
        zones
    }

    /// Zones to choose from: id, and name behind its place in the tree.
    pub fn zone_options(&self) -> Vec<(String, String)> {
        let option =
            |(zone, depth): (&Zone, usize)| (zone.id.to_string(), format!("{}{}", "\u{2003}".repeat(depth), zone.name));
        self.zones().into_iter().map(option).collect()
    }

    /// All active members to choose from: id and name.
    pub fn people_options(&self) -> Vec<(String, String)> {
        let members = self.ruling.authority.organization.members();
        let mut options: Vec<(String, String)> = members.map(|member| (member.id.to_string(), self.name(member.id))).collect();
        options.sort_by_key(|(_, name)| name.to_lowercase());
        options
    }

    /// Whether the visitor may do `action` in `zone` by their roles and their token.
    pub fn may(&self, zone: ZoneId, action: &'static str) -> bool {
        self.must(zone, action).is_ok()
    }

    /// Whether the visitor may read the zone of a row.
    pub fn sees(&self, row: &Row) -> bool {
        row.id("zone_id").is_ok_and(|zone| self.may(ZoneId(zone), "zone.read"))
    }

    /// Refuses what the visitor may not do in `zone`.
    pub fn must(&self, zone: ZoneId, action: &'static str) -> Result<(), Refusal> {
        Ok(permit_in_zone(&self.ruling, &self.caller, zone, action, self.now())?)
    }

    /// Whether the visitor may do `action` in the organization as a whole.
    pub fn may_everywhere(&self, action: &'static str) -> bool {
        permit(&self.ruling, &self.caller, action).is_ok()
    }

    /// Refuses what the visitor may not do in the organization as a whole.
    pub fn must_everywhere(&self, action: &'static str) -> Result<(), Refusal> {
        Ok(permit(&self.ruling, &self.caller, action)?)
    }

    /// Sends a command to the interface as the visitor, `path` without `/api/v1`. With `once` (from the form), the same
    /// command is carried out once however often it is sent.
    pub async fn command(&self, method: Method, path: &str, body: &Value, once: Option<&str>) -> Result<Value, Refusal> {
        self.send(method, path, body, once, None).await
    }

    async fn send(
        &self,
        method: Method,
        path: &str,
        body: &Value,
        once: Option<&str>,
        version: Option<u64>,
    ) -> Result<Value, Refusal> {
        self.must_be_meant(once)?;
        let text = body.to_string();
        let mut request = Request::builder()
            .method(method.clone())
            .uri(format!("/api/v1{path}"))
            .header(header::CONTENT_TYPE, "application/json")
            .extension(self.caller.clone());
        if let Some(id) = self.headers.get("x-request-id") {
            request = request.header("x-request-id", id);
        }
        if let Some(version) = version {
            request = request.header(header::IF_MATCH, format!("\"{version}\""));
        }
        if let Some(once) = once.filter(|once| !once.is_empty() && once.len() <= 64) {
            // What is sent again after a correction is another command.
            let key = sha256(format!("{once} {method} {path} {text}"));
            request = request.header("idempotency-key", key);
        }
        interface::asked(&self.web.interface, request.body(Body::from(text))).await
    }

    /// Refuses a form that was opened for another organization: somebody has switched in another tab.
    fn must_be_meant(&self, once: Option<&str>) -> Result<(), Refusal> {
        let named = once.and_then(|once| once.split_once('.')).map(|(organization, _)| organization);
        if named.is_some_and(|named| named != self.caller.organization_id.to_string()) {
            let detail = "this page was opened for another organization; switch back to it, or open the page again";
            return Err(Problem::new(StatusCode::CONFLICT, "other_organization", detail).into());
        }
        Ok(())
    }

    /// Changes what the visitor saw at a version; refused if it has changed since.
    pub async fn patch(&self, path: &str, body: &Value, once: Option<&str>, version: u64) -> Result<Value, Refusal> {
        self.send(Method::PATCH, path, body, once, Some(version)).await
    }

    /// `POST`s a command.
    pub async fn post(&self, path: &str, body: &Value, once: Option<&str>) -> Result<Value, Refusal> {
        self.command(Method::POST, path, body, once).await
    }

    /// Asks the interface, as the visitor.
    pub async fn get(&self, path: &str) -> Result<Value, Refusal> {
        self.command(Method::GET, path, &Value::Null, None).await
    }
}
