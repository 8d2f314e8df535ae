//! Spending windows: calendar days, weeks and months in the wall time of a named zone of the earth.

use chrono::{Datelike, Days, Duration, Months, NaiveDate, NaiveTime, TimeZone};
use chrono_tz::Tz;

use crate::Moment;
use crate::policy::{Level, SpendingWindow};

/// When the window that `now` falls into began; none for the window that never ends.
pub fn start_of(window: SpendingWindow, clock: Tz, now: Moment) -> Option<Moment> {
    let today = now.with_timezone(&clock).date_naive();
    let first = match window {
        SpendingWindow::Day => today,
        SpendingWindow::Week => today - Days::new(u64::from(today.weekday().num_days_from_monday())),
        SpendingWindow::Month => today.with_day(1).unwrap_or(today),
        SpendingWindow::Total => return None,
    };
    Some(midnight(first, clock))
}

/// When the next window begins after the one that `now` falls into; none for the window that never ends.
pub fn next_start(window: SpendingWindow, clock: Tz, now: Moment) -> Option<Moment> {
    let today = now.with_timezone(&clock).date_naive();
    let next = match window {
        SpendingWindow::Day => today + Days::new(1),
        SpendingWindow::Week => today + Days::new(7 - u64::from(today.weekday().num_days_from_monday())),
        SpendingWindow::Month => today.with_day(1)? + Months::new(1),
        SpendingWindow::Total => return None,
    };
    Some(midnight(next, clock))
}

/// The first moment of a day. Where clocks skip midnight the day begins after the gap.
fn midnight(day: NaiveDate, clock: Tz) -> Moment {
    let at = day.and_time(NaiveTime::MIN);
    let mut moments = (0..8).map(|quarters| at + Duration::minutes(15 * quarters));
    let first = moments.find_map(|local| clock.from_local_datetime(&local).earliest());
    first.map_or_else(|| at.and_utc(), |moment| moment.to_utc())
}

/// The clock by which the last of `levels` reckons days: its own active hours' time zone, or the nearest above it, or UTC.
pub fn wall_clock(levels: &[Level<'_>]) -> Tz {
    let hours = levels.iter().rev().find_map(|level| level.constraints()?.active_hours.as_ref());
    hours.map_or(Tz::UTC, crate::policy::ActiveHours::clock)
}
