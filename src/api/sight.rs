//! What a caller sees of zones: lists leave out what stands in zones that the caller may not read (SPEC C2).

use aggregates::Moment;
use aggregates::ids::ZoneId;
use projections::Statement;

use super::page::Wanted;
use crate::engine::{App, Caller, Problem, Ruling, permit_in_zone};
use crate::store::Row;

/// How many rows are read at once at most, where many lie out of sight.
const LONGEST_STRIDE: u64 = 2_000;

/// What a caller sees of zones.
#[derive(Clone, Copy)]
pub struct Sight<'a> {
    /// Who is who and what holds where.
    pub ruling: &'a Ruling,
    /// Who looks.
    pub caller: &'a Caller,
    /// When.
    pub now: Moment,
}

impl Sight<'_> {
    /// Whether the caller may read `zone`.
    pub fn reaches(&self, zone: ZoneId) -> bool {
        permit_in_zone(self.ruling, self.caller, zone, "zone.read", self.now).is_ok()
    }

    /// Rows with their places, newest first, without those of zones out of sight: as many as a page needs to know whether
    /// there is more. `statement` reads rows before a place, at most as many as it is told.
    pub async fn rows<T>(
        &self,
        app: &App,
        wanted: &Wanted,
        statement: impl Fn(u64, u64) -> Statement,
        item: impl Fn(&Row) -> Result<(u64, T), Problem>,
    ) -> Result<Vec<(u64, T)>, Problem> {
        let enough = usize::try_from(wanted.one_more()).unwrap_or(usize::MAX);
        let views = app.views.live();
        let (mut before, mut seen, mut stride) = (wanted.before(), Vec::new(), wanted.one_more());
        loop {
            let rows = views.db.rows(statement(before, stride)).await?;
            for row in &rows {
                let (place, item) = item(row)?;
                before = place;
                if self.reaches(ZoneId(row.id("zone_id")?)) {
                    seen.push((place, item));
                }
            }
            if (rows.len() as u64) < stride || seen.len() >= enough {
                seen.truncate(enough);
                return Ok(seen);
            }
            stride = LONGEST_STRIDE.min(stride * 4);
        }
    }
}
