//! An unknown key is refused: a misspelt limit that is silently ignored would be a hole (SPEC Z6).

use serde_json::{Map, Value, json};

use super::proposal_to_change;
use crate::harness::TestApp;
use crate::on_both;

fn misspelt() -> Vec<(Value, &'static str)> {
    vec![
        (json!({"constrants": {}}), "/constrants"),
        (json!({"constraints": {"alowed_actions": []}}), "/constraints/alowed_actions"),
        (
            json!({"constraints": {"spending_limit": {"amount": "1", "window": "day", "per": 1}}}),
            "/constraints/spending_limit/per",
        ),
        (
            json!({"constraints": {"rate_limits": [{"action": "a", "max": 1, "per_seconds": 1, "burst": 2}]}}),
            "/constraints/rate_limits/0/burst",
        ),
        (
            json!({"constraints": {"active_hours": {"timezone": "UTC", "from": "08:00", "to": "09:00", "day": []}}}),
            "/constraints/active_hours/day",
        ),
        (json!({"resource_scope": {"budget": "5"}}), "/resource_scope/budget"),
        (json!({"responsibilities": {"outcome": []}}), "/responsibilities/outcome"),
        (json!({"agent_qualifications": {"skills": []}}), "/agent_qualifications/skills"),
        (json!({"alignment_requirements": {"stake": 1}}), "/alignment_requirements/stake"),
        (json!({"incentive_model": {"threshold": 0.5}}), "/incentive_model/threshold"),
        (json!({"decision_model": {"model_type": "unilateral", "quorums": 1}}), "/decision_model/quorums"),
        (json!({"approval_policy": {"auto_aprove": {}}}), "/approval_policy/auto_aprove"),
        (json!({"approval_policy": {"auto_approve": {"above": "5"}}}), "/approval_policy/auto_approve/above"),
        (json!({"approval_policy": {"reviewers_by_risk": {"huge": 5}}}), "/approval_policy/reviewers_by_risk/huge"),
        (json!({"escalation_policy": {"cosigners": 2}}), "/escalation_policy/cosigners"),
        (json!({"evaluation_criteria": {"evaluators": 2}}), "/evaluation_criteria/evaluators"),
    ]
}

on_both!(a_key_that_nobody_knows_is_refused_by_every_door, async |app: TestApp| {
    let zone = app.owner.makes_zone(json!({"name": "Zone"})).await;
    for (keys, pointer) in misspelt() {
        let mut new: Map<String, Value> = keys.as_object().expect("an object").clone();
        new.insert("name".to_owned(), json!("New"));
        let refused = app.owner.post("/zones", Value::Object(new)).await.expect_problem(422, "unknown_key");
        assert_eq!(refused.text("/errors/0/pointer"), pointer);

        let refused = app.owner.patch(&format!("/zones/{zone}"), keys.clone()).await.expect_problem(422, "unknown_key");
        assert_eq!(refused.text("/errors/0/pointer"), pointer);

        let refused =
            app.owner.post("/proposals", proposal_to_change(&zone, &keys)).await.expect_problem(422, "not_executable");
        assert_eq!(refused.text("/errors/0/code"), "unknown_key", "{}", refused.body);
        assert_eq!(refused.text("/errors/0/pointer"), format!("/payload/changes{pointer}"));
    }
    assert_eq!(*app.owner.get(&format!("/zones/{zone}")).await.expect(200).at("/version"), json!(1));
});

on_both!(dropping_a_limit_that_is_not_set_is_no_fault, async |app: TestApp| {
    let zone = app.owner.makes_zone(json!({"name": "Zone", "resource_scope": {"limits": {"tokens": 5}}})).await;
    let absent = json!({"constraints": {"allowed_actions": null, "spending_limit": null}, "decision_model": null});
    app.owner.patch(&format!("/zones/{zone}"), absent).await.expect(200);
    let dropped = json!({"resource_scope": {"limits": {"tokens": null, "others": null}}});
    let changed = app.owner.patch(&format!("/zones/{zone}"), dropped).await.expect(200);
    assert_eq!(*changed.at("/resource_scope/limits"), json!({}));
});

on_both!(a_named_limit_is_changed_though_another_one_is_bound_from_above, async |app: TestApp| {
    let limits = |limits: Value| json!({"resource_scope": {"limits": limits}});
    let parent = app.owner.makes_zone(json!({"name": "Parent"})).await;
    let mut child = limits(json!({"rows": 80, "columns": 5}));
    child["name"] = json!("Child");
    child["parent_zone_id"] = json!(parent);
    let child = app.owner.makes_zone(child).await;
    app.owner.patch(&format!("/zones/{parent}"), limits(json!({"rows": 50, "columns": 9}))).await.expect(200);
    let path = format!("/zones/{child}");
    app.owner.patch(&path, limits(json!({"columns": 4}))).await.expect(200);
    app.owner.patch(&path, limits(json!({"columns": 10}))).await.expect_problem(422, "wider_than_parent");
    app.owner.patch(&path, limits(json!({"rows": 70}))).await.expect_problem(422, "wider_than_parent");
    let effective = app.owner.get(&format!("{path}/effective-policy")).await.expect(200);
    assert_eq!(*effective.at("/resource_scope/limits"), json!({"columns": 4, "rows": 50}));
});
