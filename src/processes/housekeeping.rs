//! Housekeeping: forgets what has been kept for long enough. Busy or idle, once a minute.

use std::sync::Arc;
use std::time::Duration;

use tokio_util::sync::CancellationToken;

use crate::engine::App;
use crate::service::tidy_metrics;
use crate::store::StoreError;

/// How often.
const EVERY: Duration = Duration::from_mins(1);
/// For how long an answer is given again under its key. Answers can hold names and addresses: no longer than anyone retries.
const ANSWERS_KEPT: chrono::Duration = chrono::Duration::hours(24);
/// How many answers are forgotten at once; commands go on in between.
const STRIDE: u64 = 1_000;

/// Keeps house until told to end.
pub async fn keep_house(app: Arc<App>, ending: CancellationToken) {
    loop {
        app.limits.sweep();
        tidy_metrics();
        if let Err(error) = forget_answers(&app).await {
            tracing::warn!(%error, "old answers could not be forgotten and will be tried again");
        }
        tokio::select! {
            () = ending.cancelled() => return,
            () = tokio::time::sleep(EVERY) => {}
        }
    }
}

/// Forgets the answers that nobody may ask for again; says how many those were.
pub async fn forget_answers(app: &App) -> Result<usize, StoreError> {
    let before = app.clock.now() - ANSWERS_KEPT;
    let mut forgotten = 0;
    loop {
        let number = app.log.forget_answers(before, STRIDE).await?;
        forgotten += number;
        if (number as u64) < STRIDE {
            return Ok(forgotten);
        }
    }
}
