//! `/zones/{id}/roles`: who has which role here, from here or from above; giving and taking roles.

use aggregates::actor::ZoneRole;
use aggregates::ids::AssignmentId;
use aggregates::zones::Zone;
use askama::Template;
use axum::extract::Path;
use axum::http::{Method, StatusCode};
use serde_json::{Value, json};

use super::head::{Head, head, zone_at};
use crate::web::form::{Faults, Fields};
use crate::web::frame::Frame;
use crate::web::page::{Shown, on_to, page_with};
use crate::web::refusal::Refusal;
use crate::web::shown::{Person, When, ZoneName};
use crate::web::visitor::Visitor;
use crate::web::words::sentence;

/// Someone who holds a role.
struct Holder {
    who: Person,
    since: When,
    assignment: String,
    /// The zone it comes from, if that is not this one.
    from: Option<ZoneName>,
    may_take: bool,
}

/// A role, what it lets one do, and who holds it.
struct Held {
    role: String,
    lets: &'static str,
    holders: Vec<Holder>,
}

#[derive(Template)]
#[template(path = "zone_roles.html")]
struct Roles {
    frame: Frame,
    head: Head,
    held: Vec<Held>,
    fields: Fields,
    faults: Faults,
    people: Vec<(String, String)>,
    givable: Vec<(String, String)>,
    may_propose: bool,
}

const ROLES: [(ZoneRole, &str); 4] = [
    (ZoneRole::Approver, "decide proposals"),
    (ZoneRole::Executor, "do work"),
    (ZoneRole::Evaluator, "judge finished work"),
    (ZoneRole::Gardener, "tend the zone and choose reviewers"),
];

fn may_give(visitor: &Visitor, zone: &Zone, role: ZoneRole) -> bool {
    visitor.may(zone.id, if role.governs() { "zone.govern" } else { "zone.write" })
}

/// `GET /zones/{id}/roles`.
pub async fn show(visitor: Visitor, Path(id): Path<String>) -> Shown {
    let zone = zone_at(&visitor, &id)?;
    form(&visitor, zone, Fields::default(), Faults::default(), StatusCode::OK)
}

fn form(visitor: &Visitor, zone: &Zone, fields: Fields, faults: Faults, status: StatusCode) -> Shown {
    let tree = &visitor.ruling.authority.tree;
    let path = tree.path(zone.id);
    let held = ROLES.map(|(role, lets)| {
        let here = path.iter().rev().flat_map(|level| level.assignments.iter().map(move |held| (level, held)));
        let holders = here.filter(|(_, held)| held.role == role).map(|(level, held)| Holder {
            who: visitor.person(held.member_id),
            since: When { at: held.assigned_at, now: visitor.now() },
            assignment: held.id.to_string(),
            from: (level.id != zone.id).then(|| visitor.zone(level.id)),
            may_take: level.id == zone.id && may_give(visitor, zone, role),
        });
        Held { role: sentence(&role.to_string()), lets, holders: holders.collect() }
    });
    let roles = ROLES.iter().filter(|(role, _)| may_give(visitor, zone, *role));
    let roles = roles.map(|(role, lets)| (role.to_string(), format!("{}: {lets}", sentence(&role.to_string()))));
    page_with(
        status,
        &Roles {
            frame: visitor.frame(&format!("Roles in {}", zone.name), "zones"),
            head: head(visitor, tree, zone, "Roles"),
            held: held.into(),
            people: visitor.people_options(),
            givable: roles.collect(),
            may_propose: visitor.may(zone.id, "proposal.create") && tree.is_in_force(zone.id),
            fields,
            faults,
        },
    )
}

fn again(visitor: &Visitor, zone: &Zone, fields: Fields, sent: Result<Value, Refusal>, said: &str) -> Shown {
    match sent {
        Ok(_) => on_to(&format!("/zones/{}/roles?said={said}", zone.id)),
        Err(refusal) if refusal.is_of_the_form() || refusal.status == 403 => {
            let faults = Faults::of(&refusal, &["/member_id", "/role"]);
            form(visitor, zone, fields, faults, refusal.http())
        }
        Err(refusal) => Err(refusal),
    }
}

/// `POST /zones/{id}/roles`: gives a role.
pub async fn give(visitor: Visitor, Path(id): Path<String>, fields: Fields) -> Shown {
    let zone = zone_at(&visitor, &id)?;
    let body = json!({"member_id": fields.text("member_id"), "role": fields.text("role")});
    let sent = visitor.post(&format!("/zones/{}/assignments", zone.id), &body, fields.once()).await;
    again(&visitor, zone, fields, sent, "role-given")
}

/// `POST /zones/{id}/roles/{assignment}/take`: takes a role away.
pub async fn take(visitor: Visitor, Path((id, assignment)): Path<(String, String)>, fields: Fields) -> Shown {
    let zone = zone_at(&visitor, &id)?;
    let assignment: AssignmentId = assignment.parse().map_err(|_| Refusal::not_found("assignment"))?;
    let path = format!("/zones/{}/assignments/{assignment}", zone.id);
    let sent = visitor.command(Method::DELETE, &path, &json!({}), fields.once()).await;
    again(&visitor, zone, fields, sent, "role-taken")
}
