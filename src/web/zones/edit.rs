//! `/zones/{id}/edit/{part}`: changing one thing of a zone, with a look at what would come of it, or proposing the change.

use aggregates::policy::Section;
use aggregates::zones::{Status, Zone};
use askama::Template;
use axum::extract::Path;
use axum::http::StatusCode;
use serde_json::{Map, Value, json};

use super::head::{Head, head, zone_at};
use super::keys::{self, Key, Kind};
use super::model::MODELS;
use super::part::Part;
use super::preview::{Preview, preview};
use super::typed::{RISKS, rows_of};
use crate::engine::Problem;
use crate::web::form::{Faults, Fields};
use crate::web::frame::Frame;
use crate::web::page::{Shown, on_to, page_with};
use crate::web::refusal::Refusal;
use crate::web::shown::{Html, ZoneName};
use crate::web::visitor::Visitor;
use crate::web::words;

type Options = Vec<(String, String)>;

#[derive(Template)]
#[template(path = "zone_edit.html")]
struct Edit {
    frame: Frame,
    head: Head,
    part: Part,
    title: &'static str,
    about: &'static str,
    section: Option<Section>,
    fields: Fields,
    faults: Faults,
    keys: &'static [Key],
    /// What holds now, by key: the value, and whose word it is.
    holds: Vec<(Html, Option<ZoneName>)>,
    settled_whole: bool,
    sealed_by: Option<ZoneName>,
    people: Options,
    who: Options,
    parents: Options,
    statuses: Options,
    sections: Options,
    zone_model: String,
    version: u64,
    may_save: bool,
    may_propose: bool,
    preview: Option<Preview>,
    proposal_title: String,
}

impl Edit {
    fn fault(&self, key: &str) -> Option<&str> {
        let section = self.section?;
        self.faults.on(&format!("/{section}/{key}"))
    }

    fn rows(&self, name: &str, columns: &[&str]) -> Vec<usize> {
        rows_of(&self.fields, name, columns)
    }

    #[expect(clippy::trivially_copy_pass_by_ref, reason = "templates hand on what they loop over by reference")]
    fn cell(&self, name: &str, row: &usize, column: &str) -> &str {
        self.fields.text(&format!("{name}-{row}-{column}"))
    }

    fn part_of(&self, name: &str, part: &str) -> &str {
        self.fields.text(&format!("{name}-{part}"))
    }
}

/// `GET /zones/{id}/edit/{part}`.
pub async fn show(visitor: Visitor, Path((id, part)): Path<(String, String)>) -> Shown {
    let zone = zone_at(&visitor, &id)?;
    let part = Part::parse(&part).ok_or_else(|| Refusal::not_found("parameter"))?;
    let fields = Fields::of(part.fill(zone));
    form(&visitor, zone, part, fields, Faults::default(), None, StatusCode::OK)
}

fn may_save(visitor: &Visitor, zone: &Zone, part: Part) -> bool {
    if part.governs() {
        visitor.may(zone.id, "zone.govern") && !blocks_writing(visitor, zone)
    } else {
        visitor.may(zone.id, "zone.write")
    }
}

/// A zone that blocks `zone.write` is changed by approved proposals only.
fn blocks_writing(visitor: &Visitor, zone: &Zone) -> bool {
    let writing = aggregates::action::Action::parse("zone.write");
    let levels = visitor.ruling.authority.tree.levels(zone.id);
    let mut lists = levels.iter().filter_map(|level| level.constraints()?.blocked_actions.as_ref());
    writing.is_ok_and(|writing| lists.any(|list| list.names(&writing)))
}

fn form(
    visitor: &Visitor,
    zone: &Zone,
    part: Part,
    fields: Fields,
    faults: Faults,
    preview: Option<Preview>,
    status: StatusCode,
) -> Shown {
    let tree = &visitor.ruling.authority.tree;
    let effective = tree.effective(zone.id);
    let section = if let Part::Section(section) = part { Some(section) } else { None };
    let keys = section.map_or(&[][..], keys::keys);
    let held = json!(effective);
    let holds = keys.iter().map(|key| {
        let Some(section) = section else { return (Html::default(), None) };
        let value = &held[section.to_string()][key.name];
        let whole = format!("/{section}");
        let by = effective.bound_by.get(&format!("{whole}/{}", key.name)).or_else(|| effective.bound_by.get(&whole));
        let shown = if value.is_null() { Html("no limit".to_owned()) } else { visitor.value(key.name, value) };
        (shown, by.filter(|by| !value.is_null() && **by != zone.id).map(|by| visitor.zone(*by)))
    });
    let sealer = section.and_then(|section| {
        let path = tree.path(zone.id);
        let above = path.split_last().map_or(&[][..], |(_, above)| above);
        above.iter().find(|above| above.policies.seals(section)).map(|above| visitor.zone(above.id))
    });
    let (title, about) = part.about();
    page_with(
        status,
        &Edit {
            frame: visitor.frame(&format!("{title} of {}", zone.name), "zones"),
            head: head(visitor, tree, zone, "Parameters"),
            part,
            title,
            about,
            section,
            keys,
            holds: holds.collect(),
            settled_whole: section.is_some_and(keys::is_settled_whole),
            sealed_by: sealer,
            people: people(visitor, zone),
            who: who(visitor, zone),
            parents: parents(visitor, zone),
            statuses: statuses(zone),
            sections: Section::all().map(|section| (section.to_string(), keys::about(section).0.to_owned())).collect(),
            zone_model: words::model(&effective.decision_model),
            version: fields.given("version").and_then(|version| version.parse().ok()).unwrap_or(zone.version),
            may_save: may_save(visitor, zone, part),
            may_propose: visitor.may(zone.id, "proposal.create") && tree.is_in_force(zone.id),
            proposal_title: format!("{title} of {}", zone.name),
            fields,
            faults,
            preview,
        },
    )
}

const OUTDATED: &str =
    "Somebody has changed the zone since you began. See what holds now, and save again if you still want to.";

/// Those whom the zone names and who are no longer to choose from: what a form cannot show, it would take away.
fn gone(visitor: &Visitor, named: impl Iterator<Item = String>, known: &Options) -> Options {
    let named: std::collections::BTreeSet<String> = named.filter(|id| known.iter().all(|(known, _)| known != id)).collect();
    let words = |id: &String| id.parse().map_or_else(|_| id.clone(), |member| format!("{} (has left)", visitor.name(member)));
    named.iter().map(|id| (id.clone(), words(id))).collect()
}

/// Members to choose from, and those who are listed.
fn people(visitor: &Visitor, zone: &Zone) -> Options {
    let mut options = visitor.people_options();
    let listed = json!(zone.policies.approval_policy)["static_reviewers"].as_array().cloned().unwrap_or_default();
    let listed = listed.into_iter().filter_map(|id| id.as_str().map(str::to_owned));
    let gone = gone(visitor, listed, &options);
    options.extend(gone);
    options
}

/// Members and roles, to weigh.
fn who(visitor: &Visitor, zone: &Zone) -> Options {
    let mut options = everyone_and_every_role(visitor);
    let weights = json!(zone.policies.decision_model)["weights"].as_object().cloned().unwrap_or_default();
    let gone = gone(visitor, weights.into_iter().map(|(key, _)| key), &options);
    options.extend(gone);
    options
}

fn everyone_and_every_role(visitor: &Visitor) -> Options {
    let roles = ["executor", "approver", "evaluator", "gardener", "owner", "admin", "member"];
    let roles = roles.iter().map(|role| ((*role).to_owned(), format!("every {role}")));
    [(String::new(), "—".to_owned())].into_iter().chain(visitor.people_options()).chain(roles).collect()
}

/// Where a zone can go: anywhere but below itself.
fn parents(visitor: &Visitor, zone: &Zone) -> Options {
    let tree = &visitor.ruling.authority.tree;
    let below = |id: &str| id.parse().is_ok_and(|id| tree.is_within(id, zone.id));
    let zones = visitor.zone_options().into_iter().filter(|(id, _)| !below(id));
    [(String::new(), "nothing: it becomes a root".to_owned())].into_iter().chain(zones).collect()
}

fn statuses(zone: &Zone) -> Options {
    let all = [
        (Status::Active, "Active: put it to work"),
        (Status::Suspended, "Suspended: stop it and everything below, for now"),
        (Status::Archived, "Archived: stop it for ever; open proposals are withdrawn and grants become void"),
    ];
    let possible = all.into_iter().filter(|(status, _)| zone.status.may_become(*status));
    possible.map(|(status, words)| (status.to_string(), words.to_owned())).collect()
}

/// `POST /zones/{id}/edit/{part}`: a look, the change, or a proposal of it, by which button was pressed.
pub async fn submit(visitor: Visitor, Path((id, part)): Path<(String, String)>, fields: Fields) -> Shown {
    let zone = zone_at(&visitor, &id)?;
    let part = Part::parse(&part).ok_or_else(|| Refusal::not_found("parameter"))?;
    let unprocessable = StatusCode::UNPROCESSABLE_ENTITY;
    let change = match part.change(zone, &fields) {
        Ok(change) => change,
        Err((pointer, message)) => {
            return form(&visitor, zone, part, fields, Faults::at(&pointer, message), None, unprocessable);
        }
    };
    let looks = !fields.is("do", "save") && !fields.is("do", "propose");
    if change.is_empty() {
        let faults = Faults::of_all("What you typed is what the zone says already.");
        let status = if looks { StatusCode::OK } else { unprocessable };
        return form(&visitor, zone, part, fields, faults, None, status);
    }
    let pointers = part.pointers();
    let preview = preview(&visitor, zone.id, &change, &pointers);
    let outdated = fields.given("version").is_some_and(|version| version != zone.version.to_string());
    if looks || preview.is_refused() {
        let status = if preview.is_refused() { unprocessable } else { StatusCode::OK };
        let mut faults = preview.faults.clone();
        if outdated && faults.overall.is_none() {
            faults.overall = Some(OUTDATED.to_owned());
        }
        return form(&visitor, zone, part, fields, faults, Some(preview), status);
    }
    if outdated && fields.is("do", "propose") {
        let fields = fields.with("version", &zone.version.to_string());
        return form(&visitor, zone, part, fields, Faults::of_all(OUTDATED), Some(preview), StatusCode::CONFLICT);
    }
    let sent = if fields.is("do", "propose") {
        propose(&visitor, zone, &change, &fields).await
    } else {
        save(&visitor, zone, part, &change, &fields).await
    };
    match sent {
        Ok(address) => on_to(&address),
        Err(refusal) if refusal.is_of_the_form() || refusal.status == 403 => {
            let pointers: Vec<String> = pointers.iter().cloned().chain(["/title".to_owned()]).collect();
            let pointers: Vec<&str> = pointers.iter().map(String::as_str).collect();
            let (mut faults, status) = (Faults::of(&refusal, &pointers), refusal.http());
            if refusal.status == 412 {
                faults.overall = Some(OUTDATED.to_owned());
                let fields = fields.with("version", &zone.version.to_string());
                return form(&visitor, zone, part, fields, faults, Some(preview), status);
            }
            form(&visitor, zone, part, fields, faults, Some(preview), status)
        }
        Err(refusal) => Err(refusal),
    }
}

async fn save(
    visitor: &Visitor,
    zone: &Zone,
    part: Part,
    change: &Map<String, Value>,
    fields: &Fields,
) -> Result<String, Refusal> {
    let path = format!("/zones/{}", zone.id);
    match part {
        Part::Section(_) | Part::Sealed | Part::About => {
            let version = fields.text("version").parse().unwrap_or(zone.version);
            visitor.patch(&path, &json!(change), fields.once(), version).await?;
        }
        Part::Place => {
            let body = json!({"parent_zone_id": change.get("parent_zone_id")});
            visitor.post(&format!("{path}/move"), &body, fields.once()).await?;
        }
        Part::Status => {
            let command = match fields.text("status") {
                "suspended" => "suspend",
                "archived" => "archive",
                "active" => "activate",
                _ => return Err(Problem::at(StatusCode::UNPROCESSABLE_ENTITY, "/status", "invalid", "choose one").into()),
            };
            visitor.post(&format!("{path}/{command}"), &json!({}), fields.once()).await?;
        }
    }
    Ok(format!("{path}?said=zone-changed"))
}

async fn propose(visitor: &Visitor, zone: &Zone, change: &Map<String, Value>, fields: &Fields) -> Result<String, Refusal> {
    let mut body = json!({
        "zone_id": zone.id, "type": "zone_change", "title": fields.text("title"), "payload": {"changes": change},
    });
    if let Some(why) = fields.given("why") {
        body["description"] = json!(why);
    }
    let proposal = visitor.post("/proposals", &body, fields.once()).await?;
    Ok(format!("/proposals/{}?said=proposed", proposal["id"].as_str().unwrap_or_default()))
}
