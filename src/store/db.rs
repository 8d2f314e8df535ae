//! One of two databases. SQLite: WAL, one connection that writes, several that read. PostgreSQL: a pool.

use std::path::Path;
use std::str::FromStr;
use std::time::Duration;

use chrono::SecondsFormat;
use projections::{Group, Param, Statement};
use sqlx::postgres::{PgConnectOptions, PgPoolOptions};
use sqlx::sqlite::{SqliteConnectOptions, SqliteJournalMode, SqlitePoolOptions, SqliteSynchronous};
use sqlx::{Connection as _, Executor as _, PgConnection, PgPool, Postgres, SqlitePool, Transaction, types};

use super::error::StoreError;
use super::file::{self, File, FileTx, Flushed};
use super::row::Row;

/// After how long a connection is tried before use.
const LONG_IDLE: Duration = Duration::from_millis(500);
/// How long a writer of the log waits for another, and how long it may leave a transaction open without a word; as PostgreSQL
/// says it.
const LOCKED: &str = "5s";
const ABANDONED: &str = "30s";
/// How long a server may take to answer.
const ANSWER_WITHIN: Duration = Duration::from_secs(10);

/// One of two databases.
#[derive(Clone, Debug)]
pub enum Db {
    /// A file: one connection writes, several read.
    Sqlite {
        /// The one that writes.
        write: File,
        /// Those that read.
        read: SqlitePool,
    },
    /// A server.
    Postgres(PgPool),
}

/// A transaction on either.
pub enum Tx {
    /// On SQLite; it holds the only connection that writes. What it is told to write is gathered until something is read or marked,
    /// or the end.
    Sqlite(FileTx),
    /// On PostgreSQL.
    Postgres(Transaction<'static, Postgres>),
}

/// How SQLite keeps a column of moments: UTC to the microsecond, so that text order is time order.
pub fn moment_text(moment: chrono::DateTime<chrono::Utc>) -> String {
    moment.to_rfc3339_opts(SecondsFormat::Micros, true)
}

macro_rules! bound_for_sqlite {
    ($statement:expr) => {{
        let mut query = sqlx::query($statement.sql);
        for param in $statement.params {
            query = match param {
                Param::Id(id) => query.bind(id.map(|id| id.to_string())),
                Param::Int(number) => query.bind(number),
                Param::Text(text) => query.bind(text),
                Param::Time(moment) => query.bind(moment.map(moment_text)),
                Param::Json(json) => query.bind(json.as_ref().map(|json| json.0.get().to_owned())),
                Param::Bool(yes) => query.bind(yes),
            };
        }
        query
    }};
}

macro_rules! bound_for_postgres {
    ($statement:expr) => {{
        let mut query = sqlx::query($statement.sql);
        for param in $statement.params {
            query = match param {
                Param::Id(id) => query.bind(id),
                Param::Int(number) => query.bind(number),
                Param::Text(text) => query.bind(text),
                Param::Time(moment) => query.bind(moment),
                Param::Json(json) => query.bind(json.map(|json| types::Json(json.0))),
                Param::Bool(yes) => query.bind(yes),
            };
        }
        query
    }};
}

/// Whether a connection that has been idle for long still answers; one that was in use just now is taken at its word.
async fn answers(connection: &mut PgConnection, idle_for: Duration) -> Result<bool, sqlx::Error> {
    if idle_for > LONG_IDLE {
        connection.ping().await?;
    }
    Ok(true)
}

/// A server may be set up to confirm commits that a loss of power takes back: what must be `durable` is not confirmed like that.
async fn be_durable(connection: &mut PgConnection, durable: bool) -> Result<(), sqlx::Error> {
    if durable {
        let waits = "SELECT set_config('synchronous_commit', 'on', false) WHERE current_setting('synchronous_commit') = 'off'";
        connection.execute(waits).await?;
    }
    Ok(())
}

impl Db {
    /// Opens an SQLite file, making it if need be.
    pub async fn sqlite(path: &Path, flushed: Flushed) -> Result<Self, StoreError> {
        let synchronous = match flushed {
            Flushed::Always => SqliteSynchronous::Full,
            Flushed::AtCheckpoints => SqliteSynchronous::Normal,
            Flushed::Never => SqliteSynchronous::Off,
        };
        let options = SqliteConnectOptions::new()
            .filename(path)
            .create_if_missing(true)
            .journal_mode(SqliteJournalMode::Wal)
            .synchronous(synchronous)
            .busy_timeout(Duration::from_secs(10))
            .pragma("recursive_triggers", "ON")
            .foreign_keys(true);
        // A file does not hang up: there is nothing to try before use.
        let read = SqlitePoolOptions::new().test_before_acquire(false).max_connections(4).connect_with(options).await?;
        Ok(Self::Sqlite { write: File::open(path, flushed)?, read })
    }

    /// Connects to PostgreSQL; unqualified tables are found in `schema`, then in `public`.
    pub async fn postgres(url: &str, schema: Option<&str>, durable: bool, connections: u32) -> Result<Self, StoreError> {
        let mut options = PgConnectOptions::from_str(url)?.application_name("trust-zones");
        if let Some(schema) = schema {
            options = options.options([("search_path", format!("{schema},public"))]);
        }
        // Plans are kept, and some are made while tables are still small: each query has an index to go by, whatever a table
        // looks like when it is asked first. Compiling plans would cost more than any of them.
        options = options.options([
            ("enable_seqscan", "off"),
            ("enable_hashjoin", "off"),
            ("enable_mergejoin", "off"),
            ("jit", "off"),
        ]);
        // Whoever is cut off with the head of the log in hand, or with the checkpoints, must not keep them from everybody else.
        options = options.options([("idle_in_transaction_session_timeout", ABANDONED)]);
        options = options.options([if durable { ("lock_timeout", LOCKED) } else { ("synchronous_commit", "off") }]);
        // A pool tries again and again until its time is up, and then says no more than that; why, the first try says.
        let first = tokio::time::timeout(ANSWER_WITHIN, PgConnection::connect_with(&options)).await;
        first.unwrap_or_else(|_| Err(sqlx::Error::Io(std::io::ErrorKind::TimedOut.into())))?.close().await?;
        let pool = PgPoolOptions::new()
            .max_connections(connections)
            .acquire_timeout(ANSWER_WITHIN)
            .test_before_acquire(false)
            .after_connect(move |connection, _| Box::pin(be_durable(connection, durable)))
            .before_acquire(|connection, kept| Box::pin(answers(connection, kept.idle_for)))
            .connect_with(options)
            .await?;
        Ok(Self::Postgres(pool))
    }

    /// All rows of a query.
    pub async fn rows(&self, statement: Statement) -> Result<Vec<Row>, StoreError> {
        Ok(match self {
            Self::Sqlite { read, .. } => {
                bound_for_sqlite!(statement).fetch_all(read).await?.into_iter().map(Row::Sqlite).collect()
            }
            Self::Postgres(pool) => {
                bound_for_postgres!(statement).fetch_all(pool).await?.into_iter().map(Row::Postgres).collect()
            }
        })
    }

    /// The first row of a query, if there is one.
    pub async fn row(&self, statement: Statement) -> Result<Option<Row>, StoreError> {
        Ok(self.rows(statement).await?.into_iter().next())
    }

    /// Runs a statement on its own.
    pub async fn execute(&self, statement: Statement) -> Result<(), StoreError> {
        let mut tx = self.begin().await?;
        tx.execute(statement).await?;
        tx.commit().await
    }

    /// Begins a transaction that will write.
    pub async fn begin(&self) -> Result<Tx, StoreError> {
        Ok(match self {
            Self::Sqlite { write, .. } => Tx::Sqlite(write.begin().await),
            Self::Postgres(pool) => Tx::Postgres(pool.begin().await?),
        })
    }

    /// The same database for a task with a thread of its own, which may block while a file is written.
    #[must_use]
    pub fn apart(&self) -> Self {
        match self {
            Self::Sqlite { write, read } => Self::Sqlite { write: write.apart(), read: read.clone() },
            Self::Postgres(pool) => Self::Postgres(pool.clone()),
        }
    }

    /// Whether it is a file, and whoever writes it blocks.
    pub fn is_file(&self) -> bool {
        matches!(self, Self::Sqlite { .. })
    }

    /// Closes all connections; the one that writes a file has nothing left to write.
    pub async fn close(&self) -> Result<(), StoreError> {
        match self {
            Self::Sqlite { write, read } => {
                read.close().await;
                write.settle().await
            }
            Self::Postgres(pool) => {
                pool.close().await;
                Ok(())
            }
        }
    }
}

impl Tx {
    /// Runs a statement.
    pub async fn execute(&mut self, statement: Statement) -> Result<(), StoreError> {
        match self {
            Self::Sqlite(tx) => {
                let group = Group { sql: statement.sql, rows: vec![statement.params] };
                tx.gather(move |connection| file::run(connection, &group));
            }
            Self::Postgres(tx) => bound_for_postgres!(statement).execute(&mut **tx).await.map(drop)?,
        }
        Ok(())
    }

    /// All rows of a query.
    pub async fn rows(&mut self, statement: Statement) -> Result<Vec<Row>, StoreError> {
        Ok(match self {
            Self::Sqlite(tx) => tx.rows(statement).await?.into_iter().map(Row::File).collect(),
            Self::Postgres(tx) => {
                bound_for_postgres!(statement).fetch_all(&mut **tx).await?.into_iter().map(Row::Postgres).collect()
            }
        })
    }

    /// Runs all of `statements` or, if one is refused for what it says, none; the transaction goes on.
    pub async fn all_or_none(&mut self, statements: Vec<Statement>) -> Result<Result<(), StoreError>, StoreError> {
        if statements.is_empty() {
            return Ok(Ok(()));
        }
        self.execute(Statement::new("SAVEPOINT mark")).await?;
        let outcome = self.all(statements).await;
        match &outcome {
            Err(error) if error.is_about_the_data() => self.execute(Statement::new("ROLLBACK TO SAVEPOINT mark")).await?,
            Err(_) => return outcome.map(Ok),
            Ok(()) => {}
        }
        self.execute(Statement::new("RELEASE SAVEPOINT mark")).await?;
        Ok(outcome)
    }

    /// Runs `statements` now.
    async fn all(&mut self, statements: Vec<Statement>) -> Result<(), StoreError> {
        for statement in statements {
            self.execute(statement).await?;
        }
        match self {
            Self::Sqlite(tx) => tx.visit(|_| Ok(())).await,
            Self::Postgres(_) => Ok(()),
        }
    }

    /// Makes it so.
    pub async fn commit(self) -> Result<(), StoreError> {
        match self {
            Self::Sqlite(tx) => tx.commit().await,
            Self::Postgres(tx) => Ok(tx.commit().await?),
        }
    }
}
