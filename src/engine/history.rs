//! What happened, narrowed down: a filter of the log that no index of it knows goes by the blocks that hold what is asked for. They are
//! a read model; what it has not taken in yet is looked through as it is, so that nothing is missing however far behind it is.

use std::sync::Arc;

use aggregates::ids::{OrganizationId, ProposalId, ZoneId};
use aggregates::proposal::Proposal;
use chrono::{DateTime, Datelike, TimeDelta, Utc};
use projections::audit::{Filter, Stretch};
use projections::blocks::{self, block_of, positions_of};
use projections::{Recorded, Statement, audit, checkpoints};

use super::app::App;
use super::authorities::Ruling;
use crate::store::{Generation, Row, StoreError};

/// How many blocks are asked for at once.
const STRIDE: u64 = 64;

/// In which direction to read, and from where.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Direction {
    /// The newest first of what is before a position.
    Backwards(u64),
    /// The oldest first of what is after a position.
    Onwards(u64),
}

impl Direction {
    /// The newest first of everything.
    pub const FROM_THE_END: Self = Self::Backwards(Stretch::ALL.before);

    fn stretch(self) -> Stretch {
        match self {
            Self::Backwards(before) => Stretch::before(before),
            Self::Onwards(after) => Stretch::after(after),
        }
    }

    fn is_backwards(self) -> bool {
        matches!(self, Self::Backwards(_))
    }

    fn statement(self, organization: OrganizationId, filter: Filter, stretch: Stretch, limit: u64) -> Statement {
        let read = if self.is_backwards() { audit::newest_first } else { audit::oldest_first };
        read(organization, filter, stretch, limit)
    }
}

fn common(one: Stretch, other: Stretch) -> Stretch {
    Stretch { after: one.after.max(other.after), before: one.before.min(other.before) }
}

/// A reading of the log: what has been found, and what is still wanted.
struct Reading<'a> {
    app: &'a App,
    organization: OrganizationId,
    filter: Filter,
    direction: Direction,
    limit: u64,
    found: Vec<Recorded>,
}

impl Reading<'_> {
    fn wanted(&self) -> u64 {
        self.limit.saturating_sub(self.found.len() as u64)
    }

    /// Looks through a stretch, event by event.
    async fn look_through(&mut self, stretch: Stretch) -> Result<(), StoreError> {
        let stretch = common(stretch, self.direction.stretch());
        if self.wanted() == 0 || stretch.after.saturating_add(1) >= stretch.before {
            return Ok(());
        }
        let statement = self.direction.statement(self.organization, self.filter.clone(), stretch, self.wanted());
        self.found.extend(self.app.log.events(statement).await?);
        Ok(())
    }

    /// Looks through the blocks of `known` that hold something of all that is asked for.
    async fn look_into_blocks(&mut self, known: Stretch, views: &Arc<Generation>) -> Result<(), StoreError> {
        let Some((first, last)) = self.span(views).await? else { return Ok(()) };
        let known = common(known, common(positions_of(first, last), self.direction.stretch()));
        if known.after.saturating_add(1) >= known.before {
            return Ok(());
        }
        if !blocks::are_told_apart(&self.filter) {
            return self.look_through(known).await;
        }
        let (mut first, mut last) = (block_of(known.after + 1), block_of(known.before - 1));
        while first <= last && self.wanted() > 0 {
            let newest = self.direction.is_backwards();
            let rows = views.db.rows(blocks::holding(self.organization, &self.filter, first, last, newest, STRIDE)).await?;
            let held: Vec<u64> = rows.iter().map(|row| row.number("block")).collect::<Result<_, _>>()?;
            for (lowest, highest) in adjoining(&held) {
                self.look_through(common(known, positions_of(lowest, highest))).await?;
            }
            match held.last() {
                Some(block) if held.len() as u64 == STRIDE && newest && *block > 0 => last = block - 1,
                Some(block) if held.len() as u64 == STRIDE && !newest => first = block + 1,
                _ => break,
            }
        }
        Ok(())
    }

    /// The first and the last block of the time asked for.
    async fn span(&self, views: &Arc<Generation>) -> Result<Option<(u64, u64)>, StoreError> {
        let spanned = blocks::spanned(self.organization, self.filter.from, self.filter.to);
        let Some(row) = views.db.row(spanned).await? else { return Ok(None) };
        Ok(row.optional("first", Row::number)?.zip(row.optional("last", Row::number)?))
    }
}

/// Blocks, in either order, as runs without a gap: the lowest and the highest of each.
fn adjoining(blocks: &[u64]) -> Vec<(u64, u64)> {
    let mut runs: Vec<(u64, u64)> = Vec::new();
    for block in blocks.iter().copied() {
        match runs.last_mut() {
            Some((_, highest)) if *highest + 1 == block => *highest = block,
            Some((lowest, _)) if block + 1 == *lowest => *lowest = block,
            _ => runs.push((block, block)),
        }
    }
    runs
}

impl App {
    /// What a filter leaves of an organization's log, from a place on, at most `limit` events.
    pub async fn history(
        &self,
        organization: OrganizationId,
        filter: Filter,
        direction: Direction,
        limit: u64,
    ) -> Result<Vec<Recorded>, StoreError> {
        let indexed = filter.is_indexed();
        let mut reading = Reading { app: self, organization, filter, direction, limit, found: Vec::new() };
        if indexed {
            reading.look_through(Stretch::ALL).await?;
            return Ok(reading.found);
        }
        let views = self.views.live();
        let known = self.in_blocks(organization, &views).await?;
        let (in_blocks, rest) = (Stretch::before(known + 1), Stretch::after(known));
        if direction.is_backwards() {
            reading.look_through(rest).await?;
            reading.look_into_blocks(in_blocks, &views).await?;
        } else {
            reading.look_into_blocks(in_blocks, &views).await?;
            reading.look_through(rest).await?;
        }
        Ok(reading.found)
    }

    /// The last position of an organization at or before a moment; 0 before everything.
    pub async fn position_at(&self, organization: OrganizationId, moment: DateTime<Utc>) -> Result<u64, StoreError> {
        // Moments are kept to the microsecond.
        let to = moment.checked_add_signed(TimeDelta::microseconds(1)).filter(|to| to.year() <= 9999);
        let last = self.history(organization, Filter { to, ..Filter::default() }, Direction::FROM_THE_END, 1).await?;
        Ok(last.first().map_or(0, |last| last.position))
    }

    /// The zone whose history a filter asks for: by its own id, or by that of a proposal in it.
    pub async fn zone_of_history(&self, ruling: &Ruling, filter: &Filter) -> Result<Option<ZoneId>, StoreError> {
        let proposal = filter.aggregate_id.as_deref().and_then(|id| id.parse::<ProposalId>().ok());
        let Some(id) = proposal.filter(|_| filter.zone_id.is_none()) else { return Ok(filter.zone_id) };
        let zone = self.load::<Proposal>(id, false).await?.state.opening.as_ref().map(|opening| opening.zone_id);
        Ok(zone.filter(|zone| ruling.authority.tree.zone(*zone).is_some()))
    }

    /// Up to which position of an organization blocks are known.
    async fn in_blocks(&self, organization: OrganizationId, views: &Arc<Generation>) -> Result<u64, StoreError> {
        let row = views.db.row(checkpoints::of(blocks::NAME)).await?;
        let reached = row.map_or(Ok(0), |row| row.number("global_position"))?;
        Ok(self.log.number(audit::position_by(organization, reached), "position").await?.unwrap_or(0))
    }
}

#[cfg(test)]
mod tests {
    use super::adjoining;

    #[test]
    fn blocks_beside_each_other_are_read_together() {
        assert_eq!(adjoining(&[9, 8, 7, 4, 2, 1]), [(7, 9), (4, 4), (1, 2)]);
        assert_eq!(adjoining(&[1, 2, 4, 7, 8, 9]), [(1, 2), (4, 4), (7, 9)]);
        assert_eq!(adjoining(&[]), []);
    }
}
