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

/// The parts of a key in which `own` is wider than one of the `levels`; of each, the tightest.
pub(super) fn widenings_of<'a, L: Limit + 'a>(
    pointer: &str,
    own: Option<&L>,
    levels: impl Iterator<Item = (ZoneId, &'a L)>,
) -> Vec<Widening> {
    let Some(own) = own else { return Vec::new() };
    let bounds: Vec<(ZoneId, Vec<(String, L)>)> = levels.map(|(zone, limit)| (zone, limit.parts())).collect();
    let widening = |(place, own): (String, L)| {
        let of_this_part = |(zone, parts): &'_ (ZoneId, Vec<(String, L)>)| {
            let (_, limit) = parts.iter().find(|(other, _)| *other == place)?;
            own.is_wider_than(limit).then(|| (*zone, limit.clone()))
        };
        let binding = bounds.iter().filter_map(of_this_part);
        let (zone_id, limit) =
            binding.reduce(|tightest, next| if tightest.1.is_wider_than(&next.1) { next } else { tightest })?;
        let shown = |limit: &L| serde_json::to_value(limit).ok()?.pointer(&place).cloned();
        let (limit, requested) = (shown(&limit).unwrap_or_default(), shown(&own).unwrap_or_default());
        Some(Widening { pointer: format!("{pointer}{place}"), zone_id, limit, requested })
    };
    own.parts().into_iter().filter_map(widening).collect()
}

#[cfg(test)]
mod tests {
    use serde_json::json;
    use uuid::Uuid;

    use super::super::parameters::ResourceScope;
    use super::*;

    #[test]
    fn each_named_limit_is_held_against_the_zone_that_binds_it() {
        let scope = |limits: Value| -> ResourceScope { serde_json::from_value(json!({"limits": limits})).expect("a scope") };
        let (root, between) = (ZoneId(Uuid::from_u128(1)), ZoneId(Uuid::from_u128(2)));
        let (above, nearer) = (scope(json!({"rows": 4, "a/b": 1})), scope(json!({"rows": 6, "columns": 3})));
        let own = scope(json!({"rows": 10, "columns": 5, "a/b": 2, "cells": 100}));
        let wider = own.widenings("resource_scope", &[(root, &above), (between, &nearer)]);
        let told: Vec<_> =
            wider.iter().map(|wider| (wider.pointer.as_str(), wider.zone_id, &wider.limit, &wider.requested)).collect();
        assert_eq!(
            told,
            [
                ("/resource_scope/limits/a~1b", root, &json!(1), &json!(2)),
                ("/resource_scope/limits/columns", between, &json!(3), &json!(5)),
                ("/resource_scope/limits/rows", root, &json!(4), &json!(10)),
            ]
        );
    }
}
