//! Seals: what an ancestor has sealed, descendants may not set, and what they had set is void while the seal lasts (SPEC Z6).

use serde_json::{Value, json};

use super::{change, effective, proposal_to_change};
use crate::harness::TestApp;
use crate::on_both;

/// Each of the ten policy objects, and a key by which to see whether it holds.
fn sections() -> Vec<(&'static str, Value, &'static str)> {
    vec![
        ("responsibilities", json!({"outcomes": ["a product"]}), "/responsibilities/outcomes"),
        ("resource_scope", json!({"budget_limit": "10"}), "/resource_scope/budget_limit"),
        ("agent_qualifications", json!({"min_reputation": 1}), "/agent_qualifications/min_reputation"),
        ("alignment_requirements", json!({"stake_required": 1}), "/alignment_requirements/stake_required"),
        ("incentive_model", json!({"positive_threshold": 0.9}), "/incentive_model/positive_threshold"),
        ("constraints", json!({"max_concurrent_tasks": 1}), "/constraints/max_concurrent_tasks"),
        ("decision_model", json!({"model_type": "threshold", "threshold": 1}), "/decision_model/threshold"),
        ("approval_policy", json!({"veto_window_minutes": 7}), "/approval_policy/veto_window_minutes"),
        ("escalation_policy", json!({"cosigner_threshold": 4}), "/escalation_policy/cosigner_threshold"),
        ("evaluation_criteria", json!({"evaluators_required": 2}), "/evaluation_criteria/evaluators_required"),
    ]
}

on_both!(what_is_sealed_can_be_set_by_no_door, async |app: TestApp| {
    let ann = app.human("Ann", "member").await;
    for (section, written, _) in sections() {
        let sealer = app.owner.makes_zone(json!({"name": "Sealer", "sealed": [section]})).await;
        let child = app.owner.makes_zone(json!({"name": "Child", "parent_zone_id": sealer})).await;
        let writes = json!({section: written});
        let pointer = format!("/{section}");

        let grandchild = json!({"name": "Grandchild", "parent_zone_id": child, section: written});
        let refused = app.owner.post("/zones", grandchild).await.expect_problem(422, "sealed");
        assert_eq!(refused.text("/errors/0/pointer"), pointer);
        assert_eq!(refused.text("/errors/0/zone_id"), sealer);

        let refused = app.owner.patch(&format!("/zones/{child}"), writes.clone()).await.expect_problem(422, "sealed");
        assert_eq!(refused.text("/errors/0/pointer"), pointer);

        let free = app.owner.makes_zone(json!({"name": "Free", section: written})).await;
        let moved = app.owner.post(&format!("/zones/{free}/move"), json!({"parent_zone_id": child})).await;
        assert_eq!(moved.expect_problem(422, "sealed").text("/errors/0/zone_id"), sealer);

        let refused = ann.post("/proposals", proposal_to_change(&child, &writes)).await.expect_problem(422, "not_executable");
        assert_eq!(refused.text("/errors/0/pointer"), format!("/payload/changes/{section}"));
        assert_eq!(refused.text("/errors/0/code"), "sealed");

        change(&app.owner, &sealer, writes).await;
        assert_eq!(effective(&app.owner, &child).await.text(&format!("/sealed/{section}")), sealer);
    }
});

on_both!(what_descendants_had_set_is_void_while_sealed_and_back_after, async |app: TestApp| {
    for (section, written, pointer) in sections() {
        let parent = app.owner.makes_zone(json!({"name": "Parent"})).await;
        let child = app.owner.makes_zone(json!({"name": "Child", "parent_zone_id": parent, section: written})).await;
        let below = app.owner.makes_zone(json!({"name": "Below", "parent_zone_id": child})).await;
        let set = effective(&app.owner, &below).await.at(pointer).clone();

        change(&app.owner, &parent, json!({"sealed": [section]})).await;
        for zone in [&child, &below] {
            let held = effective(&app.owner, zone).await;
            assert_ne!(held.body.pointer(pointer), Some(&set), "void while sealed: {section}");
            assert!(!held.at("/bound_by").to_string().contains(&child), "bound by nothing void: {section}");
        }
        let own = app.owner.get(&format!("/zones/{child}")).await.expect(200);
        assert_eq!(*own.at(pointer), set, "what was written is kept: {section}");

        change(&app.owner, &parent, json!({"sealed": []})).await;
        for zone in [&child, &below] {
            assert_eq!(*effective(&app.owner, zone).await.at(pointer), set, "back after the seal: {section}");
        }
    }
});

on_both!(a_proposal_overtaken_by_a_seal_fails_and_changes_nothing, async |app: TestApp| {
    let ann = app.human("Ann", "member").await;
    for (section, written, _) in sections() {
        let parent = app.owner.makes_zone(json!({"name": "Parent"})).await;
        let child = app.owner.makes_zone(json!({"name": "Child", "parent_zone_id": parent})).await;
        let proposal = ann.post("/proposals", proposal_to_change(&child, &json!({section: written}))).await.expect(201).id();
        change(&app.owner, &parent, json!({"sealed": [section]})).await;
        let decided = app.owner.votes(&proposal, "approve").await.expect(200);
        assert_eq!(decided.text("/execution/status"), "failed", "{section}");
        assert_eq!(decided.text("/execution/code"), "sealed", "{section}");
        let after = app.owner.get(&format!("/zones/{child}")).await.expect(200);
        assert_eq!(*after.at(&format!("/{section}")), Value::Null, "nothing changed: {section}");
    }
});
