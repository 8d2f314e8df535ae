//! What can go wrong with a database.

use sqlx::postgres::{PgDatabaseError, PgSeverity};

/// What can go wrong with a database.
#[derive(Debug, thiserror::Error)]
pub enum StoreError {
    /// The database said no, or nothing.
    #[error("the database failed: {0}")]
    Database(#[from] sqlx::Error),
    /// SQLite refused what was written.
    #[error("the database failed: {0}")]
    Sqlite(#[from] rusqlite::Error),
    /// The schema could not be brought up to date.
    #[error("the schema could not be migrated: {0}")]
    Migration(#[from] sqlx::migrate::MigrateError),
    /// A stored event has a form nobody knows.
    #[error("event {0} cannot be read: {1}")]
    Unreadable(u64, String),
    /// The events of a stream make no aggregate.
    #[error("the stream {0} cannot be read: {1}")]
    UnreadableStream(String, String),
    /// A row of a read model says something that nobody knows.
    #[error("a row of {0} cannot be read: {1}")]
    UnreadableRow(&'static str, String),
    /// A file or folder.
    #[error("{0}: {1}")]
    File(String, std::io::Error),
    /// A transaction was to be committed, and neither yes nor no came back.
    #[error("a commit was not answered: {0}")]
    Unanswered(String),
    /// The way to the database was lost before a transaction was committed.
    #[error("the way to the database was lost: {0}")]
    Lost(String),
    /// The writer has stopped.
    #[error("the log is closed")]
    Closed,
}

impl StoreError {
    /// What became of a statement on its own that failed on its way: a server that refused it has not done it, one that broke off or said
    /// nothing may have.
    pub(super) fn on_the_way(self) -> Self {
        match &self {
            Self::Database(sqlx::Error::Database(error)) => {
                // A server that goes down over it may have written it first.
                let severity = error.try_downcast_ref::<PgDatabaseError>().map(PgDatabaseError::severity);
                let goes_down = matches!(severity, Some(PgSeverity::Panic | PgSeverity::Fatal));
                if goes_down { Self::Unanswered(self.to_string()) } else { self }
            }
            _ => Self::Unanswered(self.to_string()),
        }
    }

    /// Whether the statement was refused for what it says, so that trying again changes nothing; not for the state in which the
    /// database or the way to it is.
    pub fn is_about_the_data(&self) -> bool {
        match self {
            Self::Database(sqlx::Error::Database(error)) => {
                // Classes of SQLSTATE: data, integrity, syntax or access.
                let code = error.try_downcast_ref::<PgDatabaseError>().map_or("", PgDatabaseError::code);
                ["22", "23", "42"].iter().any(|class| code.starts_with(class))
            }
            // The lower byte of a result code of SQLite: error, too big, constraint, mismatch.
            Self::Sqlite(error) => {
                error.sqlite_error().is_some_and(|error| matches!(error.extended_code & 0xff, 1 | 18 | 19 | 20))
            }
            _ => false,
        }
    }
}

impl From<projections::Unreadable> for StoreError {
    fn from(unreadable: projections::Unreadable) -> Self {
        Self::Unreadable(unreadable.global_position, unreadable.reason)
    }
}
