//! What several doors do in the same way: founding an organization, deciding proposals and executing them.

mod deciding;
mod founding;

pub use deciding::{deciding, execute, opening};
pub use founding::{Founded, found};
