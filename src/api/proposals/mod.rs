//! `/proposals`: requests that a zone wants decided by others.

pub mod comment;
pub mod delegate;
pub mod list;
pub mod read;
pub mod recuse;
pub mod retry;
pub mod submit;
mod view;
pub mod vote;
pub mod withdraw;

pub use submit::opened;
pub use view::{ProposalView, answer, answer_with_history, in_organization};
