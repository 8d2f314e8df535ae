//! What cannot be written is not done, and reads are as fresh as they are asked to be.

use std::io::{BufRead, BufReader};
use std::process::{Command, Stdio};

use projections::Statement;
use serde_json::json;
use sqlx::PgPool;
use trust_zones::store::Db;

use crate::harness::{Kind, Person, TestApp, whole};
use crate::on_both;

use super::appending::tried;
use super::read_models::story;

/// Makes the log unwritable, and writable again.
fn breaking(kind: Kind) -> (&'static str, &'static str) {
    match kind {
        Kind::Sqlite => (
            "CREATE TRIGGER broken BEFORE UPDATE ON log_head BEGIN SELECT RAISE(ABORT, 'the disk is full'); END",
            "DROP TRIGGER broken",
        ),
        Kind::Postgres => ("ALTER TABLE events RENAME TO events_elsewhere", "ALTER TABLE events_elsewhere RENAME TO events"),
    }
}

on_both!(while_the_log_cannot_be_written_nothing_is_answered_as_done, async |app: TestApp| {
    let (zone, ann, _) = story(&app).await;
    let proposal = app.owner.proposes_work(&zone).await;
    app.settled().await;
    app.stranger().get("/readyz").await.expect(200);
    let head = app.service.app.log.head().await.expect("a head");
    let (breaks, mends) = breaking(app.store.kind());

    for _ in 0..2 {
        tried(app.service.app.log.db(), &[breaks]).await.expect("broken");
        let keyed = [("idempotency-key", "while broken")];
        let refused = app.owner.post_with("/zones", json!({"name": "Lost"}), &keyed).await;
        let refused = refused.expect(503);
        assert!(!refused.header("retry-after").is_empty());
        ann.votes(&proposal, "approve").await.expect(503);
        app.owner.post("/members", json!({"kind": "human", "display_name": "Lost", "role": "member"})).await.expect(503);
        let recorded = json!({"action": "work.do", "record": true});
        app.owner.post(&format!("/zones/{zone}/check"), recorded).await.expect_problem(503, "log_unavailable");
        app.owner.get("/events").await.expect_problem(503, "log_unavailable");
        app.stranger().get("/healthz").await.expect(200);
        let ready = app.stranger().get("/readyz").await.expect(503);
        assert_eq!((ready.at("/ready"), ready.at("/log/writes")), (&json!(false), &json!(false)));

        tried(app.service.app.log.db(), &[mends]).await.expect("mended");
        app.stranger().get("/readyz").await.expect(200);
        assert_eq!(app.service.app.log.head().await.expect("a head"), head, "nothing was written");
        assert_eq!(app.owner.get(&format!("/proposals/{proposal}")).await.expect(200).text("/status"), "pending_review");
        let zones = app.owner.get("/zones").await.expect(200);
        assert!(zones.items().iter().all(|zone| zone["name"] != "Lost"));
    }
    let keyed = [("idempotency-key", "while broken")];
    app.owner.post_with("/zones", json!({"name": "Lost"}), &keyed).await.expect(201);
    assert_eq!(ann.votes(&proposal, "approve").await.expect(200).text("/execution/status"), "succeeded");
    let events = whole(&app.service.app.log).await;
    assert_eq!(events.len() as u64, head + 5, "a zone; a vote, its outcome, its grant, its execution");
});

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_head_that_somebody_keeps_to_themselves_keeps_nobody_waiting_for_ever() {
    let app = TestApp::start(Kind::Postgres).await;
    let pool = PgPool::connect(&app.store.url().expect("an address")).await.expect("PostgreSQL");
    let mut held = pool.begin().await.expect("a transaction");
    sqlx::query("SELECT position FROM log_head FOR UPDATE").execute(&mut *held).await.expect("the head");
    let zone = json!({"name": "New"});
    app.owner.post("/zones", zone.clone()).await.expect_problem(503, "log_unavailable");
    held.rollback().await.expect("an end");
    app.owner.post("/zones", zone).await.expect(201);
    pool.close().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_server_that_would_confirm_what_it_may_lose_is_made_to_wait_for_the_log() {
    let app = TestApp::start(Kind::Postgres).await;
    let waits = async |db: &Db| {
        let row = db.row(Statement::new("SELECT current_setting('synchronous_commit') AS waits")).await.expect("a row");
        row.expect("a setting").text("waits").expect("a text")
    };
    let pool = PgPool::connect(&app.store.url().expect("an address")).await.expect("PostgreSQL");
    let set: String = sqlx::query_scalar("SHOW synchronous_commit").fetch_one(&pool).await.expect("a setting");
    assert_eq!(set, "off", "the server of these stories confirms at once");
    assert_eq!(waits(app.service.app.log.db()).await, "on");
    assert_eq!(waits(&app.service.app.views.live().db).await, "off", "read models can be made again");
    pool.close().await;
}

on_both!(a_read_is_as_fresh_as_it_is_asked_to_be, async |app: TestApp| {
    let (zone, ann, _) = story(&app).await;
    for _ in 0..50 {
        let made = app.owner.post("/invites", json!({"role": "member"})).await.expect(201);
        let after = made.position();
        let newest = app.owner.get(&format!("/invites?limit=1&after={after}")).await.expect(200);
        assert_eq!(newest.text("/items/0/id"), made.id());
        let proposal = app.owner.proposes_work(&zone).await;
        let voted = ann.votes(&proposal, "approve").await.expect(200);
        let listed = app.owner.get(&format!("/proposals?limit=1&after={}", voted.position())).await.expect(200);
        assert_eq!((listed.text("/items/0/id"), listed.text("/items/0/status")), (proposal, "approved".to_owned()));
    }
    let head =
        app.service.app.log.organization_head(whole(&app.service.app.log).await[0].organization_id).await.expect("a head");
    for path in ["/invites", "/proposals", "/zones", "/members", "/grants", "/tokens"] {
        app.owner.get(&format!("{path}?after={head}")).await.expect(200);
        app.owner.get(&format!("{path}?after={}", head + 1)).await.expect_problem(412, "position_ahead");
    }
});

/// A process whose files may not grow beyond 6 MB, for as long as nobody lets them.
struct Cramped {
    process: std::process::Child,
    address: std::net::SocketAddr,
    token: String,
    _folder: tempfile::TempDir,
}

impl Drop for Cramped {
    fn drop(&mut self) {
        drop(self.process.kill().and_then(|()| self.process.wait()));
    }
}

impl Cramped {
    fn start() -> Self {
        let folder = tempfile::tempdir().expect("a folder");
        // What is too large is refused with an error, as on a disk that is full.
        let limited = format!(
            "trap '' XFSZ; ulimit -S -f 12000; exec {} --listen 127.0.0.1:0 --data-dir {}",
            env!("CARGO_BIN_EXE_trust-zones"),
            folder.path().display()
        );
        let mut process = Command::new("sh").args(["-c", &limited]).stdout(Stdio::piped()).spawn().expect("a process");
        let mut lines = BufReader::new(process.stdout.take().expect("its words")).lines();
        let mut said = |mark: &str| {
            let line = lines.by_ref().map_while(Result::ok).find(|line| line.contains(mark)).expect("what it says");
            line[line.find(mark).expect("a mark")..].trim().to_owned()
        };
        let address = said("127.0.0.1:").parse().expect("an address");
        let token = said("tz_");
        Self { process, address, token, _folder: folder }
    }

    /// Lets its files grow as they will.
    fn room(&self) {
        let pid = self.process.id().to_string();
        let let_go = Command::new("prlimit").args(["--pid", &pid, "--fsize=unlimited:unlimited"]).status().expect("prlimit");
        assert!(let_go.success());
    }
}

#[tokio::test]
async fn a_full_disk_turns_readiness_red_until_there_is_room() {
    let cramped = Cramped::start();
    let owner = Person::new(
        reqwest::Client::builder().build().expect("a client"),
        cramped.address,
        String::new(),
        cramped.token.clone(),
    );
    let zone =
        owner.makes_zone(json!({"name": "Zone", "approval_policy": {"auto_approve": {"types": ["task_execution"]}}})).await;
    owner.get("/readyz").await.expect(200);
    let work = |size: usize| {
        let params = json!({"text": "x".repeat(size)});
        json!({"zone_id": zone, "type": "task_execution", "title": "Work", "payload": {"action": "work.do", "params": params}})
    };
    let mut kept = 0;
    for size in [500_000, 50_000, 5_000, 500, 0] {
        loop {
            let reply = owner.post("/proposals", work(size)).await;
            if reply.status == 503 {
                break;
            }
            reply.expect(201);
            kept += 1;
            assert!(kept < 2_000, "the disk is never full");
        }
    }
    for _ in 0..3 {
        let ready = owner.get("/readyz").await.expect(503);
        assert_eq!(*ready.at("/ready"), json!(false));
        owner.post("/proposals", work(0)).await.expect(503);
    }
    cramped.room();
    let ready = owner.get("/readyz").await;
    assert_eq!(*ready.at("/log/writes"), json!(true), "it is found out without any command");
    let last = owner.post("/proposals", work(500_000)).await.expect(201);
    owner.get(&format!("/proposals?limit=1&after={}", last.position())).await.expect(200);
    owner.get("/readyz").await.expect(200);
    kept += 1;
    let (mut found, mut path) = (0, format!("/proposals?limit=200&after={}", last.position()));
    loop {
        let page = owner.get(&path).await.expect(200);
        found += page.items().len();
        let Some(next) = page.at("/next").as_str() else { break };
        path = format!("/proposals?limit=200&cursor={next}");
    }
    assert_eq!(found, kept, "what was acknowledged is there, and nothing else");
}
