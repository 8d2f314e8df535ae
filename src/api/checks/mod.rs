//! Questions of permission: one, many, who can, what can, what would be.

mod batch;
mod check;
mod explain;
mod imagined;
mod question;
mod simulate;

pub use batch::{__path_check_all, MOST, check_all};
pub use check::{__path_check, check};
pub use explain::{__path_what_can, __path_who_can, what_can, who_can};
pub use simulate::{__path_simulate, simulate};
