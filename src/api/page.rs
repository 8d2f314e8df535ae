//! Pages of lists: `{"items": [...], "next": cursor or null}`.

use axum::http::StatusCode;
use chrono::{DateTime, Datelike, Utc};
use serde::Serialize;
use utoipa::ToSchema;
use uuid::Uuid;

use crate::engine::Problem;

/// Items on a page unless asked otherwise.
pub const USUAL: u64 = 50;
/// The most items on a page.
pub const MOST: u64 = 200;

/// A page of a list.
#[derive(Debug, PartialEq, Serialize, ToSchema)]
pub struct Page<T> {
    /// What is on it.
    pub items: Vec<T>,
    /// The cursor at which the next page begins; `null` on the last one.
    pub next: Option<String>,
}

impl<T> Page<T> {
    /// A list that is always told as a whole.
    pub fn whole(items: Vec<T>) -> Self {
        Self { items, next: None }
    }
}

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
        let limit = limit_of(limit)?;
        let cursor = cursor.map(|given| place_in(given).ok_or_else(never_given_out)).transpose()?;
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
    pub fn page<T>(&self, items: Vec<(u64, T)>) -> Page<T> {
        let wanted = usize::try_from(self.limit).unwrap_or(usize::MAX);
        let more = items.len() > wanted;
        let shown: Vec<(u64, T)> = items.into_iter().take(wanted).collect();
        let next = shown.last().filter(|_| more).map(|(place, _)| cursor(*place));
        Page { items: shown.into_iter().map(|(_, item)| item).collect(), next }
    }
}

/// Which page of a list in order of ids is asked for. What was listed may go and other things may come in between: one goes on
/// after an id, whether or not it is still there.
#[derive(Clone, Copy, Debug)]
pub struct WantedById {
    limit: u64,
    after: Option<Uuid>,
}

impl WantedById {
    /// Reads limit and cursor.
    pub fn read(limit: Option<u64>, cursor: Option<&str>) -> Result<Self, Problem> {
        let limit = limit_of(limit)?;
        let after = cursor.map(|given| id_in(given).ok_or_else(never_given_out)).transpose()?;
        Ok(Self { limit, after })
    }

    /// After which id to go on.
    pub fn after(&self) -> Uuid {
        self.after.unwrap_or_default()
    }

    /// One more than wanted, to see whether there is more.
    pub fn one_more(&self) -> u64 {
        self.limit + 1
    }

    /// The page of a list; `all` is in order of the ids, and only what is on the page is shown.
    pub fn page<I, T>(&self, all: impl IntoIterator<Item = (Uuid, I)>, show: impl Fn(I) -> T) -> Page<T> {
        let wanted = usize::try_from(self.limit).unwrap_or(usize::MAX);
        let mut rest = all.into_iter().filter(|(id, _)| self.after.is_none_or(|after| *id > after));
        let page: Vec<(Uuid, I)> = rest.by_ref().take(wanted).collect();
        let last = page.last().map(|(id, _)| cursor_of(*id));
        let next = if rest.next().is_some() { last } else { None };
        Page { items: page.into_iter().map(|(_, item)| show(item)).collect(), next }
    }
}

fn limit_of(limit: Option<u64>) -> Result<u64, Problem> {
    let limit = limit.unwrap_or(USUAL);
    if (1..=MOST).contains(&limit) { Ok(limit) } else { Err(refused("limit", "must be from 1 to 200")) }
}

fn never_given_out() -> Problem {
    refused("cursor", "is none that was given out")
}

/// The place that a cursor names, if it is written as it would have been given out.
fn place_in(given: &str) -> Option<u64> {
    let place = u64::from_str_radix(given.strip_prefix('c')?, 36).ok()?;
    (cursor(place) == given).then_some(place)
}

/// The id that a cursor names, if it is written as it would have been given out.
fn id_in(given: &str) -> Option<Uuid> {
    let id = Uuid::try_parse(given.strip_prefix('c')?).ok()?;
    (cursor_of(id) == given).then_some(id)
}

fn cursor_of(id: Uuid) -> String {
    format!("c{}", id.simple())
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

#[cfg(test)]
mod tests {
    use uuid::Uuid;

    use super::{Page, Wanted, WantedById, cursor};

    #[test]
    fn only_cursors_that_were_given_out_are_read() {
        for place in [0, 5, 36, u64::MAX] {
            assert!(Wanted::read(None, Some(&cursor(place))).is_ok(), "{place}");
        }
        for made_up in ["", "c", "5", "c+5", "c05", "cZ", "c 5", "c3w5e11264sgsg"] {
            assert!(Wanted::read(None, Some(made_up)).is_err(), "{made_up}");
            assert!(WantedById::read(None, Some(made_up)).is_err(), "{made_up}");
        }
    }

    #[test]
    fn a_page_goes_on_where_its_last_item_stood() {
        let ids: Vec<Uuid> = (1..=5).map(Uuid::from_u128).collect();
        let list = |ids: &[Uuid]| ids.iter().map(|id| (*id, id.as_u128())).collect::<Vec<_>>();
        let first = WantedById::read(Some(2), None).expect("a page").page(list(&ids), |number| number.to_string());
        assert_eq!(first.items, ["1", "2"]);
        let next = WantedById::read(Some(2), first.next.as_deref()).expect("a page");
        let second = next.page(list(&[ids[0], ids[2], ids[3]]), |number| number.to_string());
        assert_eq!(second, Page::whole(vec!["3".to_owned(), "4".to_owned()]));
    }
}
