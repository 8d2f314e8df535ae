//! The log laid open.

use projections::{Recorded, audit};
use trust_zones::store::Log;

use super::TestApp;

/// Everything in a log, in its one order.
pub async fn whole(log: &Log) -> Vec<Recorded> {
    let mut all: Vec<Recorded> = Vec::new();
    loop {
        let after = all.last().map_or(0, |event| event.global_position);
        let more = log.events(audit::following(after, 1_000)).await.expect("the log");
        if more.is_empty() {
            return all;
        }
        all.extend(more);
    }
}

/// Everything in the log of a service.
pub async fn log_of(app: &TestApp) -> Vec<Recorded> {
    whole(&app.service.app.log).await
}
