//! The order of the rules (SPEC G2): role, accuracy, response rate, reputation, load; then the id, so that it is always the same.

use std::cmp::Reverse;

use super::profile::{Rate, ReviewerProfile, Seat};
use crate::amount::Quantity;
use crate::ids::MemberId;

/// The candidates in the order in which rules choose them, whatever order they come in.
#[must_use]
pub fn in_order(mut candidates: Vec<ReviewerProfile>) -> Vec<ReviewerProfile> {
    candidates.sort_by_key(rank);
    candidates
}

type Rank = (Seat, Reverse<Rate>, Reverse<Rate>, Reverse<Quantity>, u64, MemberId);

fn rank(candidate: &ReviewerProfile) -> Rank {
    let record = &candidate.record;
    (
        candidate.seat,
        Reverse(record.accuracy()),
        Reverse(record.response_rate()),
        Reverse(candidate.reputation),
        record.open,
        candidate.member_id,
    )
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use proptest::prelude::*;
    use uuid::Uuid;

    use super::*;
    use crate::actor::{OrganizationRole, PrincipalKind};
    use crate::gardener::Record;

    fn profile(id: u128, seat: Seat, record: Record, reputation: u32) -> ReviewerProfile {
        ReviewerProfile {
            member_id: MemberId(Uuid::from_u128(id)),
            kind: PrincipalKind::Human,
            seat,
            organization_role: OrganizationRole::Member,
            reputation: Quantity::parse(&reputation.to_string()).expect("a quantity"),
            skills: BTreeSet::new(),
            record,
        }
    }

    const HERE: Seat = Seat::Approver { levels_up: 0 };

    #[test]
    fn role_goes_before_accuracy_before_response_before_reputation_before_load_before_id() {
        let plain = Record { asked: 10, in_time: 5, upheld: 5, overturned: 5, open: 3, median_answer_seconds: None };
        let ladder = [
            profile(90, HERE, Record { upheld: 9, overturned: 1, in_time: 0, open: 99, ..plain }, 0),
            profile(91, HERE, Record { in_time: 9, open: 99, ..plain }, 0),
            profile(92, HERE, Record { open: 99, ..plain }, 7),
            profile(93, HERE, Record { open: 0, ..plain }, 1),
            profile(94, HERE, plain, 1),
            profile(95, HERE, plain, 1),
            profile(1, Seat::Approver { levels_up: 1 }, Record { upheld: 100, overturned: 0, ..plain }, 100),
            profile(2, Seat::Owner, Record { upheld: 100, overturned: 0, ..plain }, 100),
        ];
        let mut shuffled = ladder.to_vec();
        shuffled.reverse();
        assert_eq!(in_order(shuffled), ladder);
    }

    fn anyone() -> impl Strategy<Value = ReviewerProfile> {
        let seat = prop_oneof![(0_u32..3).prop_map(|levels_up| Seat::Approver { levels_up }), Just(Seat::Owner)];
        let record =
            (0_u64..4, 0_u64..4, 0_u64..4, 0_u64..4, 0_u64..3).prop_map(|(asked, in_time, upheld, overturned, open)| Record {
                asked,
                in_time,
                upheld,
                overturned,
                open,
                median_answer_seconds: None,
            });
        (0_u128..30, seat, record, 0_u32..3).prop_map(|(id, seat, record, reputation)| profile(id, seat, record, reputation))
    }

    proptest! {
        #[test]
        fn the_order_is_total(a in anyone(), b in anyone(), c in anyone()) {
            let [a, b, c] = [rank(&a), rank(&b), rank(&c)];
            prop_assert_eq!(a.cmp(&b), b.cmp(&a).reverse());
            if a <= b && b <= c {
                prop_assert!(a <= c);
            }
            if a.5 != b.5 {
                prop_assert_ne!(a.cmp(&b), std::cmp::Ordering::Equal);
            }
        }

        #[test]
        fn who_is_named_first_changes_nothing(
            (ordered, shuffled) in proptest::collection::vec(anyone(), 0..12).prop_map(|mut people| {
                let mut seen = BTreeSet::new();
                people.retain(|person| seen.insert(person.member_id));
                people
            }).prop_flat_map(|people| (Just(people.clone()), Just(people).prop_shuffle()))
        ) {
            prop_assert_eq!(in_order(ordered), in_order(shuffled));
        }

        #[test]
        fn a_better_record_never_ranks_lower(one in anyone(), other in anyone()) {
            let mut better = one.clone();
            better.record.upheld += 1;
            if one.member_id != other.member_id && rank(&one) < rank(&other) {
                prop_assert!(rank(&better) < rank(&other));
            }
        }
    }
}
