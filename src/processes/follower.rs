//! The follower: keeps what memory holds in step with what other processes append.

use std::sync::Arc;
use std::time::Duration;

use projections::audit;
use sqlx::postgres::PgListener;
use tokio_util::sync::CancellationToken;

use crate::engine::App;
use crate::store::{Db, StoreError};

/// How often the log is looked at when nobody says it has grown.
const GLANCE: Duration = Duration::from_secs(1);
/// How long what this process has written may take to be answered after others are told.
const MOMENT: Duration = Duration::from_millis(10);
/// How many events are read at once.
const STRIDE: u64 = 1_000;

/// Follows the log until told to end: on PostgreSQL when notified, anyway at a glance a second.
pub async fn follow_log(app: Arc<App>, ending: CancellationToken) {
    let mut listener = None;
    loop {
        if listener.is_none() {
            listener = listen(&app).await;
        }
        if let Err(error) = read_on(&app).await {
            tracing::warn!(%error, "the log cannot be followed");
        }
        tokio::select! {
            () = ending.cancelled() => return,
            () = told_of_more(&app, &mut listener) => {}
            () = tokio::time::sleep(GLANCE) => {}
        }
    }
}

/// What this process wrote has been followed as it was committed; what remains was written by others.
async fn read_on(app: &App) -> Result<(), StoreError> {
    while app.log.head().await? > app.parts.followed() {
        let events = app.log.events(audit::following(app.parts.followed(), STRIDE)).await?;
        if events.is_empty() {
            break;
        }
        app.parts.follow(&events);
    }
    Ok(())
}

async fn listen(app: &App) -> Option<PgListener> {
    let Db::Postgres(pool) = app.log.db() else { return None };
    let listening = async {
        let mut listener = PgListener::connect_with(pool).await?;
        listener.listen("trust_zones_log").await?;
        Ok::<_, sqlx::Error>(listener)
    };
    listening.await.inspect_err(|error| tracing::warn!(%error, "nobody tells of a longer log, it is looked at instead")).ok()
}

/// Whether this process has followed the log up to `head`, or does in a moment: it is told of its own writes, too, and often before
/// it has been answered.
async fn follows_by_itself(app: &App, head: u64) -> bool {
    let mut log = app.parts.freshness.watch_log();
    let answered = log.wait_for(|_| app.parts.followed() >= head);
    tokio::time::timeout(MOMENT, answered).await.is_ok_and(|followed| followed.is_ok())
}

/// Waits until the log is said to be longer than what has been followed. A listener that fails is gone; the caller sees to another.
async fn told_of_more(app: &App, listener: &mut Option<PgListener>) {
    let Some(listening) = listener else { return std::future::pending().await };
    loop {
        match listening.recv().await {
            Ok(told) => {
                let head = told.payload().parse().unwrap_or(u64::MAX);
                if !follows_by_itself(app, head).await {
                    return;
                }
            }
            Err(error) => {
                tracing::warn!(%error, "the listener for the log has failed");
                *listener = None;
                return;
            }
        }
    }
}
