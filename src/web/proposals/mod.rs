//! Proposals: lists, one at length, composing one, and acting on one.

pub mod act;
pub mod compose;
mod composed;
mod detail;
pub mod effect;
pub mod list;
mod risk;
pub mod row;
pub mod show;
mod timeline;

pub use detail::Detail;
pub use timeline::{Happened, happened};
