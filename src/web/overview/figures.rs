//! The figures as the page shows them.

use std::collections::BTreeMap;

use aggregates::ids::ZoneId;
use aggregates::policy::Risk;
use chrono::{DateTime, Duration, Utc};
use serde_json::json;

use super::bars::Day;
use crate::overview::{AGES, DAYS, Open, Overview, overview};
use crate::web::refusal::Refusal;
use crate::web::shown::{RiskMark, When};
use crate::web::visitor::Visitor;

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
    /// Which of the lists of escalations is behind that; all of them, where they are in more than one.
    pub escalations_status: String,
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
    let now = visitor.now();
    let known = overview(&visitor.app, visitor.caller.organization_id, now, |zone| visitor.may(zone, "zone.read")).await?;
    let days = days(&known);
    let mut by_zone = BTreeMap::new();
    for open in &known.open {
        *by_zone.entry(open.zone_id).or_insert(0) += open.number;
    }
    let mut zones: Vec<(ZoneId, u64)> = by_zone.into_iter().collect();
    zones.sort_by_key(|(zone, open)| (std::cmp::Reverse(*open), *zone));
    let figures = Figures {
        open: known.open(),
        decided: days.iter().map(Day::all).sum(),
        median: known.median.map_or_else(|| "—".to_owned(), span),
        expired: known.ended("expired"),
        escalations: known.escalations.values().sum(),
        escalations_status: if known.escalations.len() == 1 {
            known.escalations.keys().next().cloned().unwrap_or_default()
        } else {
            String::new()
        },
        since: known.first.to_string(),
    };
    Ok(Read { figures, days, risks: risks(&known.open, now), ages: ages(now, known.open(), known.older), zones })
}

/// Decisions by day.
fn days(known: &Overview) -> Vec<Day> {
    let day = |date| {
        let mut day = Day::new(date);
        for (status, number) in known.days.get(&date).into_iter().flatten() {
            let kind = match status.as_str() {
                "approved" => 0,
                "rejected" => 1,
                _ => 2,
            };
            day.counts[kind] += number;
        }
        day
    };
    known.first.iter_days().take(usize::try_from(DAYS).unwrap_or(14)).map(day).collect()
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

fn risks(found: &[Open], now: DateTime<Utc>) -> Vec<RiskLine> {
    let all = found.iter().map(|open| open.number).sum::<u64>().max(1);
    let line = |risk: Risk| {
        let known: Vec<&Open> = found.iter().filter(|open| open.risk_level == risk).collect();
        let open = known.iter().map(|open| open.number).sum();
        let oldest = known.iter().map(|open| open.oldest).min().map(|at| When { at, now });
        RiskLine { mark: RiskMark(risk), name: risk.to_string(), open, width: open * 100 / all, oldest }
    };
    [Risk::Critical, Risk::High, Risk::Medium, Risk::Low].map(line).into()
}

fn ages(now: DateTime<Utc>, all: u64, older: [u64; 3]) -> Vec<Age> {
    let ([first, second, third], [day, three, week]) = (AGES, older);
    let ages = [
        ("Less than a day", None, Some(first), all.saturating_sub(day)),
        ("One to three days", Some(first), Some(second), day.saturating_sub(three)),
        ("Three days to a week", Some(second), Some(third), three.saturating_sub(week)),
        ("Over a week", Some(third), None, week),
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
