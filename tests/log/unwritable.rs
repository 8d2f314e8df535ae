//! What cannot be written is not done, and reads are as fresh as they are asked to be.

use projections::Statement;
use serde_json::json;
use sqlx::PgPool;
use trust_zones::store::Db;

use crate::harness::{Kind, TestApp};
use crate::on_both;

use super::appending::{tried, whole};
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
