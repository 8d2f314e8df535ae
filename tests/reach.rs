//! How far a decision and a token reach, and no further.

use serde_json::json;

use crate::harness::{Kind, TestApp};
use crate::on_both;

on_both!(a_childs_approvers_cannot_move_it_out_from_under_its_ancestors, async |app: TestApp| {
    let owner = &app.owner;
    let ann = app.human("Ann", "member").await;
    let root = owner.makes_zone(json!({"name": "Root", "resource_scope": {"budget_limit": "10"}})).await;
    let policy = json!({"reviewers_by_risk": {"high": 1}});
    let child = owner.makes_zone(json!({"name": "Child", "parent_zone_id": root, "approval_policy": policy})).await;
    let below = owner.makes_zone(json!({"name": "Below", "parent_zone_id": child})).await;
    let aside = owner.makes_zone(json!({"name": "Aside", "parent_zone_id": child})).await;
    owner.assigns(&child, &ann, "approver").await.expect(201);
    let proposed = |zone: &str, parent: serde_json::Value| json!({"zone_id": child, "type": "zone_change", "title": "Move", "payload": {"zone_id": zone, "changes": {"parent_zone_id": parent}}});
    for beyond in [json!(null), json!(root)] {
        owner.post("/proposals", proposed(&child, beyond.clone())).await.expect_problem(422, "outside_zone");
        owner.post("/proposals", proposed(&below, beyond)).await.expect_problem(422, "outside_zone");
    }
    let inside = owner.post("/proposals", proposed(&below, json!(aside))).await.expect(201).id();
    let moved = ann.votes(&inside, "approve").await.expect(200);
    assert_eq!(moved.text("/execution/status"), "succeeded");
    assert_eq!(owner.get(&format!("/zones/{below}")).await.expect(200).text("/parent_zone_id"), aside);
});

on_both!(a_token_revoked_in_one_process_writes_nothing_in_another, async |app: TestApp| {
    if app.store.kind() == Kind::Sqlite {
        let token = app.owner.post("/tokens", json!({"name": "brief"})).await.expect(201);
        let brief = app.owner.with_token(&token.text("/token"));
        brief.post("/zones", json!({"name": "Before"})).await.expect(201);
        app.owner.delete(&format!("/tokens/{}", token.id())).await.expect(204);
        brief.post("/zones", json!({"name": "After"})).await.expect_problem(401, "unauthenticated");
        return;
    }
    let (other, address) = app.second_process().await;
    for round in 0..20 {
        let token = app.owner.post("/tokens", json!({"name": "brief"})).await.expect(201);
        let elsewhere = app.owner.with_token(&token.text("/token")).speaking_to(address);
        elsewhere.post("/zones", json!({"name": format!("Before {round}")})).await.expect(201);
        app.owner.delete(&format!("/tokens/{}", token.id())).await.expect(204);
        elsewhere.post("/zones", json!({"name": format!("After {round}")})).await.expect_problem(401, "unauthenticated");
    }
    other.end().await;
});

on_both!(a_proposers_consensus_seats_no_fewer_and_passes_nothing_the_zone_would_stop, async |app: TestApp| {
    let people = [app.human("Ann", "member").await, app.human("Bob", "member").await, app.human("Cem", "member").await];
    let zone =
        app.owner.makes_zone(json!({"name": "Three", "decision_model": {"model_type": "threshold", "threshold": 3}})).await;
    for person in &people {
        app.owner.assigns(&zone, person, "approver").await.expect(201);
    }
    let body = json!({"zone_id": zone, "type": "task_execution", "title": "Work", "payload": {"action": "work.do"},
        "decision_model": {"model_type": "consensus"}});
    let opened = app.owner.post("/proposals", body).await.expect(201);
    assert_eq!(opened.at("/electorate").as_array().map(Vec::len), Some(3));
    people[0].votes(&opened.id(), "approve").await.expect(200);
    people[1].votes(&opened.id(), "abstain").await.expect(200);
    let last = people[2].votes(&opened.id(), "abstain").await.expect(200);
    assert_eq!((last.text("/status"), last.text("/resolution/reason")), ("rejected".to_owned(), "deadlock".to_owned()));
});

on_both!(a_token_that_is_not_for_writing_opens_no_zone_that_blocks_it, async |app: TestApp| {
    let owner = &app.owner;
    let zone = owner.makes_zone(json!({"name": "Shut", "constraints": {"blocked_actions": ["zone.write"]}})).await;
    let token = owner
        .post("/tokens", json!({"name": "govern", "actions": ["zone.read", "zone.govern", "zone.create"]}))
        .await
        .expect(201);
    let governing = owner.with_token(&token.text("/token"));
    let model = json!({"decision_model": {"model_type": "unilateral"}});
    governing.patch(&format!("/zones/{zone}"), model).await.expect_problem(403, "action_blocked");
    governing.post(&format!("/zones/{zone}/suspend"), json!({})).await.expect_problem(403, "action_blocked");
    let ann = app.human("Ann", "member").await;
    governing.assigns(&zone, &ann, "approver").await.expect_problem(403, "action_blocked");
});

on_both!(what_something_is_called_or_said_to_be_widens_nothing, async |app: TestApp| {
    let owner = &app.owner;
    let ann = app.human("Ann", "member").await;
    let agent = app.agent("Coder", Some(owner)).await;
    let zone = json!({"name": "Narrow", "constraints": {"allowed_actions": ["deploy.*"]},
        "resource_scope": {"allowed_agent_types": ["writer"]}});
    let zone = owner.makes_zone(zone).await;
    owner.assigns(&zone, &ann, "approver").await.expect(201);
    let named = json!({"zone_id": zone, "type": "task_execution", "title": "Purge", "payload": {"action": "resource.purge"}});
    let refused = owner.post("/proposals", named).await.expect_problem(422, "not_executable");
    assert_eq!(refused.text("/errors/0/code"), "action_not_allowed");
    let said = json!({"zone_id": zone, "type": "resource_allocation", "title": "Funds",
        "payload": {"amount": "1", "agent_type": "writer", "beneficiary_id": agent.id}});
    let refused = owner.post("/proposals", said).await.expect_problem(422, "not_executable");
    assert_eq!(refused.text("/errors/0/code"), "agent_type_not_allowed");
});

on_both!(a_zone_can_be_changed_after_one_of_its_listed_reviewers_has_left, async |app: TestApp| {
    let owner = &app.owner;
    let (ann, bob) = (app.human("Ann", "member").await, app.human("Bob", "member").await);
    let policy = json!({"reviewer_selection": "static", "static_reviewers": [ann.id, bob.id]});
    let zone = owner.makes_zone(json!({"name": "Listed", "approval_policy": policy})).await;
    owner.delete(&format!("/members/{}", ann.id)).await.expect(204);
    owner.patch(&format!("/zones/{zone}"), json!({"name": "Renamed"})).await.expect(200);
    let again = json!({"approval_policy": {"static_reviewers": [bob.id]}});
    owner.patch(&format!("/zones/{zone}"), again).await.expect(200);
    let gone = json!({"approval_policy": {"static_reviewers": [ann.id, bob.id]}});
    owner.patch(&format!("/zones/{zone}"), gone).await.expect_problem(404, "no_such_member");
});
