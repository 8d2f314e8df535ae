//! What runs beside requests: the task that writes the log, the follower that keeps memory in step, the projector,
//! reactions, the clock, housekeeping, and whoever asks the gardener. Each starts in one place, with a name, and ends when it
//! is told to.

mod asking;
mod clock;
mod follower;
mod gardening;
mod housekeeping;
mod projector;
mod reactions;
mod rebuild;
mod reviewing;
mod tasks;

pub use clock::{do_what_is_due, watch_clock};
pub use follower::follow_log;
pub use gardening::choose_reviewers;
pub use housekeeping::{forget_answers, keep_house};
pub use projector::{catch_up, project_log};
pub use reactions::{react_to_log, react_until};
pub use rebuild::rebuild;
pub use reviewing::review_work;
pub use tasks::Tasks;
