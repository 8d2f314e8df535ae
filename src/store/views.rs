//! The read models: generations of tables beside each other, one of which is live. A generation is a schema on PostgreSQL
//! and a file on SQLite, so the same SQL text fills and reads either.

use std::path::{Path, PathBuf};
use std::sync::Arc;

use arc_swap::ArcSwap;
use projections::Statement;

use super::db::Db;
use super::error::StoreError;
use super::file::Flushed;
use super::log::Log;
use super::unflushed::{self, Mark};

/// One generation of read models.
#[derive(Debug)]
pub struct Generation {
    /// Its number, from 1.
    pub number: u64,
    /// Where its tables are.
    pub db: Db,
    mark: Option<Mark>,
}

impl Generation {
    /// Closes it.
    pub async fn close(&self) -> Result<(), StoreError> {
        self.db.close().await?;
        let Some(mark) = &self.mark else { return Ok(()) };
        mark.lift().map_err(|error| StoreError::File("the mark of the read models".to_owned(), error))
    }
}

/// Where generations live.
#[derive(Clone, Debug)]
pub enum Place {
    /// Files in this folder.
    Folder(PathBuf),
    /// Schemas of this database.
    Url(String),
}

/// The live generation, and the way to others.
#[derive(Clone)]
pub struct Views {
    place: Place,
    live: Arc<ArcSwap<Generation>>,
}

impl Views {
    /// Opens the live generation.
    pub async fn open(place: Place, log: &Log) -> Result<Self, StoreError> {
        let number = live_number(log).await?;
        let generation = open_generation(&place, number).await?;
        Ok(Self { place, live: Arc::new(ArcSwap::from_pointee(generation)) })
    }

    /// The live generation.
    pub fn live(&self) -> Arc<Generation> {
        self.live.load_full()
    }

    /// Opens the generation after the live one, empty.
    pub async fn next(&self, log: &Log) -> Result<Generation, StoreError> {
        let number = live_number(log).await? + 1;
        drop_generation(&self.place, log, number).await?;
        open_generation(&self.place, number).await
    }

    /// Makes `generation` the live one for every process.
    pub async fn switch(&self, log: &Log, generation: &Generation) -> Result<(), StoreError> {
        log.db().execute(Statement::new("UPDATE projection_generation SET generation = $1").bind(generation.number)).await
    }

    /// The generation that a switch, made here or by another process, has made the live one; none if it is live already.
    pub async fn upcoming(&self, log: &Log) -> Result<Option<Generation>, StoreError> {
        let number = live_number(log).await?;
        if number == self.live().number {
            return Ok(None);
        }
        open_generation(&self.place, number).await.map(Some)
    }

    /// Reads from `generation` from here on.
    pub fn go_live(&self, generation: Generation) {
        self.live.store(Arc::new(generation));
    }

    /// Removes generations older than the one before the live one; that one may still be read by others.
    pub async fn sweep(&self, log: &Log) -> Result<(), StoreError> {
        let live = self.live().number;
        if live > 2 {
            drop_generation(&self.place, log, live - 2).await?;
        }
        Ok(())
    }
}

async fn live_number(log: &Log) -> Result<u64, StoreError> {
    let number = log.number(Statement::new("SELECT generation FROM projection_generation"), "generation").await?;
    Ok(number.unwrap_or(1))
}

/// The file of a generation.
fn file_of(folder: &Path, number: u64) -> PathBuf {
    folder.join(format!("projections-{number}.db"))
}

async fn open_generation(place: &Place, number: u64) -> Result<Generation, StoreError> {
    Ok(match place {
        Place::Folder(folder) => {
            let path = file_of(folder, number);
            let marked = Mark::set(&path).map_err(|error| StoreError::File(path.display().to_string(), error))?;
            let flushed = if marked.is_some() { Flushed::Never } else { Flushed::AtCheckpoints };
            let db = Db::sqlite(&path, flushed).await?;
            if let Db::Sqlite { read, .. } = &db {
                sqlx::migrate!("migrations/sqlite/projections").run(read).await?;
            }
            if marked.as_ref().is_some_and(|marked| marked.was_torn) {
                tracing::warn!("the machine went down while read models were written: they are made again from the log");
            }
            Generation { number, db, mark: marked.map(|marked| marked.mark) }
        }
        Place::Url(url) => {
            let schema = format!("projections_{number}");
            let db = Db::postgres(url, Some(&schema), false, 12).await?;
            if let Db::Postgres(pool) = &db {
                match sqlx::query(&format!("CREATE SCHEMA IF NOT EXISTS {schema}")).execute(pool).await {
                    // Another process has just made it.
                    Err(sqlx::Error::Database(error)) if error.is_unique_violation() => {}
                    made => {
                        made?;
                    }
                }
                sqlx::migrate!("migrations/postgres/projections").run(pool).await?;
            }
            Generation { number, db, mark: None }
        }
    })
}

async fn drop_generation(place: &Place, log: &Log, number: u64) -> Result<(), StoreError> {
    match (place, log.db()) {
        (Place::Folder(folder), _) => {
            let file = file_of(folder, number);
            unflushed::remove(&file).map_err(|error| StoreError::File(file.display().to_string(), error))?;
        }
        (Place::Url(_), Db::Postgres(pool)) => {
            sqlx::query(&format!("DROP SCHEMA IF EXISTS projections_{number} CASCADE")).execute(pool).await?;
        }
        (Place::Url(_), Db::Sqlite { .. }) => {}
    }
    Ok(())
}
