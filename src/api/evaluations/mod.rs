//! `/evaluations`: judgements of finished work.

pub mod judge;
pub mod list;
pub mod open;
pub mod read;
mod view;

pub use view::{EvaluationView, answer, in_organization};
