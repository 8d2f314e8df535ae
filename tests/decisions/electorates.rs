//! Who is asked: by risk, up the tree, among owners, never nobody (SPEC P3, P6, P7, G1).

use serde_json::{Value, json};

use super::{People, allocation, council, electorate, membership_change, standing, work, zone_change};
use crate::harness::{Person, TestApp};
use crate::on_both;

/// A zone with a budget of 100 and six approvers.
async fn budgeted(app: &TestApp) -> String {
    let zone = app.owner.makes_zone(json!({"name": "Budgeted", "resource_scope": {"budget_limit": "100"}})).await;
    for number in 1..=6 {
        let approver = app.human(&format!("Approver {number}"), "member").await;
        app.owner.assigns(&zone, &approver, "approver").await.expect(201);
    }
    zone
}

on_both!(risk_follows_from_type_and_share_of_the_budget_and_sets_the_number_of_reviewers, async |app: TestApp| {
    let ann = app.human("Ann", "member").await;
    let zone = budgeted(&app).await;
    let task = |amount: &str| work(&zone, &json!({"amount": amount}));
    let cases: Vec<(Value, &str, usize)> = vec![
        (work(&zone, &json!({})), "low", 1),
        (task("49.999999999"), "low", 1),
        (task("50"), "medium", 2),
        (task("79.999999999"), "medium", 2),
        (task("80"), "critical", 5),
        (allocation(&zone, "49.99"), "medium", 2),
        (allocation(&zone, "50"), "high", 3),
        (allocation(&zone, "80"), "critical", 5),
        (membership_change(&zone, "add", &ann, "executor"), "medium", 2),
        (zone_change(&zone, &json!({"description": "Another"})), "high", 3),
    ];
    for (body, risk, reviewers) in cases {
        let opened = app.owner.post("/proposals", body.clone()).await.expect(201);
        assert_eq!(opened.text("/risk_level"), risk, "{body}");
        assert_eq!(electorate(&opened).len(), reviewers, "{body}");
    }
});

on_both!(a_budget_from_above_counts_and_the_numbers_can_be_set, async |app: TestApp| {
    let parent = budgeted(&app).await;
    let policy = json!({"reviewers_by_risk": {"low": 4, "critical": 6}});
    let zone = app.owner.makes_zone(json!({"name": "Below", "parent_zone_id": parent, "approval_policy": policy})).await;
    let opened = app.owner.post("/proposals", work(&zone, &json!({"amount": "80"}))).await.expect(201);
    assert_eq!(opened.text("/risk_level"), "critical");
    assert_eq!(electorate(&opened).len(), 6);
    let opened = app.owner.post("/proposals", work(&zone, &json!({}))).await.expect(201);
    assert_eq!(electorate(&opened).len(), 4);
});

on_both!(reviewers_are_looked_for_in_the_zone_then_above_then_among_owners, async |app: TestApp| {
    let people = People::of(&app).await;
    let model = json!({"model_type": "threshold", "threshold": 3});
    let above = app.owner.makes_zone(json!({"name": "Above"})).await;
    let zone = app.owner.makes_zone(json!({"name": "Zone", "parent_zone_id": above, "decision_model": model})).await;
    app.owner.assigns(&above, &people.bob, "approver").await.expect(201);
    app.owner.assigns(&zone, &people.ann, "approver").await.expect(201);
    let opened = people.dee.post("/proposals", work(&zone, &json!({}))).await.expect(201);
    assert_eq!(electorate(&opened), [people.ann.id.clone(), people.bob.id.clone(), app.owner.id.clone()]);
    for (index, reason, by) in [(0, "approver", "policy"), (1, "approver", "policy"), (2, "owner", "fallback")] {
        assert_eq!(opened.text(&format!("/electorate/{index}/reason")), reason);
        assert_eq!(opened.text(&format!("/electorate/{index}/chosen_by")), by);
    }
    assert_eq!(opened.text("/electorate/0/zone_id"), zone);
    assert_eq!(opened.text("/electorate/1/zone_id"), above);
});

on_both!(a_threshold_larger_than_any_electorate_is_never_opened, async |app: TestApp| {
    let people = People::of(&app).await;
    let model = json!({"model_type": "threshold", "threshold": 4});
    let zone = council(&app, &people.first(3), json!({"decision_model": model})).await;
    app.owner.post("/proposals", work(&zone, &json!({}))).await.expect_problem(422, "no_electorate");
    people.dee.post("/proposals", work(&zone, &json!({}))).await.expect(201);
    let chosen = json!({"model_type": "threshold", "threshold": 5});
    let mut body = work(&zone, &json!({}));
    body["decision_model"] = chosen;
    people.dee.post("/proposals", body).await.expect_problem(422, "no_electorate");
    let listed = app.owner.get(&format!("/proposals?zone_id={zone}")).await.expect(200);
    assert_eq!(listed.items().len(), 1, "what was refused was not opened");
});

on_both!(solo_is_for_those_who_have_no_peers_and_marked_for_ever, async |app: TestApp| {
    let alone = app.owner.makes_zone(json!({"name": "Alone", "approval_policy": {"solo": true}})).await;
    let strict = app.owner.makes_zone(json!({"name": "Strict"})).await;
    app.owner.post("/proposals", work(&strict, &json!({}))).await.expect_problem(422, "no_electorate");

    let proposal = app.owner.proposes_work(&alone).await;
    let opened = standing(&app.owner, &proposal).await;
    assert_eq!(electorate(&opened), std::slice::from_ref(&app.owner.id));
    assert_eq!(opened.text("/electorate/0/reason"), "solo");
    let decided = app.owner.votes(&proposal, "approve").await.expect(200);
    assert_eq!(decided.text("/execution/status"), "succeeded");
    assert_eq!(*decided.at("/resolution/solo"), json!(true));

    let second = app.human("Second", "owner").await;
    assert_eq!(*standing(&second, &proposal).await.at("/resolution/solo"), json!(true), "the mark stays");
    let proposal = app.owner.proposes_work(&alone).await;
    let opened = standing(&app.owner, &proposal).await;
    assert_eq!(electorate(&opened), std::slice::from_ref(&second.id), "with a peer there is no solo");
    let decided = second.votes(&proposal, "approve").await.expect(200);
    assert_eq!(*decided.at("/resolution/solo"), json!(false));
});

on_both!(whoever_names_the_others_is_not_alone, async |app: TestApp| {
    let second = app.human("Second", "owner").await;
    let zone = app.owner.makes_zone(json!({"name": "Alone", "approval_policy": {"solo": true}})).await;
    let payload = json!({"action": "work.do", "executor_id": second.id});
    let body = json!({"zone_id": zone, "type": "task_execution", "title": "Work", "payload": payload});
    app.owner.post("/proposals", body).await.expect_problem(422, "no_electorate");
    let changes = json!({"description": "Mine.", "assignments": {"add": [{"member_id": second.id, "role": "executor"}]}});
    let body = json!({"zone_id": zone, "type": "zone_change", "title": "Change", "payload": {"changes": changes}});
    app.owner.post("/proposals", body).await.expect_problem(422, "no_electorate");
});

on_both!(weights_are_frozen_by_member_role_and_reputation, async |app: TestApp| {
    let people = People::of(&app).await;
    let weights_of = async |weights: Value, more: Value| -> Vec<u64> {
        let mut model = json!({"model_type": "weighted", "weights": weights});
        for (key, value) in more.as_object().expect("keys") {
            model[key] = value.clone();
        }
        let zone = council(&app, &people.first(3), json!({"decision_model": model})).await;
        let opened = app.owner.post("/proposals", work(&zone, &json!({}))).await.expect(201);
        let reviewers = opened.at("/electorate").as_array().expect("an electorate");
        reviewers.iter().filter_map(|reviewer| reviewer["weight"].as_u64()).collect()
    };
    let id = |person: &Person| person.id.clone();
    assert_eq!(weights_of(json!({id(&people.ann): 7}), json!({})).await, [7, 1, 1]);
    assert_eq!(weights_of(json!({id(&people.ann): 7, "approver": 3}), json!({})).await, [7, 3, 3]);
    assert_eq!(weights_of(json!({"approver": 2, "member": 5}), json!({})).await, [5, 5, 5], "of several roles, the heaviest");
    assert_eq!(weights_of(json!("reputation"), json!({})).await, [1, 1, 1]);
    let capped = weights_of(json!({id(&people.ann): 100, "approver": 10}), json!({"max_share": 0.4})).await;
    assert_eq!(capped, [13, 10, 10], "nobody weighs more than two fifths");
});

on_both!(what_the_outcome_rests_on_is_frozen_when_it_opens, async |app: TestApp| {
    let people = People::of(&app).await;
    let model = json!({"model_type": "threshold", "threshold": 2});
    let zone = council(&app, &people.first(2), json!({"decision_model": model})).await;
    let proposal = app.owner.proposes_work(&zone).await;
    let opened = standing(&app.owner, &proposal).await;
    let laxer = json!({"decision_model": {"model_type": "unilateral"}, "approval_policy": {"veto_window_minutes": 60}});
    app.owner.patch(&format!("/zones/{zone}"), laxer).await.expect(200);
    app.owner.assigns(&zone, &people.cid, "approver").await.expect(201);
    let after = people.ann.votes(&proposal, "approve").await.expect(200);
    assert_eq!(after.text("/status"), "pending_review", "the model of the opening decides");
    assert_eq!(*after.at("/decision_model"), model);
    assert_eq!(electorate(&after), electorate(&opened));
    let decided = people.bob.votes(&proposal, "approve").await.expect(200);
    assert_eq!(decided.text("/execution/status"), "succeeded", "without the later veto window");
});
