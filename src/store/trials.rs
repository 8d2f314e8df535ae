//! Trials: what is written to find out whether the log can be written again.

use projections::Statement;

/// Writes a trial, over the one before.
pub fn write(filling: &str) -> Statement {
    Statement::new(
        "INSERT INTO write_trials (one, filling) VALUES (1, $1) ON CONFLICT (one) DO UPDATE SET filling = excluded.filling",
    )
    .bind(filling)
}
