//! Ceilings in time: spending windows and rates.

use std::cmp::Reverse;

use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::limits::Limit;
use crate::action::Pattern;
use crate::amount::Amount;

/// Over which span spending is summed.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "lowercase")]
pub enum SpendingWindow {
    /// A calendar day.
    Day,
    /// A calendar week, from Monday.
    Week,
    /// A calendar month.
    Month,
    /// For ever.
    Total,
}

/// At most `amount` in each `window`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct SpendingLimit {
    /// The most that may be spent.
    pub amount: Amount,
    /// In which span.
    pub window: SpendingWindow,
}

impl Limit for SpendingLimit {
    /// The tighter of the two where they compare. Where they do not (a little a day, more a week) this shows the smaller
    /// amount; checks apply the limits of all levels together.
    fn meet(&self, other: &Self) -> Self {
        let least = |limit: &Self| (limit.amount, Reverse(limit.window));
        if least(self) <= least(other) { *self } else { *other }
    }

    /// More money in the same span or a shorter one: whoever may spend that breaks `limit`.
    fn is_wider_than(&self, limit: &Self) -> bool {
        self.window <= limit.window && self.amount > limit.amount
    }
}

/// At most `max` actions in any span of `per_seconds`.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct RateLimit {
    /// Which actions count.
    pub action: Pattern,
    /// How many, 0 to 1,000,000.
    pub max: u32,
    /// In how many seconds, 1 to 31,536,000.
    pub per_seconds: u32,
}

/// Rate limits; those of all levels apply together.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(transparent)]
pub struct RateLimits(pub Vec<RateLimit>);

impl RateLimits {
    fn same_span<'a>(&'a self, rate: &'a RateLimit) -> impl Iterator<Item = &'a RateLimit> {
        self.0.iter().filter(move |other| other.action == rate.action && other.per_seconds == rate.per_seconds)
    }
}

impl Limit for RateLimits {
    fn meet(&self, other: &Self) -> Self {
        let mut rates: Vec<RateLimit> = Vec::new();
        for rate in self.0.iter().chain(&other.0) {
            match rates.iter_mut().find(|kept| kept.action == rate.action && kept.per_seconds == rate.per_seconds) {
                Some(kept) => kept.max = kept.max.min(rate.max),
                None => rates.push(rate.clone()),
            }
        }
        Self(rates)
    }

    fn is_wider_than(&self, limit: &Self) -> bool {
        self.0.iter().any(|rate| limit.same_span(rate).any(|bound| rate.max > bound.max))
    }
}
