//! Refusals and exports that matter for security, on record (SPEC L5). One stream per principal; nothing is decided here.

use std::collections::BTreeSet;

use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};

use crate::action::{Action, Pattern};
use crate::amount::Amount;
use crate::decider::{DomainEvent, stored_names};
use crate::ids::{MemberId, ProposalId, TokenId, ZoneId};
use crate::permission::{Ask, Decision, Reason, Via};
use crate::rejection::{Kind, Rejected};
use crate::text::Label;
use crate::{Decider, Moment};

/// What was refused or taken out.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(tag = "type")]
pub enum Event {
    /// A check said no, and the caller asked for it to be on record.
    #[serde(rename = "access.check_denied")]
    CheckDenied {
        zone_id: ZoneId,
        principal_id: MemberId,
        action: String,
        reasons: Vec<Reason>,
        #[serde(default, skip_serializing_if = "Option::is_none")]
        particulars: Option<Box<Particulars>>,
    },
    /// A check said yes, or only with an approval, and the caller asked for it to be on record.
    #[serde(rename = "access.check_answered")]
    CheckAnswered {
        zone_id: ZoneId,
        principal_id: MemberId,
        action: String,
        decision: Decision,
        reasons: Vec<Reason>,
        particulars: Option<Box<Particulars>>,
    },
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

/// What a check was asked besides, so that it can be asked again.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Particulars {
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub amount: Option<Amount>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub board_id: Option<Label>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub agent_type: Option<Label>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub tool: Option<Label>,
    #[serde(default, skip_serializing_if = "Map::is_empty")]
    pub params: Map<String, Value>,
    /// Whether an API token was used, and what it was for, where it narrowed.
    #[serde(default)]
    pub by_token: bool,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub token_actions: Option<BTreeSet<Pattern>>,
}

impl Particulars {
    /// Of a question.
    pub fn of(ask: &Ask) -> Self {
        let (by_token, token_actions) = match &ask.via {
            Via::Itself => (false, None),
            Via::Token(actions) => (true, actions.clone()),
        };
        Self {
            amount: ask.amount,
            board_id: ask.board_id.clone(),
            agent_type: ask.agent_type.clone(),
            tool: ask.tool.clone(),
            params: ask.params.clone(),
            by_token,
            token_actions,
        }
    }

    /// The same question once more.
    pub fn asked_again(self, principal: MemberId, action: Action, now: Moment) -> Ask {
        Ask {
            amount: self.amount,
            board_id: self.board_id,
            agent_type: self.agent_type,
            tool: self.tool,
            params: self.params,
            via: if self.by_token { Via::Token(self.token_actions) } else { Via::Itself },
            ..Ask::plain(principal, action, now)
        }
    }
}

stored_names!(Event {
    CheckAnswered => "access.check_answered",
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
            Self::CheckDenied { zone_id, .. } | Self::CheckAnswered { zone_id, .. } | Self::VoteRefused { zone_id, .. } => {
                Some(*zone_id)
            }
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
