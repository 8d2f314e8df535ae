//! `/zones/{id}`: what the zone writes of its own beside what really holds, and whose word makes it so; now, or as it was.

use aggregates::Decider;
use aggregates::ids::ZoneId;
use aggregates::policy::{Effective, Section, sealed_sections, widenings};
use aggregates::zones::{Tree, Zone, Zones};
use askama::Template;
use axum::extract::Path;
use projections::{Recorded, audit};
use serde_json::{Value, json};

use super::budget::{Used, limits};
use super::head::{Head, head, zone_at};
use super::keys::{about, is_settled_whole, keys};
use crate::store::StoreError;
use crate::web::form::Fields;
use crate::web::frame::Frame;
use crate::web::page::{Shown, page};
use crate::web::refusal::Refusal;
use crate::web::shown::{Html, When, ZoneName};
use crate::web::visitor::Visitor;
use crate::web::words;

/// A key: what the zone writes, what holds, and by whose word.
struct Row {
    label: &'static str,
    own: Option<Html>,
    effective: Html,
    by: Option<ZoneName>,
    here: bool,
    held: bool,
}

/// A policy object.
struct Shelf {
    name: String,
    title: &'static str,
    about: &'static str,
    rows: Vec<Row>,
    unsaid: Vec<&'static str>,
    sealed_by: Option<ZoneName>,
    seals: bool,
    void: bool,
}

/// A moment of the past that is looked at.
struct Then {
    position: u64,
    when: When,
}

#[derive(Template)]
#[template(path = "zone.html")]
struct ZonePage {
    frame: Frame,
    head: Head,
    shelves: Vec<Shelf>,
    limits: Vec<Used>,
    below: Vec<(ZoneName, crate::web::shown::Badge)>,
    bound: Vec<(ZoneName, String)>,
    seals: Vec<&'static str>,
    then: Option<Then>,
    may_change: bool,
    may_create: bool,
}

/// The zones of the visitor's organization as they were at a position.
pub async fn tree_at(visitor: &Visitor, position: u64) -> Result<Tree, Refusal> {
    let organization = visitor.caller.organization_id;
    let statement = audit::stream_until(organization, Zones::TYPE, organization.to_string(), position);
    let recorded = visitor.app.log.events(statement).await?;
    let events = recorded.iter().map(Recorded::read).collect::<Result<Vec<_>, _>>();
    Ok(Zones::replay(&events.map_err(StoreError::from)?))
}

/// The moment at which the organization's log was at a position.
async fn moment_of(visitor: &Visitor, position: u64) -> Result<Option<When>, Refusal> {
    let statement = audit::last_before(visitor.caller.organization_id, position + 1);
    let found = visitor.app.log.events(statement).await?;
    Ok(found.first().map(|event| When { at: event.occurred_at, now: visitor.now() }))
}

/// `GET /zones/{id}`, with `?as_of=` a position for how it was.
pub async fn show(visitor: Visitor, Path(id): Path<String>) -> Shown {
    zone_at(&visitor, &id)?;
    let fields = Fields::of_query(visitor.uri.query().unwrap_or_default());
    let asked = fields.given("as_of").map(|text| text.parse::<u64>().map_err(|_| Refusal::not_found("position")));
    let Some(position) = asked.transpose()? else {
        let tree = visitor.ruling.authority.tree.clone();
        return show_in(&visitor, &tree, &id, None);
    };
    let position = position.min(visitor.position);
    let tree = tree_at(&visitor, position).await?;
    let then = moment_of(&visitor, position).await?.map(|when| Then { position, when });
    show_in(&visitor, &tree, &id, then)
}

fn show_in(visitor: &Visitor, tree: &Tree, id: &str, then: Option<Then>) -> Shown {
    let known = id.parse::<ZoneId>().ok().and_then(|id| tree.zone(id));
    let zone = known.ok_or_else(|| Refusal::not_found("zone at that time"))?;
    let effective = tree.effective(zone.id);
    let shelves = Section::all().map(|section| shelf(visitor, tree, zone, &effective, section)).collect();
    let bound = tree.bound_below(zone.id).into_iter().map(|bound| {
        let keys: Vec<String> = bound.keys.iter().map(|pointer| super::label_at(pointer)).collect();
        (visitor.zone(bound.zone_id), keys.join(", "))
    });
    let seals = Section::all().filter(|section| zone.policies.seals(*section)).map(|section| about(section).0);
    page(&ZonePage {
        frame: visitor.frame(zone.name.as_str(), "zones"),
        head: head(visitor, tree, zone, "Parameters"),
        shelves,
        limits: if then.is_none() { limits(visitor, zone.id) } else { Vec::new() },
        below: tree.children(zone.id).map(|child| (visitor.zone(child.id), words::zone_status(child.status))).collect(),
        bound: bound.collect(),
        seals: seals.collect(),
        may_change: then.is_none() && !tree.is_archived(zone.id) && may_ask_for_changes(visitor, zone.id),
        may_create: then.is_none() && visitor.may(zone.id, "zone.create"),
        then,
    })
}

/// Whether the visitor may change the zone, or propose that it be changed.
fn may_ask_for_changes(visitor: &Visitor, zone: ZoneId) -> bool {
    ["zone.write", "zone.govern", "proposal.create"].iter().any(|action| visitor.may(zone, action))
}

fn shelf(visitor: &Visitor, tree: &Tree, zone: &Zone, effective: &Effective, section: Section) -> Shelf {
    let name = section.to_string();
    let (title, about) = about(section);
    let levels = tree.levels(zone.id);
    let ancestors = levels.split_last().map_or(&[][..], |(_, ancestors)| ancestors);
    let sealed_by = ancestors.iter().find(|level| level.policies.seals(section)).map(|level| visitor.zone(level.zone_id));
    let void = sealed_sections(&zone.policies, ancestors).iter().any(|(sealed, _)| *sealed == section);
    let wider: Vec<String> = widenings(&zone.policies, ancestors).into_iter().map(|widening| widening.pointer).collect();
    let (own, held) = (json!(zone.policies)[&name].clone(), json!(effective)[&name].clone());
    let binder = |pointer: &str| effective.bound_by.get(pointer).copied();
    let mut rows = Vec::new();
    let mut unsaid = Vec::new();
    if section == Section::DecisionModel {
        let by = binder("/decision_model");
        let own = zone.policies.decision_model.as_ref();
        rows.push(Row {
            label: "Model",
            own: own.map(|own| model(visitor, own)),
            effective: model(visitor, &effective.decision_model),
            here: by == Some(zone.id),
            by: by.map(|by| visitor.zone(by)),
            held: void,
        });
    }
    for key in keys(section) {
        let pointer = format!("/{name}/{}", key.name);
        let by = if is_settled_whole(section) { binder(&format!("/{name}")) } else { binder(&pointer) };
        let (own, effective) = (&own[key.name], &held[key.name]);
        if own.is_null() && effective.is_null() {
            unsaid.push(key.label);
            continue;
        }
        let by = by.filter(|_| !effective.is_null());
        rows.push(Row {
            label: key.label,
            own: (!own.is_null()).then(|| visitor.value(key.name, own)),
            effective: if effective.is_null() { none() } else { visitor.value(key.name, effective) },
            here: by == Some(zone.id),
            by: by.map(|by| visitor.zone(by)),
            held: void || wider.contains(&pointer),
        });
    }
    Shelf { name, title, about, rows, unsaid, sealed_by, seals: zone.policies.seals(section), void }
}

fn none() -> Html {
    Html("<span class=\"quiet\">no limit</span>".to_owned())
}

/// A decision model: its name, how it decides, and who weighs what.
fn model(visitor: &Visitor, model: &aggregates::decision_model::DecisionModel) -> Html {
    let weights: Value = json!(model)["weights"].clone();
    let weights = if weights.is_object() { format!("<br>{}", visitor.value("weights", &weights)) } else { String::new() };
    Html(format!(
        "<strong>{}</strong><br><span class=\"quiet\">{}</span>{weights}",
        words::model_name(model),
        words::model(model)
    ))
}
