//! Refusals are problem documents with a stable code and the place of the fault (SPEC H2).

use reqwest::Method;
use serde_json::{Value, json};

use crate::harness::TestApp;
use crate::on_both;

on_both!(every_refusal_is_a_problem_document, async |app: TestApp| {
    let member = app.human("Mia", "member").await;
    let zone = app.owner.makes_zone(json!({"name": "Zone", "slug": "taken"})).await;
    let nowhere = "01890000-0000-7000-8000-000000000000";
    let raw = |text: &str| Some(text.as_bytes().to_vec());
    let post = Method::POST;
    let tag = [("if-match", "\"99\"")];
    let cases = [
        (app.owner.send(post.clone(), "/zones", &[], raw("{\"name\": ")).await, 400, "malformed"),
        (app.owner.get("/zones?limit=201").await, 400, "malformed"),
        (app.owner.get("/zones?limit=0").await, 400, "malformed"),
        (app.owner.get("/zones?cursor=made-up").await, 400, "malformed"),
        (app.owner.get("/zones?colour=red").await, 400, "malformed"),
        (app.owner.get(&format!("/zones/{zone}?as_of=yesterday")).await, 400, "malformed"),
        (
            app.owner.send(post.clone(), "/zones", &[("idempotency-key", "")], raw("{\"name\": \"New\"}")).await,
            400,
            "malformed",
        ),
        (app.stranger().get("/me").await, 401, "unauthenticated"),
        (app.owner.with_token("tz_wrong_secret").get("/me").await, 401, "unauthenticated"),
        (member.post("/zones", json!({"name": "New"})).await, 403, "forbidden"),
        (member.patch(&format!("/zones/{zone}"), json!({"name": "New"})).await, 403, "no_role"),
        (app.owner.get(&format!("/zones/{nowhere}")).await, 404, "not_found"),
        (app.owner.get("/zones/no-id").await, 404, "not_found"),
        (app.owner.get("/nowhere").await, 404, "not_found"),
        (app.owner.send(Method::PUT, "/zones", &[], raw("{}")).await, 405, "method_not_allowed"),
        (app.owner.post("/zones", json!({"name": "New", "slug": "taken"})).await, 409, "slug_taken"),
        (
            app.owner.send(Method::PATCH, &format!("/zones/{zone}"), &tag, raw("{\"name\": \"New\"}")).await,
            412,
            "stale_version",
        ),
        (app.owner.get("/zones?after=1000000").await, 412, "position_ahead"),
        (app.owner.send(post.clone(), "/zones", &[], raw("[]")).await, 422, "invalid"),
        (app.owner.post("/zones", json!({})).await, 422, "required"),
        (app.owner.post("/zones", json!({"name": ""})).await, 422, "invalid"),
        (app.owner.post("/zones", json!({"name": "a\u{0}b"})).await, 422, "invalid"),
        (app.owner.post("/members", json!({"kind": "human", "display_name": "X", "role": "king"})).await, 422, "invalid"),
        (
            app.owner.post("/members", json!({"kind": "human", "display_name": "X", "role": "member", "x": 1})).await,
            422,
            "unknown_key",
        ),
    ];
    for (reply, status, code) in cases {
        let problem = reply.expect_problem(status, code);
        assert_eq!(*problem.at("/type"), "about:blank", "{}", problem.body);
        assert_eq!(*problem.at("/status"), status, "{}", problem.body);
        assert!(!problem.text("/title").is_empty() && !problem.text("/detail").is_empty(), "{}", problem.body);
        assert!(!problem.header("x-request-id").is_empty(), "{}", problem.body);
        if status == 422 {
            let fault = problem.at("/errors/0");
            assert!(fault["pointer"].is_string() && fault["code"] == code && fault["message"].is_string(), "{fault}");
        }
        if status == 401 {
            assert_eq!(problem.header("www-authenticate"), "Bearer");
        }
    }
});

on_both!(values_that_no_type_admits_are_refused_with_their_place, async |app: TestApp| {
    let cases = [
        (json!({"resource_scope": {"budget_limit": "-1"}}), "/resource_scope/budget_limit"),
        (json!({"resource_scope": {"budget_limit": "1e999"}}), "/resource_scope/budget_limit"),
        (json!({"resource_scope": {"limits": {"tokens": -1}}}), "/resource_scope/limits/tokens"),
        (json!({"constraints": {"max_concurrent_tasks": 1.5}}), "/constraints/max_concurrent_tasks"),
        (json!({"constraints": {"max_concurrent_tasks": -1}}), "/constraints/max_concurrent_tasks"),
        (json!({"constraints": {"allowed_actions": "*"}}), "/constraints/allowed_actions"),
        (json!({"constraints": {"allowed_actions": ["no spaces"]}}), "/constraints/allowed_actions/0"),
        (json!({"constraints": {"valid_from": "soon"}}), "/constraints/valid_from"),
        (
            json!({"constraints": {"valid_from": "2026-02-01T00:00:00Z", "valid_until": "2026-02-01T00:00:00Z"}}),
            "/constraints/valid_until",
        ),
        (json!({"decision_model": {"model_type": "oracle"}}), "/decision_model/model_type"),
        (json!({"decision_model": {"model_type": "threshold", "threshold": 0}}), "/decision_model/threshold"),
        (json!({"decision_model": {"model_type": "threshold", "threshold": -1}}), "/decision_model/threshold"),
        (json!({"decision_model": {"model_type": "threshold"}}), "/decision_model/threshold"),
        (json!({"decision_model": {"model_type": "majority", "quorum": 0}}), "/decision_model/quorum"),
        (json!({"decision_model": {"model_type": "majority", "quorum": 1.01}}), "/decision_model/quorum"),
        (json!({"decision_model": {"model_type": "majority", "threshold": 2}}), "/decision_model/threshold"),
        (json!({"decision_model": {"model_type": "weighted", "weights": {"owner": 0}}}), "/decision_model/weights"),
        (json!({"decision_model": {"model_type": "weighted", "weights": {"owner": -5}}}), "/decision_model/weights/owner"),
        (json!({"decision_model": {"model_type": "weighted", "weights": "rep"}}), "/decision_model/weights"),
        (json!({"decision_model": "unilateral"}), "/decision_model"),
        (
            json!({"decision_model": {"model_type": "consensus", "fallback_model": "consensus"}}),
            "/decision_model/fallback_model",
        ),
        (json!({"decision_model": {"model_type": "unilateral", "timeout_hours": 0}}), "/decision_model/timeout_hours"),
        (json!({"incentive_model": {"positive_threshold": 0.3}}), "/incentive_model/neutral_threshold"),
        (json!({"approval_policy": {"reviewer_selection": "static"}}), "/approval_policy/static_reviewers"),
        (json!({"approval_policy": {"auto_approve": {"below": "-5"}}}), "/approval_policy/auto_approve/below"),
        (json!({"sealed": ["everything"]}), "/sealed/0"),
        (
            json!({"constraints": {"rate_limits": [{"action": "proposal.create", "max": 1, "per_seconds": 60}]}}),
            "/constraints/rate_limits/0/action",
        ),
        (
            json!({"constraints": {"approval_required_actions": ["work.do", "zone.*"]}}),
            "/constraints/approval_required_actions/1",
        ),
        (json!({"slug": "Not A Slug"}), "/slug"),
    ];
    for (keys, pointer) in cases {
        let mut zone = keys.as_object().expect("keys").clone();
        zone.insert("name".to_owned(), json!("Zone"));
        let refused = app.owner.post("/zones", Value::Object(zone)).await.expect(422);
        assert_eq!(refused.text("/errors/0/pointer"), pointer, "{keys}: {}", refused.body);
    }
    assert!(app.owner.get("/zones").await.expect(200).items().is_empty(), "nothing was made");
});

on_both!(a_request_id_is_kept_or_made_and_ties_events_together, async |app: TestApp| {
    let id = "0189a5b6-7c8d-7e9f-8a0b-1c2d3e4f5a6b";
    let made = app.owner.post_with("/zones", json!({"name": "Zone"}), &[("x-request-id", id)]).await.expect(201);
    assert_eq!(made.header("x-request-id"), id);
    let found = app.owner.get(&format!("/audit?correlation_id={id}")).await.expect(200);
    assert_eq!(found.items().len(), 1);
    assert_eq!(found.text("/items/0/type"), "zone.created");
    let other = app.owner.get("/me").await.expect(200);
    assert_ne!(other.header("x-request-id"), id);
});

on_both!(a_moment_beyond_four_digits_of_years_is_refused_however_it_is_written, async |app: TestApp| {
    let zone = app.owner.makes_zone(json!({"name": "Zone"})).await;
    for moment in [
        "+10000-01-01T00:00:00Z",
        "-0001-01-01T00:00:00Z",
        "9999-12-31T23:59:59-05:00",
        " 9999-12-31T23:59:59-05:00",
        "0000-01-01T00:00:00+01:00",
    ] {
        let expiring = json!({"zone_id": zone, "type": "task_execution", "title": "Work", "payload": {"action": "work.do"}, "expires_at": moment});
        let refused = app.owner.post("/proposals", expiring).await.expect(422);
        assert_eq!(refused.text("/errors/0/pointer"), "/expires_at", "{moment}");
        let bounded = json!({"constraints": {"valid_until": moment}});
        let refused = app.owner.patch(&format!("/zones/{zone}"), bounded).await.expect(422);
        assert_eq!(refused.text("/errors/0/pointer"), "/constraints/valid_until", "{moment}");
    }
    let last = json!({"constraints": {"valid_until": "9999-12-31T23:59:59Z"}});
    app.owner.patch(&format!("/zones/{zone}"), last).await.expect(200);
});
