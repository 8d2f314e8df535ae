//! The table of SPEC section 6, row by row, and the laws every model keeps.

use proptest::prelude::*;

use super::super::model::DecisionModel;
use super::*;

const VOTING: Occasion = Occasion::Voting { final_votes: true };

fn rule(json: &str) -> Rule {
    serde_json::from_str::<DecisionModel>(json).expect("model").rule
}

/// `A`, `R`, `S`, `U` by humans; lower case by agents; a digit before it is the weight.
fn ballots(text: &str) -> Vec<Ballot> {
    text.split_whitespace()
        .map(|word| {
            let (weight, letter) = word.split_at(word.len() - 1);
            let choice = match letter.to_ascii_uppercase().as_str() {
                "A" => Some(Choice::Approve),
                "R" => Some(Choice::Reject),
                "S" => Some(Choice::Abstain),
                _ => None,
            };
            let human = letter.chars().all(char::is_uppercase);
            Ballot { choice, weight: weight.parse().unwrap_or(1), human }
        })
        .collect()
}

fn expect_all(model: &str, occasion: Occasion, human: bool, cases: &[(&str, Verdict)]) {
    for (votes, verdict) in cases {
        assert_eq!(decide(&rule(model), &ballots(votes), occasion, human), *verdict, "{model} with {votes}");
    }
}

#[test]
fn unilateral_the_first_approve_or_reject_decides_and_abstaining_passes() {
    use Verdict::{Approved, Deadlocked, Open, Rejected};
    let cases = [("U U", Open), ("A U", Approved), ("R U", Rejected), ("S U", Open), ("S A", Approved), ("S S", Deadlocked)];
    expect_all(r#"{"model_type":"unilateral"}"#, VOTING, false, &cases);
}

#[test]
fn threshold_needs_k_approvals_and_ends_when_they_are_out_of_reach() {
    use Verdict::{Approved, Deadlocked, Open, Rejected};
    let cases = [
        ("A U U", Open),
        ("A A U", Approved),
        ("R U U", Open),
        ("R R U", Rejected),
        ("R S U", Rejected),
        ("S S U", Deadlocked),
        ("A S S", Deadlocked),
        ("A R S", Rejected),
        ("A R U", Open),
    ];
    expect_all(r#"{"model_type":"threshold","threshold":2}"#, VOTING, false, &cases);
}

#[test]
fn majority_counts_what_may_still_come_against_it_and_never_approves_a_tie() {
    use Verdict::{Approved, Deadlocked, Open, Rejected};
    let cases = [
        ("A A U U", Open),
        ("A A A U", Approved),
        ("R R R U", Rejected),
        ("A A R R", Deadlocked),
        ("A S S S", Approved),
        ("S S S S", Deadlocked),
        ("A U S S", Open),
        ("R R A U", Open),
    ];
    expect_all(r#"{"model_type":"majority"}"#, VOTING, false, &cases);
    let whole = r#"{"model_type":"majority","quorum":1}"#;
    expect_all(whole, VOTING, false, &[("A A A U", Open), ("A A A S", Approved), ("R R R U", Rejected)]);
}

#[test]
fn weighted_compares_weights_exactly() {
    use Verdict::{Approved, Deadlocked, Open, Rejected};
    let half = r#"{"model_type":"weighted","weights":"reputation"}"#;
    let cases =
        [("3A 1U 1U", Approved), ("2A 1U 1U", Open), ("2A 2R", Deadlocked), ("1A 3R 1U", Rejected), ("1S 1S", Deadlocked)];
    expect_all(half, VOTING, false, &cases);
    let two_thirds = r#"{"model_type":"weighted","weights":{"executor":1},"approval_ratio":0.75,"quorum":1}"#;
    expect_all(two_thirds, VOTING, false, &[("3A 1R", Deadlocked), ("4A 1R", Approved), ("4A 1U", Open), ("2A 1R", Rejected)]);
}

#[test]
fn consensus_is_everyone_and_an_objection_leaves_it_to_the_fallback() {
    use Verdict::{Approved, Deadlocked, Open, Rejected};
    let alone = r#"{"model_type":"consensus"}"#;
    expect_all(
        alone,
        VOTING,
        false,
        &[("A A U", Open), ("A A A", Approved), ("A S S", Approved), ("S S", Deadlocked), ("A R", Rejected)],
    );
    let falling = r#"{"model_type":"consensus","fallback_model":"majority"}"#;
    expect_all(falling, VOTING, false, &[("R A U", Open), ("R A A", Approved), ("R A", Deadlocked), ("R R A", Rejected)]);
}

#[test]
fn at_the_deadline_the_votes_cast_decide_where_the_model_says_so() {
    use Verdict::{Approved, Deadlocked, Rejected, Undecided};
    let deadline = Occasion::Deadline;
    expect_all(r#"{"model_type":"unilateral"}"#, deadline, false, &[("U U", Undecided), ("S U", Undecided)]);
    expect_all(r#"{"model_type":"threshold","threshold":2}"#, deadline, false, &[("A U U", Undecided), ("R U U", Undecided)]);
    let majority = [("A A U U", Approved), ("A U U U", Undecided), ("A R U U", Deadlocked), ("R R A U", Rejected)];
    expect_all(r#"{"model_type":"majority"}"#, deadline, false, &majority);
    let weighted = [("3A 1R 4U", Approved), ("3A 9U", Undecided), ("2R 1A 1U", Rejected)];
    expect_all(r#"{"model_type":"weighted","weights":"reputation"}"#, deadline, false, &weighted);
    expect_all(r#"{"model_type":"consensus"}"#, deadline, false, &[("A A U", Undecided)]);
    let falling = r#"{"model_type":"consensus","fallback_model":"threshold","threshold":2}"#;
    expect_all(falling, deadline, false, &[("A A U", Approved), ("A R U", Undecided)]);
}

#[test]
fn what_stands_by_the_row_of_the_model_stands_at_the_deadline() {
    use Verdict::{Approved, Deadlocked, Rejected, Undecided};
    let deadline = Occasion::Deadline;
    let two = r#"{"model_type":"threshold","threshold":2}"#;
    expect_all(two, deadline, false, &[("R R U", Rejected), ("R S U", Rejected), ("S S U", Deadlocked), ("S U U", Undecided)]);
    let whole = r#"{"model_type":"majority","quorum":1}"#;
    expect_all(whole, deadline, false, &[("R R R U", Rejected), ("R R U U", Undecided), ("A A A U", Undecided)]);
    let weighted = r#"{"model_type":"weighted","weights":"reputation","quorum":1}"#;
    expect_all(weighted, deadline, false, &[("3R 1A 1U", Rejected), ("1R 1A 2U", Undecided)]);
    let falling = r#"{"model_type":"consensus","fallback_model":"majority"}"#;
    expect_all(falling, deadline, false, &[("R R A U", Rejected), ("A A R U", Approved)]);
}

#[test]
fn where_no_human_is_left_to_approve_it_is_a_deadlock_at_once() {
    use Verdict::{Deadlocked, Open, Rejected};
    let majority = r#"{"model_type":"majority"}"#;
    expect_all(
        majority,
        VOTING,
        true,
        &[("S a a u", Deadlocked), ("R a a u", Deadlocked), ("R a u", Open), ("R r a a u", Open)],
    );
    expect_all(majority, VOTING, true, &[("R a a a u", Deadlocked), ("R r r a u", Rejected), ("S a a U", Open)]);
    let weighted = r#"{"model_type":"weighted","weights":"reputation"}"#;
    expect_all(weighted, VOTING, true, &[("S 3a 1u", Deadlocked), ("S 3a 4u", Open), ("S 3a 1U", Open)]);
}

#[test]
fn where_a_human_must_approve_agents_alone_do_not() {
    use Verdict::{Approved, Deadlocked, Open, Rejected};
    expect_all(
        r#"{"model_type":"unilateral"}"#,
        VOTING,
        true,
        &[("a U", Open), ("a A", Approved), ("a a", Deadlocked), ("a r", Rejected)],
    );
    let two = r#"{"model_type":"threshold","threshold":2}"#;
    expect_all(two, VOTING, true, &[("a a U", Open), ("a A u", Approved), ("a a u", Deadlocked), ("a a r", Rejected)]);
    expect_all(r#"{"model_type":"majority"}"#, VOTING, true, &[("a a U", Open), ("a a A", Approved), ("a a S", Deadlocked)]);
    expect_all(r#"{"model_type":"consensus"}"#, VOTING, true, &[("a a", Deadlocked), ("a A", Approved)]);
}

#[test]
fn an_empty_electorate_is_a_deadlock() {
    for model in [
        r#"{"model_type":"unilateral"}"#,
        r#"{"model_type":"threshold","threshold":1}"#,
        r#"{"model_type":"majority"}"#,
        r#"{"model_type":"weighted","weights":"reputation"}"#,
        r#"{"model_type":"consensus"}"#,
    ] {
        expect_all(model, VOTING, false, &[("", Verdict::Deadlocked)]);
    }
}

#[test]
fn where_votes_may_change_only_a_bar_already_reached_decides_early() {
    use Verdict::{Approved, Open, Rejected};
    let changing = Occasion::Voting { final_votes: false };
    expect_all(
        r#"{"model_type":"threshold","threshold":2}"#,
        changing,
        false,
        &[("R R U", Open), ("A A U", Approved), ("R R R", Rejected)],
    );
    expect_all(r#"{"model_type":"majority"}"#, changing, false, &[("A A U", Open), ("A A R", Approved)]);
}

fn any_rule() -> impl Strategy<Value = Rule> {
    let share = (1u32..=20).prop_map(|twentieths| {
        crate::amount::Share::parse(&format!("{}.{:02}", twentieths * 5 / 100, twentieths * 5 % 100)).expect("share")
    });
    let weighted = (share.clone(), share.clone()).prop_map(|(approval_ratio, quorum)| Rule::Weighted {
        weights: super::super::model::Weights::Named([("executor".to_owned(), 1)].into()),
        approval_ratio,
        quorum,
        max_share: None,
    });
    let simple = prop_oneof![
        (1u32..6).prop_map(|threshold| Rule::Threshold { threshold }),
        share.prop_map(|quorum| Rule::Majority { quorum }),
        weighted,
    ];
    prop_oneof![
        3 => simple.clone(),
        1 => Just(Rule::Consensus { fallback: None }),
        2 => simple.prop_map(|rule| Rule::Consensus { fallback: Some(Box::new(rule)) }),
    ]
}

fn cast_ballots() -> impl Strategy<Value = Vec<Ballot>> {
    let choice = prop_oneof![Just(Choice::Approve), Just(Choice::Reject), Just(Choice::Abstain)];
    let ballot =
        (choice, 1u64..6, any::<bool>()).prop_map(|(choice, weight, human)| Ballot { choice: Some(choice), weight, human });
    prop::collection::vec(ballot, 1..8)
}

fn after(ballots: &[Ballot], cast: usize) -> Vec<Ballot> {
    let seen = |(index, ballot): (usize, &Ballot)| if index < cast { *ballot } else { Ballot { choice: None, ..*ballot } };
    ballots.iter().enumerate().map(seen).collect()
}

proptest! {
    #[test]
    fn the_order_of_votes_does_not_matter(rule in any_rule(), votes in cast_ballots(), human: bool, turn in 0usize..8) {
        let mut turned = votes.clone();
        turned.rotate_left(turn % votes.len());
        prop_assert_eq!(decide(&rule, &votes, VOTING, human), decide(&rule, &turned, VOTING, human));
        turned.reverse();
        prop_assert_eq!(decide(&rule, &votes, VOTING, human), decide(&rule, &turned, VOTING, human));
    }

    /// One shade: a threshold out of reach without a rejection is a deadlock at once (SPEC D1), though a late rejection
    /// would have named it a rejection. Neither is an approval.
    #[test]
    fn an_early_decision_is_the_decision_after_all_votes(rule in any_rule(), votes in cast_ballots(), human: bool) {
        let last = decide(&rule, &votes, VOTING, human);
        for cast in 0..votes.len() {
            let early = decide(&rule, &after(&votes, cast), VOTING, human);
            let out_of_reach = early == Verdict::Deadlocked && last == Verdict::Rejected;
            prop_assert!(early == Verdict::Open || early == last || out_of_reach, "{rule:?} after {cast} of {votes:?}: {early:?}, then {last:?}");
        }
    }

    #[test]
    fn once_everyone_has_voted_it_is_decided(rule in any_rule(), votes in cast_ballots(), human: bool) {
        prop_assert_ne!(decide(&rule, &votes, VOTING, human), Verdict::Open);
    }

    #[test]
    fn an_open_vote_can_still_go_either_way(rule in any_rule(), votes in cast_ballots(), cast in 0usize..8) {
        let open = after(&votes, cast.min(votes.len()));
        if decide(&rule, &open, VOTING, false) == Verdict::Open {
            let outcome = |choice| {
                let all: Vec<Ballot> = open.iter().map(|b| Ballot { choice: b.choice.or(Some(choice)), ..*b }).collect();
                decide(&rule, &all, VOTING, false)
            };
            let ends: std::collections::BTreeSet<String> =
                [Choice::Approve, Choice::Reject, Choice::Abstain].map(|choice| format!("{:?}", outcome(choice))).into();
            let by_literal_rule = matches!(rule, Rule::Consensus { .. } | Rule::Majority { .. } | Rule::Weighted { .. });
            prop_assert!(ends.len() > 1 || by_literal_rule, "{rule:?} {open:?} is open but ends only in {ends:?}");
        }
    }
}
