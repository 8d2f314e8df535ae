//! Escalations at once.

use chrono::Duration;
use futures::future::join_all;
use serde_json::json;

use super::{ROUNDS, times, times_each};
use crate::escalations::House;
use crate::harness::{TestApp, log_of};
use crate::on_both;

on_both!(an_escalation_against_the_deciding_vote_leaves_one_of_the_two, async |app: TestApp| {
    let house = House::with(&app, json!({})).await;
    let (mut decided, mut escalated) = (0, 0);
    for round in 0..ROUNDS {
        let proposal = house.worker.proposes_work(&house.downstairs).await;
        let path = format!("/proposals/{proposal}/escalate");
        let (vote, escalation) =
            tokio::join!(house.clerk.votes(&proposal, "approve"), house.worker.post(&path, json!({"reason": "up"})));
        let shown = house.worker.get(&format!("/proposals/{proposal}")).await.expect(200);
        match (vote.status, escalation.status) {
            (200, 409) => {
                assert_eq!(shown.text("/execution/status"), "succeeded", "round {round}");
                decided += 1;
            }
            (409, 201) => {
                assert_eq!(shown.text("/status"), "escalated", "round {round}");
                escalated += 1;
            }
            other => panic!("round {round}: {other:?} {} {}", vote.body, escalation.body),
        }
    }
    let log = log_of(&app).await;
    assert_eq!((times(&log, "proposal.approved"), times(&log, "escalation.raised")), (decided, escalated));
    assert_eq!(times(&log, "grant.issued"), decided);
});

on_both!(six_escalations_of_one_proposal_are_one, async |app: TestApp| {
    let house = House::with(&app, json!({})).await;
    for round in 0..ROUNDS {
        let proposal = house.worker.proposes_work(&house.downstairs).await;
        let path = format!("/proposals/{proposal}/escalate");
        let people = [&house.worker, &house.clerk, &app.owner];
        let asked = (0..6).map(|number| people[number % 3].post(&path, json!({"reason": "up"})));
        let mut statuses: Vec<u16> = join_all(asked).await.iter().map(|reply| reply.status).collect();
        statuses.sort_unstable();
        assert_eq!(statuses, [201, 409, 409, 409, 409, 409], "round {round}");
    }
    let log = log_of(&app).await;
    let each = times_each(&log, &["proposal.escalated"], "proposal_id");
    assert_eq!((each.len(), times(&log, "escalation.raised")), (ROUNDS, ROUNDS));
    assert!(each.values().all(|times| *times == 1));
    assert_eq!(times(&log, "escalation_allowance.used"), ROUNDS, "only those that happened are counted");
});

on_both!(five_signatures_at_a_threshold_of_three_open_one_proposal, async |app: TestApp| {
    let house = House::with(&app, json!({"escalation_policy": {"cosigner_threshold": 3}})).await;
    let mut signers = Vec::new();
    for name in ["A", "B", "C", "D", "E"] {
        signers.push(app.human(name, "member").await);
    }
    let path = format!("/zones/{}/escalations", house.downstairs);
    for round in 0..ROUNDS {
        let petition = json!({"reason": "enough", "change": {"description": format!("Round {round}.")}});
        let raised = house.worker.post(&path, petition).await.expect(201);
        let sign = format!("/escalations/{}/cosign", raised.id());
        let replies = join_all(signers.iter().map(|signer| signer.post(&sign, json!({})))).await;
        let mut statuses: Vec<u16> = replies.iter().map(|reply| reply.status).collect();
        statuses.sort_unstable();
        assert_eq!(statuses, [200, 200, 409, 409, 409], "round {round}: two more make three");
        let shown = app.owner.get(&format!("/escalations/{}", raised.id())).await.expect(200);
        assert_eq!(
            (shown.text("/status"), shown.at("/cosigners").as_array().expect("signatures").len()),
            ("accepted".to_owned(), 3)
        );
    }
    let log = log_of(&app).await;
    assert_eq!((times(&log, "proposal.opened"), times(&log, "escalation.accepted")), (ROUNDS, ROUNDS));
});

on_both!(a_limit_of_two_a_day_admits_two_of_twelve_at_once, async |app: TestApp| {
    let house = House::with(&app, json!({"escalation_policy": {"max_escalations_per_day": 2}})).await;
    let path = format!("/zones/{}/escalations", house.downstairs);
    for round in 0..ROUNDS {
        let petition = |number: usize| json!({"reason": "enough", "change": {"description": format!("{round} {number}")}});
        let replies = join_all((0..12).map(|number| house.worker.post(&path, petition(number)))).await;
        let admitted = replies.iter().filter(|reply| reply.status == 201).count();
        let refused = replies.iter().filter(|reply| reply.status == 429 && !reply.header("retry-after").is_empty()).count();
        assert_eq!((admitted, refused), (2, 10), "round {round}");
        app.clock.advance(Duration::hours(24));
    }
    assert_eq!(times(&log_of(&app).await, "escalation.raised"), 2 * ROUNDS);
});

/// What follows a standstill in the log is where it led, for every proposal.
async fn standstills_lead_somewhere(app: &TestApp) {
    let log = log_of(app).await;
    let mut stalled = std::collections::BTreeSet::new();
    for event in log.iter().filter(|event| event.aggregate_type == "proposal") {
        if stalled.remove(&event.aggregate_id) {
            let led = ["proposal.escalated", "proposal.escalation_failed"].contains(&event.event_type.as_ref());
            assert!(led, "after a standstill: {}", event.view());
        }
        if event.event_type == "proposal.stalled" {
            stalled.insert(event.aggregate_id.clone());
        }
    }
    assert!(stalled.is_empty(), "{stalled:?}");
    assert!(times(&log, "proposal.stalled") > 0, "some stood still");
}

on_both!(a_vote_comes_before_a_standstill_or_not_at_all, async |app: TestApp| {
    let app = TestApp::on(crate::harness::Store::create(app.store.kind()).await, &["--requests-per-second", "1000000"]).await;
    let (ann, cid, above) =
        (app.human("Ann", "member").await, app.human("Cid", "member").await, app.human("Una", "member").await);
    let root = app.owner.makes_zone(json!({"name": "Root"})).await;
    app.owner.assigns(&root, &above, "approver").await.expect(201);
    let zone = json!({"name": "Zone", "parent_zone_id": root, "decision_model": {"model_type": "threshold", "threshold": 1},
        "approval_policy": {"allow_vote_change": true, "reviewers_by_risk": {"low": 2}},
        "escalation_policy": {"auto_escalate_on_deadlock": true}});
    let zone = app.owner.makes_zone(zone).await;
    app.owner.assigns(&zone, &ann, "approver").await.expect(201);
    for round in 0..ROUNDS / 4 {
        let seat = app.owner.assigns(&zone, &cid, "approver").await.expect(201).id();
        let proposal = app.owner.proposes_work(&zone).await;
        ann.votes(&proposal, "abstain").await.expect(200);
        let path = format!("/zones/{zone}/assignments/{seat}");
        let (gone, vote) = tokio::join!(app.owner.delete(&path), ann.votes(&proposal, "approve"));
        assert_eq!(gone.status, 204, "round {round}: {}", gone.body);
        assert!(vote.status == 200 || vote.text("/code") == "not_pending", "round {round}: {}", vote.body);
    }
    app.settled().await;
    standstills_lead_somewhere(&app).await;
});

on_both!(nobody_is_left_and_the_clock_strikes, async |app: TestApp| {
    let app = TestApp::on(crate::harness::Store::create(app.store.kind()).await, &["--requests-per-second", "1000000"]).await;
    let ann = app.human("Ann", "member").await;
    let root = app.owner.makes_zone(json!({"name": "Root"})).await;
    let zone = json!({"name": "Zone", "parent_zone_id": root, "decision_model": {"model_type": "threshold", "threshold": 1},
        "escalation_policy": {"auto_escalate_after_hours": 1, "auto_escalate_on_deadlock": true}});
    let zone = app.owner.makes_zone(zone).await;
    let mut open = Vec::new();
    for round in 0..ROUNDS / 20 {
        let seat = app.owner.assigns(&zone, &ann, "approver").await.expect(201).id();
        for _ in 0..6 {
            open.push(app.owner.proposes_work(&zone).await);
        }
        app.settled().await;
        app.clock.advance(chrono::Duration::hours(1));
        let path = format!("/zones/{zone}/assignments/{seat}");
        let (gone, struck) = tokio::join!(app.owner.delete(&path), trust_zones::processes::do_what_is_due(&app.service.app));
        assert_eq!(gone.status, 204, "round {round}: {}", gone.body);
        struck.expect("the clock");
    }
    app.time_passes(chrono::Duration::minutes(1)).await;
    standstills_lead_somewhere(&app).await;
    for proposal in open {
        let shown = app.owner.get(&format!("/proposals/{proposal}")).await.expect(200);
        assert_eq!(shown.text("/status"), "rejected", "nobody could decide it: {}", shown.body);
    }
});
