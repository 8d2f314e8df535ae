//! Decisions per day, as bars.

use chrono::{Days, NaiveDate};

/// The height of the chart.
const HEIGHT: u64 = 100;
/// The width of a day.
const STEP: u64 = 20;

/// A piece of a bar.
#[derive(Clone, Debug)]
pub struct Piece {
    /// `yes`, `no` or `pass`.
    pub look: &'static str,
    /// Its upper edge.
    pub y: u64,
    /// How high it is.
    pub height: u64,
}

/// A day's decisions.
#[derive(Clone, Debug)]
pub struct Day {
    /// The day.
    pub date: NaiveDate,
    /// Approved, rejected, ended otherwise.
    pub counts: [u64; 3],
    /// Its left edge.
    pub x: u64,
    /// Its pieces, from below.
    pub pieces: Vec<Piece>,
}

impl Day {
    /// A day without decisions yet.
    pub fn new(date: NaiveDate) -> Self {
        Self { date, counts: [0; 3], x: 0, pieces: Vec::new() }
    }

    /// How much was decided.
    pub fn all(&self) -> u64 {
        self.counts.iter().sum()
    }

    /// In words.
    pub fn words(&self) -> String {
        let [yes, no, other] = self.counts;
        format!("{}: {yes} approved, {no} rejected, {other} expired or withdrawn", self.date.format("%-d %b"))
    }

    /// The list behind it.
    pub fn address(&self) -> String {
        let next = self.date.checked_add_days(Days::new(1)).unwrap_or(self.date);
        format!("/proposals?decided_from={}&decided_to={next}", self.date)
    }

    /// The day of the month.
    pub fn label(&self) -> String {
        self.date.format("%-d").to_string()
    }
}

/// Days with their pieces in place, where the highest bar counts `most`.
pub fn placed(days: Vec<Day>, most: u64) -> Vec<Day> {
    let looks = ["yes", "no", "pass"];
    let place = |(index, mut day): (usize, Day)| {
        day.x = index as u64 * STEP;
        let mut bottom = HEIGHT;
        for (look, count) in looks.into_iter().zip(day.counts) {
            let height = count * (HEIGHT - 6) / most;
            if height > 0 {
                bottom -= height;
                day.pieces.push(Piece { look, y: bottom, height });
            }
        }
        day
    };
    days.into_iter().enumerate().map(place).collect()
}
