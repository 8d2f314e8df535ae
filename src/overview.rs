//! How things stand in an organization, in figures: for dashboards, ours and others'.

use std::collections::BTreeMap;

use aggregates::Moment;
use aggregates::ids::{OrganizationId, ZoneId};
use aggregates::policy::Risk;
use chrono::{DateTime, Days, Duration, NaiveDate, NaiveTime, Utc};
use projections::desk;

use crate::engine::App;
use crate::store::StoreError;

/// How many days it looks back.
pub const DAYS: u64 = 14;
/// Where one age of open proposals ends and the next begins, in days.
pub const AGES: [i64; 3] = [1, 3, 7];
/// Of how many decisions, the latest, it says how long they took.
const MOST: u64 = 1_000;

/// Open proposals of one risk in one zone.
pub struct Open {
    /// Which risk.
    pub risk_level: Risk,
    /// Which zone.
    pub zone_id: ZoneId,
    /// How many.
    pub number: u64,
    /// When the oldest was opened.
    pub oldest: Moment,
}

/// The figures.
pub struct Overview {
    /// The first day it looks at.
    pub first: NaiveDate,
    /// Open proposals by risk and zone.
    pub open: Vec<Open>,
    /// How many of the open ones are older than each of [`AGES`].
    pub older: [u64; 3],
    /// What became of how many, by day.
    pub days: BTreeMap<NaiveDate, BTreeMap<String, u64>>,
    /// How long half of the latest decisions took at most.
    pub median: Option<Duration>,
    /// Escalations that go on, by status.
    pub escalations: BTreeMap<String, u64>,
}

impl Overview {
    /// How many are open.
    pub fn open(&self) -> u64 {
        self.open.iter().map(|open| open.number).sum()
    }

    /// How many ended like this in the days it looks at.
    pub fn ended(&self, status: &str) -> u64 {
        self.days.values().filter_map(|day| day.get(status)).sum()
    }
}

/// Reads an organization's figures as they are at `now`. Open proposals are counted where `sees` says that whoever asks sees
/// the zone; sums that speak of no zone are of all.
pub async fn overview(
    app: &App,
    organization: OrganizationId,
    now: Moment,
    sees: impl Fn(ZoneId) -> bool,
) -> Result<Overview, StoreError> {
    let db = &app.views.live().db;
    let today = now.date_naive();
    let first = today.checked_sub_days(Days::new(DAYS - 1)).unwrap_or(today);
    let since = first.and_time(NaiveTime::MIN).and_utc();
    let mut figures =
        Overview { first, open: Vec::new(), older: [0; 3], days: BTreeMap::new(), median: None, escalations: BTreeMap::new() };
    for row in &db.rows(desk::open(organization, AGES.map(|days| now - Duration::days(days)))).await? {
        let (risk_level, zone_id) = (row.word("risk_level")?, ZoneId(row.id("zone_id")?));
        if !sees(zone_id) {
            continue;
        }
        figures.open.push(Open { risk_level, zone_id, number: row.number("number")?, oldest: row.time("oldest")? });
        for (sum, name) in figures.older.iter_mut().zip(["one", "two", "three"]) {
            *sum += row.number(name)?;
        }
    }
    for row in &db.rows(desk::decided_by_day(organization, since)).await? {
        let Ok(day) = row.text("day")?.parse() else { continue };
        figures.days.entry(day).or_default().insert(row.text("status")?, row.number("number")?);
    }
    let mut took = Vec::new();
    for row in &db.rows(desk::decided_since(organization, since, MOST)).await? {
        if matches!(row.text("status")?.as_str(), "approved" | "rejected") {
            let (opened, decided): (DateTime<Utc>, DateTime<Utc>) = (row.time("opened_at")?, row.time("decided_at")?);
            took.push(decided - opened);
        }
    }
    took.sort_unstable();
    figures.median = took.len().checked_sub(1).and_then(|last| took.get(last / 2)).copied();
    for row in &db.rows(desk::live_escalations(organization)).await? {
        figures.escalations.insert(row.text("status")?, row.number("number")?);
    }
    Ok(figures)
}
