//! Two processes, each with a clock (SPEC R3, R4).

use chrono::Duration;
use serde_json::json;

use super::{ROUNDS, times, times_each};
use crate::escalations::House;
use crate::harness::{Kind, TestApp, log_of};
use trust_zones::processes::do_what_is_due;

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn two_clocks_do_once_what_is_due() {
    let app = TestApp::start(Kind::Postgres).await;
    let (second, _) = app.second_process().await;
    let majority = json!({"model_type": "majority", "timeout_hours": 1});
    let house = House::with(&app, json!({"decision_model": majority, "approval_policy": {"veto_window_minutes": 10}})).await;
    let upward =
        json!({"escalation_policy": {"auto_escalate_after_hours": 1}, "name": "Impatient", "parent_zone_id": house.upstairs});
    let upward = app.owner.makes_zone(upward).await;
    app.owner.assigns(&upward, &house.clerk, "approver").await.expect(201);
    let mut kept = Vec::new();
    for _ in 0..ROUNDS / 10 {
        for _ in 0..5 {
            let approved = house.worker.proposes_work(&house.downstairs).await;
            house.clerk.votes(&approved, "approve").await.expect(200);
            kept.push(approved);
            house.worker.proposes_work(&house.downstairs).await;
            house.worker.proposes_work(&upward).await;
        }
        app.settled().await;
        for minutes in [60, 10] {
            app.clock.advance(Duration::minutes(minutes));
            for _ in 0..2 {
                let (one, other) = tokio::join!(do_what_is_due(&app.service.app), do_what_is_due(&second.app));
                one.expect("the clock");
                other.expect("the clock");
            }
            app.settled().await;
        }
    }
    app.time_passes(Duration::minutes(1)).await;
    let log = log_of(&app).await;
    let outcomes = times_each(&log, &["proposal.approved", "proposal.rejected", "proposal.expired"], "proposal_id");
    assert!(outcomes.values().all(|times| *times == 1), "one outcome each");
    let executions = times_each(&log, &["proposal.execution_succeeded"], "proposal_id");
    assert!(kept.iter().all(|proposal| executions[proposal] == 1), "each approved one is executed once");
    assert_eq!(times(&log, "grant.issued"), kept.len());
    let escalated = times_each(&log, &["proposal.escalated"], "proposal_id");
    assert_eq!((escalated.len(), times(&log, "escalation.raised")), (ROUNDS / 2, ROUNDS / 2));
    assert!(escalated.values().all(|times| *times == 1));
    second.end().await;
}
