//! What other processes append becomes known here, even after a broken connection.

use std::time::Duration;

use sqlx::PgPool;

use crate::harness::{Kind, TestApp};

/// How many listen for news of the log.
async fn listening(pool: &PgPool) -> Vec<i32> {
    let text = "SELECT pid FROM pg_stat_activity WHERE datname = current_database() AND query LIKE 'LISTEN%'";
    sqlx::query_scalar(text).fetch_all(pool).await.expect("who is connected")
}

/// Asks again and again until `pids` is as wanted.
async fn until(pool: &PgPool, wanted: impl Fn(&[i32]) -> bool) -> Vec<i32> {
    let asking = async {
        loop {
            let pids = listening(pool).await;
            if wanted(&pids) {
                return pids;
            }
        }
    };
    tokio::time::timeout(Duration::from_secs(20), asking).await.expect("in time")
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_listener_that_is_cut_off_is_followed_by_another() {
    let app = TestApp::start(Kind::Postgres).await;
    let pool = PgPool::connect(&app.store.url().expect("an address")).await.expect("PostgreSQL");
    for _ in 0..3 {
        let before = until(&pool, |pids| !pids.is_empty()).await;
        for pid in &before {
            sqlx::query("SELECT pg_terminate_backend($1)").bind(pid).execute(&pool).await.expect("an end");
        }
        until(&pool, |pids| !pids.is_empty() && pids.iter().all(|pid| !before.contains(pid))).await;
    }
    pool.close().await;
}
