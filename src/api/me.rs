//! `/me`: who is asking.

use std::sync::Arc;

use axum::Json;
use axum::extract::State;
use serde_json::{Value, json};

use super::members::view;
use super::request::{Fresh, Query, Reader};
use crate::engine::{App, Problem};

/// The caller: member, organization, roles in zones, and what the token is for.
#[utoipa::path(get, path = "/me", tag = "organizations", params(Fresh), responses((status = 200, description = "The caller")))]
pub async fn read(
    State(app): State<Arc<App>>,
    Reader(caller): Reader,
    Query(fresh): Query<Fresh>,
) -> Result<Json<Value>, Problem> {
    app.fresh_memory(caller.organization_id, fresh.after).await?;
    let (ruling, member) = app.known_caller(&caller).await?;
    let profile = app.log.profiles(caller.organization_id, Some(caller.id())).await?.into_iter().next();
    let zones = ruling.authority.tree.zones();
    let held = zones.flat_map(|zone| zone.assignments.iter().map(move |held| (zone.id, held)));
    let held = held.filter(|(_, held)| held.member_id == caller.id());
    let roles: Vec<Value> = held.map(|(zone, held)| json!({"zone_id": zone, "role": held.role})).collect();
    let mut answer = json!(view(&member, profile.as_ref(), true));
    answer["organization_id"] = json!(caller.organization_id);
    answer["zone_roles"] = json!(roles);
    answer["token"] = json!({"id": caller.token_id, "actions": caller.scope});
    Ok(Json(answer))
}
