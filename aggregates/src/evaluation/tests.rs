//! Scores and what is made of them.

use proptest::prelude::*;
use serde_json::json;

use super::*;
use crate::Decider;
use crate::amount::Quantity;
use crate::ids::{EvaluationId, MemberId, ProposalId, ZoneId};
use crate::organization::Signal;
use crate::policy::IncentiveModel;
use crate::text::{Label, Prose};

fn now() -> crate::Moment {
    "2026-01-05T10:00:00Z".parse().expect("a moment")
}

fn member(number: u128) -> MemberId {
    uuid::Uuid::from_u128(number).into()
}

fn opened(criteria: serde_json::Value, evaluators_required: u32) -> State {
    let terms = Terms {
        criteria: serde_json::from_value(criteria).expect("criteria"),
        evaluators_required,
        incentives: IncentiveModel::default(),
    };
    Evaluation::replay([&Event::Opened(Box::new(Opened {
        evaluation_id: EvaluationId(uuid::Uuid::from_u128(1)),
        proposal_id: ProposalId(uuid::Uuid::from_u128(2)),
        zone_id: ZoneId(uuid::Uuid::from_u128(3)),
        executor_id: member(4),
        terms,
        opened_by: None,
        opened_at: now(),
    }))])
}

fn scores(state: &mut State, evaluator: u128, criterion: &str, score: &str) -> Result<usize, Rejection> {
    let score = Score::try_from(Quantity::parse(score).expect("a number")).expect("a score");
    let criterion = Label::parse(criterion).expect("a label");
    let rationale = Prose::parse("so").expect("words");
    let events =
        Evaluation::decide(state, Command::Score { evaluator_id: member(evaluator), criterion, score, rationale, now: now() })?;
    for event in &events {
        Evaluation::evolve(state, event);
    }
    Ok(events.len())
}

fn finalized(state: &State) -> Result<(String, Signal), Rejection> {
    let events = Evaluation::decide(state, Command::Finalize { now: now() })?;
    match &events[..] {
        [Event::Completed { score, signal, .. }] => Ok((score.to_string(), *signal)),
        other => panic!("{other:?}"),
    }
}

#[test]
fn a_weighted_mean_is_exact_to_three_decimals() {
    let criteria = json!([{"name": "a", "type": "human", "weight": 2}, {"name": "b", "type": "human", "weight": 1}]);
    for (a, b, expected, signal) in [
        (["1", "1", "1"], ["1", "1", "1"], "1", Signal::Positive),
        (["0.7", "0.8", "0.8"], ["0.5", "0.5", "0.5"], "0.678", Signal::Neutral),
        (["0.0005", "0.0005", "0.0005"], ["0.0005", "0.0005", "0.0005"], "0.001", Signal::Negative),
        (["0.000499999", "0.000499999", "0.000499999"], ["0.0005", "0.0005", "0.0005"], "0", Signal::Negative),
        (["0.8", "0.8", "0.8"], ["0.8", "0.8", "0.8"], "0.8", Signal::Positive),
        (["0.4", "0.4", "0.4"], ["0.4", "0.4", "0.4"], "0.4", Signal::Neutral),
    ] {
        let mut state = opened(criteria.clone(), 3);
        for evaluator in 0..3 {
            scores(&mut state, 10 + evaluator as u128, "a", a[evaluator]).expect("a score");
            scores(&mut state, 10 + evaluator as u128, "b", b[evaluator]).expect("a score");
        }
        assert_eq!(finalized(&state), Ok((expected.to_owned(), signal)), "{a:?} {b:?}");
    }
}

#[test]
fn no_weight_and_no_number_of_scores_is_too_large_to_be_exact() {
    // The numbers of scores have no small common multiple, and the weights are the largest there are.
    let counts = [16_u128, 9, 5, 7, 11, 13, 17, 19, 23];
    let criterion = |index: usize| json!({"name": format!("c{index}"), "type": "human", "weight": "1000000000000000"});
    let mut state = opened((0..counts.len()).map(criterion).collect(), 1);
    for (index, count) in counts.into_iter().enumerate() {
        for evaluator in 0..count {
            let score = if evaluator == 0 { "0.999999999" } else { "0.333333333" };
            scores(&mut state, 100 + evaluator, &format!("c{index}"), score).expect("a score");
        }
    }
    // A third, and two thirds of the mean of 1/16, 1/9, 1/5, 1/7, 1/11, 1/13, 1/17, 1/19, 1/23.
    assert_eq!(finalized(&state), Ok(("0.395".to_owned(), Signal::Negative)));
}

#[test]
fn it_needs_every_criterion_and_everyone_who_is_asked_for() {
    let criteria =
        json!([{"name": "a", "type": "human"}, {"name": "late", "type": "automated_check", "config": {"check": "on_time"}}]);
    let mut state = opened(criteria, 2);
    scores(&mut state, 10, "a", "0.5").expect("a score");
    assert_eq!(scores(&mut state, 10, "a", "0.5"), Ok(0), "the same again is nothing");
    assert!(matches!(scores(&mut state, 10, "a", "0.6"), Err(Rejection::AlreadyScored(_))));
    assert!(matches!(scores(&mut state, 10, "zzz", "0.6"), Err(Rejection::NoSuchCriterion(_))));
    assert!(matches!(scores(&mut state, 10, "late", "0.6"), Err(Rejection::ScoredBySystem(_))));
    assert_eq!(finalized(&state), Err(Rejection::Incomplete("1 more of `a`, 2 more of `late`".to_owned())));
    scores(&mut state, 11, "a", "0.5").expect("a score");
    let criterion = Label::parse("late").expect("a label");
    let check = super::check(state.criterion(&criterion).expect("a criterion"), &Record::default());
    assert_eq!(check.clone().expect_err("no score").code, "not_approved");
    for event in Evaluation::decide(&state, Command::RecordCheck { criterion, check, now: now() }).expect("on record") {
        Evaluation::evolve(&mut state, &event);
    }
    scores(&mut state, 10, "late", "1").expect("what the system cannot score is left to people");
    scores(&mut state, 11, "late", "1").expect("a score");
    assert_eq!(finalized(&state), Ok(("0.75".to_owned(), Signal::Neutral)));
}

#[test]
fn the_usual_magnitudes_are_those_of_the_rule() {
    let signal = |score: &str| {
        let score = Score::try_from(Quantity::parse(score).expect("a number")).expect("a score");
        let (signal, magnitude) = super::result::signal_of(score, &IncentiveModel::default());
        (signal, magnitude.to_string())
    };
    assert_eq!(signal("1"), (Signal::Positive, "1.5".to_owned()));
    assert_eq!(signal("0.8"), (Signal::Positive, "1.2".to_owned()));
    assert_eq!(signal("0.799"), (Signal::Neutral, "0".to_owned()));
    assert_eq!(signal("0.399"), (Signal::Negative, "0.601".to_owned()));
    assert_eq!(signal("0"), (Signal::Negative, "1".to_owned()));
}

proptest! {
    #[test]
    fn the_order_of_scores_does_not_matter_and_the_mean_lies_between_them(
        given in proptest::collection::vec((0_u32..=1000, 0_u32..=1000), 1..6),
        weights in (1_u32..100, 1_u32..100),
    ) {
        let criteria = json!([{"name": "a", "type": "human", "weight": weights.0}, {"name": "b", "type": "human", "weight": weights.1}]);
        let required = u32::try_from(given.len()).expect("few");
        let run = |order: Vec<usize>| {
            let mut state = opened(criteria.clone(), required);
            for index in order {
                let (a, b) = given[index];
                scores(&mut state, 100 + index as u128, "a", &Quantity::of_thousandths(a).to_string()).expect("a score");
                scores(&mut state, 100 + index as u128, "b", &Quantity::of_thousandths(b).to_string()).expect("a score");
            }
            finalized(&state).expect("complete")
        };
        let forward = run((0..given.len()).collect());
        prop_assert_eq!(&forward, &run((0..given.len()).rev().collect()));
        let all = given.iter().flat_map(|(a, b)| [*a, *b]);
        let score = Quantity::parse(&forward.0).expect("a number");
        prop_assert!(score >= Quantity::of_thousandths(all.clone().min().expect("some")));
        prop_assert!(score <= Quantity::of_thousandths(all.max().expect("some")));
    }
}

#[test]
fn whoever_scores_meanwhile_does_not_leave_the_model_waiting_for_ever() {
    let mut state = opened(json!([{"name": "clear", "type": "llm_review", "config": {"rubric": "Is it clear?"}}]), 1);
    let clear = Label::parse("clear").expect("a label");
    let decide = |state: &mut State, command: Command| {
        let events = Evaluation::decide(state, command).expect("a decision");
        for event in &events {
            Evaluation::evolve(state, event);
        }
        events
    };
    let request = || Command::RequestReviews { due_at: now(), now: now() };
    let answered = |check: Check| Command::RecordReviews {
        checks: [(clear.clone(), check)].into_iter().collect(),
        consultation: None,
        now: now(),
    };
    decide(&mut state, request());
    decide(&mut state, answered(Err(unanswered("timeout"))));
    decide(&mut state, request());
    assert_eq!(scores(&mut state, 10, "clear", "0.5"), Ok(1), "it could not be scored before: people may");
    let last = decide(&mut state, answered(Err(unanswered("timeout"))));
    assert!(matches!(last[..], [.., Event::Reviewed { .. }]), "the wait has an end: {last:?}");
    assert!(state.asked.is_empty());
}
