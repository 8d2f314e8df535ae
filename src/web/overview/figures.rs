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
/// The most decisions it looks at; more than that in two weeks, and the figures speak of the latest.
const MOST: u64 = 20_000;

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

    let decided = views.db.rows(desk::decided_since(organization, since, MOST)).await?;
    let (days, median, expired) = decisions(&decided, first)?;
    let mut found = Vec::new();
    for row in &views.db.rows(desk::open(organization)).await? {
        found.push((row.text("risk_level")?, ZoneId(row.id("zone_id")?), row.number("number")?, row.time("oldest")?));
    }
    let risks = risks(&found, now);
    let open = risks.iter().map(|line| line.open).sum();
    let mut by_zone = BTreeMap::new();
    for (_, zone, number, _) in &found {
        *by_zone.entry(*zone).or_insert(0) += number;
    }
    let mut zones: Vec<(ZoneId, u64)> = by_zone.into_iter().collect();
    zones.sort_by_key(|(zone, open)| (std::cmp::Reverse(*open), *zone));
    let figures = Figures { open, decided: days.iter().map(Day::all).sum(), median, expired, since: first.to_string() };
    Ok(Read { figures, days, risks, ages: ages(visitor, now, open).await?, zones })
}

/// Decisions by day, how long half of them took at most, and how many ran out of time.
fn decisions(rows: &[Row], first: chrono::NaiveDate) -> Result<(Vec<Day>, String, u64), Refusal> {
    let mut days: Vec<Day> = first.iter_days().take(usize::try_from(DAYS).unwrap_or(14)).map(Day::new).collect();
    let (mut took, mut expired) = (Vec::new(), 0);
    for row in rows {
        let (opened, decided): (DateTime<Utc>, DateTime<Utc>) = (row.time("opened_at")?, row.time("decided_at")?);
        let kind = match row.text("status")?.as_str() {
            "approved" => 0,
            "rejected" => 1,
            _ => 2,
        };
        if row.text("status")? == "expired" {
            expired += 1;
        } else if kind < 2 {
            took.push(decided - opened);
        }
        if let Some(day) = days.iter_mut().find(|day| day.date == decided.date_naive()) {
            day.counts[kind] += 1;
        }
    }
    took.sort_unstable();
    let median = took.get(took.len() / 2).map_or_else(|| "—".to_owned(), |took| span(*took));
    Ok((days, median, expired))
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

async fn ages(visitor: &Visitor, now: DateTime<Utc>, all: u64) -> Result<Vec<Age>, Refusal> {
    let bounds = [
        ("Less than a day", 0, Some(1)),
        ("One to three days", 1, Some(3)),
        ("Three days to a week", 3, Some(7)),
        ("Over a week", 7, None),
    ];
    let mut ages = Vec::new();
    for (words, from, to) in bounds {
        let (later, earlier) = (now - Duration::days(from), to.map(|days| now - Duration::days(days)));
        let statement = desk::open_between(visitor.caller.organization_id, earlier, Some(later).filter(|_| from > 0));
        let row = visitor.app.views.live().db.row(statement).await?;
        let open = row.map(|row| row.number("number")).transpose()?.unwrap_or(0);
        let mut query = form_urlencoded::Serializer::new(String::new());
        query.append_pair("status", "pending_review");
        let text = |at: DateTime<Utc>| json!(at).as_str().unwrap_or_default().to_owned();
        if let Some(earlier) = earlier {
            query.append_pair("opened_from", &text(earlier));
        }
        if from > 0 {
            query.append_pair("opened_to", &text(later));
        }
        ages.push(Age { words, open, width: open * 100 / all.max(1), address: format!("/proposals?{}", query.finish()) });
    }
    Ok(ages)
}
