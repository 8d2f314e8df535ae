//! Weights of reviewers, and the cap that keeps one of them from deciding alone.

use rust_decimal::Decimal;

use super::model::{MAX_WEIGHT, Weights};
use crate::amount::{Quantity, Share};

/// What a reviewer's weight can rest on.
#[derive(Clone, Debug)]
pub struct Weighable {
    /// The member id, as text.
    pub member: String,
    /// Names of the roles the reviewer has here.
    pub roles: Vec<&'static str>,
    /// Reputation, at least 0.
    pub reputation: Quantity,
}

/// The weight of each reviewer. A listed member counts before a listed role (of several roles, the heaviest); whoever is
/// not listed weighs 1. By reputation one weighs its hundredths, from 1
/// to 1,000,000, as much as a name can. With `max_share`, weights are cut to the
/// largest cap under which nobody exceeds that share of the whole; where no cap can do that (too few reviewers), `None`.
pub fn weigh(weights: &Weights, max_share: Option<Share>, reviewers: &[Weighable]) -> Option<Vec<u64>> {
    let raw: Vec<u64> = reviewers.iter().map(|reviewer| raw_weight(weights, reviewer)).collect();
    match max_share {
        None => Some(raw),
        Some(share) => capped(&raw, share),
    }
}

fn raw_weight(weights: &Weights, reviewer: &Weighable) -> u64 {
    match weights {
        Weights::Reputation(_) => {
            let hundredths = (reviewer.reputation.decimal() * Decimal::from(100)).floor();
            u64::try_from(hundredths).unwrap_or(u64::MAX).clamp(1, u64::from(MAX_WEIGHT))
        }
        Weights::Named(named) => {
            let by_role = || reviewer.roles.iter().filter_map(|role| named.get(*role)).max();
            named.get(&reviewer.member).or_else(by_role).map_or(1, |weight| u64::from(*weight))
        }
    }
}

/// Weights cut to the largest cap under which nobody exceeds `share` of the whole; `None` where no cap can do that.
pub fn capped(raw: &[u64], share: Share) -> Option<Vec<u64>> {
    let cut = |cap: u64| -> Vec<u64> { raw.iter().map(|weight| (*weight).min(cap)).collect() };
    let holds = |cap: u64| {
        let weights = cut(cap);
        let whole: u64 = weights.iter().sum();
        weights.iter().all(|weight| !share.is_passed_by(*weight, whole))
    };
    if !holds(1) {
        return None;
    }
    let (mut good, mut beyond) = (1, raw.iter().max()? + 1);
    while beyond - good > 1 {
        let middle = good + (beyond - good) / 2;
        if holds(middle) { good = middle } else { beyond = middle }
    }
    Some(cut(good))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn no_reviewer_weighs_more_than_the_share() {
        let share = Share::parse("0.4").expect("share");
        assert_eq!(capped(&[100, 10, 10], share), Some(vec![13, 10, 10]));
        assert_eq!(capped(&[100, 100], share), None);
        assert_eq!(capped(&[1, 1, 1], share), Some(vec![1, 1, 1]));
    }
}
