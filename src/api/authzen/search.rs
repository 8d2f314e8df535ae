//! `POST /access/v1/search/{subject,resource,action}`: everything for which an evaluation would say yes.

use std::num::NonZeroUsize;
use std::sync::Arc;

use aggregates::permission::{check, speakable};
use axum::Json;
use axum::extract::State;
use axum::http::StatusCode;
use serde::Deserialize;
use serde_json::{Map, Value, json};

use super::words::{Deed, Entity, Kind, Said, action_of, asking, context_of, is_of_type, member_of, part, zone_of};
use crate::api::request::Command;
use crate::engine::{App, Problem, permit_in_zone};

/// The most results on a page.
const LARGEST_PAGE: usize = 200;

/// Which page.
#[derive(Debug, Default, Deserialize)]
struct Page {
    token: Option<String>,
    limit: Option<NonZeroUsize>,
}

/// A page of results. A token is the number of the first result of the next page.
fn page(body: &Map<String, Value>, all: Vec<Value>) -> Result<Json<Value>, Problem> {
    let wanted: Option<Page> = body.get("page").map_or(Ok(None), |_| part(body, "page"))?;
    let wanted = wanted.unwrap_or_default();
    let refused = |_| Problem::at(StatusCode::BAD_REQUEST, "/page/token", "invalid", "is none that was given out");
    let token = wanted.token.filter(|token| !token.is_empty());
    let from: usize = token.map_or(Ok(0), |token| token.parse().map_err(refused))?;
    let limit = wanted.limit.map_or(LARGEST_PAGE, |limit| limit.get().min(LARGEST_PAGE));
    let more = all.len() > from.saturating_add(limit);
    let results: Vec<Value> = all.into_iter().skip(from).take(limit).collect();
    let next = if more { (from + limit).to_string() } else { String::new() };
    Ok(Json(json!({"results": results, "page": {"next_token": next}})))
}

/// Who may do it there.
pub async fn subjects(State(app): State<Arc<App>>, command: Command<Map<String, Value>>) -> Result<Json<Value>, Problem> {
    let (caller, body) = (&command.envelope.caller, &command.body);
    let (wanted, resource, deed): (Kind, Entity, Deed) =
        (part(body, "subject")?, part(body, "resource")?, part(body, "action")?);
    action_of(&deed)?;
    let ruling = app.ruling(caller.organization_id).await?;
    let now = app.clock.now();
    let context = context_of(body)?;
    let said = Said { deed: &deed, resource: Some(&resource), context: context.as_ref() };
    let Some(zone) = zone_of(&ruling.authority, &resource) else { return page(body, Vec::new()) };
    permit_in_zone(&ruling, caller, zone, "zone.read", now)?;
    let mut found = Vec::new();
    for member in ruling.authority.organization.members().filter(|member| is_of_type(member, &wanted.r#type)) {
        if check(&ruling.authority, zone, &asking(caller, member.id, said, now)?).is_allowed() {
            found.push(json!({"type": wanted.r#type, "id": member.id}));
        }
    }
    page(body, found)
}

/// Where they may do it, of all zones that the caller may read.
pub async fn resources(State(app): State<Arc<App>>, command: Command<Map<String, Value>>) -> Result<Json<Value>, Problem> {
    let (caller, body) = (&command.envelope.caller, &command.body);
    let (subject, wanted, deed): (Entity, Kind, Deed) =
        (part(body, "subject")?, part(body, "resource")?, part(body, "action")?);
    action_of(&deed)?;
    let ruling = app.ruling(caller.organization_id).await?;
    let now = app.clock.now();
    let Some(member) = member_of(&ruling.authority, &subject).filter(|_| wanted.r#type == "zone") else {
        return page(body, Vec::new());
    };
    let context = context_of(body)?;
    let ask = asking(caller, member, Said { deed: &deed, resource: None, context: context.as_ref() }, now)?;
    let zones = ruling.authority.tree.zones().filter(|zone| {
        let readable = permit_in_zone(&ruling, caller, zone.id, "zone.read", now).is_ok();
        readable && check(&ruling.authority, zone.id, &ask).is_allowed()
    });
    let found = zones.map(|zone| json!({"type": "zone", "id": zone.id})).collect();
    page(body, found)
}

/// What they may do there, of everything that is spoken of by name.
pub async fn actions(State(app): State<Arc<App>>, command: Command<Map<String, Value>>) -> Result<Json<Value>, Problem> {
    let (caller, body) = (&command.envelope.caller, &command.body);
    let (subject, resource): (Entity, Entity) = (part(body, "subject")?, part(body, "resource")?);
    let ruling = app.ruling(caller.organization_id).await?;
    let now = app.clock.now();
    let Some(zone) = zone_of(&ruling.authority, &resource) else { return page(body, Vec::new()) };
    permit_in_zone(&ruling, caller, zone, "zone.read", now)?;
    let Some(member) = member_of(&ruling.authority, &subject) else { return page(body, Vec::new()) };
    let context = context_of(body)?;
    let named =
        speakable(&ruling.authority, zone).into_iter().filter(|spoken| spoken.example.as_str() == spoken.pattern.as_str());
    let mut found = Vec::new();
    for spoken in named {
        let deed = Deed { name: spoken.example.to_string(), properties: Map::new() };
        let said = Said { deed: &deed, resource: Some(&resource), context: context.as_ref() };
        if check(&ruling.authority, zone, &asking(caller, member, said, now)?).is_allowed() {
            found.push(json!({"name": spoken.example}));
        }
    }
    page(body, found)
}
