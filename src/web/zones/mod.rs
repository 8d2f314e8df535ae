//! Zones: the tree, one zone with what it writes and what really holds, editing it with a look at what would come of it, who
//! has which role, and its history.

pub mod budget;
pub mod create;
pub mod edit;
mod head;
pub mod history;
mod keys;
mod model;
pub mod parameters;
mod part;
mod preview;
pub mod roles;
pub mod tree;
mod typed;

pub use keys::{about, is_settled_whole, label_at};
pub use typed::named;
