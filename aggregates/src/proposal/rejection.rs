//! Why a proposal does not open, a vote does not count, or an outcome stands.

use strum::IntoStaticStr;

use super::electorate::ConflictCode;
use super::state::Status;
use crate::Moment;
use crate::ids::{EvaluationId, MemberId, ZoneId};
use crate::permission::Reason;
use crate::rejection::{Fault, Kind, Rejected};

/// Why a proposal does not open, a vote does not count, or an outcome stands.
#[derive(Clone, Debug, PartialEq, thiserror::Error, IntoStaticStr)]
#[strum(serialize_all = "snake_case")]
pub enum Rejection {
    /// No such proposal here.
    #[error("there is no such proposal here")]
    NeverOpened,
    /// No such zone here.
    #[error("there is no zone {id} here")]
    NoSuchZone {
        /// Which.
        id: ZoneId,
        /// Where it was named.
        pointer: &'static str,
    },
    /// No such member here.
    #[error("there is no member {id} here")]
    NoSuchMember {
        /// Whom.
        id: MemberId,
        /// Where they were named.
        pointer: &'static str,
    },
    /// Opened once only.
    #[error("the proposal exists already")]
    AlreadyOpen,
    /// The zone is not in force.
    #[error("zone {0} is not in force")]
    ZoneNotInForce(ZoneId),
    /// It could not be executed now (SPEC P1).
    #[error("it could not be executed: {message}")]
    NotExecutable {
        /// Why, in words.
        message: String,
        /// The faults in the payload.
        faults: Vec<Fault>,
    },
    /// It speaks of a zone outside its own.
    #[error("a proposal reaches its own zone and what lies below it, not beyond zone {0}")]
    OutsideZone(ZoneId),
    /// It changes nothing.
    #[error("it would change nothing")]
    NothingToDo,
    /// The chosen model is laxer than the zone's (SPEC P9).
    #[error("a proposer may only choose a stricter decision model than the zone's")]
    NotStricter,
    /// Nobody could decide it (SPEC P6).
    #[error("nobody could decide it: {0}")]
    NoElectorate(String),
    /// Nobody could approve it: a zone blocks that (SPEC P6).
    #[error("nobody could decide it: zone {0} blocks `proposal.approve`")]
    #[strum(serialize = "no_electorate")]
    ApprovalBlocked(ZoneId),
    /// It would be expired when it opens (SPEC P11).
    #[error("expires_at must lie in the future")]
    ExpiresInThePast,
    /// It is decided or over.
    #[error("the proposal is {0}")]
    NotPending(Status),
    /// Its time is up; the clock decides.
    #[error("the proposal closed at {0}")]
    DeadlinePassed(Moment),
    /// The gardener has not chosen yet.
    #[error("its reviewers are being chosen, until {0}")]
    ReviewersNotChosen(Moment),
    /// Not one of its reviewers.
    #[error("you are not in the electorate of this proposal")]
    NotInElectorate,
    /// No longer one of its reviewers.
    #[error("you have left the electorate of this proposal")]
    Recused,
    /// A vote stands (SPEC P8).
    #[error("you have already voted, and votes may not be changed here")]
    AlreadyVoted,
    /// Only its proposer may.
    #[error("only the proposer may withdraw it")]
    NotTheProposer,
    /// It was opened by an escalation, which may be taken back instead.
    #[error("it is how an escalation is decided: the escalation may be taken back by whoever raised it")]
    AskedByEscalation,
    /// There is nothing to execute.
    #[error("there is nothing to execute: {0}")]
    NothingToExecute(&'static str),
    /// The veto window is open.
    #[error("it is held until {0}")]
    Held(Moment),
    /// The clock came too early.
    #[error("its time is not up yet")]
    NotDue,
    /// Its question is up already.
    #[error("the proposal has been escalated already")]
    AlreadyEscalated,
    /// The owners decide it.
    #[error("the owners decide it, and there is nobody above them")]
    LastInstance,
    /// Decided, and past its veto window.
    #[error("the proposal is {0}, and no veto window is open")]
    NotContestable(Status),
    /// A seat is handed on once.
    #[error("a seat that was handed to you cannot be handed on")]
    AlreadyDelegated,
    /// The delegate sits there already.
    #[error("they are in the electorate of this proposal already")]
    AlreadyInElectorate,
    /// The delegate may not decide there.
    #[error("they may not decide in this zone")]
    NotEligible,
    /// The delegate has a conflict of interest.
    #[error("they must not decide it: {0}")]
    Conflicted(ConflictCode),
    /// No human would be left.
    #[error("a human must review it, and no other is in its electorate")]
    HumanNeeded,
    /// Nothing took place that could be judged.
    #[error("it has not been executed")]
    NotExecuted,
    /// It is judged once, whoever did it.
    #[error("it is judged in evaluation {0}")]
    AlreadyEvaluated(EvaluationId),
}

impl Rejection {
    /// A check's reason, as what stands in the way of execution.
    pub(super) fn by_check(reason: &Reason) -> Self {
        let fault = Fault {
            zone_id: reason.zone_id,
            limit: reason.limit.clone(),
            requested: reason.requested.clone(),
            ..Fault::new("/payload", &reason.code, reason.message.clone())
        };
        Self::NotExecutable { message: reason.message.clone(), faults: vec![fault] }
    }
}

impl Rejected for Rejection {
    fn code(&self) -> &'static str {
        self.into()
    }

    fn kind(&self) -> Kind {
        match self {
            Self::NeverOpened | Self::NoSuchZone { .. } | Self::NoSuchMember { .. } => Kind::Missing,
            Self::NotInElectorate | Self::Recused | Self::NotTheProposer | Self::AskedByEscalation => Kind::Forbidden,
            Self::AlreadyOpen
            | Self::ZoneNotInForce(_)
            | Self::NotPending(_)
            | Self::DeadlinePassed(_)
            | Self::ReviewersNotChosen(_)
            | Self::AlreadyVoted
            | Self::NothingToExecute(_)
            | Self::Held(_)
            | Self::NotDue
            | Self::AlreadyEscalated
            | Self::LastInstance
            | Self::NotContestable(_)
            | Self::AlreadyDelegated
            | Self::NotExecuted
            | Self::AlreadyEvaluated(_) => Kind::Conflict,
            Self::NotExecutable { .. }
            | Self::OutsideZone(_)
            | Self::NothingToDo
            | Self::NotStricter
            | Self::NoElectorate(_)
            | Self::ApprovalBlocked(_)
            | Self::ExpiresInThePast
            | Self::AlreadyInElectorate
            | Self::NotEligible
            | Self::Conflicted(_)
            | Self::HumanNeeded => Kind::Rule,
        }
    }

    fn faults(&self) -> Vec<Fault> {
        let at = |pointer: &str| vec![Fault::new(pointer, self.code(), self.to_string())];
        match self {
            Self::NoSuchZone { pointer, .. } | Self::NoSuchMember { pointer, .. } => at(pointer),
            Self::NotExecutable { faults, .. } => faults.clone(),
            Self::OutsideZone(_) => at("/payload/zone_id"),
            Self::NothingToDo => at("/payload"),
            Self::NotStricter => at("/decision_model"),
            Self::ExpiresInThePast => at("/expires_at"),
            Self::NoElectorate(_) | Self::ZoneNotInForce(_) => at("/zone_id"),
            Self::ApprovalBlocked(zone) => {
                vec![Fault { zone_id: Some(*zone), ..Fault::new("/zone_id", self.code(), self.to_string()) }]
            }
            Self::AlreadyInElectorate | Self::NotEligible | Self::Conflicted(_) | Self::HumanNeeded => at("/member_id"),
            Self::NeverOpened
            | Self::AlreadyOpen
            | Self::NotPending(_)
            | Self::DeadlinePassed(_)
            | Self::ReviewersNotChosen(_)
            | Self::NotInElectorate
            | Self::Recused
            | Self::AlreadyVoted
            | Self::NotTheProposer
            | Self::AskedByEscalation
            | Self::NothingToExecute(_)
            | Self::Held(_)
            | Self::NotDue
            | Self::AlreadyEscalated
            | Self::LastInstance
            | Self::NotContestable(_)
            | Self::AlreadyDelegated
            | Self::NotExecuted
            | Self::AlreadyEvaluated(_) => Vec::new(),
        }
    }
}
