//! A zone's path, compiled: what a permission check needs of the levels from the root down to a zone, worked out once and
//! kept until the tree changes.

use std::collections::HashMap;
use std::sync::{Arc, OnceLock};

use chrono_tz::Tz;

use super::tree::{Status, Tree, Zone};
use crate::actor::ZoneRole;
use crate::ids::{MemberId, ZoneId};
use crate::ledger::wall_clock;
use crate::policy::{AgentQualifications, AlignmentRequirements, Constraints, Effective, Level, ResourceScope};

/// The levels that hold in a zone, root first, and who has which role in it.
#[derive(Clone, Debug)]
pub struct Path {
    zones: Vec<Arc<Zone>>,
    stopped: Option<usize>,
    constraints: Vec<usize>,
    scopes: Vec<usize>,
    qualifications: Vec<usize>,
    alignments: Vec<usize>,
    clocks: Vec<Tz>,
    roles: HashMap<MemberId, Vec<ZoneRole>>,
    effective: OnceLock<Arc<Effective>>,
}

macro_rules! said_by {
    ($($(#[$doc:meta])* $name:ident: $levels:ident . $section:ident => $type:ty),+ $(,)?) => {
        impl Path {
            $(
                $(#[$doc])*
                pub fn $name(&self) -> impl Iterator<Item = (usize, ZoneId, &$type)> {
                    self.$levels.iter().filter_map(|level| {
                        let zone = self.zones.get(*level)?;
                        Some((*level, zone.id, zone.policies.$section.as_ref()?))
                    })
                }
            )+
        }
    };
}
said_by! {
    /// What each level says of constraints, with the level and its zone; seals worked out.
    constraints: constraints.constraints => Constraints,
    /// What each level says of resources.
    scopes: scopes.resource_scope => ResourceScope,
    /// What each level asks of whoever works there.
    qualifications: qualifications.agent_qualifications => AgentQualifications,
    /// What each level wants put at stake.
    alignments: alignments.alignment_requirements => AlignmentRequirements,
}

impl Path {
    pub(super) fn of(tree: &Tree, id: ZoneId) -> Self {
        let zones = tree.owned_path(id);
        let levels = Level::of_path(zones.iter().map(|zone| (zone.id, &zone.policies)));
        let saying = |said: fn(&Level<'_>) -> bool| {
            let said = levels.iter().enumerate().filter(|(_, level)| said(level));
            said.map(|(index, _)| index).collect::<Vec<_>>()
        };
        let mut roles: HashMap<MemberId, Vec<ZoneRole>> = HashMap::new();
        for held in zones.iter().flat_map(|zone| &zone.assignments) {
            let known = roles.entry(held.member_id).or_default();
            if !known.contains(&held.role) {
                known.push(held.role);
            }
        }
        Self {
            stopped: zones.iter().position(|zone| zone.status != Status::Active),
            constraints: saying(|level| level.constraints().is_some()),
            scopes: saying(|level| level.resource_scope().is_some()),
            qualifications: saying(|level| level.agent_qualifications().is_some()),
            alignments: saying(|level| level.alignment_requirements().is_some()),
            clocks: (1..=levels.len()).map(|depth| wall_clock(&levels[..depth])).collect(),
            roles,
            zones,
            effective: OnceLock::new(),
        }
    }

    /// What really holds at its end.
    pub(super) fn effective(&self) -> &Arc<Effective> {
        let levels = || Level::of_path(self.zones.iter().map(|zone| (zone.id, &zone.policies)));
        self.effective.get_or_init(|| Arc::new(Effective::of(&levels())))
    }

    /// The zones of the path, root first.
    pub fn zones(&self) -> &[Arc<Zone>] {
        &self.zones
    }

    /// The zone that keeps this one from being in force, if any (SPEC Z2).
    pub fn stopped_by(&self) -> Option<&Zone> {
        self.stopped.and_then(|level| self.zones.get(level)).map(AsRef::as_ref)
    }

    /// The clock by which a level reckons days.
    pub fn clock(&self, level: usize) -> Tz {
        self.clocks.get(level).copied().unwrap_or(Tz::UTC)
    }

    /// The roles someone has here, from this zone or from above.
    pub fn roles_of(&self, member: MemberId) -> &[ZoneRole] {
        self.roles.get(&member).map_or(&[], Vec::as_slice)
    }

    /// How many levels of this path, from the root, are also on `other`.
    pub fn shared_with(&self, other: &Self) -> usize {
        self.zones.iter().zip(&other.zones).take_while(|(ours, theirs)| ours.id == theirs.id).count()
    }
}
