//! What can go wrong with a database.

/// What can go wrong with a database.
#[derive(Debug, thiserror::Error)]
pub enum StoreError {
    /// The database said no, or nothing.
    #[error("the database failed: {0}")]
    Database(#[from] sqlx::Error),
    /// The schema could not be brought up to date.
    #[error("the schema could not be migrated: {0}")]
    Migration(#[from] sqlx::migrate::MigrateError),
    /// A stored event has a form nobody knows.
    #[error("event {0} cannot be read: {1}")]
    Unreadable(u64, String),
    /// A file or folder.
    #[error("{0}: {1}")]
    File(String, std::io::Error),
    /// The writer has stopped.
    #[error("the log is closed")]
    Closed,
}

impl From<projections::Unreadable> for StoreError {
    fn from(unreadable: projections::Unreadable) -> Self {
        Self::Unreadable(unreadable.global_position, unreadable.reason)
    }
}
