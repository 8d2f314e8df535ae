//! Active hours: when work may be done, in the wall time of a named zone of the earth, daylight saving included.

use std::collections::BTreeSet;
use std::fmt;
use std::str::FromStr;

use chrono::{DateTime, Datelike, Duration, NaiveDate, NaiveTime, TimeZone, Timelike, Utc};
use chrono_tz::Tz;
use serde::{Deserialize, Serialize};
use utoipa::openapi::RefOr;
use utoipa::openapi::schema::{ArrayBuilder, OneOfBuilder, Schema};
use utoipa::{PartialSchema, ToSchema};

use super::limits::Limit;
use crate::Moment;

/// How far ahead it is looked when hours open: every window opens once a week, if its hour is not left out by the clock.
const DAYS_AHEAD: usize = 16;
/// The longest that clocks leave out, in minutes: a day, where the date line was moved.
const GAP_MINUTES: i64 = 24 * 60 + 1;

/// Days of the week as they are written.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "lowercase")]
pub enum Day {
    /// Monday.
    Mon,
    /// Tuesday.
    Tue,
    /// Wednesday.
    Wed,
    /// Thursday.
    Thu,
    /// Friday.
    Fri,
    /// Saturday.
    Sat,
    /// Sunday.
    Sun,
}

impl From<chrono::Weekday> for Day {
    fn from(day: chrono::Weekday) -> Self {
        match day {
            chrono::Weekday::Mon => Self::Mon,
            chrono::Weekday::Tue => Self::Tue,
            chrono::Weekday::Wed => Self::Wed,
            chrono::Weekday::Thu => Self::Thu,
            chrono::Weekday::Fri => Self::Fri,
            chrono::Weekday::Sat => Self::Sat,
            chrono::Weekday::Sun => Self::Sun,
        }
    }
}

/// A time of day in minutes after midnight, `00:00` to `24:00`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize, ToSchema)]
#[serde(try_from = "String", into = "String")]
#[schema(value_type = String, pattern = "^([01][0-9]|2[0-4]):[0-5][0-9]$")]
pub struct TimeOfDay(u32);

/// Why a text is no time of day.
#[derive(Debug, PartialEq, Eq, thiserror::Error)]
#[error("a time of day is written `HH:MM`, from 00:00 to 24:00")]
pub struct NotATimeOfDay;

impl TryFrom<String> for TimeOfDay {
    type Error = NotATimeOfDay;

    fn try_from(text: String) -> Result<Self, Self::Error> {
        let (hour, minute) = text.split_once(':').ok_or(NotATimeOfDay)?;
        if [hour, minute].iter().any(|part| part.len() != 2 || !part.bytes().all(|digit| digit.is_ascii_digit())) {
            return Err(NotATimeOfDay);
        }
        let hour: u32 = hour.parse().map_err(|_| NotATimeOfDay)?;
        let minute: u32 = minute.parse().map_err(|_| NotATimeOfDay)?;
        let minutes = hour * 60 + minute;
        if minute < 60 && minutes <= 24 * 60 { Ok(Self(minutes)) } else { Err(NotATimeOfDay) }
    }
}

impl From<TimeOfDay> for String {
    fn from(time: TimeOfDay) -> Self {
        time.to_string()
    }
}

impl fmt::Display for TimeOfDay {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:02}:{:02}", self.0 / 60, self.0 % 60)
    }
}

/// An IANA time zone by name.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(try_from = "String", into = "String")]
#[schema(value_type = String, examples("Europe/Berlin"))]
pub struct ZoneOfEarth(Tz);

impl TryFrom<String> for ZoneOfEarth {
    type Error = String;

    fn try_from(text: String) -> Result<Self, Self::Error> {
        Tz::from_str(&text).map(Self).map_err(|_| "must be the name of an IANA time zone, such as `Europe/Berlin`".to_owned())
    }
}

impl From<ZoneOfEarth> for String {
    fn from(zone: ZoneOfEarth) -> Self {
        zone.0.name().to_owned()
    }
}

/// One weekly window. A window whose `from` is not before its `to` runs past midnight into the next day.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct Window {
    /// Where the clock hangs.
    pub timezone: ZoneOfEarth,
    /// On which days the window begins; all days when absent.
    #[serde(default = "every_day")]
    pub days: BTreeSet<Day>,
    /// When it begins.
    pub from: TimeOfDay,
    /// When it ends; that minute is outside.
    pub to: TimeOfDay,
}

fn every_day() -> BTreeSet<Day> {
    [Day::Mon, Day::Tue, Day::Wed, Day::Thu, Day::Fri, Day::Sat, Day::Sun].into()
}

impl Window {
    fn contains(&self, moment: Moment) -> bool {
        let local = moment.with_timezone(&self.timezone.0);
        let minute = local.hour() * 60 + local.minute();
        let today = Day::from(local.weekday());
        let yesterday = Day::from(local.weekday().pred());
        if self.from < self.to {
            return self.days.contains(&today) && (self.from.0..self.to.0).contains(&minute);
        }
        (self.days.contains(&today) && minute >= self.from.0) || (self.days.contains(&yesterday) && minute < self.to.0)
    }
}

/// The hours in which work may be done: every window of every level must be open.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(from = "Window", into = "Shown")]
pub struct ActiveHours {
    windows: Vec<Window>,
}

impl PartialSchema for ActiveHours {
    fn schema() -> RefOr<Schema> {
        let windows =
            ArrayBuilder::new().items(Window::schema()).description(Some("Those of several levels: all must be open."));
        OneOfBuilder::new().item(Window::schema()).item(windows).into()
    }
}

impl ToSchema for ActiveHours {
    fn schemas(schemas: &mut Vec<(String, RefOr<Schema>)>) {
        Window::schemas(schemas);
    }
}

#[derive(Serialize)]
#[serde(untagged)]
enum Shown {
    One(Window),
    All(Vec<Window>),
}

impl From<Window> for ActiveHours {
    fn from(window: Window) -> Self {
        Self { windows: vec![window] }
    }
}

impl From<ActiveHours> for Shown {
    fn from(hours: ActiveHours) -> Self {
        match <[Window; 1]>::try_from(hours.windows) {
            Ok([window]) => Self::One(window),
            Err(windows) => Self::All(windows),
        }
    }
}

impl ActiveHours {
    /// Whether work may be done at `moment`.
    pub fn contain(&self, moment: Moment) -> bool {
        self.windows.iter().all(|window| window.contains(moment))
    }

    /// When they open next after `moment`, at which they are closed; none where no week has a moment for all of them.
    pub fn open_next(&self, moment: Moment) -> Option<Moment> {
        let first = |window: &Window| window.openings(moment).find(|opening| *opening > moment && self.contain(*opening));
        self.windows.iter().filter_map(first).min()
    }

    /// The clock they are reckoned by; the first, where several levels meet.
    pub fn clock(&self) -> Tz {
        self.windows.first().map_or(Tz::UTC, |window| window.timezone.0)
    }
}

impl Window {
    /// When it begins in the weeks after `moment`, one after the other: twice on a day that has its hour twice, and after the gap on
    /// one that leaves it out.
    fn openings(&self, moment: Moment) -> impl Iterator<Item = Moment> {
        let (clock, from) = (self.timezone.0, self.from);
        let yesterday = moment.with_timezone(&clock).date_naive() - Duration::days(1);
        let days = yesterday.iter_days().take(DAYS_AHEAD).filter(|day| self.days.contains(&Day::from(day.weekday())));
        days.flat_map(move |day| {
            let begins = day.and_time(NaiveTime::MIN) + Duration::minutes(i64::from(from.0));
            let mut later = (0..GAP_MINUTES).map(|minutes| clock.from_local_datetime(&(begins + Duration::minutes(minutes))));
            let there = later.find(|local| local.earliest().is_some());
            let both = there.map(|local| [local.earliest(), local.latest()]);
            both.into_iter().flatten().flatten().map(|moment| moment.to_utc())
        })
    }

    /// When it begins and ends on each of the first days of a year. Between such moments nothing opens or closes.
    fn edges(&self, days: i64) -> impl Iterator<Item = DateTime<Utc>> {
        let new_year = NaiveDate::from_ymd_opt(2026, 1, 1).expect("a fixed, valid date").and_time(NaiveTime::MIN);
        let midnights = (0..=days).map(move |day| new_year + Duration::days(day));
        let edges = midnights.flat_map(|day| [self.from, self.to].map(|time| day + Duration::minutes(i64::from(time.0))));
        edges.filter_map(|local| self.timezone.0.from_local_datetime(&local).earliest()).map(|moment| moment.to_utc())
    }
}

impl Limit for ActiveHours {
    fn meet(&self, other: &Self) -> Self {
        let mut windows = self.windows.clone();
        windows.extend(other.windows.iter().filter(|window| !self.windows.contains(window)).cloned());
        Self { windows }
    }

    fn is_wider_than(&self, limit: &Self) -> bool {
        let windows = || self.windows.iter().chain(&limit.windows);
        // Clocks of different time zones move against each other through the year; those of one repeat every week.
        let apart = windows().any(|window| window.timezone.0 != self.clock());
        let days = if apart { 366 } else { 8 };
        self != limit
            && windows().flat_map(|window| window.edges(days)).any(|moment| self.contain(moment) && !limit.contain(moment))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn hours(json: &str) -> ActiveHours {
        serde_json::from_str(json).expect("active hours")
    }

    fn at(text: &str) -> Moment {
        text.parse().expect("moment")
    }

    #[test]
    fn a_window_follows_daylight_saving() {
        let berlin =
            hours(r#"{"timezone":"Europe/Berlin","days":["mon","tue","wed","thu","fri"],"from":"09:00","to":"17:00"}"#);
        assert!(berlin.contain(at("2026-01-05T08:00:00Z")) && !berlin.contain(at("2026-01-05T07:59:00Z")));
        assert!(berlin.contain(at("2026-07-06T07:00:00Z")) && !berlin.contain(at("2026-07-06T15:00:00Z")));
        assert!(!berlin.contain(at("2026-01-04T10:00:00Z")), "a Sunday");
    }

    #[test]
    fn a_window_may_run_past_midnight() {
        let night = hours(r#"{"timezone":"UTC","days":["fri"],"from":"22:00","to":"06:00"}"#);
        assert!(night.contain(at("2026-01-09T23:00:00Z")) && night.contain(at("2026-01-10T05:59:00Z")));
        assert!(!night.contain(at("2026-01-09T05:00:00Z")) && !night.contain(at("2026-01-10T06:00:00Z")));
    }

    #[test]
    fn windows_of_different_time_zones_can_be_compared() {
        let office =
            hours(r#"{"timezone":"Europe/Berlin","days":["mon","tue","wed","thu","fri"],"from":"08:00","to":"20:00"}"#);
        let inside = hours(r#"{"timezone":"UTC","days":["mon","tue"],"from":"09:00","to":"12:00"}"#);
        let outside = hours(r#"{"timezone":"UTC","from":"00:00","to":"24:00"}"#);
        assert!(!inside.is_wider_than(&office));
        assert!(outside.is_wider_than(&office));
        assert!(!office.meet(&outside).is_wider_than(&office));
    }

    #[test]
    fn they_open_at_the_first_minute_that_all_of_them_have() {
        let berlin = hours(r#"{"timezone":"Europe/Berlin","days":["mon","sun"],"from":"02:30","to":"04:00"}"#);
        let evening = hours(r#"{"timezone":"UTC","days":["fri"],"from":"22:00","to":"06:00"}"#);
        let morning = hours(r#"{"timezone":"UTC","from":"05:00","to":"08:00"}"#);
        let never = hours(r#"{"timezone":"UTC","from":"12:00","to":"13:00"}"#);
        for (closed, from, opens) in [
            (&berlin, "2026-03-23T03:00:00Z", Some("2026-03-29T01:00:00Z")),
            (&berlin, "2026-10-24T03:00:00Z", Some("2026-10-25T00:30:00Z")),
            (&berlin, "2026-10-25T03:00:00Z", Some("2026-10-26T01:30:00Z")),
            (&evening, "2026-01-10T06:00:00Z", Some("2026-01-16T22:00:00Z")),
            (&evening.meet(&morning), "2026-01-10T06:00:00Z", Some("2026-01-17T05:00:00Z")),
            (&morning.meet(&never), "2026-01-10T06:00:00Z", None),
        ] {
            let from = at(from);
            assert!(!closed.contain(from), "{from}");
            assert_eq!(closed.open_next(from), opens.map(at), "after {from}");
        }
    }

    #[test]
    fn nobody_waits_longer_than_they_must() {
        let office = hours(r#"{"timezone":"America/New_York","days":["tue","sat"],"from":"21:45","to":"02:15"}"#);
        let mut now = at("2026-01-01T00:00:00Z");
        let mut told = None;
        while now < at("2027-01-01T00:00:00Z") {
            if office.contain(now) {
                assert!(told.is_none_or(|told| told == now), "told {told:?}, opened at {now}");
                told = None;
            } else {
                told = Some(office.open_next(now).expect("it opens every week"));
            }
            now += Duration::minutes(15);
        }
    }

    #[test]
    fn a_few_minutes_more_are_wider() {
        let office = hours(r#"{"timezone":"UTC","from":"09:00","to":"17:05"}"#);
        for (from, to, wider) in [
            ("09:00", "17:05", false),
            ("09:01", "17:04", false),
            ("09:00", "17:10", true),
            ("08:59", "17:05", true),
            ("17:01", "17:06", true),
        ] {
            let other = hours(&format!(r#"{{"timezone":"UTC","from":"{from}","to":"{to}"}}"#));
            assert_eq!(other.is_wider_than(&office), wider, "{from} to {to}");
        }
    }

    #[test]
    fn windows_are_compared_on_the_days_when_only_one_clock_has_been_changed() {
        let berlin = hours(r#"{"timezone":"Europe/Berlin","from":"15:00","to":"17:00"}"#);
        let new_york = hours(r#"{"timezone":"America/New_York","from":"09:00","to":"11:00"}"#);
        assert!(new_york.is_wider_than(&berlin), "from 8 to 29 March it is five hours, not six");
    }
}
