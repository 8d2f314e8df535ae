//! `/escalations`: decisions and deciders taken to the parent zone.

pub mod dismiss;
pub mod list;
pub mod raise;
pub mod read;
pub mod sign;
mod view;

pub use view::{EscalationView, answer, in_organization};
