//! Rules of the tree: no cycles, unique slugs, and a child can only narrow (SPEC Z1–Z8).

use super::changes::Changes;
use super::command::Command;
use super::event::Event;
use super::facts::{Assignee, unfit};
use super::rejection::Rejection;
use super::tree::{Status, Tree, Zone};
use crate::Moment;
use crate::actor::ZoneRole;
use crate::ids::{AssignmentId, ProposalId, ZoneId};
use crate::policy::{Level, Policies, Section, apply_patch, sealed_sections, widenings};
use crate::rejection::Fault;
use crate::slug::Slug;
use crate::text::{Name, Prose};

/// The most levels a tree has.
const DEEPEST: usize = 32;

type Decision = Result<Vec<Event>, Rejection>;

pub(super) fn decide(tree: &Tree, command: Command) -> Decision {
    match command {
        Command::Create { id, parent_zone_id, name, slug, description, status, policies, now } => {
            create(tree, NewZone { id, parent_zone_id, name, slug, description, status, policies }, now)
        }
        Command::Change { zone_id, changes, by_proposal, now } => {
            changeable(tree, zone_id)?;
            change(tree, zone_id, &changes, by_proposal, now)
        }
        Command::Assign { zone_id, assignment_id, assignee, role, by_proposal, now } => {
            assign(tree, zone_id, assignment_id, &assignee, role, by_proposal, now)
        }
        Command::Unassign { zone_id, assignment_id, by_proposal, now } => {
            let zone = changeable(tree, zone_id)?;
            let held = zone.assignments.iter().find(|held| held.id == assignment_id);
            let held = held.ok_or(Rejection::NoSuchAssignment(assignment_id))?;
            let (member_id, role) = (held.member_id, held.role);
            Ok(vec![Event::MemberUnassigned { zone_id, assignment_id, member_id, role, by_proposal, unassigned_at: now }])
        }
    }
}

fn changeable(tree: &Tree, id: ZoneId) -> Result<&Zone, Rejection> {
    let zone = tree.zone(id).ok_or(Rejection::NoSuchZone(id))?;
    if tree.is_archived(id) { Err(Rejection::ZoneArchived(id)) } else { Ok(zone) }
}

struct NewZone {
    id: ZoneId,
    parent_zone_id: Option<ZoneId>,
    name: Name,
    slug: Option<Slug>,
    description: Prose,
    status: Status,
    policies: Box<Policies>,
}

fn create(tree: &Tree, new: NewZone, now: Moment) -> Decision {
    if let Some(parent) = new.parent_zone_id {
        tree.zone(parent).ok_or(Rejection::NoSuchParent(parent))?;
        if tree.is_archived(parent) {
            return Err(Rejection::ZoneArchived(parent));
        }
        if tree.path(parent).len() >= DEEPEST {
            return Err(Rejection::TooDeep(DEEPEST));
        }
    }
    if !matches!(new.status, Status::Draft | Status::Active) {
        let fault = Fault::new("/status", "invalid", "a new zone is a draft or active");
        return Err(Rejection::Invalid(vec![fault]));
    }
    let slug = match new.slug {
        Some(slug) if tree.by_slug(&slug).is_some() => return Err(Rejection::SlugTaken(slug)),
        Some(slug) => slug,
        None => free_slug(tree, &new.name),
    };
    let ancestors = new.parent_zone_id.map(|parent| tree.levels(parent)).unwrap_or_default();
    refuse_sealed(&new.policies, &ancestors, |_| true)?;
    refuse_wider(&new.policies, &ancestors, |_| true)?;
    refuse_unmendable(&new.policies, new.parent_zone_id)?;
    Ok(vec![Event::Created {
        zone_id: new.id,
        parent_zone_id: new.parent_zone_id,
        name: new.name,
        slug,
        description: new.description,
        status: new.status,
        policies: new.policies,
        created_at: now,
    }])
}

fn free_slug(tree: &Tree, name: &Name) -> Slug {
    let plain = Slug::from_name(name.as_str(), "zone");
    let numbered = (2..).map(|number| plain.numbered(number));
    std::iter::once(plain.clone())
        .chain(numbered)
        .find(|slug| tree.by_slug(slug).is_none())
        .expect("a finite tree leaves some number free")
}

fn refuse_sealed(policies: &Policies, ancestors: &[Level<'_>], concerns: impl Fn(Section) -> bool) -> Result<(), Rejection> {
    match sealed_sections(policies, ancestors).into_iter().find(|(section, _)| concerns(*section)) {
        Some((section, by)) => Err(Rejection::Sealed { section, by }),
        None => Ok(()),
    }
}

fn refuse_wider(policies: &Policies, ancestors: &[Level<'_>], concerns: impl Fn(&str) -> bool) -> Result<(), Rejection> {
    let wider = widenings(policies, ancestors).into_iter().filter(|widening| concerns(&widening.pointer));
    let faults: Vec<Fault> = wider.map(Fault::from).collect();
    if faults.is_empty() { Ok(()) } else { Err(Rejection::WiderThanParent(faults)) }
}

/// A zone below another is mended from above, a root only by itself.
fn refuse_unmendable(policies: &Policies, parent: Option<ZoneId>) -> Result<(), Rejection> {
    if parent.is_none() && policies.is_unmendable() { Err(Rejection::Unmendable) } else { Ok(()) }
}

/// A change may move, rewrite and switch a zone at once; each step is decided on what the steps before it leave.
fn change(tree: &Tree, zone_id: ZoneId, changes: &Changes, by_proposal: Option<ProposalId>, now: Moment) -> Decision {
    let mut after = tree.clone();
    let mut events = Vec::new();
    let status = changes.status;
    if let Some(parent) = changes.parent_zone_id {
        events.extend(move_to(&after, zone_id, parent, by_proposal, now)?);
        for event in &events {
            after.evolve(event);
        }
    }
    let rewritten = rewrite(&after, zone_id, changes, by_proposal, now)?;
    for event in &rewritten {
        after.evolve(event);
    }
    events.extend(rewritten);
    if let Some(status) = status {
        events.extend(switch(&after, zone_id, status, by_proposal, now)?);
    }
    Ok(events)
}

fn move_to(tree: &Tree, zone_id: ZoneId, to: Option<ZoneId>, by_proposal: Option<ProposalId>, now: Moment) -> Decision {
    let zone = tree.zone(zone_id).ok_or(Rejection::NoSuchZone(zone_id))?;
    if zone.parent_zone_id == to {
        return Ok(vec![]);
    }
    if let Some(parent) = to {
        tree.zone(parent).ok_or(Rejection::NoSuchParent(parent))?;
        if tree.is_within(parent, zone_id) {
            return Err(Rejection::Cycle(zone_id));
        }
        if tree.is_archived(parent) {
            return Err(Rejection::ZoneArchived(parent));
        }
        if tree.path(parent).len() + 1 + tree.depth_below(zone_id) > DEEPEST {
            return Err(Rejection::TooDeep(DEEPEST));
        }
        let ancestors = tree.levels(parent);
        refuse_sealed(&zone.policies, &ancestors, |_| true)?;
        refuse_wider(&zone.policies, &ancestors, |_| true)?;
    }
    refuse_unmendable(&zone.policies, to)?;
    Ok(vec![Event::Moved { zone_id, from_zone_id: zone.parent_zone_id, to_zone_id: to, by_proposal, moved_at: now }])
}

fn rewrite(tree: &Tree, zone_id: ZoneId, changes: &Changes, by_proposal: Option<ProposalId>, now: Moment) -> Decision {
    let zone = tree.zone(zone_id).ok_or(Rejection::NoSuchZone(zone_id))?;
    if let Some(slug) = &changes.slug
        && tree.by_slug(slug).is_some_and(|other| other.id != zone_id)
    {
        return Err(Rejection::SlugTaken(slug.clone()));
    }
    let policies = apply_patch(&zone.policies, &changes.policies).map_err(Rejection::Invalid)?;
    let levels = tree.levels(zone_id);
    let ancestors = levels.split_last().map_or(&[][..], |(_, ancestors)| ancestors);
    refuse_sealed(&policies, ancestors, |section| changes.speaks_of(&format!("/{section}")))?;
    refuse_wider(&policies, ancestors, |pointer| changes.speaks_of(pointer))?;
    refuse_unmendable(&policies, zone.parent_zone_id)?;

    let name = changes.name.as_ref().unwrap_or(&zone.name).clone();
    let slug = changes.slug.as_ref().unwrap_or(&zone.slug).clone();
    let description = changes.description.as_ref().unwrap_or(&zone.description).clone();
    let changed_keys = changed_keys(zone, &name, &slug, &description, &policies);
    if changed_keys.is_empty() {
        return Ok(vec![]);
    }
    let policies = Box::new(policies);
    Ok(vec![Event::Changed { zone_id, name, slug, description, policies, changed_keys, by_proposal, changed_at: now }])
}

fn changed_keys(zone: &Zone, name: &Name, slug: &Slug, description: &Prose, policies: &Policies) -> Vec<String> {
    let before = serde_json::to_value(&zone.policies).expect("policies are plain data");
    let after = serde_json::to_value(policies).expect("policies are plain data");
    let sections = Section::all().map(|section| section.to_string()).chain(["sealed".to_owned()]);
    let mut keys: Vec<String> = sections.filter(|key| before.get(key) != after.get(key)).collect();
    let texts = [("name", zone.name != *name), ("slug", zone.slug != *slug), ("description", zone.description != *description)];
    keys.extend(texts.into_iter().filter(|(_, changed)| *changed).map(|(key, _)| key.to_owned()));
    keys
}

fn switch(tree: &Tree, zone_id: ZoneId, to: Status, by_proposal: Option<ProposalId>, now: Moment) -> Decision {
    let zone = tree.zone(zone_id).ok_or(Rejection::NoSuchZone(zone_id))?;
    let from = zone.status;
    if from == to {
        return Ok(vec![]);
    }
    if !from.may_become(to) {
        return Err(Rejection::InvalidTransition { from, to });
    }
    Ok(vec![Event::StatusChanged { zone_id, from, to, by_proposal, changed_at: now }])
}

fn assign(
    tree: &Tree,
    zone_id: ZoneId,
    assignment_id: AssignmentId,
    assignee: &Assignee,
    role: ZoneRole,
    by_proposal: Option<ProposalId>,
    now: Moment,
) -> Decision {
    let zone = changeable(tree, zone_id)?;
    if zone.status != Status::Draft && !tree.is_in_force(zone_id) {
        return Err(Rejection::ZoneNotInForce(zone_id));
    }
    if zone.assignments.iter().any(|held| held.member_id == assignee.member_id && held.role == role) {
        return Ok(vec![]);
    }
    for level in tree.levels(zone_id) {
        if let Some(unfit) = unfit(assignee, level.agent_qualifications(), level.alignment_requirements()) {
            return Err(Rejection::NotQualified { unfit: Box::new(unfit), by: level.zone_id });
        }
    }
    let member_id = assignee.member_id;
    Ok(vec![Event::MemberAssigned { zone_id, assignment_id, member_id, role, by_proposal, assigned_at: now }])
}
