//! Evaluations: finished work is judged by the criteria its zone had, and the judgement has its effect once (SPEC section 10).

mod checks;
mod command;
mod decide;
mod event;
mod opening;
mod rejection;
mod result;
mod review;
mod score;
mod state;

pub use checks::{Check, NotMade, Record, check};
pub use command::Command;
pub use event::{Event, Mean, Opened, ScoredBy, Terms};
pub use opening::{executor_of, is_open_to_judging, must_be_impartial, terms};
pub use rejection::Rejection;
pub use result::{judgements, upheld, weighted_mean};
pub use review::{read_review, review_prompt, unanswered};
pub use score::Score;
pub use state::{Given, State, Status};

use crate::Decider;

/// The evaluation as an aggregate.
pub struct Evaluation;

impl Decider for Evaluation {
    const TYPE: &'static str = "evaluation";
    type State = State;
    type Command = Command;
    type Event = Event;
    type Rejection = Rejection;

    fn decide(state: &State, command: Command) -> Result<Vec<Event>, Rejection> {
        decide::decide(state, command)
    }

    fn evolve(state: &mut State, event: &Event) {
        state.evolve(event);
    }
}

#[cfg(test)]
mod tests;
