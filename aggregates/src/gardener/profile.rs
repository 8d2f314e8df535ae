//! What is known of a candidate: exact counts from the log, never a float.

use std::cmp::Ordering;
use std::collections::BTreeSet;

use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use crate::actor::{OrganizationRole, PrincipalKind};
use crate::amount::Quantity;
use crate::ids::MemberId;
use crate::text::Label;

/// By what a candidate may decide; the nearer to the zone, the earlier.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Seat {
    /// Approver of the zone (0 levels up) or of one above it.
    Approver {
        /// How many zones lie between: 0 is the zone itself.
        levels_up: u32,
    },
    /// Owner of the organization.
    Owner,
}

/// What someone's reviews so far amount to. Every count is a number of events (SPEC G5).
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct Record {
    /// Reviews they were asked for that are over, by their vote or without it.
    pub asked: u64,
    /// Of these, how many they answered in time: with a vote while the proposal was open.
    pub in_time: u64,
    /// Of their approvals and rejections, how many later stood.
    pub upheld: u64,
    /// How many did not: overturned by an escalation or an evaluation.
    pub overturned: u64,
    /// Reviews that wait for them now.
    pub open: u64,
    /// The middle of the times they took to answer, in seconds.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub median_answer_seconds: Option<u64>,
}

/// A candidate as rules and models see one.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ReviewerProfile {
    /// Who.
    pub member_id: MemberId,
    /// What they are.
    pub kind: PrincipalKind,
    /// By what they may decide.
    pub seat: Seat,
    /// Their role in the organization.
    pub organization_role: OrganizationRole,
    /// What they have earned.
    pub reputation: Quantity,
    /// What they can do.
    pub skills: BTreeSet<Label>,
    /// Their reviews so far.
    pub record: Record,
}

/// So many of so many. Rates compare by the rule of succession, `(part + 1) ÷ (whole + 2)`: nobody is best for one lucky review,
/// and who has none stands in the middle.
#[derive(Clone, Copy, Debug)]
pub struct Rate {
    /// How many.
    pub part: u64,
    /// Of how many; at least `part`.
    pub whole: u64,
}

impl Record {
    /// How often their word stood (SPEC G2: accuracy).
    pub fn accuracy(&self) -> Rate {
        Rate { part: self.upheld, whole: self.upheld.saturating_add(self.overturned) }
    }

    /// How often they answered in time (SPEC G2: response rate).
    pub fn response_rate(&self) -> Rate {
        Rate { part: self.in_time, whole: self.asked.max(self.in_time) }
    }
}

impl Rate {
    /// In thousandths, rounded down; nothing where there is nothing to go by.
    pub fn per_mille(self) -> Option<u64> {
        let thousandths = u128::from(self.part) * 1_000;
        let share = thousandths.checked_div(u128::from(self.whole))?;
        u64::try_from(share).ok()
    }
}

impl Ord for Rate {
    fn cmp(&self, other: &Self) -> Ordering {
        let crossed = |one: &Self, two: &Self| (u128::from(one.part) + 1) * (u128::from(two.whole) + 2);
        crossed(self, other).cmp(&crossed(other, self))
    }
}

impl PartialOrd for Rate {
    fn partial_cmp(&self, other: &Self) -> Option<Ordering> {
        Some(self.cmp(other))
    }
}

impl PartialEq for Rate {
    fn eq(&self, other: &Self) -> bool {
        self.cmp(other) == Ordering::Equal
    }
}

impl Eq for Rate {}

#[cfg(test)]
mod tests {
    use super::Rate;

    fn rate(part: u64, whole: u64) -> Rate {
        Rate { part, whole }
    }

    #[test]
    fn a_newcomer_stands_between_the_good_and_the_bad() {
        assert!(rate(1, 1) > rate(0, 0) && rate(0, 0) > rate(0, 1));
        assert!(rate(90, 100) > rate(1, 1), "one lucky review is not the best record");
        assert!(rate(50, 100) == rate(0, 0));
    }

    #[test]
    fn thousandths_are_rounded_down_and_nothing_is_no_share() {
        assert_eq!([rate(2, 3).per_mille(), rate(3, 3).per_mille(), rate(0, 0).per_mille()], [Some(666), Some(1_000), None]);
        assert_eq!(rate(u64::MAX, u64::MAX).per_mille(), Some(1_000));
    }
}
