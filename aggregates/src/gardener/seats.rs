//! Who sits: those whom the gardener named, and for the seats they leave empty whom the rules would take.

use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use crate::ids::MemberId;
use crate::policy::{ApprovalPolicy, Risk};

/// How many reviewers each level of risk calls for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct Numbers {
    /// At low risk.
    pub low: usize,
    /// At medium risk.
    pub medium: usize,
    /// At high risk.
    pub high: usize,
    /// At critical risk.
    pub critical: usize,
}

impl Numbers {
    /// What a policy says.
    pub fn of(policy: &ApprovalPolicy) -> Self {
        Self {
            low: policy.reviewers_for(Risk::Low),
            medium: policy.reviewers_for(Risk::Medium),
            high: policy.reviewers_for(Risk::High),
            critical: policy.reviewers_for(Risk::Critical),
        }
    }

    /// How many `risk` calls for.
    pub fn at(&self, risk: Risk) -> usize {
        match risk {
            Risk::Low => self.low,
            Risk::Medium => self.medium,
            Risk::High => self.high,
            Risk::Critical => self.critical,
        }
    }
}

/// Someone with a seat.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Seated {
    /// Who.
    pub member_id: MemberId,
    /// Whether the gardener named them; else the rules did.
    pub named: bool,
}

/// Fills `wanted` seats: first with those who were named, then in the order of the candidates; one more where a human is
/// required and none would sit otherwise. `candidates` are ids and whether they are human, in the order of the rules.
#[must_use]
pub fn seat(named: &[MemberId], candidates: &[(MemberId, bool)], wanted: usize, human_required: bool) -> Vec<Seated> {
    let mut seated: Vec<Seated> = named.iter().map(|id| Seated { member_id: *id, named: true }).collect();
    let human = |id: MemberId| candidates.iter().any(|(candidate, human)| *candidate == id && *human);
    let free = |seated: &[Seated], id: MemberId| !seated.iter().any(|taken| taken.member_id == id);
    for (id, _) in candidates {
        if seated.len() < wanted && free(&seated, *id) {
            seated.push(Seated { member_id: *id, named: false });
        }
    }
    if human_required && !seated.iter().any(|taken| human(taken.member_id)) {
        let first = candidates.iter().find(|(id, human)| *human && free(&seated, *id));
        seated.extend(first.map(|(id, _)| Seated { member_id: *id, named: false }));
    }
    seated
}

#[cfg(test)]
mod tests {
    use uuid::Uuid;

    use super::*;

    fn id(number: u128) -> MemberId {
        MemberId(Uuid::from_u128(number))
    }

    fn sitting(named: &[u128], candidates: &[(u128, bool)], wanted: usize, human_required: bool) -> Vec<(u128, bool)> {
        let named: Vec<MemberId> = named.iter().copied().map(id).collect();
        let candidates: Vec<(MemberId, bool)> = candidates.iter().map(|(number, human)| (id(*number), *human)).collect();
        let seated = seat(&named, &candidates, wanted, human_required);
        seated.iter().map(|taken| (taken.member_id.0.as_u128(), taken.named)).collect()
    }

    #[test]
    fn empty_seats_go_to_the_next_in_order() {
        let candidates = [(1, true), (2, true), (3, true)];
        assert_eq!(sitting(&[], &candidates, 2, false), [(1, false), (2, false)]);
        assert_eq!(sitting(&[3], &candidates, 2, false), [(3, true), (1, false)]);
        assert_eq!(sitting(&[3, 2], &candidates, 2, false), [(3, true), (2, true)]);
        assert_eq!(sitting(&[1], &candidates, 9, false), [(1, true), (2, false), (3, false)]);
    }

    #[test]
    fn a_human_is_added_where_one_must_review() {
        let candidates = [(1, false), (2, false), (3, true)];
        assert_eq!(sitting(&[2], &candidates, 1, true), [(2, true), (3, false)]);
        assert_eq!(sitting(&[3], &candidates, 1, true), [(3, true)]);
        assert_eq!(sitting(&[], &[(1, false)], 1, true), [(1, false)], "there is none to add");
    }
}
