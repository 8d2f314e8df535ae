//! Governance escalations (SPEC E2, E4).

use chrono::Duration;
use serde_json::{Value, json};

use super::{House, outcome};
use crate::harness::TestApp;
use crate::on_both;

on_both!(from_the_first_signature_to_replaced_approvers, async |app: TestApp| {
    let house = House::with(&app, json!({})).await;
    let successor = app.human("Successor", "member").await;
    let second = app.human("Second", "member").await;
    let change = json!({"assignments": {
        "remove": [{"member_id": house.clerk.id, "role": "approver"}],
        "add": [{"member_id": successor.id, "role": "approver"}],
    }});
    let petition = json!({"reason": "the clerk decides for friends", "change": change});
    let raised = house.worker.post(&format!("/zones/{}/escalations", house.downstairs), petition).await.expect(201);
    assert_eq!((raised.text("/kind"), raised.text("/status")), ("governance".to_owned(), "pending".to_owned()));
    assert_eq!(raised.at("/cosigner_threshold"), 2);
    let path = format!("/escalations/{}/cosign", raised.id());
    let again = house.worker.post(&path, json!({})).await.expect(200);
    assert_eq!(again.at("/cosigners").as_array().expect("signatures").len(), 1, "signing twice is signing once");
    let bot = app.agent("Bot", Some(&house.worker)).await;
    bot.post(&path, json!({})).await.expect_problem(409, "already_signed");
    let carried = second.post(&path, json!({})).await.expect(200);
    assert_eq!(carried.text("/status"), "accepted");

    let above = carried.text("/parent_proposal_id");
    let question = house.judge.get(&format!("/proposals/{above}")).await.expect(200);
    assert_eq!((question.text("/type"), question.text("/zone_id")), ("zone_change".to_owned(), house.upstairs.clone()));
    let conflicts = question.at("/conflicts").to_string();
    for excluded in [&house.clerk, &successor, &house.worker, &second] {
        assert!(conflicts.contains(&excluded.id), "{conflicts}");
    }
    house.judge.votes(&above, "approve").await.expect(200);
    let roles = app.owner.get(&format!("/zones/{}/assignments", house.downstairs)).await.expect(200);
    let approvers: Vec<&Value> =
        roles.items().iter().filter(|held| held["role"] == "approver").map(|held| &held["member_id"]).collect();
    assert_eq!(approvers, [&json!(successor.id)]);
    let ended = app.owner.get(&format!("/escalations/{}", raised.id())).await.expect(200);
    assert_eq!(ended.text("/status"), "resolved");
    let then = app.owner.get(&format!("/escalations/{}?as_of={}", raised.id(), raised.position())).await.expect(200);
    assert_eq!(then.text("/status"), "pending");
});

on_both!(deciders_whom_the_parent_confirms_stay, async |app: TestApp| {
    let house = House::with(&app, json!({"escalation_policy": {"cosigner_threshold": 1}})).await;
    let petition = json!({"reason": "stop it", "change": {"status": "suspended"}});
    let raised = house.worker.post(&format!("/zones/{}/escalations", house.downstairs), petition).await.expect(201);
    assert_eq!(raised.text("/status"), "accepted", "one signature is enough here");
    house.worker.post(&format!("/escalations/{}/withdraw", raised.id()), json!({})).await.expect_problem(409, "not_pending");
    house.judge.votes(&raised.text("/parent_proposal_id"), "reject").await.expect(200);
    let ended = app.owner.get(&format!("/escalations/{}", raised.id())).await.expect(200);
    assert_eq!((ended.text("/status"), ended.text("/resolution/reason")), ("dismissed".to_owned(), "not_upheld".to_owned()));
    let zone = app.owner.get(&format!("/zones/{}", house.downstairs)).await.expect(200);
    assert_eq!(zone.text("/status"), "active");
});

on_both!(a_root_zone_is_suspended_by_its_owners, async |app: TestApp| {
    let house = House::with(&app, json!({})).await;
    let petition = json!({"reason": "stop everything", "change": {"status": "suspended"}});
    let raised = house.worker.post(&format!("/zones/{}/escalations", house.upstairs), petition).await.expect(201);
    let carried = house.clerk.post(&format!("/escalations/{}/cosign", raised.id()), json!({})).await.expect(200);
    app.owner.votes(&carried.text("/parent_proposal_id"), "approve").await.expect(200);
    assert_eq!(app.owner.get(&format!("/zones/{}", house.upstairs)).await.expect(200).text("/status"), "suspended");
});

on_both!(a_petition_that_could_not_be_done_is_refused_at_once, async |app: TestApp| {
    let house = House::with(&app, json!({})).await;
    let path = format!("/zones/{}/escalations", house.downstairs);
    for (change, status, pointer) in [
        (json!({"colour": "red"}), 422, "/change/colour"),
        (json!({}), 422, "/change"),
        (json!({"status": "draft"}), 422, "/change/status"),
        (json!({"assignments": {"sack": []}}), 422, "/change/assignments/sack"),
        (
            json!({"assignments": {"add": [{"member_id": "01890000-0000-7000-8000-000000000000", "role": "approver"}]}}),
            404,
            "/change/assignments",
        ),
    ] {
        let refused = house.worker.post(&path, json!({"reason": "so", "change": change})).await.expect(status);
        assert_eq!(refused.text("/errors/0/pointer"), pointer, "{}", refused.body);
    }
    let nobody = app.owner.get("/escalations").await.expect(200);
    assert!(nobody.items().is_empty());
});

on_both!(those_whom_it_is_about_do_not_dismiss_it, async |app: TestApp| {
    let house = House::with(&app, json!({})).await;
    let boss = app.human("Boss", "admin").await;
    app.owner.assigns(&house.downstairs, &boss, "approver").await.expect(201);
    let petition = json!({"reason": "the boss decides alone", "change": {"status": "suspended"}});
    let raised = house.worker.post(&format!("/zones/{}/escalations", house.downstairs), petition).await.expect(201);
    let path = format!("/escalations/{}/dismiss", raised.id());
    boss.post(&path, json!({})).await.expect_problem(403, "contested");
    app.owner.post(&path, json!({})).await.expect(200);
    app.owner.post(&path, json!({})).await.expect(200);
});

on_both!(two_a_day_are_enough_and_the_third_waits_until_the_first_is_a_day_old, async |app: TestApp| {
    let house = House::with(&app, json!({"escalation_policy": {"max_escalations_per_day": 2}})).await;
    let escalates = async || {
        let proposal = house.worker.proposes_work(&house.downstairs).await;
        house.worker.post(&format!("/proposals/{proposal}/escalate"), json!({"reason": "again"})).await
    };
    escalates().await.expect(201);
    app.time_passes(Duration::hours(5)).await;
    escalates().await.expect(201);
    let refused = escalates().await.expect_problem(429, "too_many_escalations");
    let wait: i64 = refused.header("retry-after").parse().expect("seconds");
    assert_eq!(wait, 19 * 3600 + 1, "until the first is a day old");
    app.time_passes(Duration::seconds(wait)).await;
    let proposal = house.worker.proposes_work(&house.downstairs).await;
    house.worker.post(&format!("/proposals/{proposal}/escalate"), json!({"reason": "again"})).await.expect(201);
    let other = house.worker.proposes_work(&house.downstairs).await;
    house.clerk.post(&format!("/proposals/{other}/escalate"), json!({"reason": "mine"})).await.expect(201);
    assert_eq!(outcome(&house.worker, &other).await.0, "escalated", "everyone has an allowance of their own");
});

on_both!(a_root_that_only_a_proposal_may_change_is_brought_back_by_its_owners, async |app: TestApp| {
    let [ann, bob] = [app.human("Ann", "member").await, app.human("Bob", "member").await];
    for (name, status) in [("Suspended", "active"), ("Draft", "draft")] {
        let locked = json!({"name": name, "status": status, "constraints": {"blocked_actions": ["zone.write"]}});
        let zone = if status == "draft" {
            app.owner.makes_zone(locked).await
        } else {
            let zone = app.owner.makes_zone(json!({"name": name})).await;
            app.owner.post(&format!("/zones/{zone}/suspend"), json!({})).await.expect(200);
            app.owner.patch(&format!("/zones/{zone}"), json!({"constraints": locked["constraints"]})).await.expect(200);
            zone
        };
        app.owner.post(&format!("/zones/{zone}/activate"), json!({})).await.expect_problem(403, "action_blocked");
        let change = json!({"reason": "it is needed", "change": {"status": "active"}});
        let raised = ann.post(&format!("/zones/{zone}/escalations"), change).await.expect(201);
        let carried = bob.post(&format!("/escalations/{}/cosign", raised.id()), json!({})).await.expect(200);
        let decided = app.owner.votes(&carried.text("/parent_proposal_id"), "approve").await.expect(200);
        assert_eq!(decided.text("/execution/status"), "succeeded", "{}", decided.body);
        let zone = app.owner.get(&format!("/zones/{zone}")).await.expect(200);
        assert_eq!(zone.text("/status"), "active");
    }
});

on_both!(what_somebody_else_has_done_meanwhile_does_not_undo_the_rest_of_a_change, async |app: TestApp| {
    let house = House::with(&app, json!({})).await;
    let dora = app.human("Dora", "member").await;
    let held = app.owner.get(&format!("/zones/{}/assignments", house.downstairs)).await.expect(200);
    let clerk = held.items().iter().find(|held| held["member_id"] == house.clerk.id.as_str()).expect("the clerk's role");
    let clerk = clerk["id"].as_str().expect("an id").to_owned();
    let change = json!({"assignments": {"remove": [{"member_id": house.clerk.id, "role": "approver"}],
        "add": [{"member_id": dora.id, "role": "approver"}]}});
    let petition = json!({"reason": "another clerk", "change": change});
    let raised = house.worker.post(&format!("/zones/{}/escalations", house.downstairs), petition).await.expect(201);
    let carried = app.owner.post(&format!("/escalations/{}/cosign", raised.id()), json!({})).await.expect(200);
    app.owner.delete(&format!("/zones/{}/assignments/{clerk}", house.downstairs)).await.expect(204);
    let decided = house.judge.votes(&carried.text("/parent_proposal_id"), "approve").await.expect(200);
    assert_eq!(decided.text("/execution/status"), "succeeded", "{}", decided.body);
    let held =
        app.owner.get(&format!("/zones/{}/assignments?after={}", house.downstairs, decided.position())).await.expect(200);
    assert!(held.items().iter().any(|held| held["member_id"] == dora.id.as_str()), "{}", held.body);
});

on_both!(whoever_answers_for_an_agent_that_has_gone_signs_in_person, async |app: TestApp| {
    let house = House::with(&app, json!({"escalation_policy": {"cosigner_threshold": 3}})).await;
    let (sponsor, third) = (app.human("Sponsor", "member").await, app.human("Third", "member").await);
    let bot = app.agent("Bot", Some(&sponsor)).await;
    let petition = json!({"reason": "stop it", "change": {"status": "suspended"}});
    let raised = house.worker.post(&format!("/zones/{}/escalations", house.downstairs), petition).await.expect(201);
    let path = format!("/escalations/{}/cosign", raised.id());
    bot.post(&path, json!({})).await.expect(200);
    sponsor.post(&path, json!({})).await.expect_problem(409, "already_signed");
    app.owner.delete(&format!("/members/{}", bot.id)).await.expect(204);
    let signed = sponsor.post(&path, json!({})).await.expect(200);
    assert_eq!(signed.text("/status"), "pending", "the signature of who has gone counts no more");
    let persons: Vec<&Value> =
        signed.at("/cosigners").as_array().expect("a list").iter().map(|one| &one["person_id"]).collect();
    assert_eq!(persons, [&json!(house.worker.id), &json!(sponsor.id)], "each person once");
    let listed = app.owner.get(&format!("/escalations?after={}", signed.position())).await.expect(200);
    assert_eq!(listed.at("/items/0/signatures"), 2, "{}", listed.body);
    assert_eq!(third.post(&path, json!({})).await.expect(200).text("/status"), "accepted");
});
