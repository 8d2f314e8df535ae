//! Pages of lists: `{"items": [...], "next": cursor or null}`.

use axum::http::StatusCode;
use chrono::{DateTime, Datelike, Utc};
use serde::Serialize;
use serde_json::{Value, json};

use crate::engine::Problem;

/// Items on a page unless asked otherwise.
const USUAL: u64 = 50;
/// The most items on a page.
const MOST: u64 = 200;

/// Which page is asked for. A cursor is the place after which to go on; clients treat it as opaque.
#[derive(Clone, Copy, Debug)]
pub struct Wanted {
    /// How many items.
    pub limit: u64,
    /// After which place.
    pub cursor: Option<u64>,
}

impl Wanted {
    /// Reads limit and cursor.
    pub fn read(limit: Option<u64>, cursor: Option<&str>) -> Result<Self, Problem> {
        let limit = limit.unwrap_or(USUAL);
        if !(1..=MOST).contains(&limit) {
            return Err(refused("limit", "must be from 1 to 200"));
        }
        let cursor = cursor.map(|cursor| u64::from_str_radix(cursor.strip_prefix('c').unwrap_or("?"), 36)).transpose();
        let cursor = cursor.map_err(|_| refused("cursor", "is none that was given out"))?;
        // Positions are kept as signed numbers.
        let cursor = cursor.map(|cursor| cursor.min(i64::MAX as u64));
        Ok(Self { limit, cursor })
    }

    /// The place before which to read, newest first.
    pub fn before(&self) -> u64 {
        self.cursor.unwrap_or(i64::MAX as u64)
    }

    /// One more than wanted, to see whether there is more.
    pub fn one_more(&self) -> u64 {
        self.limit + 1
    }

    /// The page made of `items` (one more than wanted, if there are) with the place of each.
    pub fn page<T: Serialize>(&self, items: Vec<(u64, T)>) -> Value {
        let wanted = usize::try_from(self.limit).unwrap_or(usize::MAX);
        let more = items.len() > wanted;
        let shown: Vec<(u64, T)> = items.into_iter().take(wanted).collect();
        let next = shown.last().filter(|_| more).map(|(place, _)| cursor(*place));
        let items: Vec<T> = shown.into_iter().map(|(_, item)| item).collect();
        json!({"items": items, "next": next})
    }

    /// The page of a list held in memory.
    pub fn page_of<T: Serialize>(&self, all: impl IntoIterator<Item = T>) -> Value {
        let after = usize::try_from(self.cursor.unwrap_or(0)).unwrap_or(usize::MAX);
        let one_more = usize::try_from(self.one_more()).unwrap_or(usize::MAX);
        let items = all.into_iter().enumerate().skip(after).take(one_more);
        self.page(items.map(|(index, item)| (index as u64 + 1, item)).collect())
    }
}

fn cursor(place: u64) -> String {
    let mut digits = Vec::new();
    let mut rest = place;
    loop {
        digits.push(char::from_digit(u32::try_from(rest % 36).unwrap_or(0), 36).unwrap_or('0'));
        rest /= 36;
        if rest == 0 {
            break;
        }
    }
    std::iter::once('c').chain(digits.into_iter().rev()).collect()
}

/// A moment of RFC 3339 has a year of four digits; what lies further off is none that a database need know.
pub fn within_rfc_3339(key: &str, moment: Option<DateTime<Utc>>) -> Result<Option<DateTime<Utc>>, Problem> {
    match moment {
        Some(far) if !(0..=9999).contains(&far.year()) => Err(refused(key, "must be an RFC 3339 moment")),
        moment => Ok(moment),
    }
}

/// A query parameter that does not fit.
pub fn refused(key: &str, reason: &str) -> Problem {
    Problem::at(StatusCode::BAD_REQUEST, &format!("/{key}"), "malformed", &format!("`{key}` {reason}"))
}
