//! A process killed in the middle of deadlines and reactions, again and again, loses and repeats nothing (SPEC O3, R4, R5).

use std::process::{Command, Stdio};
use std::time::Duration as Span;

use chrono::Duration;
use serde_json::json;
use trust_zones::clock::Clock;
use trust_zones::processes::rebuild;

use super::{log_of, times, times_each};
use crate::escalations::House;
use crate::harness::{Store, TestApp, serve};
use crate::on_both;

/// How often it is killed.
const KILLS: u64 = 50;
/// Proposals of each kind that are due.
const DUE: usize = 60;

/// Lets a process run on a store and kills it after a while.
async fn run_and_kill(store: &Store, milliseconds: u64) {
    let mut process = Command::new(env!("CARGO_BIN_EXE_trust-zones"))
        .args(store.flags())
        .args(["--listen", "127.0.0.1:0", "serve"])
        .stdout(Stdio::null())
        .stderr(Stdio::null())
        .spawn()
        .expect("a process");
    tokio::time::sleep(Span::from_millis(milliseconds)).await;
    process.kill().expect("kill -9");
    process.wait().expect("its end");
}

on_both!(fifty_kills_lose_and_repeat_nothing, async |app: TestApp| {
    // Everything is asked two days ago, and is due by the clock of the machine.
    let TestApp { service, owner, store, .. } = app;
    service.end().await;
    let past = Clock::standing_at(Clock::Machine.now() - Duration::hours(48));
    let mut app = TestApp::on_with(store, &[], past).await;
    app.owner = app.person(&owner.id, &owner.token);
    let majority = json!({"model_type": "majority", "timeout_hours": 1});
    let house = House::with(&app, json!({"decision_model": majority})).await;
    let leaver = app.human("Leaver", "member").await;
    let more = json!({"approval_policy": {"reviewers_by_risk": {"low": 3}}});
    app.owner.patch(&format!("/zones/{}", house.downstairs), more).await.expect(200);
    app.owner.assigns(&house.downstairs, &leaver, "approver").await.expect(201);
    let upward =
        json!({"escalation_policy": {"auto_escalate_after_hours": 1}, "name": "Impatient", "parent_zone_id": house.upstairs});
    let upward = app.owner.makes_zone(upward).await;
    for member in [&house.clerk, &leaver] {
        app.owner.assigns(&upward, member, "approver").await.expect(201);
    }
    let mut approved = Vec::new();
    for _ in 0..DUE {
        let proposal = house.worker.proposes_work(&house.downstairs).await;
        // Approved whether its deadline comes before or after one of the three has left.
        house.clerk.votes(&proposal, "approve").await.expect(200);
        house.judge.votes(&proposal, "abstain").await.expect(200);
        approved.push(proposal);
        house.worker.proposes_work(&house.downstairs).await;
        house.worker.proposes_work(&upward).await;
    }
    app.settled().await;
    app.owner.delete(&format!("/members/{}", leaver.id)).await.expect(204);
    let TestApp { service, store, owner, .. } = app;
    service.end().await;

    let mut dice: u64 = 20_260_105;
    for _ in 0..KILLS {
        dice = dice.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        run_and_kill(&store, 20 + (dice >> 33) % 300).await;
    }

    let now = Clock::standing_at(Clock::Machine.now() + Duration::minutes(1));
    let (service, address) = serve(&store, &[], now.clone()).await;
    let app = TestApp::resumed(service, now, owner, store, address);
    for _ in 0..4 {
        app.time_passes(Duration::zero()).await;
    }
    let log = log_of(&app).await;
    let outcomes = times_each(&log, &["proposal.approved", "proposal.rejected", "proposal.expired"], "proposal_id");
    let escalated = times_each(&log, &["proposal.escalated"], "proposal_id");
    assert_eq!((outcomes.len(), escalated.len()), (2 * DUE, DUE), "every deadline has fired");
    assert!(outcomes.values().chain(escalated.values()).all(|times| *times == 1), "and once");
    let executions = times_each(&log, &["proposal.execution_succeeded"], "proposal_id");
    assert!(approved.iter().all(|proposal| executions[proposal] == 1), "every approved one is executed once");
    assert_eq!((executions.len(), times(&log, "grant.issued")), (DUE, DUE));
    let recused = times_each(&log, &["proposal.reviewer_recused"], "proposal_id");
    assert!(recused.values().all(|times| *times == 1), "who left has left once");
    let before = app.rows().await;
    rebuild(&app.service.app.log, &app.service.app.views).await.expect("a rebuild");
    app.settled().await;
    assert_eq!(app.rows().await, before, "the read models are what a replay gives");
});
