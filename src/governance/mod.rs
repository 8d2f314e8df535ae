//! What several doors do in the same way: founding an organization, deciding proposals and executing them, escalating, setting
//! money aside, using grants.

mod choosing;
mod deciding;
pub mod escalating;
pub mod evaluating;
mod founding;
mod granting;
mod reserving;
mod simulating;

pub use choosing::{choose_among_candidates, member_record};
pub use deciding::{decided, deciding, execute, opening};
pub use founding::{Founded, found};
pub use granting::{Usage, ending_grant, using_grant};
pub use reserving::{Wish, admitting, counts, lapsing, must_work_there, reserving};
pub use simulating::{Difference, Replay};
