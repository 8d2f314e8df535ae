//! Narrowing: a child can only narrow what its ancestors allow (SPEC Z4, Z5).

use serde_json::Value;

#[cfg(test)]
use super::effective::Effective;
use super::effective::Level;
use super::limits::Limit;
use super::sections::{Policies, Section};
use crate::ids::ZoneId;
use crate::rejection::Fault;

/// One level's own object of some parameter, and whose it is.
pub(super) type LevelOf<'a, T> = (ZoneId, &'a T);

/// A key written wider than an ancestor allows.
#[derive(Clone, Debug, PartialEq)]
pub struct Widening {
    /// JSON pointer to the key.
    pub pointer: String,
    /// The zone that binds.
    pub zone_id: ZoneId,
    /// What it allows.
    pub limit: Value,
    /// What was written.
    pub requested: Value,
}

impl From<Widening> for Fault {
    fn from(widening: Widening) -> Self {
        let message = format!(
            "{} is wider than zone {} allows: {} against {}",
            widening.pointer, widening.zone_id, widening.requested, widening.limit
        );
        Self {
            zone_id: Some(widening.zone_id),
            limit: Some(widening.limit),
            requested: Some(widening.requested),
            ..Self::new(widening.pointer, "wider_than_parent", message)
        }
    }
}

/// Every key in which `own` is wider than one of the `ancestors` (root first).
pub fn widenings(own: &Policies, ancestors: &[Level<'_>]) -> Vec<Widening> {
    macro_rules! compare {
        ($($key:ident),+) => {
            [$(own.$key.as_ref().map_or_else(Vec::new, |written| {
                let levels: Vec<_> = ancestors.iter().filter_map(|level| Some((level.zone_id, level.$key()?))).collect();
                written.widenings(stringify!($key), &levels)
            })),+]
        };
    }
    compare!(responsibilities, resource_scope, agent_qualifications, alignment_requirements, constraints)
        .into_iter()
        .flatten()
        .collect()
}

/// Whether nothing that holds in a child is wider than what holds in its parent; the first key that is, else.
///
/// # Errors
/// The widening.
#[cfg(test)]
pub fn is_within(child: &Effective, parent: &Effective) -> Result<(), Widening> {
    let nowhere = ZoneId(uuid::Uuid::nil());
    macro_rules! compare {
        ($($key:ident),+) => {
            [$(child.$key.widenings(stringify!($key), &[(nowhere, &parent.$key)])),+]
        };
    }
    let mut wider = compare!(responsibilities, resource_scope, agent_qualifications, alignment_requirements, constraints)
        .into_iter()
        .flatten();
    wider.next().map_or(Ok(()), Err)
}

/// Whether nothing that holds is wider than what one level on the path says.
///
/// # Errors
/// The widening.
#[cfg(test)]
pub fn is_within_level(held: &Effective, level: &Level<'_>) -> Result<(), Widening> {
    macro_rules! compare {
        ($($key:ident),+) => {
            [$(level.$key().map_or_else(Vec::new, |said| held.$key.widenings(stringify!($key), &[(level.zone_id, said)]))),+]
        };
    }
    let wider = compare!(responsibilities, resource_scope, agent_qualifications, alignment_requirements, constraints);
    wider.into_iter().flatten().next().map_or(Ok(()), Err)
}

/// Sections of `own` that an ancestor has sealed, with the zone that did.
pub fn sealed_sections(own: &Policies, ancestors: &[Level<'_>]) -> Vec<(Section, ZoneId)> {
    own.written()
        .filter_map(|section| {
            let sealer = ancestors.iter().find(|level| level.policies.seals(section))?;
            Some((section, sealer.zone_id))
        })
        .collect()
}

pub(super) fn meet_of<'a, L: Limit + 'a>(mut levels: impl Iterator<Item = &'a L>) -> Option<L> {
    let first = levels.next()?.clone();
    Some(levels.fold(first, |held, level| held.meet(level)))
}

pub(super) fn binder<'a, L: Limit + 'a>(levels: impl Iterator<Item = (ZoneId, &'a L)>) -> Option<ZoneId> {
    let mut held: Option<(ZoneId, L)> = None;
    for (zone, level) in levels {
        held = match held {
            None => Some((zone, level.clone())),
            Some((binder, limit)) => {
                let both = limit.meet(level);
                Some((if both == limit { binder } else { zone }, both))
            }
        };
    }
    held.map(|(zone, _)| zone)
}

pub(super) fn widening_of<'a, L: Limit + 'a>(
    pointer: &str,
    own: Option<&L>,
    levels: impl Iterator<Item = (ZoneId, &'a L)>,
) -> Option<Widening> {
    let own = own?;
    let (zone_id, limit) = levels
        .filter(|(_, limit)| own.is_wider_than(limit))
        .reduce(|tightest, next| if tightest.1.is_wider_than(next.1) { next } else { tightest })?;
    let shown = |limit: &L| serde_json::to_value(limit).unwrap_or(Value::Null);
    Some(Widening { pointer: pointer.to_owned(), zone_id, limit: shown(limit), requested: shown(own) })
}
