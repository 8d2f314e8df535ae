//! The projector: reads on from each projection's checkpoint; rows and checkpoint commit together (SPEC R1). Several
//! processes may run it: whoever holds the checkpoint rows projects, the others find nothing left to do.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

use projections::{ALL, Groups, Recorded, Statement, audit, checkpoints};
use tokio_util::sync::CancellationToken;

use crate::engine::{App, Recent};
use crate::store::{Db, Log, StoreError, Tx};

/// How many events are projected in one transaction.
const STRIDE: u64 = 1_000;
/// The same, of what memory holds.
const AT_ONCE: usize = 1_000;
/// How often the log is looked at when nobody says it has grown.
const GLANCE: Duration = Duration::from_secs(1);
/// How long to let the log grow before projecting on, unless somebody waits: many events in one transaction cost little more
/// than one.
const BREATH: Duration = Duration::from_millis(40);
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
                app.parts.freshness.views_failed();
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
        catch_up(&app.log, &upcoming.db.apart(), None).await?;
        app.views.go_live(upcoming);
    }
    let generation = app.views.live();
    let reached = catch_up(&app.log, &generation.db.apart(), Some(&app.parts.recent)).await?;
    app.parts.freshness.views_reached(reached);
    let lag = app.parts.freshness.log_position().saturating_sub(reached);
    metrics::gauge!("trust_zones_projection_lag_events").set(u32::try_from(lag).unwrap_or(u32::MAX));
    Ok(())
}

/// Projects everything the log holds into `views`; says how far it came. What has been appended here lately need not be read again.
pub async fn catch_up(log: &Log, views: &Db, recent: Option<&Recent>) -> Result<u64, StoreError> {
    let mut ahead = None;
    loop {
        let stride = match stride(log, views, recent, ahead.take()).await {
            // Something about one event: find out which, and whose it is.
            Err(error) if error.is_about_the_data() => {
                tracing::warn!(%error, "events cannot be projected together and are taken one by one");
                metrics::counter!("trust_zones_projection_strides_one_by_one_total").increment(1);
                careful_stride(log, views).await?
            }
            stride => stride?,
        };
        ahead = match stride {
            Stride::AtTheEnd(reached) => return Ok(reached),
            Stride::More(ahead) => ahead.map(|ahead| *ahead),
        };
    }
}

enum Stride {
    AtTheEnd(u64),
    /// With what was worked out of the next stretch meanwhile.
    More(Option<Box<Stretch>>),
}

/// What a stretch of the log says about rows.
struct Stretch {
    /// Where the projections stood before it; it holds for those that stand there.
    before: Checkpoints,
    /// Where they stand after it.
    after: Checkpoints,
    groups: Groups,
    /// The last event; none at the end of the log.
    last: Option<u64>,
    /// Whether more may follow.
    goes_on: bool,
}

impl Stretch {
    /// Reads on from where projections stand, and works out what it says.
    async fn read(log: &Log, recent: Option<&Recent>, before: Checkpoints) -> Result<Self, StoreError> {
        let (after, mut places) = (before.earliest(), before.clone());
        let remembered = recent.map(|recent| recent.after(after, AT_ONCE)).unwrap_or_default();
        let read = if remembered.is_empty() { log.events(audit::following(after, STRIDE)).await? } else { Vec::new() };
        let (mut groups, mut last) = (Groups::default(), None);
        for event in remembered.iter().flat_map(|batch| batch.iter()).chain(&read) {
            for (_, statements) in places.statements(event) {
                for statement in statements {
                    groups.add(&event.aggregate_id, statement);
                }
            }
            last = Some(event.global_position);
        }
        let goes_on = !remembered.is_empty() || read.len() as u64 == STRIDE;
        Ok(Self { before, after: places, groups, last, goes_on })
    }
}

/// Writes a stretch of the log. Where there is much to catch up with, the next one is worked out while it is written.
async fn stride(log: &Log, views: &Db, recent: Option<&Recent>, ahead: Option<Stretch>) -> Result<Stride, StoreError> {
    let mut tx = views.begin().await?;
    let before = Checkpoints::take(&mut tx).await?;
    let stretch = match ahead {
        Some(ahead) if ahead.before == before => ahead,
        _ => Stretch::read(log, recent, before).await?,
    };
    let Some(last) = stretch.last else { return Ok(Stride::AtTheEnd(stretch.after.earliest())) };
    let Stretch { after, groups, goes_on, .. } = stretch;
    let written = async {
        for group in groups.into_groups() {
            tx.execute_many(group).await?;
        }
        after.keep(&mut tx).await?;
        tx.commit().await
    };
    let is_far_behind = recent.is_none() && goes_on && after.failed.is_empty();
    let further = async { if is_far_behind { Stretch::read(log, None, after.clone()).await.map(Some) } else { Ok(None) } };
    let (written, further) = tokio::join!(written, further);
    written?;
    let over = !goes_on && after.failed.is_empty() || after.all_failed();
    Ok(if over { Stride::AtTheEnd(last) } else { Stride::More(further?.map(Box::new)) })
}

/// Writes a stretch of the log event by event and projection by projection: one that is refused stops its projection and nothing
/// else.
async fn careful_stride(log: &Log, views: &Db) -> Result<Stride, StoreError> {
    let mut tx = views.begin().await?;
    let mut places = Checkpoints::take(&mut tx).await?;
    let after = places.earliest();
    let events = log.events(audit::following(after, STRIDE)).await?;
    let Some(last) = events.last().map(|last| last.global_position) else { return Ok(Stride::AtTheEnd(after)) };
    for event in &events {
        for (name, statements) in places.statements(event) {
            if let Err(error) = tx.all_or_none(statements).await? {
                places.fails(name, event, error.to_string());
            }
        }
    }
    places.keep(&mut tx).await?;
    tx.commit().await?;
    let over = (events.len() as u64) < STRIDE && places.failed.is_empty() || places.all_failed();
    Ok(if over { Stride::AtTheEnd(last) } else { Stride::More(None) })
}

/// Where each projection stands; an event that one cannot take in stops that one, visibly, and no other.
#[derive(Clone, PartialEq, Eq)]
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

    /// Whether nothing goes on.
    fn all_failed(&self) -> bool {
        self.failed.len() == self.at.len()
    }

    /// What each projection that is not past it makes of an event.
    fn statements(&mut self, event: &Recorded) -> Vec<(&'static str, Vec<Statement>)> {
        let mut statements = Vec::new();
        for projection in &ALL {
            let behind = self.at.get(projection.name).is_some_and(|at| *at < event.global_position);
            if !behind || self.failed.contains_key(projection.name) {
                continue;
            }
            match (projection.project)(event) {
                Ok(rows) => {
                    statements.push((projection.name, rows));
                    self.at.insert(projection.name, event.global_position);
                }
                Err(unreadable) => self.fails(projection.name, event, unreadable.reason),
            }
        }
        statements
    }

    fn fails(&mut self, projection: &'static str, event: &Recorded, reason: String) {
        let position = event.global_position;
        tracing::error!(projection, position, reason, "a projection has failed");
        self.at.insert(projection, position - 1);
        self.failed.insert(projection, (position, reason));
    }

    async fn keep(&self, tx: &mut Tx) -> Result<(), StoreError> {
        let mut groups = Groups::default();
        for (name, at) in &self.at {
            groups.add(name, checkpoints::keep(name, *at, self.failed.get(name)));
        }
        for group in groups.into_groups() {
            tx.execute_many(group).await?;
        }
        Ok(())
    }
}
