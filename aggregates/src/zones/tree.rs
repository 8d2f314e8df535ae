//! What the zones of an organization amount to: a forest, and what follows from it.

use std::collections::{BTreeMap, HashMap};
use std::sync::{Arc, OnceLock};

use serde::{Deserialize, Serialize};
use strum::{Display, EnumString, IntoStaticStr};
use utoipa::ToSchema;

use super::event::Event;
use super::path::Path;
use crate::Moment;
use crate::actor::ZoneRole;
use crate::ids::{AssignmentId, MemberId, ZoneId};
use crate::policy::{Effective, Level, Policies, sealed_sections, widenings};
use crate::slug::Slug;
use crate::text::{Name, Prose};

/// A zone's own status (SPEC Z2).
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema, Display, IntoStaticStr, EnumString)]
#[serde(rename_all = "snake_case")]
#[strum(serialize_all = "snake_case")]
#[schema(as = ZoneStatus)]
pub enum Status {
    /// Being prepared.
    Draft,
    /// At work.
    Active,
    /// Stopped for now.
    Suspended,
    /// Stopped for ever.
    Archived,
}

impl Status {
    /// Whether a zone may go from this status to `next`.
    pub fn may_become(self, next: Self) -> bool {
        match self {
            Self::Draft => matches!(next, Self::Active | Self::Archived),
            Self::Active => matches!(next, Self::Suspended | Self::Archived),
            Self::Suspended => matches!(next, Self::Active | Self::Archived),
            Self::Archived => false,
        }
    }
}

/// Someone's role in a zone.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Assignment {
    /// Its id.
    pub id: AssignmentId,
    /// Who.
    pub member_id: MemberId,
    /// As what.
    pub role: ZoneRole,
    /// Since when.
    pub assigned_at: Moment,
}

/// A zone.
#[derive(Clone, Debug, PartialEq)]
pub struct Zone {
    /// Its id.
    pub id: ZoneId,
    /// Its parent; none for a root.
    pub parent_zone_id: Option<ZoneId>,
    /// Its name.
    pub name: Name,
    /// Its short name, unique in the organization.
    pub slug: Slug,
    /// What it is for.
    pub description: Prose,
    /// Its own status.
    pub status: Status,
    /// Counts its changes, from 1.
    pub version: u64,
    /// What it writes of its own.
    pub policies: Policies,
    /// Who has which role, in the order of assignment.
    pub assignments: Vec<Assignment>,
    /// When it came to be.
    pub created_at: Moment,
    /// When it last changed.
    pub updated_at: Moment,
}

/// A descendant that writes something wider than an ancestor now allows, or has sealed; the ancestor's word stands.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, ToSchema)]
pub struct Bound {
    /// The descendant.
    pub zone_id: ZoneId,
    /// Which of its keys (JSON pointers) are bound.
    pub keys: Vec<String>,
}

/// The zones of an organization.
#[derive(Clone, Debug, Default)]
pub struct Tree {
    zones: BTreeMap<ZoneId, Arc<Zone>>,
    slugs: BTreeMap<Slug, ZoneId>,
    children: BTreeMap<ZoneId, Vec<ZoneId>>,
    compiled: OnceLock<Arc<HashMap<ZoneId, OnceLock<Path>>>>,
}

impl Tree {
    /// The zone with this id.
    pub fn zone(&self, id: ZoneId) -> Option<&Zone> {
        self.zones.get(&id).map(AsRef::as_ref)
    }

    /// All zones, in order of id (which is the order of creation).
    pub fn zones(&self) -> impl Iterator<Item = &Zone> {
        self.zones.values().map(AsRef::as_ref)
    }

    /// The zone with this slug.
    pub fn by_slug(&self, slug: &Slug) -> Option<&Zone> {
        self.slugs.get(slug).and_then(|id| self.zone(*id))
    }

    /// The zones directly below `id`.
    pub fn children(&self, id: ZoneId) -> impl Iterator<Item = &Zone> {
        self.children.get(&id).into_iter().flatten().filter_map(|child| self.zone(*child))
    }

    /// The path to `id`, root first, `id` last; empty if there is no such zone.
    pub fn path(&self, id: ZoneId) -> Vec<&Zone> {
        let mut path: Vec<&Zone> = std::iter::successors(self.zone(id), |zone| self.zone(zone.parent_zone_id?)).collect();
        path.reverse();
        path
    }

    pub(super) fn owned_path(&self, id: ZoneId) -> Vec<Arc<Zone>> {
        let step = |zone: &Arc<Zone>| self.zones.get(&zone.parent_zone_id?).cloned();
        let mut path: Vec<Arc<Zone>> = std::iter::successors(self.zones.get(&id).cloned(), step).collect();
        path.reverse();
        path
    }

    /// The path to `id` as checks read it, worked out once until the tree changes.
    pub fn compiled(&self, id: ZoneId) -> Option<&Path> {
        let every = || Arc::new(self.zones.keys().map(|zone| (*zone, OnceLock::new())).collect());
        let compiled = self.compiled.get_or_init(every).get(&id)?;
        Some(compiled.get_or_init(|| Path::of(self, id)))
    }

    /// Everything below `id`, parents before children, without `id`.
    pub fn descendants(&self, id: ZoneId) -> Vec<&Zone> {
        let mut found: Vec<&Zone> = self.children(id).collect();
        let mut next = 0;
        while let Some(zone) = found.get(next).copied() {
            found.extend(self.children(zone.id));
            next += 1;
        }
        found
    }

    /// Whether `id` is `ancestor` or lies below it.
    pub fn is_within(&self, id: ZoneId, ancestor: ZoneId) -> bool {
        std::iter::successors(self.zone(id), |zone| self.zone(zone.parent_zone_id?)).any(|zone| zone.id == ancestor)
    }

    /// The levels of policy that hold in `id`, root first.
    pub fn levels(&self, id: ZoneId) -> Vec<Level<'_>> {
        Level::of_path(self.path(id).into_iter().map(|zone| (zone.id, &zone.policies)))
    }

    /// What really holds in `id`, worked out once until the tree changes.
    pub fn effective(&self, id: ZoneId) -> Arc<Effective> {
        self.compiled(id).map_or_else(|| Arc::new(Effective::of(&[])), |path| Arc::clone(path.effective()))
    }

    /// The zone on the path that keeps `id` from being in force, if any (SPEC Z2).
    pub fn not_in_force_because_of(&self, id: ZoneId) -> Option<&Zone> {
        self.path(id).into_iter().find(|zone| zone.status != Status::Active)
    }

    /// Whether `id` and all its ancestors are active.
    pub fn is_in_force(&self, id: ZoneId) -> bool {
        self.zone(id).is_some() && self.not_in_force_because_of(id).is_none()
    }

    /// Whether `id` or an ancestor is archived.
    pub fn is_archived(&self, id: ZoneId) -> bool {
        self.path(id).iter().any(|zone| zone.status == Status::Archived)
    }

    /// The roles someone has in `id`, from it or from above, with the zone of each; nearest first.
    pub fn roles_of(&self, member_id: MemberId, id: ZoneId) -> Vec<(ZoneRole, ZoneId)> {
        let path = self.path(id);
        let held = path.iter().rev().flat_map(|zone| zone.assignments.iter().map(move |assignment| (zone.id, assignment)));
        held.filter(|(_, assignment)| assignment.member_id == member_id)
            .map(|(zone, assignment)| (assignment.role, zone))
            .collect()
    }

    /// Descendants of `id` that write something wider than is allowed now, or something that is sealed.
    pub fn bound_below(&self, id: ZoneId) -> Vec<Bound> {
        let bound = |zone: &Zone| {
            let levels = self.levels(zone.id);
            let (_, ancestors) = levels.split_last()?;
            let wider = widenings(&zone.policies, ancestors).into_iter().map(|widening| widening.pointer);
            let sealed: Vec<String> =
                sealed_sections(&zone.policies, ancestors).into_iter().map(|(section, _)| format!("/{section}")).collect();
            // What is sealed is void as a whole: how wide its keys are makes no difference.
            let is_void = |pointer: &String| sealed.iter().any(|section| pointer.starts_with(&format!("{section}/")));
            let keys: Vec<String> = wider.filter(|pointer| !is_void(pointer)).chain(sealed.iter().cloned()).collect();
            (!keys.is_empty()).then_some(Bound { zone_id: zone.id, keys })
        };
        self.descendants(id).into_iter().filter_map(bound).collect()
    }

    pub(super) fn depth_below(&self, id: ZoneId) -> usize {
        self.children(id).map(|child| 1 + self.depth_below(child.id)).max().unwrap_or(0)
    }

    fn change(&mut self, id: ZoneId, at: Moment, change: impl FnOnce(&mut Zone)) {
        if let Some(zone) = self.zones.get_mut(&id) {
            let zone = Arc::make_mut(zone);
            change(zone);
            zone.version += 1;
            zone.updated_at = at;
        }
    }

    pub(super) fn evolve(&mut self, event: &Event) {
        self.compiled = OnceLock::new();
        match event {
            Event::Created { zone_id, parent_zone_id, name, slug, description, status, policies, created_at } => {
                let zone = Zone {
                    id: *zone_id,
                    parent_zone_id: *parent_zone_id,
                    name: name.clone(),
                    slug: slug.clone(),
                    description: description.clone(),
                    status: *status,
                    version: 1,
                    policies: (**policies).clone(),
                    assignments: Vec::new(),
                    created_at: *created_at,
                    updated_at: *created_at,
                };
                self.slugs.insert(slug.clone(), *zone_id);
                self.zones.insert(*zone_id, Arc::new(zone));
                self.attach(*zone_id, *parent_zone_id);
            }
            Event::Changed { zone_id, name, slug, description, policies, changed_at, changed_keys: _, by_proposal: _ } => {
                if let Some(zone) = self.zones.get(zone_id) {
                    self.slugs.remove(&zone.slug);
                }
                self.slugs.insert(slug.clone(), *zone_id);
                self.change(*zone_id, *changed_at, |zone| {
                    zone.name = name.clone();
                    zone.slug = slug.clone();
                    zone.description = description.clone();
                    zone.policies = (**policies).clone();
                });
            }
            Event::Moved { zone_id, from_zone_id, to_zone_id, moved_at, by_proposal: _ } => {
                if let Some(siblings) = from_zone_id.and_then(|from| self.children.get_mut(&from)) {
                    siblings.retain(|id| id != zone_id);
                }
                self.attach(*zone_id, *to_zone_id);
                self.change(*zone_id, *moved_at, |zone| zone.parent_zone_id = *to_zone_id);
            }
            Event::StatusChanged { zone_id, to, changed_at, from: _, by_proposal: _ } => {
                self.change(*zone_id, *changed_at, |zone| zone.status = *to);
            }
            Event::MemberAssigned { zone_id, assignment_id, member_id, role, assigned_at, by_proposal: _ } => {
                let assignment =
                    Assignment { id: *assignment_id, member_id: *member_id, role: *role, assigned_at: *assigned_at };
                self.change(*zone_id, *assigned_at, |zone| zone.assignments.push(assignment));
            }
            Event::MemberUnassigned { zone_id, assignment_id, unassigned_at, .. } => {
                self.change(*zone_id, *unassigned_at, |zone| zone.assignments.retain(|held| held.id != *assignment_id));
            }
        }
    }

    fn attach(&mut self, id: ZoneId, parent: Option<ZoneId>) {
        if let Some(parent) = parent {
            self.children.entry(parent).or_default().push(id);
        }
    }
}
