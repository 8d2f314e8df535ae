//! `/me`: who is asking.

use std::collections::BTreeSet;
use std::sync::Arc;

use aggregates::action::Pattern;
use aggregates::actor::ZoneRole;
use aggregates::ids::{OrganizationId, TokenId, ZoneId};
use axum::Json;
use axum::extract::State;
use serde::Serialize;
use utoipa::ToSchema;

use super::members::{MemberView, view};
use super::request::{Fresh, Query, Reader};
use crate::engine::{App, Problem};

/// Who is asking.
#[derive(Debug, Serialize, ToSchema)]
pub struct Me {
    #[serde(flatten)]
    member: MemberView,
    organization_id: OrganizationId,
    /// Roles in zones.
    zone_roles: Vec<HeldRole>,
    /// What is asked with.
    token: Credential,
}

/// A role in a zone.
#[derive(Debug, Serialize, ToSchema)]
pub struct HeldRole {
    zone_id: ZoneId,
    role: ZoneRole,
}

/// What is asked with.
#[derive(Debug, Serialize, ToSchema)]
pub struct Credential {
    /// Which token; `null` where it is none that was issued.
    id: Option<TokenId>,
    /// What it is for; everything its principal may do when `null`.
    actions: Option<BTreeSet<Pattern>>,
}

/// The caller: member, organization, roles in zones, and what the token is for.
#[utoipa::path(get, path = "/me", tag = "organizations", params(Fresh), responses((status = 200, body = Me)))]
pub async fn read(
    State(app): State<Arc<App>>,
    Reader(caller): Reader,
    Query(fresh): Query<Fresh>,
) -> Result<Json<Me>, Problem> {
    app.fresh_memory(caller.organization_id, fresh.after).await?;
    let (ruling, member) = app.known_caller(&caller).await?;
    let profile = app.log.profiles(caller.organization_id, Some(caller.id())).await?.into_iter().next();
    let zones = ruling.authority.tree.zones();
    let held = zones.flat_map(|zone| zone.assignments.iter().map(move |held| (zone.id, held)));
    let held = held.filter(|(_, held)| held.member_id == caller.id());
    Ok(Json(Me {
        member: view(&member, profile.as_ref(), true),
        organization_id: caller.organization_id,
        zone_roles: held.map(|(zone_id, held)| HeldRole { zone_id, role: held.role }).collect(),
        token: Credential { id: caller.token_id, actions: caller.scope.clone() },
    }))
}
