//! What runs beside requests: the task that writes the log, the follower that keeps memory in step, the projector,
//! reactions, and the clock. Each starts in one place, with a name, and ends when it is told to.

mod clock;
mod follower;
mod projector;
mod reactions;
mod rebuild;
mod tasks;

pub use clock::{do_what_is_due, watch_clock};
pub use follower::follow_log;
pub use projector::{catch_up, project_log};
pub use reactions::{react_to_log, react_until};
pub use rebuild::rebuild;
pub use tasks::Tasks;
