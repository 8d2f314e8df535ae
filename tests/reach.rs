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
