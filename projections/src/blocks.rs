//! Where in an organization's log something is found: the log in blocks of positions, and for everybody who acts, everything that can
//! happen, every zone and every hour the blocks that hold something of it. However often it happens within a block, it is noted
//! once: an index of the log would be written to with each event.

use aggregates::ids::OrganizationId;
use chrono::{DateTime, Datelike as _, Timelike as _, Utc};

use crate::audit::{Filter, Stretch};
use crate::{Recorded, Statement, Unreadable};

/// The name of the projection.
pub const NAME: &str = "blocks";
/// How many positions a block has.
pub const SIZE: u64 = 256;
/// What is sorted after every hour.
const LAST_HOUR: &str = "hour:~";

/// The block of a position. Positions begin at 1.
pub fn block_of(position: u64) -> u64 {
    position.saturating_sub(1) / SIZE
}

/// The positions of the blocks from `first` to `last`.
pub fn positions_of(first: u64, last: u64) -> Stretch {
    Stretch { after: first * SIZE, before: (last + 1) * SIZE + 1 }
}

fn hour(at: DateTime<Utc>) -> String {
    let (year, month, day, hour) = (at.year(), at.month(), at.day(), at.hour());
    format!("hour:{year:04}-{month:02}-{day:02}T{hour:02}")
}

/// Notes what an event is about with its block.
pub fn project(recorded: &Recorded) -> Result<Vec<Statement>, Unreadable> {
    let zone = recorded.zone_id.map(|zone| format!("zone:{zone}"));
    let always = [format!("actor:{}", recorded.actor.id), format!("type:{}", recorded.event_type), hour(recorded.occurred_at)];
    let note = |facet: String| {
        Statement::new("INSERT INTO blocks (organization_id, facet, block) VALUES ($1, $2, $3) ON CONFLICT DO NOTHING")
            .bind(recorded.organization_id)
            .bind(facet)
            .bind(block_of(recorded.position))
    };
    Ok(always.into_iter().chain(zone).map(note).collect())
}

/// What a filter asks of a block, but for the time.
fn facets(filter: &Filter) -> impl Iterator<Item = String> {
    let zone = filter.zone_id.map(|zone| format!("zone:{zone}"));
    let actor = filter.actor_id.map(|actor| format!("actor:{actor}"));
    let event_type = filter.event_type.as_ref().map(|event_type| format!("type:{event_type}"));
    [zone, actor, event_type].into_iter().flatten()
}

/// Whether more than the time is asked of a block.
pub fn are_told_apart(filter: &Filter) -> bool {
    facets(filter).next().is_some()
}

/// The first and the last block of a time; nothing in either where nothing happened then.
pub fn spanned(organization: OrganizationId, from: Option<DateTime<Utc>>, to: Option<DateTime<Utc>>) -> Statement {
    Statement::new(
        "SELECT MIN(block) AS first, MAX(block) AS last FROM blocks WHERE organization_id = $1 AND facet >= $2 AND facet <= $3",
    )
    .bind(organization)
    .bind(from.map_or_else(|| "hour:".to_owned(), hour))
    .bind(to.map_or_else(|| LAST_HOUR.to_owned(), hour))
}

macro_rules! holding {
    ($order:literal) => {
        concat!(
            "SELECT b.block FROM blocks b WHERE b.organization_id = $1 AND b.facet = $2 AND b.block >= $5 AND b.block <= $6
               AND ($3 IS NULL OR EXISTS (SELECT 1 FROM blocks o WHERE o.organization_id = $1 AND o.facet = $3 AND o.block = b.block))
               AND ($4 IS NULL OR EXISTS (SELECT 1 FROM blocks o WHERE o.organization_id = $1 AND o.facet = $4 AND o.block = b.block))
             ORDER BY b.block",
            $order,
            " LIMIT $7"
        )
    };
}

/// The blocks from `first` to `last` that hold something of all that a filter asks for but the time; whether it is one event that has
/// it all, they do not say.
pub fn holding(organization: OrganizationId, filter: &Filter, first: u64, last: u64, newest: bool, limit: u64) -> Statement {
    let mut facets = facets(filter);
    Statement::new(if newest { holding!(" DESC") } else { holding!("") })
        .bind(organization)
        .bind(facets.next())
        .bind(facets.next())
        .bind(facets.next())
        .bind(first)
        .bind(last)
        .bind(limit)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_position_is_in_the_block_that_has_it() {
        for position in [1, 2, SIZE, SIZE + 1, 2 * SIZE, 2 * SIZE + 1, 1_000_000] {
            let block = block_of(position);
            let Stretch { after, before } = positions_of(block, block);
            assert!(after < position && position < before, "{position} is not in {after}..{before}");
            assert_eq!(before - after - 1, SIZE);
        }
    }
}
