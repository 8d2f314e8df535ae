//! The SQL of an append: what the log is asked before, and what is written, with as few ways to the database as its dialect allows.

mod postgres;
mod sqlite;

use std::collections::BTreeMap;
use std::sync::Arc;

use projections::Recorded;
use uuid::Uuid;

use super::append::GivenAnswer;
use super::db::{Db, Tx};
use super::error::StoreError;
use super::heads::{Asked, Heads, Known};

/// From where to where a batch moves the head of the log.
#[derive(Clone, Copy, Debug)]
pub struct Way {
    /// Where the log stands.
    pub from: u64,
    /// Where it stands then.
    pub to: u64,
}

fn whole(number: i64) -> u64 {
    u64::try_from(number).unwrap_or(0)
}

fn signed(number: u64) -> i64 {
    i64::try_from(number).unwrap_or(i64::MAX)
}

impl Tx {
    /// Takes the head of the log: from here to the end of the transaction nobody else appends. Says where everything stands that
    /// is `asked` for; what is `known` and still holds is not looked up again.
    pub async fn heads(&mut self, asked: Asked, known: &mut Known) -> Result<Heads, StoreError> {
        let asked = Arc::new(asked);
        let mut heads = match self {
            Self::Sqlite(tx) => {
                let (at, missing, all) = (known.log(), known.missing(&asked), Arc::clone(&asked));
                let look = move |file: &rusqlite::Connection| {
                    let log = sqlite::head(file)?;
                    sqlite::look_up(file, log, if log == at { &missing } else { &all })
                };
                let heads = tx.visit(look).await?;
                known.holds_at(heads.log);
                heads
            }
            Self::Postgres(tx) => {
                let log = postgres::take_head(tx).await?;
                known.holds_at(log);
                postgres::look_up(tx, log, known.missing(&asked)).await?
            }
        };
        known.complete(&mut heads, &asked);
        Ok(heads)
    }

    /// Writes events, heads and answers.
    pub async fn insert(
        &mut self,
        way: Way,
        events: &Arc<Vec<Recorded>>,
        organizations: &BTreeMap<Uuid, u64>,
        answers: Vec<GivenAnswer>,
    ) -> Result<(), StoreError> {
        match self {
            Self::Sqlite(tx) => {
                let (events, organizations) = (Arc::clone(events), organizations.clone());
                tx.gather(move |file| sqlite::write(file, way, &events, &organizations, &answers));
                Ok(())
            }
            Self::Postgres(tx) => {
                // The head is locked: it stands where it was read.
                let written = postgres::write(&mut **tx, way, events, organizations, &answers).await?;
                if written { Ok(()) } else { Err(sqlx::Error::RowNotFound.into()) }
            }
        }
    }
}

impl Db {
    /// Writes events, heads and answers at one go, if the log stands where `way` begins; says whether it does.
    pub async fn insert_on_trust(
        &self,
        way: Way,
        events: &Arc<Vec<Recorded>>,
        organizations: &BTreeMap<Uuid, u64>,
        answers: Vec<GivenAnswer>,
    ) -> Result<bool, StoreError> {
        match self {
            Self::Sqlite { write, .. } => {
                let mut tx = write.begin().await;
                let (events, organizations) = (Arc::clone(events), organizations.clone());
                let write = move |file: &rusqlite::Connection| {
                    let stands_there = sqlite::head(file)? == way.from;
                    if stands_there {
                        sqlite::write(file, way, &events, &organizations, &answers)?;
                    }
                    Ok(stands_there)
                };
                if !tx.visit(write).await? {
                    return Ok(false);
                }
                tx.commit().await.map_err(|error| StoreError::Unanswered(error.to_string()))?;
                Ok(true)
            }
            Self::Postgres(pool) => {
                let mut server = pool.acquire().await?;
                postgres::write(&mut *server, way, events, organizations, &answers).await.map_err(StoreError::on_the_way)
            }
        }
    }
}
