//! From votes to a verdict: exact, early, and never a tie approved (SPEC section 6, D1, D2, D4).

use serde::{Deserialize, Serialize};
use strum::{Display, EnumString, IntoStaticStr};
use utoipa::ToSchema;

use super::model::Rule;

/// What a reviewer says.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema, Display, IntoStaticStr, EnumString)]
#[serde(rename_all = "snake_case")]
#[strum(serialize_all = "snake_case")]
pub enum Choice {
    /// Yes.
    Approve,
    /// No.
    Reject,
    /// Neither.
    Abstain,
}

/// One reviewer's place in the electorate: what they weigh, whether they are a person, and what they said, if anything.
/// Ballots stand in the order in which they were cast; those not yet cast come last.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Ballot {
    /// The vote, or nothing yet.
    pub choice: Option<Choice>,
    /// At least 1.
    pub weight: u64,
    /// Whether the reviewer is a human (SPEC D4).
    pub human: bool,
}

/// When the question is asked.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Occasion {
    /// While voting goes on; `final_votes` unless votes may change.
    Voting {
        /// Whether a vote, once cast, stands.
        final_votes: bool,
    },
    /// The deadline has passed: nobody votes any more.
    Deadline,
}

/// What the votes amount to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Verdict {
    /// Nothing is decided yet.
    Open,
    /// Approved.
    Approved,
    /// Rejected.
    Rejected,
    /// Nobody can decide any more (SPEC D1).
    Deadlocked,
    /// The deadline passed and too few took part (SPEC D2).
    Undecided,
}

/// Counts and weights of the votes (SPEC section 6: A, R, S, U).
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct Tally {
    /// Approvals.
    pub approve: u64,
    /// Rejections.
    pub reject: u64,
    /// Abstentions.
    pub abstain: u64,
    /// Not yet voted.
    pub outstanding: u64,
    /// Weight of the approvals.
    pub approve_weight: u64,
    /// Weight of the rejections.
    pub reject_weight: u64,
    /// Weight of the abstentions.
    pub abstain_weight: u64,
    /// Weight of those who have not voted.
    pub outstanding_weight: u64,
}

impl Tally {
    /// Counts `ballots`.
    pub fn of(ballots: &[Ballot]) -> Self {
        let mut tally = Self::default();
        for ballot in ballots {
            let (count, weight) = match ballot.choice {
                Some(Choice::Approve) => (&mut tally.approve, &mut tally.approve_weight),
                Some(Choice::Reject) => (&mut tally.reject, &mut tally.reject_weight),
                Some(Choice::Abstain) => (&mut tally.abstain, &mut tally.abstain_weight),
                None => (&mut tally.outstanding, &mut tally.outstanding_weight),
            };
            *count += 1;
            *weight += ballot.weight;
        }
        tally
    }

    /// The same votes when nobody votes any more.
    fn closed(self) -> Self {
        Self { outstanding: 0, outstanding_weight: 0, ..self }
    }
}

/// What `ballots` amount to under `rule`. With `human_required`, an approval needs at least one human's (SPEC D4).
pub fn decide(rule: &Rule, ballots: &[Ballot], occasion: Occasion, human_required: bool) -> Verdict {
    let count = Count { rule, ballots, tally: Tally::of(ballots), human_required };
    match occasion {
        Occasion::Voting { final_votes } => count.while_voting(final_votes),
        Occasion::Deadline => count.at_deadline(),
    }
}

struct Count<'a> {
    rule: &'a Rule,
    ballots: &'a [Ballot],
    tally: Tally,
    human_required: bool,
}

impl Count<'_> {
    fn while_voting(&self, final_votes: bool) -> Verdict {
        let everyone_voted = self.tally.outstanding == 0;
        match self.rule {
            Rule::Unilateral => self.unilateral(),
            Rule::Threshold { threshold } if everyone_voted || final_votes => self.threshold(u64::from(*threshold)),
            Rule::Threshold { threshold } if self.is_met(u64::from(*threshold)) => Verdict::Approved,
            Rule::Consensus { fallback: None } if final_votes && self.tally.reject > 0 => Verdict::Rejected,
            Rule::Consensus { fallback } if everyone_voted => self.consensus(fallback.as_deref()),
            Rule::Majority { quorum } if everyone_voted || final_votes => {
                self.majority(self.tally, quorum.is_reached_by(self.took_part(), self.electors()))
            }
            Rule::Weighted { approval_ratio, quorum, .. } if everyone_voted || final_votes => {
                self.weighted(self.tally, *approval_ratio, quorum.is_reached_by(self.weight_taking_part(), self.weight()))
            }
            Rule::Threshold { .. } | Rule::Majority { .. } | Rule::Weighted { .. } | Rule::Consensus { .. } => Verdict::Open,
        }
    }

    /// What the votes amount to by the row of the model stands, also where they might have been changed until now.
    fn at_deadline(&self) -> Verdict {
        match self.rule {
            Rule::Consensus { fallback: Some(_) } => self.on_votes_cast(),
            Rule::Unilateral
            | Rule::Threshold { .. }
            | Rule::Majority { .. }
            | Rule::Weighted { .. }
            | Rule::Consensus { fallback: None } => match self.while_voting(true) {
                Verdict::Open => self.on_votes_cast(),
                decided => decided,
            },
        }
    }

    /// When nobody votes any more, and the votes do not decide by themselves.
    fn on_votes_cast(&self) -> Verdict {
        match self.rule {
            Rule::Majority { quorum } if quorum.is_reached_by(self.took_part(), self.electors()) => {
                self.majority(self.tally.closed(), true)
            }
            Rule::Weighted { approval_ratio, quorum, .. } if quorum.is_reached_by(self.weight_taking_part(), self.weight()) => {
                self.weighted(self.tally.closed(), *approval_ratio, true)
            }
            Rule::Consensus { fallback: Some(fallback) } => Count { rule: fallback, ..*self }.at_deadline(),
            Rule::Unilateral
            | Rule::Threshold { .. }
            | Rule::Majority { .. }
            | Rule::Weighted { .. }
            | Rule::Consensus { fallback: None } => Verdict::Undecided,
        }
    }

    fn electors(&self) -> u64 {
        self.took_part() + self.tally.outstanding
    }

    fn took_part(&self) -> u64 {
        self.tally.approve + self.tally.reject + self.tally.abstain
    }

    fn weight(&self) -> u64 {
        self.weight_taking_part() + self.tally.outstanding_weight
    }

    fn weight_taking_part(&self) -> u64 {
        self.tally.approve_weight + self.tally.reject_weight + self.tally.abstain_weight
    }

    /// Whether the approvals cast satisfy D4.
    fn human_approved(&self) -> bool {
        !self.human_required || self.ballots.iter().any(|ballot| ballot.human && ballot.choice == Some(Choice::Approve))
    }

    /// Whether D4 can still be satisfied.
    fn human_may_approve(&self) -> bool {
        self.human_approved() || self.ballots.iter().any(|ballot| ballot.human && ballot.choice.is_none())
    }

    fn is_met(&self, threshold: u64) -> bool {
        self.tally.approve >= threshold && self.human_approved()
    }

    /// First approve or reject decides. An agent's approval does not count where a human's is needed.
    fn unilateral(&self) -> Verdict {
        let first = self.ballots.iter().find_map(|ballot| match ballot.choice {
            Some(Choice::Approve) if ballot.human || !self.human_required => Some(Verdict::Approved),
            Some(Choice::Reject) => Some(Verdict::Rejected),
            Some(Choice::Approve | Choice::Abstain) | None => None,
        });
        match first {
            Some(verdict) => verdict,
            None if self.tally.outstanding > 0 => Verdict::Open,
            None => Verdict::Deadlocked,
        }
    }

    /// Approved: A ≥ k. Rejected: A + U < k and R > 0. Unreachable without a rejection: deadlock.
    fn threshold(&self, threshold: u64) -> Verdict {
        let reachable = self.tally.approve + self.tally.outstanding >= threshold && self.human_may_approve();
        if self.is_met(threshold) {
            Verdict::Approved
        } else if reachable {
            Verdict::Open
        } else if self.tally.reject > 0 {
            Verdict::Rejected
        } else {
            Verdict::Deadlocked
        }
    }

    /// Approved: A > R + U with the quorum. Rejected: R > A + U. A tie with nobody left, or neither within reach: deadlock.
    fn majority(&self, tally: Tally, quorum_reached: bool) -> Verdict {
        if tally.approve > tally.reject + tally.outstanding && quorum_reached && self.human_approved() {
            Verdict::Approved
        } else if tally.reject > tally.approve + tally.outstanding {
            Verdict::Rejected
        } else if tally.outstanding > 0 && (self.human_may_approve() || tally.reject + tally.outstanding > tally.approve) {
            Verdict::Open
        } else {
            Verdict::Deadlocked
        }
    }

    /// Approved: w(A) > ratio · (w(A) + w(R) + w(U)) with the quorum. Rejected: w(A) + w(U) < ratio · (the same). Neither
    /// with nobody left, or neither within reach: deadlock.
    fn weighted(&self, tally: Tally, ratio: crate::amount::Share, quorum_reached: bool) -> Verdict {
        let counted = tally.approve_weight + tally.reject_weight + tally.outstanding_weight;
        if ratio.is_passed_by(tally.approve_weight, counted) && quorum_reached && self.human_approved() {
            Verdict::Approved
        } else if !ratio.is_reached_by(tally.approve_weight + tally.outstanding_weight, counted) {
            Verdict::Rejected
        } else if tally.outstanding > 0 && (self.human_may_approve() || !ratio.is_reached_by(tally.approve_weight, counted)) {
            Verdict::Open
        } else {
            Verdict::Deadlocked
        }
    }

    /// Everyone has voted: approved without an objection, else the fallback decides; without a fallback an objection
    /// rejects.
    fn consensus(&self, fallback: Option<&Rule>) -> Verdict {
        if self.tally.reject == 0 {
            let agreed = self.tally.approve > 0 && self.human_approved();
            return if agreed { Verdict::Approved } else { Verdict::Deadlocked };
        }
        match fallback {
            Some(rule) => Count { rule, ..*self }.while_voting(true),
            None => Verdict::Rejected,
        }
    }
}

#[cfg(test)]
#[path = "verdict_tests.rs"]
mod tests;
