//! Evaluations: finished work, judged by criteria, and what that does to someone's reputation.

pub mod act;
pub mod list;
pub mod show;

use crate::web::shown::Badge;

/// Where an evaluation stands.
pub fn status(status: &str) -> Badge {
    match status {
        "pending" => Badge::new("open", "Not begun"),
        "in_review" => Badge::new("wait", "In review"),
        _ => Badge::new("good", "Completed"),
    }
}

/// What a judgement says of whoever did the work.
pub fn signal(signal: &str) -> Badge {
    match signal {
        "positive" => Badge::new("good", "Positive"),
        "negative" => Badge::new("bad", "Negative"),
        _ => Badge::new("off", "Neutral"),
    }
}
