//! What several doors do in the same way: founding an organization, deciding proposals and executing them, escalating.

mod deciding;
pub mod escalating;
pub mod evaluating;
mod founding;

pub use deciding::{decided, deciding, execute, opening};
pub use founding::{Founded, found};
