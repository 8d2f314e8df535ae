//! A process killed in the middle of deadlines and reactions, again and again, loses and repeats nothing (SPEC O3, R4, R5).

use std::process::{Child, Command, Stdio};
use std::time::Duration as Span;

use chrono::Duration;
use projections::Statement;
use serde_json::json;
use trust_zones::clock::Clock;
use trust_zones::processes::rebuild;
use trust_zones::service::open_log;
use trust_zones::store::{Db, Log};

use super::{times, times_each};
use crate::escalations::House;
use crate::harness::{Person, Store, TestApp, log_of, serve};
use crate::on_both;

/// How often it is killed.
const KILLS: u64 = 50;
/// Proposals of each kind that are due.
const DUE: usize = 60;

/// A process that serves a store.
fn a_process(store: &Store) -> Child {
    Command::new(env!("CARGO_BIN_EXE_trust-zones"))
        .args(store.flags())
        .args(["--listen", "127.0.0.1:0", "serve"])
        .stdout(Stdio::null())
        .stderr(Stdio::null())
        .spawn()
        .expect("a process")
}

/// Lets a process run on a store and kills it after a while.
async fn run_and_kill(store: &Store, milliseconds: u64) {
    let mut process = a_process(store);
    tokio::time::sleep(Span::from_millis(milliseconds)).await;
    process.kill().expect("kill -9");
    process.wait().expect("its end");
}

/// The same store, two days ago: what is asked now is due by the clock of the machine.
async fn two_days_ago(app: TestApp) -> TestApp {
    let TestApp { service, owner, store, .. } = app;
    service.end().await;
    let past = Clock::standing_at(Clock::Machine.now() - Duration::hours(48));
    let mut app = TestApp::on_with(store, &[], past).await;
    app.owner = app.person(&owner.id, &owner.token);
    app
}

/// So many proposals of each kind that will be due, and somebody leaves them all; those that will be approved.
async fn much_that_is_due(app: &TestApp, number: usize) -> Vec<String> {
    let majority = json!({"model_type": "majority", "timeout_hours": 1});
    let house = House::with(app, json!({"decision_model": majority})).await;
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
    for _ in 0..number {
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
    approved
}

/// Lets a service finish what others have begun: it is all done, and done once.
async fn all_is_done_once(store: Store, owner: Person, approved: &[String]) {
    let now = Clock::standing_at(Clock::Machine.now() + Duration::minutes(1));
    let (service, address) = serve(&store, &[], now.clone()).await;
    let app = TestApp::resumed(service, now, &owner, store, address);
    for _ in 0..4 {
        app.time_passes(Duration::zero()).await;
    }
    let due = approved.len();
    let log = log_of(&app).await;
    let outcomes = times_each(&log, &["proposal.approved", "proposal.rejected", "proposal.expired"], "proposal_id");
    let escalated = times_each(&log, &["proposal.escalated"], "proposal_id");
    assert_eq!((outcomes.len(), escalated.len()), (2 * due, due), "every deadline has fired");
    assert!(outcomes.values().chain(escalated.values()).all(|times| *times == 1), "and once");
    let executions = times_each(&log, &["proposal.execution_succeeded"], "proposal_id");
    assert!(approved.iter().all(|proposal| executions[proposal] == 1), "every approved one is executed once");
    assert_eq!((executions.len(), times(&log, "grant.issued")), (due, due));
    let recused = times_each(&log, &["proposal.reviewer_recused"], "proposal_id");
    assert!(recused.values().all(|times| *times == 1), "who left has left once");
    let before = app.rows().await;
    rebuild(&app.service.app.log, &app.service.app.views).await.expect("a rebuild");
    app.settled().await;
    assert_eq!(app.rows().await, before, "the read models are what a replay gives");
}

on_both!(fifty_kills_lose_and_repeat_nothing, async |app: TestApp| {
    let app = two_days_ago(app).await;
    let approved = much_that_is_due(&app, DUE).await;
    let TestApp { service, store, owner, .. } = app;
    service.end().await;
    let mut dice: u64 = 20_260_105;
    for _ in 0..KILLS {
        dice = dice.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        run_and_kill(&store, 20 + (dice >> 33) % 300).await;
    }
    all_is_done_once(store, owner, &approved).await;
});

/// Lets the log grow to `last` and no further: whoever appends more is refused by the database itself.
async fn end_the_log_at(log: &Log, last: u64) {
    let statements: Vec<String> = match log.db() {
        Db::Sqlite { .. } => vec![
            "DROP TRIGGER IF EXISTS log_ends_here".to_owned(),
            format!(
                "CREATE TRIGGER log_ends_here BEFORE INSERT ON events WHEN NEW.global_position > {last}
                 BEGIN SELECT RAISE(ABORT, 'the log ends here'); END"
            ),
        ],
        Db::Postgres(_) => vec![
            "DROP TRIGGER IF EXISTS log_ends_here ON events".to_owned(),
            format!(
                "CREATE OR REPLACE FUNCTION log_ends_here() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN
                 IF NEW.global_position > {last} THEN RAISE EXCEPTION 'the log ends here'; END IF; RETURN NEW; END $$"
            ),
            "CREATE TRIGGER log_ends_here BEFORE INSERT ON events FOR EACH ROW EXECUTE FUNCTION log_ends_here()".to_owned(),
        ],
    };
    for statement in statements {
        log.db().execute(Statement::new(statement.leak())).await.expect("a trigger");
    }
}

/// Lets a process append once, and kills it where it stands; whether it had anything to append within `events` more events.
async fn one_step(store: &Store, log: &Log, events: u64) -> bool {
    let before = log.head().await.expect("a head");
    end_the_log_at(log, before + events).await;
    let mut process = a_process(store);
    let began = std::time::Instant::now();
    let mut moved = false;
    while !moved && began.elapsed() < Span::from_millis(900) {
        tokio::time::sleep(Span::from_millis(10)).await;
        moved = log.head().await.expect("a head") > before;
    }
    process.kill().expect("kill -9");
    process.wait().expect("its end");
    moved
}

on_both!(a_kill_between_any_two_steps_loses_and_repeats_nothing, async |app: TestApp| {
    let app = two_days_ago(app).await;
    let approved = much_that_is_due(&app, 3).await;
    let (log, _) = open_log(&app.service.app.config).await.expect("the log");
    let TestApp { service, store, owner, .. } = app;
    service.end().await;
    let (mut steps, mut events) = (0, 1);
    // What is appended together is one step: where one event more is too few for it, so many are let through that it fits.
    while events <= 8 {
        if one_step(&store, &log, events).await {
            (steps, events) = (steps + 1, 1);
        } else {
            events += 1;
        }
    }
    assert!(steps >= 8, "it was killed between {steps} steps");
    end_the_log_at(&log, i64::MAX.unsigned_abs()).await;
    drop(log);
    all_is_done_once(store, owner, &approved).await;
});
