//! Seats, scores, money and marks, each by two at once: one of them does it, and the other is told or changes nothing.

use futures::future::join_all;
use serde_json::{Value, json};

use super::{ROUNDS, times, times_each};
use crate::escalations::House;
use crate::evaluations::{Workshop, quality};
use crate::harness::{TestApp, log_of};
use crate::on_both;

on_both!(a_seat_is_handed_on_or_voted_from_and_once, async |app: TestApp| {
    let app = TestApp::on(crate::harness::Store::create(app.store.kind()).await, &["--requests-per-second", "1000000"]).await;
    let two = json!({"model_type": "threshold", "threshold": 2});
    let house = House::with(&app, json!({"decision_model": two, "approval_policy": {"reviewers_by_risk": {"low": 2}}})).await;
    let peer = app.human("Peer", "member").await;
    let other = app.human("Other", "member").await;
    for approver in [&peer, &other] {
        app.owner.assigns(&house.upstairs, approver, "approver").await.expect(201);
    }
    for round in 0..ROUNDS {
        let proposal = house.worker.proposes_work(&house.downstairs).await;
        let path = format!("/proposals/{proposal}/delegate");
        let hand = |to: &crate::harness::Person| house.clerk.post(&path, json!({"member_id": to.id}));
        let (one, two, vote) = tokio::join!(hand(&peer), hand(&other), house.clerk.votes(&proposal, "approve"));
        let done = [&one, &two, &vote].into_iter().filter(|reply| reply.status == 200).count();
        assert_eq!(done, 1, "round {round}: {} {} {}", one.body, two.body, vote.body);
        let shown = house.worker.get(&format!("/proposals/{proposal}")).await.expect(200);
        let electorate = shown.at("/electorate").as_array().expect("seats").clone();
        let sitting = electorate.iter().filter(|seat| seat["left"].is_null()).count();
        assert_eq!(sitting, 2, "round {round}: {}", shown.body);
        house.worker.post(&format!("/proposals/{proposal}/withdraw"), json!({})).await.expect(200);
    }
});

on_both!(one_evaluator_scores_a_criterion_once, async |app: TestApp| {
    let app = TestApp::on(crate::harness::Store::create(app.store.kind()).await, &["--requests-per-second", "1000000"]).await;
    let mut policies = quality();
    policies["evaluation_criteria"]["evaluators_required"] = json!(2);
    let shop = Workshop::with(&app, policies).await;
    for round in 0..ROUNDS {
        let work = shop.work().await;
        let judgement = shop.judgement_of(&work).await;
        let path = format!("/evaluations/{judgement}/scores");
        let score = |score: f64| json!({"criterion": "quality", "score": score, "rationale": "I looked"});
        let bodies = [score(0.5), score(0.9), score(0.5)];
        let replies = join_all(bodies.into_iter().map(|body| shop.critics[0].post(&path, body))).await;
        for reply in &replies {
            assert!(reply.status == 200 || reply.text("/code") == "already_scored", "round {round}: {}", reply.body);
        }
        let shown = app.owner.get(&format!("/evaluations/{judgement}")).await.expect(200);
        assert_eq!(shown.at("/criteria/0/scores").as_array().map(Vec::len), Some(1), "round {round}: {}", shown.body);
    }
    let log = log_of(&app).await;
    assert_eq!(times(&log, "evaluation.scored"), ROUNDS);
});

on_both!(what_is_set_aside_ends_once, async |app: TestApp| {
    let app = TestApp::on(crate::harness::Store::create(app.store.kind()).await, &["--requests-per-second", "1000000"]).await;
    let zone = json!({"name": "Zone", "resource_scope": {"budget_limit": "100000"}});
    let zone = app.owner.makes_zone(zone).await;
    let worker = app.human("Wendy", "member").await;
    app.owner.assigns(&zone, &worker, "executor").await.expect(201);
    let mut spent = 0;
    for round in 0..ROUNDS {
        let wish = json!({"action": "work.do", "amount": "10", "expires_in_seconds": 60});
        let id = worker.post(&format!("/zones/{zone}/reservations"), wish).await.expect(201).id();
        let (commit_path, release_path) = (format!("/reservations/{id}/commit"), format!("/reservations/{id}/release"));
        let commit = |actual: &'static str| worker.post(&commit_path, json!({"actual": actual}));
        let release = worker.post(&release_path, json!({}));
        app.settled().await;
        app.clock.advance(chrono::Duration::seconds(if round.is_multiple_of(2) { 60 } else { 1 }));
        let lapse = trust_zones::processes::do_what_is_due(&app.service.app);
        let (one, other, released, lapsed) = tokio::join!(commit("4"), commit("7"), release, lapse);
        lapsed.expect("the clock");
        let done: Vec<Value> =
            [&one, &other, &released].into_iter().filter(|reply| reply.status == 200).map(|reply| reply.body.clone()).collect();
        assert!(done.len() <= 1, "round {round}: {done:?}");
        spent += match done.first().map(|body| body["actual"].clone()) {
            Some(Value::String(actual)) => actual.parse::<u64>().expect("a number"),
            _ => 0,
        };
    }
    app.settled().await;
    let budget = app.owner.get(&format!("/zones/{zone}/budget")).await.expect(200);
    assert_eq!((budget.at("/reserved"), budget.text("/spent")), (&json!("0"), spent.to_string()));
    let log = log_of(&app).await;
    let ends = times_each(&log, &["ledger.committed", "ledger.released", "ledger.lapsed"], "reservation_id");
    assert!(ends.len() == ROUNDS && ends.values().all(|times| *times == 1), "each ends once");
});

on_both!(a_grant_is_used_or_void_and_not_both, async |app: TestApp| {
    let app = TestApp::on(crate::harness::Store::create(app.store.kind()).await, &["--requests-per-second", "1000000"]).await;
    for round in 0..ROUNDS / 4 {
        let zone = json!({"name": "Zone", "slug": format!("zone-{round}"), "approval_policy": {"auto_approve": {"types": ["task_execution"]}}});
        let zone = app.owner.makes_zone(zone).await;
        let task = json!({"zone_id": zone, "type": "task_execution", "title": "Work", "payload": {"action": "work.do"}});
        let grant = app.owner.post("/proposals", task).await.expect(201).text("/execution/grant_id");
        let (use_path, archive_path) = (format!("/grants/{grant}/use"), format!("/zones/{zone}/archive"));
        let archive = app.owner.post(&archive_path, json!({}));
        let (used, archived) = tokio::join!(app.owner.post(&use_path, json!({})), archive);
        archived.expect(200);
        assert!(used.status == 200 || used.text("/code") == "grant_voided", "round {round}: {}", used.body);
    }
    app.settled().await;
    let ends = times_each(&log_of(&app).await, &["grant.used", "grant.voided"], "grant_id");
    assert!(ends.len() == ROUNDS / 4 && ends.values().all(|times| *times == 1), "{ends:?}");
});

on_both!(marks_at_once_are_all_kept, async |app: TestApp| {
    let ann = app.human("Ann", "member").await;
    for number in 0..6 {
        let zone = app.owner.makes_zone(json!({"name": format!("Zone {number}")})).await;
        app.owner.assigns(&zone, &ann, "executor").await.expect(201);
    }
    app.settled().await;
    let inbox = ann.get("/me/inbox").await.expect(200);
    let positions: Vec<Value> = inbox.items().iter().map(|item| item["position"].clone()).collect();
    let marks = positions.iter().map(|position| ann.post("/me/inbox/read", json!({"positions": [position]})));
    for reply in join_all(marks).await {
        reply.expect(204);
    }
    app.settled().await;
    assert_eq!(ann.get("/me/inbox").await.expect(200).at("/unread"), 0);
});
