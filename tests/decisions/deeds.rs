//! What approvals do: through the very rules of direct commands, at most once, against the policy of the day (SPEC X1, X2, Z9).

use serde_json::{Value, json};

use super::{People, council, membership_change, standing, told, work, zone_change};
use crate::harness::{Person, TestApp};
use crate::on_both;

/// Someone proposes, Ann approves; the proposal afterwards.
async fn decided(proposer: &Person, approver: &Person, body: Value) -> crate::harness::Reply {
    let proposal = proposer.post("/proposals", body).await.expect(201).id();
    approver.votes(&proposal, "approve").await.expect(200)
}

/// The newest event of a type in a zone.
async fn newest(person: &Person, zone: &str, kind: &str) -> Value {
    let found = person.get(&format!("/audit?zone_id={zone}&type={kind}&limit=1")).await.expect(200);
    found.at("/items/0").clone()
}

on_both!(an_approval_is_held_while_the_veto_window_is_open, async |app: TestApp| {
    let ann = app.human("Ann", "member").await;
    let zone = council(&app, &[&ann], json!({"approval_policy": {"veto_window_minutes": 30}})).await;
    let held = decided(&app.owner, &ann, work(&zone, &json!({}))).await;
    assert_eq!(held.text("/status"), "approved");
    assert_eq!(held.text("/execution/status"), "held");
    assert_eq!(held.text("/execution/held_until"), "2026-01-05T10:30:00Z");
    assert!(app.owner.get("/grants").await.expect(200).items().is_empty(), "nothing is granted yet");
    let retry = format!("/proposals/{}/retry-execution", held.id());
    app.owner.post(&retry, json!({})).await.expect_problem(409, "nothing_to_execute");
    app.settled().await;
    assert_eq!(standing(&app.owner, &held.id()).await.text("/execution/status"), "held");
});

on_both!(a_failed_execution_is_on_record_and_can_be_retried_by_those_who_tend_the_zone, async |app: TestApp| {
    let people = People::of(&app).await;
    let zone = council(&app, &people.first(1), json!({})).await;
    app.owner.assigns(&zone, &people.cid, "gardener").await.expect(201);
    let proposal = app.owner.proposes_work(&zone).await;
    let block = |actions: Value| json!({"constraints": {"blocked_actions": actions}});
    app.owner.patch(&format!("/zones/{zone}"), block(json!(["work.*"]))).await.expect(200);
    let failed = people.ann.votes(&proposal, "approve").await.expect(200);
    assert_eq!(failed.text("/status"), "approved");
    assert_eq!(failed.text("/execution/status"), "failed");
    assert_eq!(failed.text("/execution/code"), "action_blocked");
    assert!(app.owner.get("/grants").await.expect(200).items().is_empty());

    let retry = format!("/proposals/{proposal}/retry-execution");
    people.bob.post(&retry, json!({})).await.expect_problem(403, "no_role");
    let again = people.cid.post(&retry, json!({})).await.expect(200);
    assert_eq!(again.text("/execution/status"), "failed", "nothing has changed yet");
    app.owner.patch(&format!("/zones/{zone}"), block(Value::Null)).await.expect(200);
    let done = people.cid.post(&retry, json!({})).await.expect(200);
    assert_eq!(done.text("/execution/status"), "succeeded");
    assert_eq!(*done.at("/execution/code"), Value::Null);
    people.cid.post(&retry, json!({})).await.expect_problem(409, "nothing_to_execute");
    assert_eq!(app.owner.get("/grants").await.expect(200).items().len(), 1, "executed once");
    let expected = [
        "proposal.opened",
        "proposal.vote_cast",
        "proposal.approved",
        "proposal.execution_failed",
        "proposal.execution_failed",
        "proposal.execution_succeeded",
    ];
    assert_eq!(told(&app.owner, &proposal).await, expected);
});

on_both!(a_membership_change_is_executed_and_names_its_proposal, async |app: TestApp| {
    let people = People::of(&app).await;
    let zone = council(&app, &people.first(1), json!({})).await;
    let added = decided(&people.bob, &people.ann, membership_change(&zone, "add", &people.cid, "executor")).await;
    assert_eq!(added.text("/execution/status"), "succeeded");
    let held = app.owner.get(&format!("/zones/{zone}/assignments")).await.expect(200);
    assert!(held.items().iter().any(|held| held["member_id"] == people.cid.id.as_str() && held["role"] == "executor"));
    let event = newest(&app.owner, &zone, "zone.member_assigned").await;
    assert_eq!(event["data"]["by_proposal"], added.id());

    let removed = decided(&people.bob, &people.ann, membership_change(&zone, "remove", &people.cid, "executor")).await;
    assert_eq!(removed.text("/execution/status"), "succeeded");
    let held = app.owner.get(&format!("/zones/{zone}/assignments")).await.expect(200);
    assert!(!held.items().iter().any(|held| held["member_id"] == people.cid.id.as_str()));
    let event = newest(&app.owner, &zone, "zone.member_unassigned").await;
    assert_eq!(event["data"]["by_proposal"], removed.id());
});

on_both!(a_membership_change_meets_the_rules_of_the_day_when_executed, async |app: TestApp| {
    let people = People::of(&app).await;
    let zone = council(&app, &people.first(1), json!({})).await;
    let body = membership_change(&zone, "add", &people.cid, "executor");
    let proposal = people.bob.post("/proposals", body).await.expect(201).id();
    let demand = json!({"agent_qualifications": {"required_skills": ["welding"]}});
    app.owner.patch(&format!("/zones/{zone}"), demand).await.expect(200);
    app.owner.assigns(&zone, &people.cid, "executor").await.expect_problem(422, "not_qualified");
    let failed = people.ann.votes(&proposal, "approve").await.expect(200);
    assert_eq!(failed.text("/execution/status"), "failed");
    assert_eq!(failed.text("/execution/code"), "missing_skill");
});

on_both!(a_zone_change_rewrites_moves_and_switches_and_names_its_proposal, async |app: TestApp| {
    let people = People::of(&app).await;
    let root = council(&app, &people.first(1), json!({})).await;
    let child = app.owner.makes_zone(json!({"name": "Child", "parent_zone_id": root})).await;
    let other = app.owner.makes_zone(json!({"name": "Other", "parent_zone_id": root})).await;
    let cases = [
        (json!({"name": "Renamed", "constraints": {"max_concurrent_tasks": 2}}), "zone.changed"),
        (json!({"parent_zone_id": other}), "zone.moved"),
        (json!({"status": "suspended"}), "zone.status_changed"),
    ];
    for (changes, event) in cases {
        let mut body = zone_change(&root, &changes);
        body["payload"]["zone_id"] = json!(child);
        let done = decided(&people.bob, &people.ann, body).await;
        assert_eq!(done.text("/execution/status"), "succeeded", "{changes}");
        assert_eq!(newest(&app.owner, &child, event).await["data"]["by_proposal"], done.id(), "{changes}");
    }
    let zone = app.owner.get(&format!("/zones/{child}")).await.expect(200);
    assert_eq!((zone.text("/name").as_str(), zone.text("/status").as_str()), ("Renamed", "suspended"));
    assert_eq!(*zone.at("/constraints/max_concurrent_tasks"), json!(2));
    assert_eq!(zone.text("/parent_zone_id"), other);
    let direct = app.owner.patch(&format!("/zones/{child}"), json!({"name": "By hand"})).await.expect(200);
    assert_eq!(direct.text("/name"), "By hand");
    assert_eq!(newest(&app.owner, &child, "zone.changed").await["data"]["by_proposal"], Value::Null);
});

on_both!(a_proposal_reaches_its_own_zone_and_what_lies_below_it, async |app: TestApp| {
    let people = People::of(&app).await;
    let root = council(&app, &people.first(1), json!({})).await;
    let child = app.owner.makes_zone(json!({"name": "Child", "parent_zone_id": root})).await;
    for mut body in
        [zone_change(&child, &json!({"name": "Another"})), membership_change(&child, "add", &people.cid, "executor")]
    {
        body["payload"]["zone_id"] = json!(root);
        let refused = people.bob.post("/proposals", body).await.expect_problem(422, "outside_zone");
        assert_eq!(refused.text("/errors/0/pointer"), "/payload/zone_id");
    }
});

on_both!(a_zone_that_blocks_its_writing_is_changed_only_by_proposal, async |app: TestApp| {
    let people = People::of(&app).await;
    let shut = json!({"constraints": {"blocked_actions": ["zone.write"]}});
    let zone = council(&app, &people.first(1), json!({})).await;
    let assigned = app.owner.assigns(&zone, &people.bob, "executor").await.expect(201).id();
    let elsewhere = app.owner.makes_zone(json!({"name": "Elsewhere"})).await;
    app.owner.patch(&format!("/zones/{zone}"), shut).await.expect(200);
    let before = app.owner.get(&format!("/zones/{zone}")).await.expect(200);

    let path = format!("/zones/{zone}");
    for changes in [
        json!({"name": "Another"}),
        json!({"constraints": null}),
        json!({"decision_model": {"model_type": "consensus"}}),
        json!({"sealed": ["constraints"]}),
        json!({"approval_policy": {"solo": true}}),
    ] {
        app.owner.patch(&path, changes).await.expect_problem(403, "action_blocked");
    }
    for (step, body) in [("suspend", json!({})), ("archive", json!({})), ("move", json!({"parent_zone_id": elsewhere}))] {
        app.owner.post(&format!("{path}/{step}"), body).await.expect_problem(403, "action_blocked");
    }
    for role in ["executor", "approver", "evaluator", "gardener"] {
        app.owner.assigns(&zone, &people.dee, role).await.expect_problem(403, "action_blocked");
    }
    app.owner.delete(&format!("{path}/assignments/{assigned}")).await.expect_problem(403, "action_blocked");
    assert_eq!(app.owner.get(&path).await.expect(200).body, before.body, "nothing changed");

    let named = decided(&app.owner, &people.ann, zone_change(&zone, &json!({"name": "Another"}))).await;
    assert_eq!(named.text("/execution/status"), "succeeded");
    let joined = decided(&app.owner, &people.ann, membership_change(&zone, "add", &people.dee, "executor")).await;
    assert_eq!(joined.text("/execution/status"), "succeeded");
    let opened = decided(&app.owner, &people.ann, zone_change(&zone, &json!({"constraints": {"blocked_actions": null}}))).await;
    assert_eq!(opened.text("/execution/status"), "succeeded");
    assert_eq!(app.owner.patch(&path, json!({"name": "By hand"})).await.expect(200).text("/name"), "By hand");
});

on_both!(below_a_zone_that_blocks_writing_nothing_is_written_either, async |app: TestApp| {
    let root = app.owner.makes_zone(json!({"name": "Root", "constraints": {"blocked_actions": ["zone.*"]}})).await;
    let open = app.owner.makes_zone(json!({"name": "Open"})).await;
    app.owner.patch(&format!("/zones/{root}"), json!({"name": "Another"})).await.expect_problem(403, "action_blocked");
    app.owner.patch(&format!("/zones/{open}"), json!({"name": "Another"})).await.expect(200);
    let everything = app.owner.makes_zone(json!({"name": "Work", "constraints": {"blocked_actions": ["*"]}})).await;
    app.owner.patch(&format!("/zones/{everything}"), json!({"name": "Governed"})).await.expect(200);
});

on_both!(a_gardener_neither_shuts_nor_opens_the_ways_of_governing, async |app: TestApp| {
    let people = People::of(&app).await;
    let zone = council(&app, &people.first(1), json!({})).await;
    app.owner.assigns(&zone, &people.cid, "gardener").await.expect(201);
    let (path, block) = (format!("/zones/{zone}"), |actions: Value| json!({"constraints": {"blocked_actions": actions}}));

    people.cid.patch(&path, block(json!(["work.harm"]))).await.expect(200);
    for pattern in ["*", "zone.write", "zone.*", "proposal.approve", "escalation.*", "evaluation.create", "member.*"] {
        people.cid.patch(&path, block(json!(["work.harm", pattern]))).await.expect_problem(403, "no_role");
    }
    app.owner.patch(&path, block(json!(["work.harm", "evaluation.*"]))).await.expect(200);
    people.cid.patch(&path, block(json!(["evaluation.*"]))).await.expect(200);
    for opened in [block(json!([])), block(Value::Null), json!({"constraints": null})] {
        people.cid.patch(&path, opened).await.expect_problem(403, "no_role");
    }
    let locked = block(json!(["zone.*", "proposal.*"]));
    let refused = app.owner.patch(&path, locked.clone()).await.expect_problem(422, "unmendable");
    assert_eq!(refused.text("/errors/0/pointer"), "/constraints/blocked_actions");
    let refused = people.bob.post("/proposals", zone_change(&zone, &locked)).await.expect_problem(422, "not_executable");
    assert_eq!(refused.text("/errors/0/code"), "unmendable");
});
