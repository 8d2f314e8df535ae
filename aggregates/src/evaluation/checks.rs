//! Automated checks: what the record says of finished work by itself (SPEC V4). A check that cannot be made gives no score
//! and says why.

use chrono::Duration;

use super::score::Score;
use crate::Moment;
use crate::amount::{Amount, Quantity};
use crate::policy::Criterion;

/// What is on record about the work.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Record {
    /// When it was approved.
    pub approved_at: Option<Moment>,
    /// When it was reported finished.
    pub finished_at: Option<Moment>,
    /// How much was approved.
    pub approved_amount: Option<Amount>,
    /// How much was spent.
    pub spent_amount: Option<Amount>,
    /// Whether the zone above decided otherwise than those who voted for it.
    pub overturned: bool,
}

/// Why a check could not be made.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct NotMade {
    /// Stable code.
    pub code: String,
    /// In words.
    pub reason: String,
}

/// A score and what it rests on, or why there is none.
pub type Check = Result<(Score, String), NotMade>;

fn not_made(code: &str, reason: impl Into<String>) -> Check {
    Err(NotMade { code: code.to_owned(), reason: reason.into() })
}

/// Hours within which work is done in time where the criterion does not say: what a grant lives.
const USUAL_HOURS: u32 = 24;

/// Makes the check that `criterion` asks for: its `config.check`, or its name, is `on_time` (with `config.within_hours`, 24
/// when absent), `within_budget` or `no_overturned_decision`.
pub fn check(criterion: &Criterion, record: &Record) -> Check {
    let configured = |key: &str| criterion.config.as_ref().and_then(|config| config.get(key));
    let name = configured("check").and_then(|check| check.as_str()).unwrap_or(criterion.name.as_str());
    match name {
        "on_time" => {
            let hours = configured("within_hours").cloned().map(serde_json::from_value::<Quantity>);
            match hours {
                Some(Err(_)) => not_made("unreadable_config", "`within_hours` is no number of hours"),
                Some(Ok(hours)) => on_time(record, hours),
                None => on_time(record, Quantity::of_thousandths(USUAL_HOURS * 1000)),
            }
        }
        "within_budget" => within_budget(record),
        "no_overturned_decision" => Ok(if record.overturned {
            (Score::none(), "the zone above decided otherwise".to_owned())
        } else {
            (Score::full(), "no decision about it was overturned".to_owned())
        }),
        unknown => not_made("unknown_check", format!("there is no check called `{unknown}`")),
    }
}

fn on_time(record: &Record, within: Quantity) -> Check {
    let Some(approved_at) = record.approved_at else { return not_made("not_approved", "it was not approved") };
    let Some(finished_at) = record.finished_at else {
        return not_made("not_finished", "the work has not been reported finished");
    };
    let due = within.hours_after(approved_at).unwrap_or(approved_at + Duration::days(36_500));
    let took = finished_at - approved_at;
    let told = format!("finished {} minutes after the approval, {within} hours allowed", took.num_minutes());
    Ok((if finished_at <= due { Score::full() } else { Score::none() }, told))
}

fn within_budget(record: &Record) -> Check {
    match (record.approved_amount, record.spent_amount) {
        (None, _) => not_made("no_amount", "no amount was approved"),
        (Some(_), None) => not_made("nothing_reported", "what was spent has not been reported"),
        (Some(approved), Some(spent)) => {
            let told = format!("{spent} spent of {approved}");
            Ok((if spent <= approved { Score::full() } else { Score::none() }, told))
        }
    }
}
