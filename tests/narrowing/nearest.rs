//! What does not narrow: the nearest zone that sets it decides (SPEC Z4).

use serde_json::{Value, json};

use super::{change, effective};
use crate::harness::TestApp;
use crate::on_both;

/// What is taken whole from the nearest zone: a key, the root's value, and the child's.
fn sections() -> Vec<(&'static str, Value, Value)> {
    let model = |threshold: u32| json!({"model_type": "threshold", "threshold": threshold});
    let criteria = |name: &str| json!({"criteria": [{"name": name, "type": "human"}]});
    vec![
        ("decision_model", model(2), model(1)),
        ("approval_policy", json!({"veto_window_minutes": 5}), json!({"solo": true})),
        ("escalation_policy", json!({"cosigner_threshold": 2}), json!({"max_escalations_per_day": 9})),
        ("evaluation_criteria", criteria("quality"), criteria("speed")),
        ("incentive_model", json!({"positive_threshold": 0.7}), json!({"neutral_threshold": 0.3})),
    ]
}

on_both!(the_nearest_zone_that_sets_it_decides, async |app: TestApp| {
    for (section, roots, own) in sections() {
        let pointer = format!("/{section}");
        let root = app.owner.makes_zone(json!({"name": "Root", section: roots})).await;
        let silent = app.owner.makes_zone(json!({"name": "Silent", "parent_zone_id": root})).await;
        let outspoken = app.owner.makes_zone(json!({"name": "Outspoken", "parent_zone_id": silent, section: own})).await;
        let below = app.owner.makes_zone(json!({"name": "Below", "parent_zone_id": outspoken})).await;
        for (zone, value, binder) in
            [(&root, &roots, &root), (&silent, &roots, &root), (&outspoken, &own, &outspoken), (&below, &own, &outspoken)]
        {
            let held = effective(&app.owner, zone).await;
            assert_eq!(held.at(&pointer), value, "taken whole: {section}");
            assert_eq!(held.at("/bound_by")[&pointer], binder.as_str(), "{section}");
        }

        change(&app.owner, &outspoken, json!({section: null})).await;
        assert_eq!(*effective(&app.owner, &below).await.at(&pointer), roots, "the next nearest decides: {section}");
    }
});
