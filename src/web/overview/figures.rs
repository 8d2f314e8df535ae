//! The figures, read from the read models.

use std::collections::BTreeMap;

use aggregates::ids::ZoneId;
use aggregates::policy::Risk;
use chrono::{DateTime, Days, Duration, Utc};
use projections::desk;
use serde_json::json;

use super::bars::Day;
use crate::store::Row;
use crate::web::refusal::Refusal;
use crate::web::shown::{RiskMark, When};
use crate::web::visitor::Visitor;

/// How many days the overview looks back.
const DAYS: u64 = 14;
/// Of how many decisions, the latest, it says how long they took.
const MOST: u64 = 1_000;

/// Single figures.
pub struct Figures {
    /// Open proposals.
    pub open: u64,
    /// Decided in the last days.
    pub decided: u64,
    /// How long half of them took at most.
    pub median: String,
    /// Expired in the last days: nobody decided.
    pub expired: u64,
    /// Escalations that wait for signatures or a decision.
    pub escalations: u64,
    /// Which of the lists of escalations is behind that.
    pub escalations_status: &'static str,
    /// Since when, for the lists behind them.
    pub since: String,
}

/// Open proposals of one risk.
pub struct RiskLine {
    /// Which.
    pub mark: RiskMark,
    /// By which name the list knows it.
    pub name: String,
    /// How many.
    pub open: u64,
    /// The same as a share of all open ones, in per cent.
    pub width: u64,
    /// When the oldest was opened.
    pub oldest: Option<When>,
}

/// Open proposals of one age.
pub struct Age {
    /// In words.
    pub words: &'static str,
    /// How many.
    pub open: u64,
    /// As a share, in per cent.
    pub width: u64,
    /// The list behind it.
    pub address: String,
}

/// Everything read.
pub struct Read {
    pub figures: Figures,
    pub days: Vec<Day>,
    pub risks: Vec<RiskLine>,
    pub ages: Vec<Age>,
    pub zones: Vec<(ZoneId, u64)>,
}

/// Reads the figures.
pub async fn read(visitor: &Visitor) -> Result<Read, Refusal> {
    let organization = visitor.caller.organization_id;
    let now = visitor.now();
    let views = visitor.app.views.live();
    let today = now.date_naive();
    let first = today.checked_sub_days(Days::new(DAYS - 1)).unwrap_or(today);
    let since = first.and_time(chrono::NaiveTime::MIN).and_utc();

    let (days, expired) = decisions(&views.db.rows(desk::decided_by_day(organization, since)).await?, first)?;
    let median = median(&views.db.rows(desk::decided_since(organization, since, MOST)).await?)?;
    let (mut found, mut older) = (Vec::new(), [0; 3]);
    for row in &views.db.rows(desk::open(organization, AGES.map(|days| now - Duration::days(days)))).await? {
        found.push((row.text("risk_level")?, ZoneId(row.id("zone_id")?), row.number("number")?, row.time("oldest")?));
        for (sum, name) in older.iter_mut().zip(["one", "two", "three"]) {
            *sum += row.number(name)?;
        }
    }
    let (mut escalations, mut escalations_status) = (0, "");
    for row in &views.db.rows(desk::live_escalations(organization)).await? {
        // Where all of them are in one list, it is that list.
        escalations_status = match (escalations, row.text("status")?.as_str()) {
            (0, "pending") => "pending",
            (0, _) => "accepted",
            _ => "",
        };
        escalations += row.number("number")?;
    }
    let risks = risks(&found, now);
    let open = risks.iter().map(|line| line.open).sum();
    let mut by_zone = BTreeMap::new();
    for (_, zone, number, _) in &found {
        *by_zone.entry(*zone).or_insert(0) += number;
    }
    let mut zones: Vec<(ZoneId, u64)> = by_zone.into_iter().collect();
    zones.sort_by_key(|(zone, open)| (std::cmp::Reverse(*open), *zone));
    let decided = days.iter().map(Day::all).sum();
    let since = first.to_string();
    let figures = Figures { open, decided, median, expired, escalations, escalations_status, since };
    Ok(Read { figures, days, risks, ages: ages(now, open, older), zones })
}

/// Decisions by day, and how many ran out of time.
fn decisions(rows: &[Row], first: chrono::NaiveDate) -> Result<(Vec<Day>, u64), Refusal> {
    let mut days: Vec<Day> = first.iter_days().take(usize::try_from(DAYS).unwrap_or(14)).map(Day::new).collect();
    let mut expired = 0;
    for row in rows {
        let (status, number) = (row.text("status")?, row.number("number")?);
        let kind = match status.as_str() {
            "approved" => 0,
            "rejected" => 1,
            _ => 2,
        };
        if status == "expired" {
            expired += number;
        }
        let date = row.text("day")?;
        if let Some(day) = days.iter_mut().find(|day| day.date.to_string() == date) {
            day.counts[kind] += number;
        }
    }
    Ok((days, expired))
}

/// How long half of those that were decided took at most.
fn median(rows: &[Row]) -> Result<String, Refusal> {
    let mut took = Vec::new();
    for row in rows {
        if matches!(row.text("status")?.as_str(), "approved" | "rejected") {
            let (opened, decided): (DateTime<Utc>, DateTime<Utc>) = (row.time("opened_at")?, row.time("decided_at")?);
            took.push(decided - opened);
        }
    }
    took.sort_unstable();
    Ok(took.get(took.len() / 2).map_or_else(|| "—".to_owned(), |took| span(*took)))
}

/// A span of time, in the unit that suits it.
fn span(took: Duration) -> String {
    let seconds = took.num_seconds();
    match seconds {
        ..60 => "a minute".to_owned(),
        60..7200 => format!("{} min", seconds / 60),
        7200..172_800 => format!("{} h", seconds / 3600),
        _ => format!("{} days", seconds / 86_400),
    }
}

/// Open proposals of one risk in one zone: the risk, the zone, how many, and when the oldest was opened.
type Open = (String, ZoneId, u64, DateTime<Utc>);

fn risks(found: &[Open], now: DateTime<Utc>) -> Vec<RiskLine> {
    let all = found.iter().map(|(_, _, open, _)| *open).sum::<u64>().max(1);
    let line = |risk: Risk| {
        let name = risk.to_string();
        let known: Vec<&Open> = found.iter().filter(|(known, ..)| *known == name).collect();
        let open = known.iter().map(|(_, _, open, _)| *open).sum();
        let oldest = known.iter().map(|(.., at)| *at).min().map(|at| When { at, now });
        RiskLine { mark: RiskMark(risk), name, open, width: open * 100 / all, oldest }
    };
    [Risk::Critical, Risk::High, Risk::Medium, Risk::Low].map(line).into()
}

/// Where one age ends and the next begins, in days.
const AGES: [i64; 3] = [1, 3, 7];

fn ages(now: DateTime<Utc>, all: u64, older: [u64; 3]) -> Vec<Age> {
    let [day, three, week] = older;
    let ages = [
        ("Less than a day", None, Some(1), all.saturating_sub(day)),
        ("One to three days", Some(1), Some(3), day.saturating_sub(three)),
        ("Three days to a week", Some(3), Some(7), three.saturating_sub(week)),
        ("Over a week", Some(7), None, week),
    ];
    let text = |days: i64| json!(now - Duration::days(days)).as_str().unwrap_or_default().to_owned();
    let age = |(words, from, to, open): (&'static str, Option<i64>, Option<i64>, u64)| {
        let mut query = form_urlencoded::Serializer::new(String::new());
        query.append_pair("status", "pending_review");
        if let Some(days) = to {
            query.append_pair("opened_from", &text(days));
        }
        if let Some(days) = from {
            query.append_pair("opened_to", &text(days));
        }
        Age { words, open, width: open * 100 / all.max(1), address: format!("/proposals?{}", query.finish()) }
    };
    ages.map(age).into()
}
