//! Refusals and exports that matter for security, on record (SPEC L5). One stream per principal; nothing is decided here.

use serde::{Deserialize, Serialize};

use crate::Decider;
use crate::decider::{DomainEvent, stored_names};
use crate::ids::{MemberId, ProposalId, TokenId, ZoneId};
use crate::permission::Reason;
use crate::rejection::{Kind, Rejected};

/// What was refused or taken out.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(tag = "type")]
pub enum Event {
    /// A check said no, and the caller asked for it to be on record.
    #[serde(rename = "access.check_denied")]
    CheckDenied { zone_id: ZoneId, principal_id: MemberId, action: String, reasons: Vec<Reason> },
    /// A known token was presented with a wrong secret, or after it had become worthless.
    #[serde(rename = "access.sign_in_failed")]
    SignInFailed { token_id: TokenId, reason: String },
    /// A vote was refused.
    #[serde(rename = "access.vote_refused")]
    VoteRefused { zone_id: ZoneId, proposal_id: ProposalId, reason: String },
    /// Someone took a copy of the log.
    #[serde(rename = "access.log_exported")]
    LogExported { after_position: u64, format: String },
}

stored_names!(Event {
    CheckDenied => "access.check_denied",
    SignInFailed => "access.sign_in_failed",
    VoteRefused => "access.vote_refused",
    LogExported => "access.log_exported",
});

impl DomainEvent for Event {
    fn event_type(&self) -> &'static str {
        self.stored_name()
    }

    fn zone_id(&self) -> Option<ZoneId> {
        match self {
            Self::CheckDenied { zone_id, .. } | Self::VoteRefused { zone_id, .. } => Some(*zone_id),
            Self::SignInFailed { .. } | Self::LogExported { .. } => None,
        }
    }
}

/// Never: a record is not refused.
#[derive(Debug, thiserror::Error)]
pub enum Rejection {}

impl Rejected for Rejection {
    fn code(&self) -> &'static str {
        match *self {}
    }

    fn kind(&self) -> Kind {
        match *self {}
    }
}

/// The record as an aggregate: what it is told has happened.
pub struct Access;

impl Decider for Access {
    const TYPE: &'static str = "access";
    type State = ();
    type Command = Event;
    type Event = Event;
    type Rejection = Rejection;

    fn decide(_state: &(), told: Event) -> Result<Vec<Event>, Rejection> {
        Ok(vec![told])
    }

    fn evolve(_state: &mut (), _event: &Event) {}
}
