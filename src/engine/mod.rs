//! The engine: commands are decided on what is held in memory and appended to the log; what memory holds follows the log.

mod answer;
mod app;
mod attempt;
mod authorities;
mod booking;
mod desk;
mod freshness;
mod history;
mod memory;
mod past;
mod plan;
mod problem;
mod recent;
mod recording;

pub use answer::{Answer, Done, Imagined, Told};
pub use app::{App, Caller, Envelope, Parts, may_ask_about, permit, permit_in_zone, permit_under};
pub(crate) use attempt::decision;
pub use attempt::{Attempt, Loaded};
pub use authorities::{Authorities, Ruling};
pub use booking::Booking;
pub use freshness::Freshness;
pub use history::Direction;
pub use past::Past;
pub use plan::Plan;
pub use problem::{PROBLEM, Problem};
pub use recent::Recent;
