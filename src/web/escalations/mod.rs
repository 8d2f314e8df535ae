//! Escalations: decisions and deciders that are contested, and what came of it.

pub mod act;
pub mod list;
pub mod raise;
pub mod show;

use crate::web::shown::Badge;
use crate::web::words::sentence;

/// Where an escalation stands.
pub fn status(status: &str) -> Badge {
    let look = match status {
        "pending" => "open",
        "accepted" => "wait",
        "resolved" => "good",
        _ => "off",
    };
    let word = match status {
        "pending" => "Needs signatures".to_owned(),
        "accepted" => "Being decided".to_owned(),
        other => sentence(other),
    };
    Badge::new(look, word)
}
