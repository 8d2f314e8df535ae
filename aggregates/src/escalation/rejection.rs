//! Why an escalation stays as it is.

use strum::IntoStaticStr;

use super::state::Status;
use crate::rejection::{Fault, Kind, Rejected};

/// Why an escalation stays as it is.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error, IntoStaticStr)]
#[strum(serialize_all = "snake_case")]
pub enum Rejection {
    /// No such escalation here.
    #[error("there is no such escalation here")]
    NeverRaised,
    /// Raised once only.
    #[error("the escalation exists already")]
    AlreadyRaised,
    /// It is no longer open to this.
    #[error("the escalation is {0}")]
    NotPending(Status),
    /// What was answered is not asked again: whoever disagrees contests the answer.
    #[error("the zone above has decided it")]
    Answered,
    /// Only decisions about who decides are signed.
    #[error("an action escalation is decided by the parent, not by signatures")]
    NotSigned,
    /// One signature a person (SPEC E2).
    #[error("the person behind this account has signed already")]
    AlreadySigned,
    /// Only the escalator may.
    #[error("only who raised it may withdraw it")]
    NotTheEscalator,
    /// Those it is about may not make it go away.
    #[error("those whom an escalation is about may not dismiss it")]
    Contested,
    /// Neither part of the question nor of the zone.
    #[error("only the proposer, the reviewers and the members of the zone may escalate it")]
    NotConcerned,
}

impl Rejected for Rejection {
    fn code(&self) -> &'static str {
        self.into()
    }

    fn kind(&self) -> Kind {
        match self {
            Self::NeverRaised => Kind::Missing,
            Self::AlreadyRaised | Self::Answered | Self::NotPending(_) | Self::NotSigned | Self::AlreadySigned => {
                Kind::Conflict
            }
            Self::NotTheEscalator | Self::Contested | Self::NotConcerned => Kind::Forbidden,
        }
    }

    fn faults(&self) -> Vec<Fault> {
        Vec::new()
    }
}
