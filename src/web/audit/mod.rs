//! The log, for people: narrowed by what the address says, each event as a sentence and as it is kept, and to take away.

pub mod download;
pub mod event;
mod filter;
pub mod list;
pub mod sentence;
