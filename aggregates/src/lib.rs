//! The rule book of Trust Zones.
//!
//! Everything here is a pure, synchronous function of its arguments: no input or output, no clock, no randomness. Time,
//! ids and facts from other aggregates arrive inside commands. Each aggregate has the same rooms: `command`, `event`,
//! `state`, `decide`.

pub mod access;
pub mod action;
pub mod actor;
pub mod amount;
pub mod decider;
pub mod decision_model;
pub mod escalation;
pub mod evaluation;
pub mod gardener;
pub mod grant;
pub mod ids;
pub mod inbox;
pub mod invite;
pub mod ledger;
pub mod organization;
pub mod permission;
pub mod policy;
pub mod proposal;
pub mod reactions;
pub mod reading;
pub mod rejection;
pub mod slug;
pub mod text;
pub mod token;
pub mod zones;

pub use decider::Decider;
pub use rejection::{Fault, Kind, Rejected};

/// A moment in Coordinated Universal Time, as injected by the caller.
pub type Moment = chrono::DateTime<chrono::Utc>;
