//! Answers of language models, good and bad.

use proptest::prelude::*;
use serde_json::{Value, json};

use super::*;
use crate::gardener::prompt::tests::{candidate, question};

fn read(text: &str) -> Result<Advice, Unusable> {
    read_answer(text, &question())
}

fn code(answer: &Value) -> &'static str {
    read(&answer.to_string()).expect_err("a refusal").code()
}

#[test]
fn an_answer_may_name_candidates_raise_the_risk_and_ask_for_a_stricter_model() {
    let model = json!({"model_type": "threshold", "threshold": 3});
    let answer =
        json!({"reviewers": [candidate(3), candidate(1)], "risk_level": "high", "decision_model": model, "reason": "money"});
    let advice = read(&answer.to_string()).expect("advice");
    assert_eq!(advice.reviewers, [candidate(3), candidate(1)]);
    assert_eq!(advice.raised_risk, Some(Risk::High));
    let stricter = advice.stricter_model.expect("a model");
    assert_eq!(json!(stricter), json!({"model_type": "threshold", "threshold": 3, "timeout_hours": 24}), "the deadline stays");
}

#[test]
fn what_is_said_again_changes_nothing() {
    let same = json!({"model_type": "threshold", "threshold": 2});
    let answer = json!({"reviewers": [candidate(1)], "risk_level": "medium", "decision_model": same});
    let advice = read(&answer.to_string()).expect("advice");
    assert_eq!((advice.raised_risk, advice.stricter_model), (None, None));
}

#[test]
fn json_is_found_in_prose_and_in_code_fences() {
    let object = json!({"reviewers": [candidate(2)]}).to_string();
    for text in [
        object.clone(),
        format!("Here you are {{smiling}}:\n```json\n{object}\n```\nAll the best."),
        format!("  \n{object} // done {{"),
    ] {
        assert_eq!(read(&text).map(|advice| advice.reviewers), Ok(vec![candidate(2)]), "{text}");
    }
}

#[test]
fn what_is_no_one_answer_is_refused() {
    let object = json!({"reviewers": [candidate(2)], "decision_model": {"model_type": "consensus"}}).to_string();
    assert_eq!(read("I would take Ann.").map_err(|refused| refused.code()), Err("no_json"));
    assert_eq!(read("").map_err(|refused| refused.code()), Err("no_json"));
    assert_eq!(read(&format!("{object} or {object}")).map_err(|refused| refused.code()), Err("ambiguous_answer"));
    for cut in 1..object.len() {
        assert!(read(&object[..cut]).is_err(), "{}", &object[..cut]);
    }
}

#[test]
fn each_overreach_has_its_code() {
    let stranger = MemberId(uuid::Uuid::from_u128(999));
    let one = candidate(1);
    let cases = [
        (json!({"reviewers": []}), "no_reviewers"),
        (json!({"reviewers": [stranger]}), "not_a_candidate"),
        (json!({"reviewers": ["everyone"]}), "not_a_candidate"),
        (json!({"reviewers": [one, one]}), "duplicate_reviewer"),
        (json!({"reviewers": [one, one.to_string().to_uppercase()]}), "duplicate_reviewer"),
        (json!({"reviewers": [candidate(1), candidate(2), candidate(3)]}), "too_many_reviewers"),
        (json!({"reviewers": [one], "risk_level": "low"}), "lower_risk"),
        (json!({"reviewers": [one], "risk_level": "none"}), "unreadable_answer"),
        (json!({"reviewers": [one], "decision_model": {"model_type": "unilateral"}}), "laxer_model"),
        (json!({"reviewers": [one], "decision_model": {"model_type": "threshold", "threshold": 1}}), "laxer_model"),
        (
            json!({"reviewers": [one], "decision_model": {"model_type": "consensus", "fallback_model": "unilateral"}}),
            "laxer_model",
        ),
        (json!({"reviewers": [one], "decision_model": {"model_type": "threshold", "threshold": 5}}), "unattainable_model"),
        (json!({"reviewers": [one], "approve": true}), "unreadable_answer"),
        (json!({"reviewers": one}), "unreadable_answer"),
        (json!({}), "unreadable_answer"),
    ];
    for (answer, refusal) in cases {
        assert_eq!(code(&answer), refusal, "{answer}");
    }
    let twice = format!(r#"{{"reviewers": ["{one}"], "reviewers": ["{}"]}}"#, candidate(2));
    assert_eq!(read(&twice).map_err(|refused| refused.code()), Err("unreadable_answer"));
}

#[test]
fn a_model_that_approves_nothing_is_refused() {
    let weighted = |ratio: Value| json!({"model_type": "weighted", "weights": "reputation", "approval_ratio": ratio});
    let question = Question { decision_model: serde_json::from_value(weighted(json!(0.5))).expect("a model"), ..question() };
    let advised = |ratio: Value| {
        let answer = json!({"reviewers": [candidate(1)], "decision_model": weighted(ratio)});
        read_answer(&answer.to_string(), &question).map(|advice| advice.stricter_model.is_some())
    };
    assert_eq!(advised(json!(0.9)), Ok(true));
    assert_eq!(advised(json!(1)), Err(Unusable::UnapprovableModel));
}

#[test]
fn a_raised_risk_asks_for_as_many_as_it_calls_for() {
    let three = [candidate(1), candidate(2), candidate(3)];
    let answer = json!({"reviewers": three, "risk_level": "high"});
    assert_eq!(read(&answer.to_string()).map(|advice| advice.reviewers), Ok(three.to_vec()));
}

proptest! {
    #[test]
    fn whatever_is_said_only_tightens(
        named in proptest::collection::vec(0_u128..7, 0..6),
        risk in proptest::option::of(prop_oneof![Just("low"), Just("medium"), Just("high"), Just("critical")]),
        model in proptest::option::of(prop_oneof![
            Just(json!({"model_type": "unilateral"})),
            Just(json!({"model_type": "consensus"})),
            (1_u32..7).prop_map(|threshold| json!({"model_type": "threshold", "threshold": threshold})),
        ]),
        around in "[a-z `{}\\[\\]\"]{0,12}",
    ) {
        let question = question();
        let named: Vec<MemberId> = named.into_iter().map(candidate).collect();
        let answer = json!({"reviewers": named, "risk_level": risk, "decision_model": model});
        if let Ok(advice) = read_answer(&format!("{around}{answer}"), &question) {
            prop_assert!(advice.raised_risk.is_none_or(|raised| raised > question.risk_level));
            let stricter = |model: &DecisionModel| is_stricter_or_equal(model, &question.decision_model);
            prop_assert!(advice.stricter_model.as_ref().is_none_or(stricter));
            let distinct: BTreeSet<_> = advice.reviewers.iter().collect();
            prop_assert_eq!(distinct.len(), advice.reviewers.len());
            prop_assert!(!advice.reviewers.is_empty());
            let known = |id: &MemberId| question.candidates.iter().any(|candidate| candidate.member_id == *id);
            prop_assert!(advice.reviewers.iter().all(known));
        }
    }

    #[test]
    fn no_text_breaks_the_reader(text in "\\PC{0,200}") {
        prop_assert!(read(&text).is_err());
    }
}
