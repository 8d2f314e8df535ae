//! What several doors do in the same way: founding an organization, deciding proposals and executing them.

mod choosing;
mod deciding;
mod founding;

pub use choosing::choose_among_candidates;
pub use deciding::{deciding, execute, opening};
pub use founding::{Founded, found};
