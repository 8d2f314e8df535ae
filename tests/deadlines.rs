//! What the clock does without anyone asking.

use chrono::Duration;
use serde_json::{Value, json};

use crate::harness::{Kind, Person, TestApp};
use crate::on_both;

/// A zone under `model` with three approvers, and a proposal in it.
async fn proposed(app: &TestApp, model: Value) -> (String, String, [Person; 3]) {
    let people = [app.human("Ann", "member").await, app.human("Bob", "member").await, app.human("Cem", "member").await];
    let policy = json!({"reviewers_by_risk": {"low": 3}});
    let zone = app.owner.makes_zone(json!({"name": "Platform", "decision_model": model, "approval_policy": policy})).await;
    for person in &people {
        app.owner.assigns(&zone, person, "approver").await.expect(201);
    }
    let proposal = app.owner.proposes_work(&zone).await;
    (zone, proposal, people)
}

async fn outcome(app: &TestApp, proposal: &str) -> (String, String) {
    let shown = app.owner.get(&format!("/proposals/{proposal}")).await.expect(200);
    (shown.text("/status"), shown.text("/resolution/reason"))
}

on_both!(a_missed_deadline_expires_a_threshold_and_rejects_nobody, async |app: TestApp| {
    let (_, proposal, [ann, bob, _]) =
        proposed(&app, json!({"model_type": "threshold", "threshold": 2, "timeout_hours": 1})).await;
    ann.votes(&proposal, "approve").await.expect(200);
    app.time_passes(Duration::minutes(59)).await;
    bob.get(&format!("/proposals/{proposal}")).await.expect(200);
    app.time_passes(Duration::minutes(1)).await;
    assert_eq!(outcome(&app, &proposal).await, ("expired".to_owned(), "deadline".to_owned()));
    bob.votes(&proposal, "approve").await.expect_problem(409, "not_pending");
});

on_both!(a_majority_and_a_fallen_back_consensus_decide_on_the_votes_cast, async |app: TestApp| {
    let falling = json!({"model_type": "consensus", "fallback_model": "majority", "timeout_hours": 24});
    for model in [json!({"model_type": "majority", "timeout_hours": 24}), falling] {
        let (zone, proposal, [ann, bob, _]) = proposed(&app, model).await;
        ann.votes(&proposal, "reject").await.expect(200);
        let lonely = app.owner.proposes_work(&zone).await;
        ann.votes(&lonely, "approve").await.expect(200);
        bob.votes(&proposal, "abstain").await.expect(200);
        app.time_passes(Duration::hours(24)).await;
        assert_eq!(outcome(&app, &proposal).await, ("rejected".to_owned(), "votes".to_owned()));
        assert_eq!(outcome(&app, &lonely).await.0, "expired", "a third is no quorum");
    }
});

on_both!(an_expiry_passes_by_itself_and_votes_are_refused_from_that_moment_on, async |app: TestApp| {
    let (zone, _, [ann, ..]) = proposed(&app, json!({"model_type": "unilateral"})).await;
    let body = json!({"zone_id": zone, "type": "task_execution", "title": "Soon", "payload": {"action": "work.do"},
        "expires_at": "2026-01-05T11:00:00Z"});
    let proposal = app.owner.post("/proposals", body).await.expect(201).id();
    app.settled().await;
    app.clock.advance(Duration::hours(1));
    let late = ann.votes(&proposal, "approve").await.expect(409);
    assert!(["deadline_passed", "not_pending"].contains(&late.text("/code").as_str()), "{}", late.body);
    app.time_passes(Duration::zero()).await;
    assert_eq!(outcome(&app, &proposal).await, ("expired".to_owned(), "expires_at".to_owned()));
});

on_both!(a_veto_window_ends_in_one_execution_even_when_two_processes_hear_the_clock, async |app: TestApp| {
    let ann = app.human("Ann", "member").await;
    let policy = json!({"veto_window_minutes": 30});
    let zone = app.owner.makes_zone(json!({"name": "Careful", "approval_policy": policy})).await;
    app.owner.assigns(&zone, &ann, "approver").await.expect(201);
    let proposal = app.owner.proposes_work(&zone).await;
    let held = ann.votes(&proposal, "approve").await.expect(200);
    assert_eq!(held.text("/execution/status"), "held");
    assert_eq!(held.text("/execution/held_until"), "2026-01-05T10:30:00Z");
    let other = if app.store.kind() == Kind::Postgres { Some(app.second_process().await.0) } else { None };
    app.settled().await;
    app.clock.advance(Duration::minutes(30));
    let second = async || match &other {
        Some(service) => trust_zones::processes::do_what_is_due(&service.app).await.expect("the clock"),
        None => trust_zones::processes::do_what_is_due(&app.service.app).await.expect("the clock"),
    };
    let first = trust_zones::processes::do_what_is_due(&app.service.app);
    let (struck, _) = tokio::join!(first, second());
    struck.expect("the clock");
    app.settled().await;
    let story = app.owner.get(&format!("/audit?aggregate_id={proposal}&type=proposal.execution_succeeded")).await.expect(200);
    assert_eq!(story.items().len(), 1);
    assert_eq!(app.owner.get("/grants").await.expect(200).items().len(), 1);
});

on_both!(deadlines_survive_a_restart_and_a_late_start_catches_up, async |app: TestApp| {
    let (_, proposal, _) = proposed(&app, json!({"model_type": "threshold", "threshold": 2, "timeout_hours": 1})).await;
    app.settled().await;
    let TestApp { service, clock, owner, store, .. } = app;
    service.end().await;
    clock.advance(Duration::hours(5));
    let again = TestApp::on_with(store, &[], clock).await;
    again.time_passes(Duration::zero()).await;
    let owner = again.person(&owner.id, &owner.token);
    let shown = owner.get(&format!("/proposals/{proposal}")).await.expect(200);
    assert_eq!(shown.text("/status"), "expired");
});
