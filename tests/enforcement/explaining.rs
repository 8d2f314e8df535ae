//! Answers that explain themselves: what would cure them, what was, what would be, who can and what.

use std::time::{Duration as Span, Instant};

use chrono::Duration;
use futures::future::join_all;
use serde_json::{Value, json};

use super::{executor, reserves};
use crate::harness::{Person, TestApp, log_of};
use crate::on_both;

on_both!(an_approval_is_asked_for_in_the_same_call_and_waited_for, async |app: TestApp| {
    let constraints = json!({"approval_required_actions": ["deploy.*"]});
    let zone = app.owner.makes_zone(json!({"name": "Zone", "constraints": constraints})).await;
    let (agent, ann) = (app.agent("Bot", None).await, app.human("Ann", "member").await);
    app.owner.assigns(&zone, &agent, "executor").await.expect(201);
    app.owner.assigns(&zone, &ann, "approver").await.expect(201);
    let check = format!("/zones/{zone}/check");
    let mut asked = json!({"action": "deploy.site", "amount": "5", "tool": "helm", "params": {"to": "eu"}});
    let answer = agent.post(&check, asked.clone()).await.expect(200);
    assert_eq!(answer.text("/decision"), "approval_required");
    let cure = answer.at("/cure/proposal").clone();
    agent.post("/proposals", cure).await.expect(201);
    asked["submit"] = json!(true);
    asked["title"] = json!("Deploy the site");
    let answer = agent.post(&check, asked.clone()).await.expect(201);
    assert_eq!(
        (answer.text("/decision"), answer.text("/proposal/status")),
        ("approval_required".into(), "pending_review".into())
    );
    assert_eq!(answer.text("/proposal/title"), "Deploy the site");
    let path = format!("/proposals/{}", answer.text("/proposal/id"));
    assert_eq!(answer.header("location"), format!("/api/v1{path}"));
    assert_eq!(answer.header("etag"), agent.get(&path).await.expect(200).header("etag"));

    let waiting = format!("{path}?wait=50&after={}", answer.position());
    let voting = async {
        tokio::task::yield_now().await;
        ann.votes(&answer.text("/proposal/id"), "approve").await.expect(200)
    };
    let began = Instant::now();
    let (heard, _) = tokio::join!(agent.get(&waiting), voting);
    assert_eq!(heard.expect(200).text("/status"), "approved");
    assert!(began.elapsed() < Span::from_secs(20), "the answer comes when something happens");
    let at_once = agent.get(&waiting).await.expect(200);
    assert_eq!(at_once.text("/status"), "approved", "what has happened since is answered at once");
    agent.get(&format!("{path}?wait=56")).await.expect(400);
    let began = Instant::now();
    agent.get(&format!("{path}?wait=1")).await.expect(200);
    assert!(began.elapsed() >= Span::from_secs(1), "nothing happens, and time is up");

    let grant = agent.get("/grants").await.expect(200);
    let used = json!({"params": {"to": "eu"}, "tool": "helm"});
    agent.post(&format!("/grants/{}/use", grant.text("/items/0/id")), used).await.expect(200);
    let plain = agent.post(&check, json!({"action": "work.do", "submit": true})).await.expect(200);
    assert_eq!(plain.text("/decision"), "allow", "nothing to submit");

    let both = json!({"action": "deploy.site", "submit": true, "record": true, "tool": "helm"});
    let both = agent.post(&check, both).await.expect(201);
    let told = app.owner.get("/audit?type=access.check_answered&limit=1").await.expect(200);
    assert_eq!(told.text("/items/0/data/decision"), "approval_required");
    let opened = app.owner.get(&format!("/audit?aggregate_id={}", both.text("/proposal/id"))).await.expect(200);
    assert_eq!(told.text("/items/0/correlation_id"), opened.text("/items/0/correlation_id"), "in the same breath");
});

on_both!(whatever_the_answer_is_by_then_it_is_counted_recorded_or_submitted, async |app: TestApp| {
    const ROUNDS: usize = 60;
    let rates = json!([{"action": "deploy.*", "max": 1_000, "per_seconds": 3_600}]);
    let zone = app.owner.makes_zone(json!({"name": "Zone", "constraints": {"rate_limits": rates}})).await;
    let (agent, ann) = (executor(&app, &zone).await, app.human("Ann", "member").await);
    app.owner.assigns(&zone, &ann, "approver").await.expect(201);
    let (check, place) = (format!("/zones/{zone}/check"), format!("/zones/{zone}"));
    let asked = json!({"action": "deploy.site", "submit": true, "record": true});
    let (mut allowed, mut opened) = (0, 0);
    for round in 0..ROUNDS {
        let demanded = if round % 2 == 0 { json!(["deploy.*"]) } else { Value::Null };
        let change = json!({"constraints": {"approval_required_actions": demanded}});
        let (answers, changed) = tokio::join!(
            join_all([agent.post(&check, asked.clone()), agent.post(&check, asked.clone())]),
            app.owner.patch(&place, change)
        );
        changed.expect(200);
        for answer in answers {
            match (answer.status, answer.text("/decision").as_str()) {
                (200, "allow") => allowed += 1,
                (201, "approval_required") => opened += 1,
                other => panic!("{other:?}: {}", answer.body),
            }
        }
    }
    let log = log_of(&app).await;
    let happened = |name: &str| log.iter().filter(|event| event.event_type == name).count();
    assert_eq!(happened("ledger.admitted"), allowed, "what is allowed is counted");
    assert_eq!(happened("proposal.opened"), opened, "what is not is submitted");
    assert_eq!(happened("access.check_answered"), allowed + opened, "and either is on record");
    assert_eq!(allowed + opened, 2 * ROUNDS);
});

on_both!(nothing_comes_of_a_dry_run, async |app: TestApp| {
    let rates = json!({"rate_limits": [{"action": "work.*", "max": 1, "per_seconds": 60}]});
    let zone = app.owner.makes_zone(json!({"name": "Zone", "constraints": rates})).await;
    let worker = executor(&app, &zone).await;
    let ann = app.human("Ann", "member").await;
    app.owner.assigns(&zone, &ann, "approver").await.expect(201);
    let proposal = app.owner.proposes_work(&zone).await;
    let reservation = reserves(&app.owner, &zone, "0").await.expect(201).id();
    app.time_passes(Duration::minutes(2)).await;
    let head = app.service.app.log.head().await.expect("a head");
    let member = json!({"kind": "human", "display_name": "New", "role": "member"});
    let imagined: [(&str, String, Value, u64, &[&str]); 8] = [
        ("POST", "/members".into(), member, 201, &["member.added"]),
        ("POST", "/tokens".into(), json!({"name": "mine"}), 201, &["token.issued"]),
        ("POST", "/zones".into(), json!({"name": "New"}), 201, &["zone.created"]),
        ("PATCH", format!("/zones/{zone}"), json!({"description": "Other"}), 200, &["zone.changed"]),
        ("POST", format!("/zones/{zone}/reservations"), json!({"action": "work.do", "amount": "1"}), 201, &["ledger.reserved"]),
        ("POST", format!("/reservations/{reservation}/commit"), json!({}), 200, &["ledger.committed"]),
        ("POST", format!("/proposals/{proposal}/withdraw"), json!({}), 200, &["proposal.withdrawn"]),
        ("POST", format!("/zones/{zone}/archive"), json!({}), 200, &["zone.status_changed"]),
    ];
    for (method, path, body, status, events) in imagined {
        let path = format!("{path}?dry_run=true");
        let method = reqwest::Method::from_bytes(method.as_bytes()).expect("a method");
        let key = [("idempotency-key", "once")];
        let reply = app.owner.send(method, &path, &key, Some(body.to_string().into_bytes())).await.expect(200);
        let told: Vec<&str> =
            reply.at("/events").as_array().expect("events").iter().filter_map(|event| event["type"].as_str()).collect();
        assert_eq!((reply.at("/dry_run"), reply.at("/would_answer/status")), (&json!(true), &json!(status)), "{path}");
        assert_eq!(told, events, "{path}");
        assert!(!reply.body.to_string().contains("tz_"), "no secret is told: {}", reply.body);
    }
    for _ in 0..3 {
        let asked =
            worker.post(&format!("/zones/{zone}/check?dry_run=true"), json!({"action": "work.do", "record": true})).await;
        assert_eq!(asked.expect(200).text("/decision"), "allow");
    }
    let refused = app.owner.post(&format!("/proposals/{proposal}/votes?dry_run=true"), json!({"choice": "approve"})).await;
    refused.expect(403);
    app.owner.post("/zones?dry_run=perhaps", json!({"name": "New"})).await.expect(400);
    assert_eq!(app.service.app.log.head().await.expect("a head"), head, "nothing was appended");
});

on_both!(who_can_and_what_can_are_the_check_asked_the_other_way_round, async |app: TestApp| {
    let constraints = json!({"allowed_actions": ["work.*", "deploy.site"], "approval_required_actions": ["deploy.*"],
        "blocked_actions": ["work.never"]});
    let zone = json!({"name": "Zone", "constraints": constraints, "resource_scope": {"budget_limit": "10"}});
    let zone = app.owner.makes_zone(zone).await;
    let worker = executor(&app, &zone).await;
    let bystander = app.human("Bea", "auditor").await;
    let who = async |query: &str| {
        let reply = app.owner.get(&format!("/zones/{zone}/who-can?{query}")).await.expect(200);
        let told = reply.items().iter().map(|item| (item["principal_id"].clone(), item["decision"].clone()));
        told.collect::<Vec<_>>()
    };
    let both = |decision: &str| vec![(json!(app.owner.id), json!(decision)), (json!(worker.id), json!(decision))];
    assert_eq!(who("action=work.do").await, both("allow"));
    assert_eq!(who("action=deploy.site").await, both("approval_required"));
    assert_eq!(who("action=work.never").await, []);
    assert_eq!(who("action=work.do&amount=10.01").await, []);
    assert_eq!(who("action=zone.read").await.len(), 3);
    app.owner.get(&format!("/zones/{zone}/who-can")).await.expect(400);
    app.owner.get(&format!("/zones/{zone}/who-can?action=A")).await.expect(400);

    let what = async |person: &Person| {
        let reply = app.owner.get(&format!("/zones/{zone}/what-can?principal_id={}", person.id)).await.expect(200);
        let mut told: Vec<String> = Vec::new();
        for item in reply.items() {
            let action = item["action"].as_str().expect("an action").replace('*', "any-other");
            let asked = json!({"action": action, "principal_id": person.id});
            let checked = app.owner.post(&format!("/zones/{zone}/check"), asked).await.expect(200);
            assert_eq!((&item["decision"], &item["reasons"]), (checked.at("/decision"), checked.at("/reasons")), "{item}");
            if item["decision"] == "allow" {
                told.push(item["action"].as_str().expect("an action").to_owned());
            }
        }
        told
    };
    let able = what(&worker).await;
    assert!(able.contains(&"work.*".to_owned()) && !able.contains(&"work.never".to_owned()), "{able:?}");
    assert!(!able.contains(&"deploy.site".to_owned()) && !able.contains(&"*".to_owned()), "{able:?}");
    assert!(what(&bystander).await.iter().all(|action| action.rsplit('.').next() == Some("read")), "an auditor only reads");

    let narrow = json!({"name": "narrow", "actions": ["zone.read", "deploy.*"]});
    let token = worker.post("/tokens", narrow).await.expect(201).text("/token");
    let told = app.person(&worker.id, &token).get(&format!("/zones/{zone}/what-can")).await.expect(200);
    let decided = |action: &str| {
        let items = told.items().iter().find(|item| item["action"] == action).expect("an action that is spoken of");
        items["decision"].as_str().expect("a decision").to_owned()
    };
    assert_eq!((decided("work.*").as_str(), decided("deploy.site").as_str()), ("deny", "approval_required"));
});

on_both!(a_policy_is_tried_before_it_is_written, async |app: TestApp| {
    let zone = app.owner.makes_zone(json!({"name": "Zone", "resource_scope": {"budget_limit": "100"}})).await;
    let worker = executor(&app, &zone).await;
    let check = format!("/zones/{zone}/check");
    let narrower = json!({"constraints": {"blocked_actions": ["work.*"]}});
    let asked = json!({"action": "work.do", "changes": narrower});
    assert_eq!(worker.post(&check, asked).await.expect(200).text("/reasons/0/code"), "action_blocked");
    assert_eq!(worker.post(&check, json!({"action": "work.do"})).await.expect(200).text("/decision"), "allow");
    let wrong = json!({"action": "work.do", "changes": {"constraints": {"blocked": []}}});
    let refused = worker.post(&check, wrong).await.expect(422);
    assert!(refused.text("/errors/0/pointer").starts_with("/changes/constraints"), "{}", refused.body);

    for amount in ["30", "30", "5"] {
        reserves(&worker, &zone, amount).await.expect(201);
    }
    let recorded = json!({"action": "work.other", "record": true});
    worker.post(&check, recorded).await.expect(200);
    let work = json!({"action": "work.do", "amount": "5"});
    let proposal = json!({"zone_id": zone, "type": "task_execution", "title": "Work", "payload": work});
    app.owner.post("/proposals", proposal).await.expect_problem(422, "no_electorate");
    let ann = app.human("Ann", "member").await;
    app.owner.assigns(&zone, &ann, "approver").await.expect(201);
    app.owner.proposes_work(&zone).await;

    let simulate = async |changes: Value| {
        app.owner.post(&format!("/zones/{zone}/simulate"), json!({"changes": changes})).await.expect(200).body
    };
    let nothing = simulate(json!({"description": "Other"})).await;
    assert_eq!((&nothing["replayed"], &nothing["differing"]), (&json!(5), &json!(0)), "{nothing}");
    assert_eq!((&nothing["gains"], &nothing["losses"]), (&json!([]), &json!([])));
    // Fifty admit the first of thirty and, because the second is not spent, the five after it.
    let poorer = simulate(json!({"resource_scope": {"budget_limit": "50"}})).await;
    assert_eq!(poorer["differing"], 1, "{poorer}");
    let told = &poorer["differences"][0];
    assert_eq!((&told["type"], &told["was"], &told["would_be"]), (&json!("ledger.reserved"), &json!("allow"), &json!("deny")));
    assert_eq!((&told["reasons"][0]["code"], &told["principal_id"]), (&json!("budget_exceeded"), &json!(worker.id)));
    let blocked =
        simulate(json!({"constraints": {"allowed_actions": ["work.do"]}, "decision_model": {"model_type": "majority"}})).await;
    let kinds: Vec<&str> =
        blocked["differences"].as_array().expect("differences").iter().filter_map(|told| told["type"].as_str()).collect();
    assert_eq!(kinds, ["access.check_answered", "proposal.opened"], "{blocked}");
    assert_eq!(blocked["differences"][1]["would_be"]["decision_model"]["model_type"], "majority");
    let lost: Vec<&Value> =
        blocked["losses"].as_array().expect("losses").iter().filter(|told| told["principal_id"] == worker.id).collect();
    assert!(lost.iter().any(|told| told["action"] == "task.create" && told["would_be"] == "deny"), "{lost:?}");
    assert_eq!(blocked["gains"], json!([]));
    let before = json!({"changes": {"resource_scope": {"budget_limit": "1"}}, "to": "2026-01-05T09:59:59Z"});
    let before = app.owner.post(&format!("/zones/{zone}/simulate"), before).await.expect(200);
    assert_eq!(before.at("/replayed"), &json!(0), "nothing happened before the beginning");
});

on_both!(many_questions_are_answered_at_once, async |app: TestApp| {
    let zone = app.owner.makes_zone(json!({"name": "Zone", "constraints": {"blocked_actions": ["work.never"]}})).await;
    let ask = |action: &str| json!({"zone_id": zone, "action": action});
    let many: Vec<Value> = (0..1000).map(|index| ask(if index % 3 == 0 { "work.never" } else { "work.do" })).collect();
    let answers = app.owner.post("/checks", json!({"checks": many})).await.expect(200);
    let denied = answers.items().iter().filter(|answer| answer["decision"] == "deny").count();
    assert_eq!((answers.items().len(), denied), (1000, 334));
    assert_eq!(answers.text("/items/0/reasons/0/code"), "action_blocked");
    let many: Vec<Value> = (0..1001).map(|_| ask("work.do")).collect();
    app.owner.post("/checks", json!({"checks": many})).await.expect_problem(422, "too_many_items");
});

on_both!(an_answer_on_record_is_given_again_for_the_same_key, async |app: TestApp| {
    let worker = app.human("Wendy", "member").await;
    let rated = json!({"rate_limits": [{"action": "mail.send", "max": 2, "per_seconds": 60}]});
    let zone = app.owner.makes_zone(json!({"name": "Zone", "constraints": rated})).await;
    app.owner.assigns(&zone, &worker, "executor").await.expect(201);
    let check = format!("/zones/{zone}/check");
    let number = async |event_type: &str| app.owner.get(&format!("/audit?type={event_type}")).await.expect(200).items().len();
    for (action, answered, counted) in [("work.do", 1, 0), ("mail.send", 2, 1)] {
        let asks = async |key: &str, note: &str| {
            let body = json!({"action": action, "record": true, "params": {"note": note}});
            worker.post_with(&check, body, &[("idempotency-key", key)]).await
        };
        let first = asks(action, "once").await.expect(200);
        let again = asks(action, "once").await.expect(200);
        assert_eq!((first.body.clone(), first.position()), (again.body.clone(), again.position()), "{action}");
        asks(action, "other").await.expect_problem(422, "idempotency_key_reused");
        assert_eq!((number("access.check_answered").await, number("ledger.admitted").await), (answered, counted), "{action}");
    }
    let ask = json!({"action": "mail.send", "record": true});
    worker.post(&check, ask.clone()).await.expect(200);
    let refused = worker.post(&check, ask).await.expect(200);
    assert_eq!((refused.text("/decision"), refused.text("/reasons/0/code")), ("deny".to_owned(), "rate_limited".to_owned()));
    assert_eq!((number("access.check_denied").await, number("ledger.admitted").await), (1, 2));
});

on_both!(what_nobody_could_use_is_not_submitted, async |app: TestApp| {
    let rules = json!({"constraints": {"approval_required_actions": ["deploy.*"]}, "resource_scope": {"budget_limit": "100"}});
    let mut zone = rules;
    zone["name"] = json!("Zone");
    let zone = app.owner.makes_zone(zone).await;
    let asked = |number: Value| json!({"action": "deploy.site", "submit": true, "amount": "100", "params": {"n": number}});
    let refused = app.owner.post(&format!("/zones/{zone}/check"), asked(json!(9_007_199_254_740_993_u64))).await;
    assert_eq!(refused.expect_problem(422, "invalid").text("/errors/0/pointer"), "/params/n");
    assert!(app.owner.get("/proposals").await.expect(200).items().is_empty());
});

on_both!(a_hidden_zone_is_not_told_by_imagining_others_below_it, async |app: TestApp| {
    let ann = app.human("Ann", "member").await;
    let limits = json!({"constraints": {"blocked_actions": ["zone.read"], "allowed_actions": ["secret.work"]}});
    let mut hidden = limits;
    hidden["name"] = json!("Hidden");
    let hidden = app.owner.makes_zone(hidden).await;
    let zone = app.owner.makes_zone(json!({"name": "Zone", "constraints": {"allowed_actions": ["a.b"]}})).await;
    let open = app.owner.makes_zone(json!({"name": "Open"})).await;
    for (parent, status) in [(&hidden, 403), (&open, 200)] {
        let changes = json!({"parent_zone_id": parent});
        let check = json!({"action": "a.b", "changes": changes});
        ann.post(&format!("/zones/{zone}/check"), check).await.expect(status);
        ann.post(&format!("/zones/{zone}/simulate"), json!({"changes": changes})).await.expect(status);
    }
});

on_both!(whoever_is_let_go_hears_no_more, async |app: TestApp| {
    let ann = app.human("Ann", "member").await;
    let zone = app.owner.makes_zone(json!({"name": "Zone"})).await;
    app.owner.assigns(&zone, &app.owner, "approver").await.expect(201);
    let proposal = ann.proposes_work(&zone).await;
    let path = format!("/proposals/{proposal}?wait=50");
    let ending = async {
        tokio::task::yield_now().await;
        app.owner.delete(&format!("/members/{}", ann.id)).await.expect(204);
        app.owner.post(&format!("/proposals/{proposal}/comments"), json!({"text": "now we are alone"})).await.expect(201);
    };
    let (heard, ()) = tokio::join!(ann.get(&path), ending);
    heard.expect(401);
});
