//! `/zones`: containers for delegation.

pub mod assignments;
pub mod change;
pub mod create;
pub mod effective;
pub mod list;
pub mod read;
pub mod relocate;
pub mod status;
pub mod tree;
mod view;

pub use view::{ChangedZone, ZoneView, people_named, view};
