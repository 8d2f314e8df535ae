//! Escalations that nobody raises (SPEC E5, D1, D2).

use chrono::Duration;
use serde_json::{Value, json};

use super::{House, outcome};
use crate::harness::TestApp;
use crate::on_both;

fn threshold(k: u32) -> Value {
    json!({"model_type": "threshold", "threshold": k})
}

on_both!(a_question_that_waits_too_long_goes_up_by_itself, async |app: TestApp| {
    let house = House::with(&app, json!({"escalation_policy": {"auto_escalate_after_hours": 4}})).await;
    let proposal = house.worker.proposes_work(&house.downstairs).await;
    let shown = house.worker.get(&format!("/proposals/{proposal}")).await.expect(200);
    assert_eq!(shown.text("/auto_escalates_at"), "2026-01-05T14:00:00Z");
    app.time_passes(Duration::minutes(239)).await;
    assert_eq!(outcome(&house.worker, &proposal).await.0, "pending_review");
    app.time_passes(Duration::minutes(1)).await;
    assert_eq!(outcome(&house.worker, &proposal).await.0, "escalated");
    let list = app.owner.get("/escalations").await.expect(200);
    assert_eq!(list.text("/items/0/automatic"), "auto_escalate_after_hours");
    house.judge.votes(&list.text("/items/0/parent_proposal_id"), "approve").await.expect(200);
    assert_eq!(outcome(&house.worker, &proposal).await, ("approved".to_owned(), "escalation".to_owned()));
});

on_both!(a_deadlock_goes_up_at_once_or_ends_in_rejection, async |app: TestApp| {
    let policy = json!({"auto_escalate_on_deadlock": true});
    let house = House::with(&app, json!({"escalation_policy": policy, "decision_model": threshold(1)})).await;
    let proposal = house.worker.proposes_work(&house.downstairs).await;
    house.clerk.votes(&proposal, "abstain").await.expect(200);
    let shown = house.worker.get(&format!("/proposals/{proposal}")).await.expect(200);
    assert_eq!(shown.text("/status"), "escalated");
    let above = shown.text("/escalation/parent_proposal_id");
    let escalation = format!("/escalations/{}", shown.text("/escalation/escalation_id"));
    let escalation = app.owner.get(&escalation).await.expect(200);
    for (pointer, expected) in [
        ("/proposal_id", &proposal),
        ("/zone_id", &house.downstairs),
        ("/to_zone_id", &house.upstairs),
        ("/parent_proposal_id", &above),
        ("/automatic", &"deadlock".to_owned()),
        ("/reason", &"Nobody can decide it any more.".to_owned()),
    ] {
        assert_eq!(&escalation.text(pointer), expected, "{pointer}");
    }
    assert_eq!(*escalation.at("/escalator_id"), Value::Null, "nobody raised it");
    let listed = app.owner.get(&format!("/escalations?zone_id={}", house.downstairs)).await.expect(200);
    assert_eq!(listed.text("/items/0/id"), escalation.id());
    house.judge.votes(&above, "reject").await.expect(200);
    assert_eq!(outcome(&house.worker, &proposal).await, ("rejected".to_owned(), "escalation".to_owned()));

    let root = app.owner.makes_zone(json!({"name": "Root", "escalation_policy": policy})).await;
    app.owner.assigns(&root, &house.clerk, "approver").await.expect(201);
    let proposal = house.worker.proposes_work(&root).await;
    house.clerk.votes(&proposal, "abstain").await.expect(200);
    assert_eq!(outcome(&house.worker, &proposal).await, ("rejected".to_owned(), "deadlock".to_owned()), "a root has no parent");
});

on_both!(a_missed_deadline_escalates_to_the_parent_zone_where_the_policy_says_so, async |app: TestApp| {
    for model in [
        json!({"model_type": "unilateral", "timeout_hours": 2}),
        json!({"model_type": "threshold", "threshold": 1, "timeout_hours": 2}),
        json!({"model_type": "majority", "timeout_hours": 2}),
        json!({"model_type": "weighted", "weights": {"approver": 2}, "timeout_hours": 2}),
        json!({"model_type": "consensus", "timeout_hours": 2}),
    ] {
        let policy = json!({"auto_escalate_after_hours": 48});
        let house = House::with(&app, json!({"escalation_policy": policy, "decision_model": model})).await;
        let proposal = house.worker.proposes_work(&house.downstairs).await;
        app.time_passes(Duration::hours(2)).await;
        let shown = house.worker.get(&format!("/proposals/{proposal}")).await.expect(200);
        assert_eq!(shown.text("/status"), "escalated", "{model}");
        let story = app.owner.get(&format!("/audit?aggregate_id={proposal}&type=proposal.stalled")).await.expect(200);
        assert_eq!(story.text("/items/0/data/reason"), "deadline");
    }
});

on_both!(where_nobody_above_could_decide_it_either_it_ends_as_it_would_have, async |app: TestApp| {
    let policy = json!({"auto_escalate_on_deadlock": true});
    let upstairs = app.owner.makes_zone(json!({"name": "Upstairs"})).await;
    let zone = json!({"name": "Below", "parent_zone_id": upstairs, "escalation_policy": policy});
    let zone = app.owner.makes_zone(zone).await;
    let clerk = app.human("Clerk", "member").await;
    app.owner.assigns(&zone, &clerk, "approver").await.expect(201);
    let proposal = app.owner.proposes_work(&zone).await;
    clerk.votes(&proposal, "abstain").await.expect(200);
    assert_eq!(
        outcome(&app.owner, &proposal).await,
        ("rejected".to_owned(), "deadlock".to_owned()),
        "its proposer is the only owner"
    );
    let story = app.owner.get(&format!("/audit?aggregate_id={proposal}&type=proposal.escalation_failed")).await.expect(200);
    assert_eq!(story.text("/items/0/data/code"), "no_electorate");
});

on_both!(what_expires_above_is_no_rejection_below, async |app: TestApp| {
    let house = House::with(&app, json!({})).await;
    let model = json!({"decision_model": {"model_type": "unilateral", "timeout_hours": 1}});
    app.owner.patch(&format!("/zones/{}", house.upstairs), model).await.expect(200);
    let own = json!({"decision_model": {"model_type": "unilateral"}});
    app.owner.patch(&format!("/zones/{}", house.downstairs), own).await.expect(200);
    let proposal = house.worker.proposes_work(&house.downstairs).await;
    house.worker.post(&format!("/proposals/{proposal}/escalate"), json!({"reason": "up"})).await.expect(201);
    app.time_passes(Duration::hours(1)).await;
    assert_eq!(outcome(&house.worker, &proposal).await, ("expired".to_owned(), "escalation".to_owned()));
});

on_both!(what_was_contested_and_taken_back_still_goes_up_by_itself, async |app: TestApp| {
    let policy = json!({"auto_escalate_after_hours": 4, "auto_escalate_on_deadlock": true});
    let house = House::with(&app, json!({"escalation_policy": policy, "decision_model": threshold(1)})).await;
    let mut proposals = Vec::new();
    for _ in 0..2 {
        let proposal = house.worker.proposes_work(&house.downstairs).await;
        let raised = house.worker.post(&format!("/proposals/{proposal}/escalate"), json!({"reason": "up"})).await.expect(201);
        house.worker.post(&format!("/escalations/{}/withdraw", raised.id()), json!({})).await.expect(200);
        assert_eq!(outcome(&house.worker, &proposal).await.0, "pending_review");
        proposals.push(proposal);
    }
    house.clerk.votes(&proposals[0], "abstain").await.expect(200);
    assert_eq!(outcome(&house.worker, &proposals[0]).await.0, "escalated", "a deadlock");
    app.time_passes(Duration::minutes(239)).await;
    assert_eq!(outcome(&house.worker, &proposals[1]).await.0, "pending_review");
    app.time_passes(Duration::minutes(1)).await;
    assert_eq!(outcome(&house.worker, &proposals[1]).await.0, "escalated", "a long wait");
});

on_both!(a_deadline_of_the_proposers_own_takes_no_question_up, async |app: TestApp| {
    let policy = json!({"auto_escalate_on_deadlock": true});
    let house = House::with(&app, json!({"escalation_policy": policy, "decision_model": threshold(1)})).await;
    let asked = |model: Value| json!({"zone_id": house.downstairs, "type": "task_execution", "title": "Work", "payload": {"action": "work.do"}, "decision_model": model});
    let own = json!({"model_type": "consensus", "timeout_hours": 1});
    let proposal = house.worker.post("/proposals", asked(own.clone())).await.expect(201);
    assert_eq!((proposal.at("/decision_model"), proposal.text("/deadline")), (&own, "2026-01-05T11:00:00Z".to_owned()));
    app.time_passes(Duration::hours(1)).await;
    assert_eq!(outcome(&house.worker, &proposal.id()).await.0, "expired");
    assert!(app.owner.get("/escalations").await.expect(200).items().is_empty());

    app.owner
        .patch(
            &format!("/zones/{}", house.downstairs),
            json!({"decision_model": {"model_type": "threshold", "threshold": 1, "timeout_hours": 2}}),
        )
        .await
        .expect(200);
    let later = json!({"model_type": "consensus", "timeout_hours": 3});
    house.worker.post("/proposals", asked(later)).await.expect_problem(422, "not_stricter");
    let zones = house.worker.post("/proposals", asked(json!({"model_type": "consensus"}))).await.expect(201);
    assert_eq!(*zones.at("/decision_model/timeout_hours"), 2);
    app.time_passes(Duration::hours(2)).await;
    assert_eq!(outcome(&house.worker, &zones.id()).await.0, "escalated", "the zone's own deadline does");
});

on_both!(of_two_moments_that_have_passed_the_earlier_one_counts, async |app: TestApp| {
    let four = json!({"low": 4, "medium": 4, "high": 4, "critical": 4});
    let policies = json!({"decision_model": {"model_type": "majority", "timeout_hours": 6},
        "escalation_policy": {"auto_escalate_after_hours": 4}, "approval_policy": {"reviewers_by_risk": four}});
    let house = House::with(&app, policies).await;
    let others = [app.human("Ann", "member").await, app.human("Bob", "member").await, app.human("Cid", "member").await];
    for other in &others {
        app.owner.assigns(&house.downstairs, other, "approver").await.expect(201);
    }
    let proposal = house.worker.proposes_work(&house.downstairs).await;
    house.clerk.votes(&proposal, "approve").await.expect(200);
    others[0].votes(&proposal, "approve").await.expect(200);
    // Two of four are no majority, and would be one at the deadline. The clock stands still meanwhile: both are due at once.
    app.time_passes(Duration::hours(7)).await;
    assert_eq!(outcome(&house.worker, &proposal).await.0, "escalated");
    let list = app.owner.get("/escalations").await.expect(200);
    assert_eq!(list.text("/items/0/automatic"), "auto_escalate_after_hours");
});
