//! How far each projection, and whoever else follows the log, has come.

use crate::Statement;

/// Begins a checkpoint unless it exists.
pub fn begin(name: &'static str) -> Statement {
    Statement::new("INSERT INTO checkpoints (projection, global_position) VALUES ($1, 0) ON CONFLICT (projection) DO NOTHING")
        .bind(name)
}

/// All checkpoints.
pub fn all() -> Statement {
    Statement::new("SELECT projection, global_position, failed_at, failure FROM checkpoints ORDER BY projection")
}

/// All checkpoints but `other`, locked until the transaction ends (PostgreSQL; on SQLite a writing transaction is alone anyway).
pub fn all_locked_but(other: &'static str) -> Statement {
    Statement::new(
        "SELECT projection, global_position, failed_at, failure FROM checkpoints WHERE projection <> $1 ORDER BY projection FOR UPDATE",
    )
    .bind(other)
}

/// Keeps a checkpoint, and the event that stopped it, if one did.
pub fn keep(name: &str, at: u64, failure: Option<&(u64, String)>) -> Statement {
    Statement::new("UPDATE checkpoints SET global_position = $2, failed_at = $3, failure = $4 WHERE projection = $1")
        .bind(name)
        .bind(at)
        .bind(failure.map(|(at, _)| i64::try_from(*at).unwrap_or(i64::MAX)))
        .bind(failure.map(|(_, reason)| reason.clone()))
}

/// One checkpoint.
pub fn of(name: &'static str) -> Statement {
    Statement::new("SELECT global_position FROM checkpoints WHERE projection = $1").bind(name)
}

/// How far someone has come who acts on what they read; kept with the log.
pub fn follower(name: &'static str) -> Statement {
    Statement::new("SELECT global_position FROM followers WHERE name = $1").bind(name)
}

/// Moves a follower on, never back.
pub fn advance(name: &'static str, to: u64) -> Statement {
    Statement::new(
        "INSERT INTO followers (name, global_position) VALUES ($1, $2)
         ON CONFLICT (name) DO UPDATE SET global_position = excluded.global_position
         WHERE followers.global_position < excluded.global_position",
    )
    .bind(name)
    .bind(to)
}

/// The projections that an event has stopped.
pub fn failed() -> Statement {
    Statement::new("SELECT projection, failed_at, failure FROM checkpoints WHERE failed_at IS NOT NULL")
}
