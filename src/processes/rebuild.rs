//! Rebuilding the read models: a new generation is filled beside the live one and then switched to, while reads and writes
//! go on (SPEC R1).

use super::projector::catch_up;
use crate::store::{Log, StoreError, Views};

/// Rebuilds every read model; says how many events it read.
pub async fn rebuild(log: &Log, views: &Views) -> Result<u64, StoreError> {
    let generation = views.next(log).await?;
    let reached = catch_up(log, &generation.db, None).await?;
    views.switch(log, &generation).await?;
    catch_up(log, &generation.db, None).await?;
    views.go_live(generation);
    views.sweep(log).await?;
    Ok(reached)
}
