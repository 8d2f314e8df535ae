//! Decision models: the rules that turn votes into an outcome (SPEC section 6).

mod model;
mod needed;
mod stricter;
mod verdict;
mod weights;

pub use model::{DecisionModel, Fallback, MAX_REVIEWERS, ModelType, Rule, Weights, longest_timeout};
pub use needed::{Needed, needed};
pub use stricter::{is_stricter, is_stricter_or_equal};
pub use verdict::{Ballot, Choice, Occasion, Tally, Verdict, decide};
pub use weights::{Weighable, capped, weigh};
