//! `/zones/{id}/assignments`: who has which role in a zone.

use std::collections::BTreeMap;
use std::sync::Arc;

use aggregates::actor::ZoneRole;
use aggregates::ids::{AssignmentId, MemberId, ZoneId};
use aggregates::zones::{Assignee, Assignment, Command as Ask, Zones};
use axum::Json;
use axum::extract::{Path, State};
use axum::http::StatusCode;
use axum::response::{IntoResponse, Response};
use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};
use serde_json::json;
use utoipa::{IntoParams, ToSchema};

use super::change::permit_governing;
use crate::api::page::{Page, WantedById};
use crate::api::request::{Command, Fresh, Nothing, Query, Reader, id_in_path};
use crate::engine::{Answer, App, Attempt, Done, Problem, decision, permit_in_zone};
use crate::entropy;

/// Someone's role.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct NewAssignment {
    member_id: MemberId,
    role: ZoneRole,
}

/// A role that someone has in a zone.
#[derive(Debug, Serialize, ToSchema)]
pub struct AssignmentView {
    id: AssignmentId,
    zone_id: ZoneId,
    member_id: MemberId,
    role: ZoneRole,
    created_at: DateTime<Utc>,
}

fn view(zone_id: ZoneId, held: &Assignment) -> AssignmentView {
    let Assignment { id, member_id, role, assigned_at, .. } = *held;
    AssignmentView { id, zone_id, member_id, role, created_at: assigned_at }
}

/// Roles that decide need `zone.govern`, others `zone.write` (SPEC C1).
fn may_assign(attempt: &Attempt, zone: ZoneId, role: ZoneRole) -> Result<(), Problem> {
    if role.governs() { permit_governing(attempt, zone) } else { attempt.permit(zone, "zone.write") }
}

/// Gives someone a role in a zone and everything below it. Giving it again changes nothing.
#[utoipa::path(post, path = "/zones/{id}/assignments", tag = "zones", params(("id" = String, Path)), request_body = NewAssignment,
    responses((status = 201, body = AssignmentView, description = "Assigned"), (status = 200, body = AssignmentView, description = "Was assigned already"), (status = "4XX", body = Problem)))]
pub async fn assign(
    State(app): State<Arc<App>>,
    Path(id): Path<String>,
    command: Command<NewAssignment>,
) -> Result<Done, Problem> {
    let Command { envelope, body } = command;
    let zone_id: ZoneId = id_in_path(&id, "zone")?;
    let assignment_id = AssignmentId(entropy::new_id());
    app.command(&envelope, decision!(attempt, [body] => {
        attempt.must_see(zone_id)?;
        may_assign(attempt, zone_id, body.role)?;
        attempt.must_match(attempt.authority().tree.zone(zone_id).map_or(0, |zone| zone.version))?;
        let member = attempt.authority().organization.member(body.member_id).ok_or_else(|| Problem::named_nowhere("/member_id", "member"))?;
        let ask = Ask::Assign {
            zone_id,
            assignment_id,
            assignee: Box::new(Assignee::of(member, &attempt.authority().organization)),
            role: body.role,
            by_proposal: None,
            now: attempt.now,
        };
        let mut plan = attempt.plan();
        let tree = plan.decide::<Zones>(&attempt.zone_tree(), ask).await?;
        let zone = tree.zone(zone_id).ok_or_else(|| Problem::not_found("zone"))?;
        let mut held = zone.assignments.iter();
        let held = held.find(|held| held.member_id == body.member_id && held.role == body.role);
        let held = held.ok_or_else(|| Problem::not_found("assignment"))?;
        let place = format!("/api/v1/zones/{zone_id}/assignments/{}", held.id);
        let mut answer = Answer::created(json!(view(zone_id, held)), place).at_version(zone.version);
        if held.id != assignment_id {
            answer.status = StatusCode::OK;
        }
        Ok((plan, answer))
    }))
    .await
}

/// Which assignments to list.
#[derive(Debug, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
#[serde(deny_unknown_fields)]
pub struct Which {
    limit: Option<u64>,
    cursor: Option<String>,
    /// Whether to list what reaches down from ancestors, too.
    #[serde(default)]
    inherited: bool,
    after: Option<u64>,
}

/// Who has which role in a zone, in the order of assignment, without those who have left.
#[utoipa::path(get, path = "/zones/{id}/assignments", tag = "zones", params(("id" = String, Path), Which),
    responses((status = 200, body = Page<AssignmentView>), (status = 404, body = Problem)))]
pub async fn list(
    State(app): State<Arc<App>>,
    Reader(caller): Reader,
    Path(id): Path<String>,
    Query(which): Query<Which>,
) -> Result<Json<Page<AssignmentView>>, Problem> {
    let id: ZoneId = id_in_path(&id, "zone")?;
    let wanted = WantedById::read(which.limit, which.cursor.as_deref())?;
    app.fresh_memory(caller.organization_id, which.after).await?;
    let ruling = app.ruling(caller.organization_id).await?;
    permit_in_zone(&ruling, &caller, id, "zone.read", app.clock.now())?;
    let path = ruling.authority.tree.path(id);
    let zones = path.into_iter().rev().filter(|zone| which.inherited || zone.id == id);
    let here = |held: &&Assignment| ruling.authority.organization.member(held.member_id).is_some();
    let held = zones.flat_map(|zone| zone.assignments.iter().filter(here).map(|held| (held.id.0, (zone.id, held))));
    let held: BTreeMap<_, (ZoneId, &Assignment)> = held.collect();
    Ok(Json(wanted.page(held, |(zone, held)| view(zone, held))))
}

/// One role that someone has in a zone.
#[utoipa::path(get, path = "/zones/{id}/assignments/{assignment_id}", tag = "zones",
    params(("id" = String, Path), ("assignment_id" = String, Path), Fresh),
    responses((status = 200, body = AssignmentView), (status = "4XX", body = Problem)))]
pub async fn read(
    State(app): State<Arc<App>>,
    Reader(caller): Reader,
    Path((id, assignment_id)): Path<(String, String)>,
    Query(fresh): Query<Fresh>,
) -> Result<Response, Problem> {
    let id: ZoneId = id_in_path(&id, "zone")?;
    let assignment_id: AssignmentId = id_in_path(&assignment_id, "assignment")?;
    app.fresh_memory(caller.organization_id, fresh.after).await?;
    let ruling = app.ruling(caller.organization_id).await?;
    permit_in_zone(&ruling, &caller, id, "zone.read", app.clock.now())?;
    let zone = ruling.authority.tree.zone(id).ok_or_else(|| Problem::not_found("zone"))?;
    let held = zone.assignments.iter().find(|held| held.id == assignment_id);
    let held = held.ok_or_else(|| Problem::not_found("assignment"))?;
    Ok(Answer::ok(json!(view(id, held))).at_version(zone.version).into_response())
}

/// Takes a role away. Whoever loses it leaves the electorates that rested on it.
#[utoipa::path(delete, path = "/zones/{id}/assignments/{assignment_id}", tag = "zones",
    params(("id" = String, Path), ("assignment_id" = String, Path)),
    responses((status = 204, description = "Taken away"), (status = "4XX", body = Problem)))]
pub async fn unassign(
    State(app): State<Arc<App>>,
    Path((id, assignment_id)): Path<(String, String)>,
    command: Command<Nothing>,
) -> Result<Done, Problem> {
    let zone_id: ZoneId = id_in_path(&id, "zone")?;
    let assignment_id: AssignmentId = id_in_path(&assignment_id, "assignment")?;
    app.command_with_consequences(&command.envelope, decision!(attempt, [] => {
        attempt.must_see(zone_id)?;
        let zone = attempt.authority().tree.zone(zone_id).ok_or_else(|| Problem::not_found("zone"))?;
        let held = zone.assignments.iter().find(|held| held.id == assignment_id);
        let role = held.ok_or_else(|| Problem::not_found("assignment"))?.role;
        may_assign(attempt, zone_id, role)?;
        attempt.must_match(zone.version)?;
        let mut plan = attempt.plan();
        plan.decide::<Zones>(&attempt.zone_tree(), Ask::Unassign { zone_id, assignment_id, by_proposal: None, now: attempt.now }).await?;
        Ok((plan, Answer::nothing()))
    }))
    .await
}
