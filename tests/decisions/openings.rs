//! What a proposal opens with, and what is not opened (SPEC P1, P4, P9, P11).

use serde_json::{Value, json};

use super::{People, allocation, council, membership_change, standing, work, zone_change};
use crate::harness::TestApp;
use crate::on_both;

on_both!(a_proposer_may_choose_only_a_stricter_model, async |app: TestApp| {
    let people = People::of(&app).await;
    let threshold = |number: u32| json!({"model_type": "threshold", "threshold": number});
    let majority = |quorum: f64| json!({"model_type": "majority", "quorum": quorum});
    let consensus = json!({"model_type": "consensus"});
    let with_fallback = |number: u32| json!({"model_type": "consensus", "fallback_model": "threshold", "threshold": number});
    let unilateral = json!({"model_type": "unilateral"});
    let cases: Vec<(Value, Value, bool)> = vec![
        (threshold(2), threshold(2), false),
        (threshold(2), threshold(3), true),
        (threshold(2), threshold(1), false),
        (threshold(2), unilateral.clone(), false),
        (threshold(2), majority(1.0), false),
        (threshold(2), consensus.clone(), true),
        (threshold(2), with_fallback(2), true),
        (threshold(2), with_fallback(1), false),
        (majority(0.5), majority(0.75), true),
        (majority(0.5), majority(0.25), false),
        (unilateral.clone(), consensus.clone(), true),
        (unilateral.clone(), unilateral.clone(), false),
        (consensus.clone(), consensus.clone(), true),
        (unilateral.clone(), threshold(3), false),
        (consensus.clone(), unilateral, false),
        (consensus, threshold(3), false),
    ];
    for (zones, chosen, admitted) in cases {
        let zone = council(&app, &people.first(3), json!({"decision_model": zones})).await;
        let mut body = work(&zone, &json!({}));
        body["decision_model"] = chosen.clone();
        let answer = app.owner.post("/proposals", body).await;
        if admitted {
            assert_eq!(answer.expect(201).text("/decision_model/model_type"), chosen["model_type"], "{zones}, {chosen}");
        } else {
            let refused = answer.expect_problem(422, "not_stricter");
            assert_eq!(refused.text("/errors/0/pointer"), "/decision_model", "{zones}, {chosen}");
        }
    }
});

on_both!(a_stricter_model_decides, async |app: TestApp| {
    let people = People::of(&app).await;
    let zone = council(&app, &people.first(2), json!({"decision_model": {"model_type": "unilateral"}})).await;
    let mut body = work(&zone, &json!({}));
    body["decision_model"] = json!({"model_type": "consensus"});
    let proposal = app.owner.post("/proposals", body).await.expect(201).id();
    let first = people.ann.votes(&proposal, "approve").await.expect(200);
    assert_eq!(first.text("/status"), "pending_review", "one approval is not everyone's");
    assert_eq!(people.bob.votes(&proposal, "approve").await.expect(200).text("/status"), "approved");
});

on_both!(what_has_expired_when_it_opens_is_refused, async |app: TestApp| {
    let ann = app.human("Ann", "member").await;
    let zone = council(&app, &[&ann], json!({})).await;
    for (moment, admitted) in [
        ("2026-01-05T09:59:59Z", false),
        ("2026-01-05T10:00:00Z", false),
        ("2026-01-05T11:00:00+01:00", false),
        ("2026-01-05T10:00:01Z", true),
    ] {
        let mut body = work(&zone, &json!({}));
        body["expires_at"] = json!(moment);
        let answer = app.owner.post("/proposals", body).await;
        if admitted {
            answer.expect(201);
        } else {
            assert_eq!(answer.expect_problem(422, "expires_in_the_past").text("/errors/0/pointer"), "/expires_at");
        }
    }
});

on_both!(after_its_expiry_nobody_votes, async |app: TestApp| {
    let ann = app.human("Ann", "member").await;
    let zone = council(&app, &[&ann], json!({})).await;
    let mut body = work(&zone, &json!({}));
    body["expires_at"] = json!("2026-01-05T10:01:00Z");
    let proposal = app.owner.post("/proposals", body).await.expect(201).id();
    app.clock.advance(chrono::Duration::seconds(60));
    let late = ann.votes(&proposal, "approve").await.expect(409);
    assert!(["deadline_passed", "not_pending"].contains(&late.text("/code").as_str()), "{}", late.body);
    assert_ne!(standing(&ann, &proposal).await.text("/status"), "approved");
});

on_both!(what_needs_no_reviewers_is_executed_like_any_other_approval, async |app: TestApp| {
    let (ann, bob) = (app.human("Ann", "member").await, app.human("Bob", "member").await);
    let auto = json!({"auto_approve": {"types": ["task_execution"], "below": "10"}});
    let zone = json!({"resource_scope": {"budget_limit": "100"}, "approval_policy": auto});
    let zone = council(&app, &[&ann], zone).await;
    let cases = [
        (work(&zone, &json!({})), true),
        (work(&zone, &json!({"amount": "80"})), false),
        (work(&zone, &json!({"amount": "79"})), true),
        (allocation(&zone, "9.999999999"), true),
        (allocation(&zone, "10"), false),
        (membership_change(&zone, "add", &bob, "executor"), false),
        (zone_change(&zone, &json!({"description": "Another"})), false),
    ];
    let mut granted = 0;
    for (body, automatic) in cases {
        let opened = app.owner.post("/proposals", body.clone()).await.expect(201);
        if automatic {
            granted += 1;
            assert_eq!(opened.text("/status"), "approved", "{body}");
            assert_eq!(opened.text("/resolution/reason"), "auto_approved", "{body}");
            assert_eq!(opened.text("/execution/status"), "succeeded", "{body}");
            assert_eq!(*opened.at("/electorate"), json!([]), "nobody was asked: {body}");
        } else {
            assert_eq!(opened.text("/status"), "pending_review", "{body}");
        }
        assert_eq!(app.owner.get("/grants").await.expect(200).items().len(), granted, "{body}");
    }
    app.owner.post("/proposals", allocation(&zone, "-1")).await.expect(422);
    let mut asked = work(&zone, &json!({}));
    asked["decision_model"] = json!({"model_type": "consensus"});
    let asked = app.owner.post("/proposals", asked).await.expect(201);
    assert_eq!(asked.text("/status"), "pending_review", "whoever asks for consensus is not approved without anybody");
});

on_both!(nothing_critical_is_approved_automatically, async |app: TestApp| {
    let ann = app.human("Ann", "member").await;
    let auto = json!({"auto_approve": {"types": ["resource_allocation"], "below": "1000"}});
    let zone = council(&app, &[&ann], json!({"resource_scope": {"budget_limit": "100"}, "approval_policy": auto})).await;
    let critical = app.owner.post("/proposals", allocation(&zone, "80")).await.expect(201);
    assert_eq!((critical.text("/risk_level").as_str(), critical.text("/status").as_str()), ("critical", "pending_review"));
    let high = app.owner.post("/proposals", allocation(&zone, "79")).await.expect(201);
    assert_eq!((high.text("/risk_level").as_str(), high.text("/status").as_str()), ("high", "approved"));
});

on_both!(what_could_not_be_executed_now_is_refused_with_the_reason, async |app: TestApp| {
    let ann = app.human("Ann", "member").await;
    let zone = json!({
        "constraints": {"blocked_actions": ["work.harm"], "allowed_actions": ["work.*"], "valid_until": "2026-02-01T00:00:00Z"},
        "resource_scope": {"budget_limit": "100", "allowed_boards": ["alpha"], "allowed_tools": ["git"], "limits": {"tokens": 10}},
        "agent_qualifications": {"kinds": ["human"]},
    });
    let zone = council(&app, &[&ann], zone).await;
    let bot = app.agent("Bot", None).await;
    let cases = [
        (work(&zone, &json!({"action": "work.harm"})), "action_blocked"),
        (work(&zone, &json!({"action": "deploy.staging"})), "action_not_allowed"),
        (work(&zone, &json!({"amount": "100.01"})), "budget_exceeded"),
        (work(&zone, &json!({"board_id": "beta"})), "board_not_allowed"),
        (work(&zone, &json!({"tool": "shell"})), "tool_not_allowed"),
        (work(&zone, &json!({"params": {"tokens": 11}})), "limit_exceeded"),
        (work(&zone, &json!({"executor_id": bot.id})), "kind_not_allowed"),
        (allocation(&zone, "100.01"), "budget_exceeded"),
        (membership_change(&zone, "add", &bot, "executor"), "kind_not_allowed"),
    ];
    for (body, code) in cases {
        let refused = app.owner.post("/proposals", body.clone()).await.expect_problem(422, "not_executable");
        assert_eq!(refused.text("/errors/0/code"), code, "{body}");
        assert_eq!(refused.text("/errors/0/zone_id"), zone, "{body}");
    }
    app.owner.post("/proposals", work(&zone, &json!({"tool": "git", "amount": "100"}))).await.expect(201);
    let idle = [membership_change(&zone, "remove", &bot, "executor"), zone_change(&zone, &json!({"description": ""}))];
    for body in idle {
        app.owner.post("/proposals", body).await.expect_problem(422, "nothing_to_do");
    }
    app.clock.advance(chrono::Duration::days(40));
    let refused = app.owner.post("/proposals", work(&zone, &json!({}))).await.expect_problem(422, "not_executable");
    assert_eq!(refused.text("/errors/0/code"), "no_longer_valid");
});

on_both!(a_zone_that_is_not_in_force_decides_nothing, async |app: TestApp| {
    let ann = app.human("Ann", "member").await;
    let parent = app.owner.makes_zone(json!({"name": "Parent"})).await;
    let zone = app.owner.makes_zone(json!({"name": "Zone", "parent_zone_id": parent})).await;
    let draft = app.owner.makes_zone(json!({"name": "Draft", "status": "draft"})).await;
    ann.post("/proposals", work(&draft, &json!({}))).await.expect_problem(409, "zone_not_in_force");
    app.owner.post(&format!("/zones/{parent}/suspend"), json!({})).await.expect(200);
    ann.post("/proposals", work(&zone, &json!({}))).await.expect_problem(409, "zone_not_in_force");
    app.owner.post(&format!("/zones/{parent}/activate"), json!({})).await.expect(200);
    ann.post("/proposals", work(&zone, &json!({}))).await.expect(201);
});
