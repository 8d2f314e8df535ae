//! `/escalations/new`: contesting who decides in a zone.

use aggregates::ids::ZoneId;
use askama::Template;
use axum::http::StatusCode;
use serde_json::{Map, Value, json};

use crate::web::form::{Faults, Fields};
use crate::web::frame::Frame;
use crate::web::page::{Shown, on_to, page_with};
use crate::web::refusal::Refusal;
use crate::web::shown::{Person, ZoneName};
use crate::web::visitor::Visitor;
use crate::web::words::sentence;

#[derive(Template)]
#[template(path = "escalate.html")]
struct Raise {
    frame: Frame,
    fields: Fields,
    faults: Faults,
    zones: Vec<(String, String)>,
    zone: ZoneName,
    deciders: Vec<(String, Person, String, bool)>,
    people: Vec<(String, String)>,
    roles: Vec<(String, String)>,
    threshold: u32,
    /// Whether there is no zone above.
    root: bool,
}

fn zone_of(visitor: &Visitor, fields: &Fields) -> Result<ZoneId, Refusal> {
    let first = visitor.zone_options().first().map(|(id, _)| id.clone()).unwrap_or_default();
    let id: ZoneId = fields.given("zone_id").unwrap_or(&first).parse().map_err(|_| Refusal::not_found("zone"))?;
    visitor.must(id, "zone.read")?;
    Ok(id)
}

/// `GET /escalations/new`.
pub async fn show(visitor: Visitor) -> Shown {
    let fields = Fields::of_query(visitor.uri.query().unwrap_or_default());
    form(&visitor, fields, Faults::default(), StatusCode::OK)
}

fn form(visitor: &Visitor, fields: Fields, faults: Faults, status: StatusCode) -> Shown {
    visitor.refuse_auditors()?;
    let zone_id = zone_of(visitor, &fields)?;
    let tree = &visitor.ruling.authority.tree;
    let held = tree.zone(zone_id).map(|zone| zone.assignments.as_slice()).unwrap_or_default();
    let decider = |held: &aggregates::zones::Assignment| {
        let id = format!("{}:{}", held.member_id, held.role);
        let chosen = fields.is("remove", &id);
        (id, visitor.person(held.member_id), held.role.to_string(), chosen)
    };
    let nobody = (String::new(), "Nobody".to_owned());
    let role = |role: &str| (role.to_owned(), sentence(role));
    page_with(
        status,
        &Raise {
            frame: visitor.frame("Contest who decides", "escalations"),
            zones: visitor.zone_options(),
            zone: visitor.zone(zone_id),
            deciders: held.iter().map(decider).collect(),
            people: [nobody].into_iter().chain(visitor.people_options()).collect(),
            roles: ["approver", "gardener", "executor", "evaluator"].map(role).into(),
            root: tree.zone(zone_id).is_some_and(|zone| zone.parent_zone_id.is_none()),
            threshold: tree.effective(zone_id).escalation_policy.cosigners(),
            fields,
            faults,
        },
    )
}

fn change(fields: &Fields) -> Map<String, Value> {
    let mut change = Map::new();
    if fields.is("suspend", "yes") {
        change.insert("status".to_owned(), json!("suspended"));
    }
    let mut assignments = Map::new();
    let role = |chosen: &str| chosen.split_once(':').map(|(member, role)| json!({"member_id": member, "role": role}));
    let remove: Vec<Value> = fields.all("remove").into_iter().filter_map(role).collect();
    if !remove.is_empty() {
        assignments.insert("remove".to_owned(), json!(remove));
    }
    if let Some(member) = fields.given("add_member") {
        assignments.insert("add".to_owned(), json!([{"member_id": member, "role": fields.text("add_role")}]));
    }
    if !assignments.is_empty() {
        change.insert("assignments".to_owned(), Value::Object(assignments));
    }
    change
}

/// `POST /escalations/new`.
pub async fn raise(visitor: Visitor, fields: Fields) -> Shown {
    let zone_id = zone_of(&visitor, &fields)?;
    // What is ticked is about the zone that was shown, which may not be the one that is chosen.
    if fields.is("do", "zone") || fields.given("about").is_some_and(|shown| shown != fields.text("zone_id")) {
        return form(&visitor, fields, Faults::default(), StatusCode::OK);
    }
    let body = json!({"reason": fields.text("reason"), "change": change(&fields)});
    match visitor.post(&format!("/zones/{zone_id}/escalations"), &body, fields.once()).await {
        Ok(raised) => on_to(&format!("/escalations/{}?said=raised", raised["id"].as_str().unwrap_or_default())),
        Err(refusal) if refusal.is_of_the_form() || matches!(refusal.status, 403 | 429) => {
            let (faults, status) = (Faults::of(&refusal, &["/reason", "/change"]), refusal.http());
            form(&visitor, fields, faults, status)
        }
        Err(refusal) => Err(refusal),
    }
}
