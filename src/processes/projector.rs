//! The projector: reads on from each projection's checkpoint; rows and checkpoint commit together (SPEC R1). Several
//! processes may run it: whoever holds the checkpoint rows projects, the others find nothing left to do.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

use projections::{ALL, Recorded, Statement, audit, checkpoints};
use tokio_util::sync::CancellationToken;

use crate::engine::App;
use crate::store::{Db, Log, StoreError, Tx};

/// How many events are projected in one transaction.
const STRIDE: u64 = 1_000;
/// How often the log is looked at when nobody says it has grown.
const GLANCE: Duration = Duration::from_secs(1);
/// How long to let the log grow before projecting on, unless somebody waits: many events in one transaction cost little more
/// than one.
const BREATH: Duration = Duration::from_millis(20);
/// How long to wait after a failure.
const PAUSE: Duration = Duration::from_millis(500);

/// Projects until told to end.
pub async fn project_log(app: Arc<App>, ending: CancellationToken) {
    let mut log = app.parts.freshness.watch_log();
    loop {
        let pause = match project_on(&app).await {
            Ok(()) => GLANCE,
            Err(error) => {
                tracing::warn!(%error, "the read models cannot be brought up to date");
                PAUSE
            }
        };
        tokio::select! {
            () = ending.cancelled() => return,
            changed = log.changed(), if pause == GLANCE => if changed.is_err() { return },
            () = tokio::time::sleep(pause) => {}
        }
        tokio::select! {
            () = tokio::time::sleep(BREATH) => {}
            () = app.parts.freshness.views_wanted() => {}
            () = ending.cancelled() => {}
        }
    }
}

async fn project_on(app: &App) -> Result<(), StoreError> {
    if let Some(upcoming) = app.views.upcoming(&app.log).await? {
        // Nobody reads it before it is as far as what it replaces.
        catch_up(&app.log, &upcoming.db).await?;
        app.views.go_live(upcoming);
    }
    let generation = app.views.live();
    let reached = catch_up(&app.log, &generation.db).await?;
    app.parts.freshness.views_reached(reached);
    let lag = app.parts.freshness.log_position().saturating_sub(reached);
    metrics::gauge!("trust_zones_projection_lag_events").set(u32::try_from(lag).unwrap_or(u32::MAX));
    Ok(())
}

/// Projects everything the log holds into `views`; says how far it came.
pub async fn catch_up(log: &Log, views: &Db) -> Result<u64, StoreError> {
    loop {
        let mut tx = views.begin().await?;
        let mut places = Checkpoints::take(&mut tx).await?;
        let after = places.earliest();
        let events = log.events(audit::following(after, STRIDE)).await?;
        let Some(last) = events.last().map(|last| last.global_position) else { return Ok(after) };
        for event in &events {
            for statement in places.statements(event) {
                tx.execute(statement).await?;
            }
        }
        places.keep(&mut tx).await?;
        tx.commit().await?;
        if (events.len() as u64) < STRIDE && places.failed.is_empty() {
            return Ok(last);
        }
    }
}

/// Where each projection stands; an event that one cannot read stops that one, visibly, and no other.
struct Checkpoints {
    at: BTreeMap<&'static str, u64>,
    failed: BTreeMap<&'static str, (u64, String)>,
}

impl Checkpoints {
    async fn take(tx: &mut Tx) -> Result<Self, StoreError> {
        let taken = Self::read(tx).await?;
        if taken.at.len() == ALL.len() {
            return Ok(taken);
        }
        for projection in &ALL {
            tx.execute(checkpoints::begin(projection.name)).await?;
        }
        Self::read(tx).await
    }

    async fn read(tx: &mut Tx) -> Result<Self, StoreError> {
        let all = match tx {
            Tx::Sqlite(_) => checkpoints::all(),
            Tx::Postgres(_) => checkpoints::all_locked_but(super::reactions::NAME),
        };
        let mut taken = Self { at: BTreeMap::new(), failed: BTreeMap::new() };
        for row in tx.rows(all).await? {
            let name = row.text("projection")?;
            let Some(projection) = ALL.iter().find(|projection| projection.name == name) else { continue };
            taken.at.insert(projection.name, row.number("global_position")?);
            if let Some(failed_at) = row.optional("failed_at", crate::store::Row::number)? {
                taken.failed.insert(projection.name, (failed_at, row.text("failure")?));
            }
        }
        Ok(taken)
    }

    fn earliest(&self) -> u64 {
        let healthy = self.at.iter().filter(|(name, _)| !self.failed.contains_key(*name)).map(|(_, at)| *at);
        healthy.min().or_else(|| self.at.values().max().copied()).unwrap_or(0)
    }

    fn statements(&mut self, event: &Recorded) -> Vec<Statement> {
        let mut statements = Vec::new();
        for projection in &ALL {
            let behind = self.at.get(projection.name).is_some_and(|at| *at < event.global_position);
            if !behind || self.failed.contains_key(projection.name) {
                continue;
            }
            match (projection.project)(event) {
                Ok(rows) => {
                    statements.extend(rows);
                    self.at.insert(projection.name, event.global_position);
                }
                Err(unreadable) => {
                    tracing::error!(
                        projection = projection.name,
                        position = event.global_position,
                        reason = unreadable.reason,
                        "a projection has failed"
                    );
                    self.failed.insert(projection.name, (event.global_position, unreadable.reason));
                }
            }
        }
        statements
    }

    async fn keep(&self, tx: &mut Tx) -> Result<(), StoreError> {
        for (name, at) in &self.at {
            tx.execute(checkpoints::keep(name, *at, self.failed.get(name))).await?;
        }
        Ok(())
    }
}
