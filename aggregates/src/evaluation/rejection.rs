//! Why a judgement is not given.

use strum::IntoStaticStr;

use crate::rejection::{Fault, Kind, Rejected};
use crate::text::Label;

/// Why a judgement is not given.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error, IntoStaticStr)]
#[strum(serialize_all = "snake_case")]
pub enum Rejection {
    /// No such evaluation here.
    #[error("there is no such evaluation here")]
    NeverOpened,
    /// Opened once only.
    #[error("the evaluation exists already")]
    AlreadyOpen,
    /// The zone does not say what work is judged by.
    #[error("the zone has no evaluation criteria")]
    NoCriteria,
    /// Someone else did it.
    #[error("the work of this proposal is someone else's")]
    NotTheExecutor,
    /// It is finished.
    #[error("the evaluation is completed")]
    Completed,
    /// The zone did not name it.
    #[error("`{0}` is none of the criteria of this evaluation")]
    NoSuchCriterion(Label),
    /// The system scores it.
    #[error("`{0}` is scored by the system, unless it cannot be")]
    ScoredBySystem(Label),
    /// One score each (SPEC V2).
    #[error("you have scored `{0}` already")]
    AlreadyScored(Label),
    /// A score has reasons.
    #[error("a score needs a rationale")]
    NoRationale,
    /// Judging oneself, or one's own.
    #[error("neither the executor, nor its sponsor, nor its agents judge its work")]
    Conflicted,
    /// A person is asked for.
    #[error("only a human scores what people are asked to score")]
    NotHuman,
    /// Something is missing.
    #[error("it still needs {0}")]
    Incomplete(String),
}

impl Rejected for Rejection {
    fn code(&self) -> &'static str {
        self.into()
    }

    fn kind(&self) -> Kind {
        match self {
            Self::NeverOpened => Kind::Missing,
            Self::AlreadyOpen | Self::Completed | Self::AlreadyScored(_) | Self::Incomplete(_) => Kind::Conflict,
            Self::Conflicted | Self::NotHuman => Kind::Forbidden,
            Self::NoCriteria
            | Self::NotTheExecutor
            | Self::NoSuchCriterion(_)
            | Self::ScoredBySystem(_)
            | Self::NoRationale => Kind::Rule,
        }
    }

    fn faults(&self) -> Vec<Fault> {
        let pointer = match self {
            Self::NoCriteria => "/proposal_id",
            Self::NotTheExecutor => "/executor_id",
            Self::NoSuchCriterion(_) | Self::ScoredBySystem(_) => "/criterion",
            Self::NoRationale => "/rationale",
            Self::NeverOpened
            | Self::AlreadyOpen
            | Self::Completed
            | Self::AlreadyScored(_)
            | Self::Conflicted
            | Self::NotHuman
            | Self::Incomplete(_) => return Vec::new(),
        };
        vec![Fault::new(pointer, self.code(), self.to_string())]
    }
}
