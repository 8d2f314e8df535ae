//! Asking a language model: what is sent, and what comes of replies that are late, broken, cut short or refused.

use std::time::{Duration, Instant};

use serde_json::json;

use super::server::{Model, Says};
use super::{PATIENT, PROVIDERS, candidate, gardener, question};

fn naming(numbers: &[u128]) -> String {
    let ids: Vec<_> = numbers.iter().map(|number| candidate(*number)).collect();
    json!({"reviewers": ids, "reason": "skills"}).to_string()
}

/// The code of the failure after `says`, by each interface, and how often was asked.
async fn codes(says: &[Says], timeout: Duration) -> Vec<(&'static str, usize)> {
    let mut codes = Vec::new();
    for provider in PROVIDERS {
        let model = Model::saying(says.to_vec()).await;
        let choice = gardener(&model, provider, timeout).ask(&question(""), PATIENT).await;
        assert_eq!(choice.consultation.provider, provider);
        codes.push((choice.advice.expect_err("a failure"), model.asked().len()));
    }
    codes
}

#[tokio::test]
async fn a_good_answer_is_taken_and_everything_about_it_is_on_record() {
    for provider in PROVIDERS {
        let model = Model::saying([Says::Words(naming(&[4, 2]))]).await;
        let asked = question("");
        let choice = gardener(&model, provider, PATIENT).ask(&asked, PATIENT).await;
        assert_eq!(choice.advice.expect("advice").reviewers, [candidate(4), candidate(2)]);
        let record = choice.consultation;
        assert_eq!((record.provider.as_str(), record.model.as_str()), (provider, "some-model"));
        assert_eq!(record.prompt_sha256, aggregates::gardener::prompt(&asked).sha256());
        assert_eq!(record.answer, Some(naming(&[4, 2])));
        assert!(record.latency_ms < 20_000);
    }
}

#[tokio::test]
async fn json_in_prose_and_fences_is_an_answer_too() {
    for provider in PROVIDERS {
        let words = format!("I weighed {{everything}}.\n```json\n{}\n```\nRegards", naming(&[1]));
        let model = Model::saying([Says::Words(words)]).await;
        let choice = gardener(&model, provider, PATIENT).ask(&question(""), PATIENT).await;
        assert_eq!(choice.advice.expect("advice").reviewers, [candidate(1)]);
    }
}

#[tokio::test]
async fn whoever_says_nothing_is_not_waited_for() {
    let begun = Instant::now();
    let codes = codes(&[Says::Nothing], Duration::from_millis(60)).await;
    assert_eq!(codes, [("timeout", 1), ("timeout", 1)]);
    assert!(begun.elapsed() < Duration::from_secs(10), "{:?}", begun.elapsed());
}

#[tokio::test]
async fn a_provider_that_is_busy_or_broken_is_asked_once_more() {
    for busy in
        [Says::Status(429, Some("0")), Says::Status(429, Some("0")), Says::Status(503, Some("0")), Says::Status(529, None)]
    {
        for provider in PROVIDERS {
            let model = Model::saying([busy.clone(), Says::Words(naming(&[3]))]).await;
            let choice = gardener(&model, provider, PATIENT).ask(&question(""), PATIENT).await;
            assert_eq!(choice.advice.expect("advice").reviewers, [candidate(3)]);
            assert_eq!(model.asked().len(), 2);
        }
    }
    assert_eq!(codes(&[Says::Status(429, Some("0"))], PATIENT).await, [("rate_limited", 2); 2]);
    assert_eq!(codes(&[Says::Status(500, Some("0"))], PATIENT).await, [("provider_failed", 2); 2]);
}

#[tokio::test]
async fn a_wait_that_does_not_fit_is_not_waited() {
    let begun = Instant::now();
    for wait in ["30", "Wed, 21 Oct 2026 07:28:00 GMT"] {
        assert_eq!(codes(&[Says::Status(429, Some(wait))], Duration::from_secs(15)).await, [("rate_limited", 1); 2]);
    }
    assert!(begun.elapsed() < Duration::from_secs(15));
}

#[tokio::test]
async fn a_refused_request_is_not_repeated_and_nobody_else_is_asked() {
    assert_eq!(codes(&[Says::Status(401, None)], PATIENT).await, [("provider_refused", 1); 2]);
    assert_eq!(codes(&[Says::Status(307, None)], PATIENT).await, [("redirected", 1); 2]);
}

#[tokio::test]
async fn a_server_that_does_not_know_response_format_is_asked_without() {
    let model = Model::saying([Says::OnlyPlainly(naming(&[5]))]).await;
    let choice = gardener(&model, "openai", PATIENT).ask(&question(""), PATIENT).await;
    assert_eq!(choice.advice.expect("advice").reviewers, [candidate(5)]);
    let asked = model.asked();
    assert_eq!(asked[0].body["response_format"]["type"], "json_object");
    assert_eq!((asked.len(), asked[1].body.get("response_format")), (2, None));
}

#[tokio::test]
async fn broken_replies_are_of_no_use() {
    let whole = naming(&[1]);
    let cases = [
        (Says::Words(whole[..whole.len() - 20].to_owned()), "no_json"),
        (Says::CutShort(whole[..30].to_owned()), "cut_short"),
        (Says::CutShort(whole.clone()), "cut_short"),
        (Says::Raw("{\"content\": [{\"type\": \"te".to_owned()), "unreadable_reply"),
        (Says::Raw("<html>busy</html>".to_owned()), "unreadable_reply"),
        (Says::Raw(String::new()), "unreadable_reply"),
        (Says::Raw("{\"choices\": [], \"content\": 5}".to_owned()), "unreadable_reply"),
        (Says::Raw(" ".repeat(300_000)), "reply_too_large"),
        (Says::Words("I would ask Ann.".to_owned()), "no_json"),
        (Says::Words(String::new()), "no_json"),
    ];
    for (says, code) in cases {
        assert_eq!(codes(&[says], PATIENT).await, [(code, 1); 2]);
    }
}

#[tokio::test]
async fn nobody_there_is_a_failure_like_any_other() {
    for provider in PROVIDERS {
        let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.expect("a listener");
        let address = listener.local_addr().expect("an address");
        drop(listener);
        let model = Model::saying([Says::Nothing]).await;
        let mut flags = model.flags(provider);
        flags[3] = format!("http://{address}");
        let settings = <super::Flags as clap::Parser>::parse_from(["test".to_owned()].into_iter().chain(flags)).settings;
        let endpoint = settings.endpoint().expect("settings").expect("an endpoint");
        let alone = trust_zones::gardener::Gardener::new(endpoint, PATIENT);
        assert_eq!(alone.ask(&question(""), PATIENT).await.advice, Err("unreachable"));
    }
}

#[tokio::test]
async fn a_very_long_answer_is_kept_in_part() {
    for provider in PROVIDERS {
        let words = format!("{}{}", "é".repeat(9_000), naming(&[2]));
        let model = Model::saying([Says::Words(words)]).await;
        let choice = gardener(&model, provider, PATIENT).ask(&question(""), PATIENT).await;
        assert_eq!(choice.advice.expect("advice").reviewers, [candidate(2)], "all of it is read");
        assert_eq!(choice.consultation.answer.map(|kept| kept.chars().count()), Some(4_000));
    }
}
