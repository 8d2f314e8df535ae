//! Read models: event → SQL statements, and the queries that read what they wrote. Pure text and values; whoever has a
//! connection runs them.

pub mod audit;
pub mod blocks;
pub mod checkpoints;
pub mod deadlines;
pub mod desk;
pub mod escalations;
pub mod evaluations;
pub mod grants;
mod groups;
pub mod inbox;
pub mod invites;
pub mod organizations;
pub mod proposals;
mod recorded;
pub mod reservations;
pub mod reviewers;
pub mod standing;
mod statement;
pub mod tokens;

pub use groups::{Group, Groups};
pub use recorded::{Data, EventView, Recorded, Unreadable};
pub use statement::{Json, Param, Statement};

/// A read model: its name, and what each event does to its rows.
pub struct Projection {
    /// The name its checkpoint goes by.
    pub name: &'static str,
    /// The rows an event writes.
    pub project: fn(&Recorded) -> Result<Vec<Statement>, Unreadable>,
}

/// Every read model.
pub const ALL: [Projection; 12] = [
    Projection { name: blocks::NAME, project: blocks::project },
    Projection { name: "organizations", project: organizations::project },
    Projection { name: "proposals", project: proposals::project },
    Projection { name: "tokens", project: tokens::project },
    Projection { name: "invites", project: invites::project },
    Projection { name: "grants", project: grants::project },
    Projection { name: "reservations", project: reservations::project },
    Projection { name: "deadlines", project: deadlines::project },
    Projection { name: "escalations", project: escalations::project },
    Projection { name: "evaluations", project: evaluations::project },
    Projection { name: "standing", project: standing::project },
    Projection { name: "inbox", project: inbox::project },
];

/// Every table of the read models, for comparing a rebuild with what it replaces.
pub const TABLES: [&str; 16] = [
    "blocks",
    "organizations",
    "proposals",
    "reviewers",
    "tokens",
    "invites",
    "grants",
    "reservations",
    "deadlines",
    "escalations",
    "evaluations",
    "standing",
    "notifications",
    "authors",
    "inboxes",
    "read_marks",
];
