//! Action escalations (SPEC E1, E3).

use chrono::Duration;
use serde_json::json;

use super::{House, outcome};
use crate::harness::TestApp;
use crate::on_both;

on_both!(what_is_approved_above_is_executed_below, async |app: TestApp| {
    let house = House::with(&app, json!({})).await;
    let proposal = house.worker.proposes_work(&house.downstairs).await;
    let raised =
        house.worker.post(&format!("/proposals/{proposal}/escalate"), json!({"reason": "it cannot wait"})).await.expect(201);
    assert_eq!((raised.text("/kind"), raised.text("/status")), ("action".to_owned(), "accepted".to_owned()));
    assert_eq!(raised.text("/proposal_id"), proposal);
    assert_eq!(raised.header("location"), format!("/api/v1/escalations/{}", raised.id()));
    assert_eq!(outcome(&house.worker, &proposal).await.0, "escalated");
    house.clerk.votes(&proposal, "approve").await.expect_problem(409, "not_pending");

    let above = raised.text("/parent_proposal_id");
    let question = house.judge.get(&format!("/proposals/{above}")).await.expect(200);
    assert_eq!(question.text("/zone_id"), house.upstairs);
    assert_eq!(question.text("/escalated_from/proposal_id"), proposal);
    assert_eq!(question.text("/electorate/0/member_id"), house.judge.id);
    let below = house.judge.get(&format!("/proposals/{proposal}")).await.expect(200);
    assert_eq!(below.text("/escalation/parent_proposal_id"), above);

    let decided = house.judge.votes(&above, "approve").await.expect(200);
    assert_eq!((decided.text("/status"), decided.text("/execution/status")), ("approved".to_owned(), "succeeded".to_owned()));
    let settled = house.worker.get(&format!("/proposals/{proposal}")).await.expect(200);
    assert_eq!((settled.text("/status"), settled.text("/resolution/reason")), ("approved".to_owned(), "escalation".to_owned()));
    assert_eq!(settled.text("/execution/status"), "succeeded");
    let grants = app.owner.get(&format!("/grants?after={}", decided.position())).await.expect(200);
    assert_eq!(grants.items().len(), 1, "one grant, for the zone below");
    assert_eq!((grants.text("/items/0/zone_id"), grants.text("/items/0/proposal_id")), (house.downstairs.clone(), proposal));
    let escalation = house.worker.get(&format!("/escalations/{}", raised.id())).await.expect(200);
    assert_eq!(
        (escalation.text("/status"), escalation.text("/resolution/outcome")),
        ("resolved".to_owned(), "approved".to_owned())
    );
});

on_both!(what_is_rejected_above_is_rejected_below, async |app: TestApp| {
    let house = House::with(&app, json!({})).await;
    let proposal = house.worker.proposes_work(&house.downstairs).await;
    let raised = house.clerk.post(&format!("/proposals/{proposal}/escalate"), json!({"reason": "not mine to decide"})).await;
    let above = raised.expect(201).text("/parent_proposal_id");
    house.judge.votes(&above, "reject").await.expect(200);
    assert_eq!(outcome(&house.worker, &proposal).await, ("rejected".to_owned(), "escalation".to_owned()));
    let list = app.owner.get("/escalations?status=resolved").await.expect(200);
    assert_eq!(list.text("/items/0/outcome"), "rejected");
});

on_both!(a_decision_can_be_contested_within_its_veto_window_and_not_after, async |app: TestApp| {
    let house = House::with(&app, json!({"approval_policy": {"veto_window_minutes": 30}})).await;
    let approved = house.worker.proposes_work(&house.downstairs).await;
    let rejected = house.worker.proposes_work(&house.downstairs).await;
    let late = house.worker.proposes_work(&house.downstairs).await;
    for (proposal, choice) in [(&approved, "approve"), (&rejected, "reject"), (&late, "reject")] {
        house.clerk.votes(proposal, choice).await.expect(200);
    }
    let objection = json!({"reason": "the clerk is wrong"});
    let raised = house.worker.post(&format!("/proposals/{approved}/escalate"), objection.clone()).await.expect(201);
    let question = house.judge.get(&format!("/proposals/{}", raised.text("/parent_proposal_id"))).await.expect(200);
    let conflicts = question.at("/conflicts").to_string();
    assert!(conflicts.contains("contested_decider") && conflicts.contains(&house.clerk.id), "{conflicts}");
    app.time_passes(Duration::minutes(31)).await;
    assert_eq!(outcome(&house.worker, &approved).await.0, "escalated", "the veto window does not execute what is up above");
    house.worker.post(&format!("/proposals/{late}/escalate"), objection.clone()).await.expect_problem(409, "not_contestable");
    house.worker.post(&format!("/proposals/{approved}/escalate"), objection).await.expect_problem(409, "already_escalated");
    house.judge.votes(&raised.text("/parent_proposal_id"), "reject").await.expect(200);
    assert_eq!(outcome(&house.worker, &approved).await, ("rejected".to_owned(), "escalation".to_owned()));
    assert_eq!(outcome(&house.worker, &rejected).await, ("rejected".to_owned(), "votes".to_owned()));
});

on_both!(a_withdrawn_or_dismissed_escalation_leaves_everything_where_it_stood, async |app: TestApp| {
    let house = House::with(&app, json!({"approval_policy": {"veto_window_minutes": 30}})).await;
    let pending = house.worker.proposes_work(&house.downstairs).await;
    let held = house.worker.proposes_work(&house.downstairs).await;
    house.clerk.votes(&held, "approve").await.expect(200);
    let objection = json!({"reason": "wait"});
    let first = house.worker.post(&format!("/proposals/{pending}/escalate"), objection.clone()).await.expect(201);
    let second = house.worker.post(&format!("/proposals/{held}/escalate"), objection).await.expect(201);
    let (first, second) = (first.id(), second.id());
    house.clerk.post(&format!("/escalations/{first}/withdraw"), json!({})).await.expect_problem(403, "not_the_escalator");
    let withdrawn = house.worker.post(&format!("/escalations/{first}/withdraw"), json!({})).await.expect(200);
    assert_eq!(withdrawn.text("/resolution/reason"), "withdrawn");
    assert_eq!(outcome(&house.worker, &withdrawn.text("/parent_proposal_id")).await.0, "withdrawn");
    assert_eq!(outcome(&house.worker, &pending).await.0, "pending_review");
    let waiting = house.clerk.get(&format!("/proposals/pending-reviews?after={}", withdrawn.position())).await.expect(200);
    assert_eq!(waiting.items().len(), 1, "the clerk is waited for again");
    house.clerk.votes(&pending, "approve").await.expect(200);

    house.worker.post(&format!("/escalations/{second}/dismiss"), json!({"reason": "no"})).await.expect(403);
    let dismissed =
        app.owner.post(&format!("/escalations/{second}/dismiss"), json!({"reason": "nothing new"})).await.expect(200);
    assert_eq!(
        (dismissed.text("/status"), dismissed.text("/resolution/note")),
        ("dismissed".to_owned(), "nothing new".to_owned())
    );
    let shown = house.worker.get(&format!("/proposals/{held}")).await.expect(200);
    assert_eq!((shown.text("/status"), shown.text("/execution/status")), ("approved".to_owned(), "held".to_owned()));
    app.time_passes(Duration::minutes(31)).await;
    let shown = house.worker.get(&format!("/proposals/{held}")).await.expect(200);
    assert_eq!(shown.text("/execution/status"), "succeeded", "its veto window closes again");
});

on_both!(an_answer_comes_down_through_two_zones, async |app: TestApp| {
    let house = House::with(&app, json!({})).await;
    let cellar = json!({"name": "Cellar", "parent_zone_id": house.downstairs});
    let cellar = app.owner.makes_zone(cellar).await;
    let rat = app.human("Rat", "member").await;
    app.owner.assigns(&cellar, &rat, "approver").await.expect(201);
    app.owner.assigns(&cellar, &house.worker, "executor").await.expect(201);
    let proposal = house.worker.proposes_work(&cellar).await;
    let objection = json!({"reason": "higher"});
    let first = house.worker.post(&format!("/proposals/{proposal}/escalate"), objection.clone()).await.expect(201);
    let middle = first.text("/parent_proposal_id");
    let second = house.worker.post(&format!("/proposals/{middle}/escalate"), objection).await.expect(201);
    house.judge.votes(&second.text("/parent_proposal_id"), "approve").await.expect(200);
    for id in [&proposal, &middle] {
        assert_eq!(outcome(&house.worker, id).await, ("approved".to_owned(), "escalation".to_owned()));
    }
    app.settled().await;
    let grants = app.owner.get("/grants").await.expect(200);
    assert_eq!(grants.items().len(), 1);
    assert_eq!(grants.text("/items/0/zone_id"), cellar);
});

on_both!(a_question_of_a_root_zone_goes_to_the_owners, async |app: TestApp| {
    let house = House::with(&app, json!({})).await;
    let proposal = house.worker.proposes_work(&house.upstairs).await;
    let raised =
        house.worker.post(&format!("/proposals/{proposal}/escalate"), json!({"reason": "ask the owners"})).await.expect(201);
    let above = app.owner.get(&format!("/proposals/{}", raised.text("/parent_proposal_id"))).await.expect(200);
    assert_eq!(above.at("/electorate").as_array().expect("electors").len(), 1);
    assert_eq!(above.text("/electorate/0/member_id"), app.owner.id);
    assert_eq!(above.text("/electorate/0/reason"), "owner");
    let again = house.worker.post(&format!("/proposals/{}/escalate", above.id()), json!({"reason": "still not"})).await;
    again.expect_problem(409, "last_instance");
    app.owner.votes(&above.id(), "approve").await.expect(200);
    assert_eq!(outcome(&house.worker, &proposal).await, ("approved".to_owned(), "escalation".to_owned()));
});

on_both!(strangers_to_a_question_do_not_escalate_it, async |app: TestApp| {
    let house = House::with(&app, json!({})).await;
    let passer_by = app.human("Passer-by", "member").await;
    let auditor = app.human("Auditor", "auditor").await;
    let elsewhere = app.other_organization("Elsewhere").await;
    let proposal = house.worker.proposes_work(&house.downstairs).await;
    let path = format!("/proposals/{proposal}/escalate");
    passer_by.post(&path, json!({"reason": "because"})).await.expect_problem(403, "not_concerned");
    auditor.post(&path, json!({"reason": "because"})).await.expect(403);
    elsewhere.post(&path, json!({"reason": "because"})).await.expect(404);
    house.worker.post(&path, json!({"reason": ""})).await.expect_problem(422, "invalid");
    let raised = house.worker.post(&path, json!({"reason": "because"})).await.expect(201);
    elsewhere.get(&format!("/escalations/{}", raised.id())).await.expect(404);
    elsewhere.post(&format!("/escalations/{}/cosign", raised.id()), json!({})).await.expect(404);
    assert!(elsewhere.get("/escalations").await.expect(200).items().is_empty());
    house.clerk.post(&format!("/escalations/{}/cosign", raised.id()), json!({})).await.expect_problem(409, "not_signed");
});

on_both!(an_archived_zone_takes_its_escalated_questions_with_it, async |app: TestApp| {
    let house = House::with(&app, json!({})).await;
    let proposal = house.worker.proposes_work(&house.downstairs).await;
    let raised = house.worker.post(&format!("/proposals/{proposal}/escalate"), json!({"reason": "up"})).await.expect(201);
    let petition = json!({"reason": "bad", "change": {"status": "suspended"}});
    let petition = house.worker.post(&format!("/zones/{}/escalations", house.downstairs), petition).await.expect(201);
    app.owner.post(&format!("/zones/{}/archive", house.downstairs), json!({})).await.expect(200);
    app.settled().await;
    assert_eq!(outcome(&app.owner, &proposal).await, ("withdrawn".to_owned(), "zone_archived".to_owned()));
    assert_eq!(outcome(&app.owner, &raised.text("/parent_proposal_id")).await.0, "withdrawn");
    for id in [raised.id(), petition.id()] {
        let shown = app.owner.get(&format!("/escalations/{id}")).await.expect(200);
        assert_eq!(
            (shown.text("/status"), shown.text("/resolution/reason")),
            ("dismissed".to_owned(), "zone_archived".to_owned())
        );
    }
});

on_both!(an_auditor_neither_contests_nor_takes_back, async |app: TestApp| {
    let house = House::with(&app, json!({})).await;
    let contested = house.worker.proposes_work(&house.downstairs).await;
    let another = house.worker.proposes_work(&house.downstairs).await;
    let objection = json!({"reason": "it cannot wait"});
    let raised = house.worker.post(&format!("/proposals/{contested}/escalate"), objection.clone()).await.expect(201);
    let change = json!({"reason": "look", "change": {"status": "suspended"}});
    let petition = house.worker.post(&format!("/zones/{}/escalations", house.downstairs), change).await.expect(201);
    app.owner.patch(&format!("/members/{}", house.worker.id), json!({"role": "auditor"})).await.expect(200);
    house.worker.post(&format!("/proposals/{another}/escalate"), objection).await.expect_problem(403, "forbidden");
    for escalation in [raised, petition] {
        let withdraw = format!("/escalations/{}/withdraw", escalation.id());
        house.worker.post(&withdraw, json!({})).await.expect_problem(403, "forbidden");
    }
});

on_both!(what_the_zone_above_has_decided_is_not_taken_back, async |app: TestApp| {
    let house = House::with(&app, json!({})).await;
    let slow = json!({"approval_policy": {"veto_window_minutes": 60}});
    app.owner.patch(&format!("/zones/{}", house.upstairs), slow).await.expect(200);
    let proposal = house.worker.proposes_work(&house.downstairs).await;
    let raised =
        house.worker.post(&format!("/proposals/{proposal}/escalate"), json!({"reason": "it cannot wait"})).await.expect(201);
    let above = raised.text("/parent_proposal_id");
    house.judge.votes(&above, "approve").await.expect(200);
    assert_eq!(outcome(&app.owner, &above).await.0, "approved");
    let escalation = format!("/escalations/{}", raised.id());
    house.worker.post(&format!("{escalation}/withdraw"), json!({})).await.expect_problem(409, "answered");
    app.owner.post(&format!("{escalation}/dismiss"), json!({})).await.expect_problem(409, "answered");
    // Nor when the answer is contested: that is the owners' to decide now.
    let contested = house.judge.post(&format!("/proposals/{above}/escalate"), json!({"reason": "on second thoughts"})).await;
    let last = contested.expect(201).text("/parent_proposal_id");
    house.worker.post(&format!("{escalation}/withdraw"), json!({})).await.expect_problem(409, "answered");
    app.owner.votes(&last, "approve").await.expect(200);
    app.time_passes(Duration::minutes(61)).await;
    assert_eq!(outcome(&app.owner, &proposal).await, ("approved".to_owned(), "escalation".to_owned()));
});

on_both!(a_zone_that_decides_nothing_there_any_more_is_not_waited_for, async |app: TestApp| {
    let house = House::with(&app, json!({})).await;
    let proposal = house.worker.proposes_work(&house.downstairs).await;
    let raised =
        house.worker.post(&format!("/proposals/{proposal}/escalate"), json!({"reason": "it cannot wait"})).await.expect(201);
    let elsewhere = app.owner.makes_zone(json!({"name": "Elsewhere"})).await;
    let to = json!({"parent_zone_id": elsewhere});
    app.owner.post(&format!("/zones/{}/move", house.downstairs), to).await.expect(200);
    app.settled().await;
    let above = raised.text("/parent_proposal_id");
    house.judge.votes(&above, "approve").await.expect_problem(409, "not_pending");
    let escalation = app.owner.get(&format!("/escalations/{}", raised.id())).await.expect(200);
    assert_eq!(escalation.text("/status"), "dismissed");
    assert_eq!(escalation.text("/resolution/reason"), "zone_moved", "{}", escalation.body);
    assert_eq!(outcome(&app.owner, &proposal).await.0, "pending_review");
    house.clerk.votes(&proposal, "approve").await.expect(200);
});
