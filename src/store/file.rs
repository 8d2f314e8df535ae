//! An SQLite file as it is written: one connection, one transaction at a time. What a transaction has to say is gathered and said
//! in a single visit to the connection, off the threads that serve requests: each way there and back costs more than a row.

use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use projections::{Group, Param, Statement};
use rusqlite::types::Value;
use rusqlite::{Connection, OpenFlags};
use tokio::sync::{Mutex, OwnedMutexGuard};
use uuid::fmt::Hyphenated;

use super::checkpointer::{self, Checkpointer};
use super::db::moment_text;
use super::error::StoreError;

/// How long to wait for another process that writes.
const PATIENCE: Duration = Duration::from_secs(10);
/// How much of a file of read models is kept in memory, in KiB.
const CACHE_KIB: i64 = 8 * 1024;
/// The same of the log, which is written at its end: where a page of an index has been divided, SQLite looks through all that it
/// keeps when it commits.
const LOG_CACHE_KIB: i64 = 2 * 1024;
/// How many statements stay prepared.
const PREPARED: usize = 128;

/// The connection that writes a file.
#[derive(Clone, Debug)]
pub struct File {
    connection: Arc<Mutex<Connection>>,
    apart: bool,
    checkpointer: Option<Arc<Checkpointer>>,
}

/// When what is written is flushed to the disk.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Flushed {
    /// At the end of each transaction: a loss of power takes nothing back.
    Always,
    /// Now and then: a loss of power takes the latest transactions back.
    AtCheckpoints,
    /// Never: a loss of power may tear the file.
    Never,
}

/// A part of a transaction, to be done at the next visit.
type Work = Box<dyn FnOnce(&Connection) -> rusqlite::Result<()> + Send>;

/// A transaction on a file. What it is told to write is gathered: a refusal shows when something is read, or at the end.
pub struct FileTx {
    connection: Option<Writing>,
    begun: bool,
    gathered: Vec<Work>,
    apart: bool,
    checkpointer: Option<Arc<Checkpointer>>,
}

/// Holds the connection; takes back what has not been committed when it goes.
struct Writing(OwnedMutexGuard<Connection>);

impl Drop for Writing {
    fn drop(&mut self) {
        if !self.0.is_autocommit()
            && let Err(error) = self.0.execute_batch("ROLLBACK")
        {
            tracing::error!(%error, "a transaction on SQLite cannot be taken back");
        }
    }
}

/// A row that was read within a transaction.
#[derive(Debug)]
pub struct FileRow {
    names: Arc<[String]>,
    values: Vec<Value>,
}

impl FileRow {
    /// The value of a column, if there is such a column.
    pub fn value(&self, column: &str) -> Option<&Value> {
        let place = self.names.iter().position(|name| name == column)?;
        self.values.get(place)
    }
}

/// A connection to an existing file.
fn connected(path: &Path, flushed: Flushed) -> Result<Connection, StoreError> {
    let connection = Connection::open_with_flags(path, OpenFlags::SQLITE_OPEN_READ_WRITE | OpenFlags::SQLITE_OPEN_NO_MUTEX)?;
    connection.busy_timeout(PATIENCE)?;
    let synchronous = match flushed {
        Flushed::Always => "FULL",
        Flushed::AtCheckpoints => "NORMAL",
        Flushed::Never => "OFF",
    };
    connection.pragma_update(None, "synchronous", synchronous)?;
    connection.pragma_update(None, "recursive_triggers", true)?;
    connection.pragma_update(None, "foreign_keys", true)?;
    connection.pragma_update(None, "temp_store", "MEMORY")?;
    Ok(connection)
}

impl File {
    /// Opens an existing file for writing.
    pub fn open(path: &Path, flushed: Flushed) -> Result<Self, StoreError> {
        let connection = connected(path, flushed)?;
        // Of all files only the log is flushed always, and waited for.
        let waited_for = flushed == Flushed::Always;
        let kept = if waited_for { LOG_CACHE_KIB } else { CACHE_KIB };
        connection.pragma_update(None, "cache_size", -kept)?;
        // How many pages of the write-ahead log are enough to move them into the file within a commit. The more, the more often a page was
        // changed several times and is moved once.
        let enough = if waited_for { checkpointer::OVERFULL } else { checkpointer::FULL };
        connection.pragma_update(None, "wal_autocheckpoint", enough)?;
        connection.set_prepared_statement_cache_capacity(PREPARED);
        let checkpointer = if waited_for { Some(Checkpointer::start(path, connected(path, flushed)?)?) } else { None };
        Ok(Self { connection: Arc::new(Mutex::new(connection)), apart: false, checkpointer: checkpointer.map(Arc::new) })
    }

    /// The same connection for a task that has a thread of its own: it visits the connection from there.
    #[must_use]
    pub fn apart(&self) -> Self {
        Self { apart: true, ..self.clone() }
    }

    /// Moves everything into the file itself, so that nothing is left to do when the connection goes.
    pub async fn settle(&self) -> Result<(), StoreError> {
        let connection = Arc::clone(&self.connection).lock_owned().await;
        let settled = move || connection.query_row("PRAGMA wal_checkpoint(TRUNCATE)", [], |_| Ok(()));
        Ok(tokio::task::spawn_blocking(settled).await.map_err(|_| StoreError::Closed)??)
    }

    /// Begins a transaction, once nobody else writes through this connection.
    pub async fn begin(&self) -> FileTx {
        let connection = Some(Writing(Arc::clone(&self.connection).lock_owned().await));
        FileTx { connection, begun: false, gathered: Vec::new(), apart: self.apart, checkpointer: self.checkpointer.clone() }
    }
}

impl FileTx {
    /// Does something at the next visit.
    pub fn gather(&mut self, work: impl FnOnce(&Connection) -> rusqlite::Result<()> + Send + 'static) {
        self.gathered.push(Box::new(work));
    }

    /// Does what has been gathered, then something that answers.
    pub async fn visit<T: Send + 'static>(
        &mut self,
        work: impl FnOnce(&Connection) -> rusqlite::Result<T> + Send + 'static,
    ) -> Result<T, StoreError> {
        let held = self.connection.take().ok_or(StoreError::Closed)?;
        let gathered = std::mem::take(&mut self.gathered);
        let begins = !std::mem::replace(&mut self.begun, true);
        let checkpointer = self.checkpointer.take();
        let visit = move || {
            let all = |connection: &Connection| {
                if begins {
                    if let Some(checkpointer) = checkpointer {
                        checkpointer.before_transaction(connection);
                    }
                    connection.prepare_cached("BEGIN IMMEDIATE")?.raw_execute()?;
                }
                for part in gathered {
                    part(connection)?;
                }
                work(connection)
            };
            let outcome = all(&held.0);
            (held, outcome)
        };
        let (held, outcome) =
            if self.apart { visit() } else { tokio::task::spawn_blocking(visit).await.map_err(|_| StoreError::Closed)? };
        self.connection = Some(held);
        Ok(outcome?)
    }

    /// All rows of a query.
    pub async fn rows(&mut self, statement: Statement) -> Result<Vec<FileRow>, StoreError> {
        self.visit(move |connection| read(connection, &statement)).await
    }

    /// Does what has been gathered, for good.
    pub async fn commit(mut self) -> Result<(), StoreError> {
        self.visit(|connection| connection.prepare_cached("COMMIT")?.raw_execute().map(drop)).await
    }
}

/// Runs a text once for each set of values.
pub fn run(connection: &Connection, group: &Group) -> rusqlite::Result<()> {
    let mut statement = connection.prepare_cached(group.sql)?;
    for params in &group.rows {
        bind(&mut statement, params)?;
        statement.raw_execute()?;
    }
    Ok(())
}

fn read(connection: &Connection, statement: &Statement) -> rusqlite::Result<Vec<FileRow>> {
    let mut prepared = connection.prepare_cached(statement.sql)?;
    let names: Arc<[String]> = prepared.column_names().into_iter().map(str::to_owned).collect();
    bind(&mut prepared, &statement.params)?;
    let mut rows = prepared.raw_query();
    let mut found = Vec::new();
    while let Some(row) = rows.next()? {
        let values = (0..names.len()).map(|column| row.get(column)).collect::<rusqlite::Result<_>>()?;
        found.push(FileRow { names: Arc::clone(&names), values });
    }
    Ok(found)
}

/// Binds values to `$1`, `$2`, …, in whatever order the text names them.
fn bind(statement: &mut rusqlite::Statement<'_>, params: &[Param]) -> rusqlite::Result<()> {
    for place in 1..=statement.parameter_count() {
        let number = statement.parameter_name(place).and_then(|name| name.strip_prefix('$')?.parse::<usize>().ok());
        match number.and_then(|number| params.get(number - 1)) {
            None => return Err(rusqlite::Error::InvalidParameterCount(place, params.len())),
            Some(Param::Id(Some(id))) => {
                let mut text = [0; Hyphenated::LENGTH];
                statement.raw_bind_parameter(place, &*id.hyphenated().encode_lower(&mut text))
            }
            Some(Param::Int(Some(number))) => statement.raw_bind_parameter(place, number),
            Some(Param::Text(Some(text))) => statement.raw_bind_parameter(place, text.as_str()),
            Some(Param::Time(Some(moment))) => statement.raw_bind_parameter(place, moment_text(*moment)),
            Some(Param::Json(Some(json))) => statement.raw_bind_parameter(place, json.0.get()),
            Some(Param::Bool(yes)) => statement.raw_bind_parameter(place, yes),
            Some(Param::Id(None) | Param::Int(None) | Param::Text(None) | Param::Time(None) | Param::Json(None)) => {
                statement.raw_bind_parameter(place, rusqlite::types::Null)
            }
        }?;
    }
    Ok(())
}
