//! API tokens: issued once, narrowing their principal, revocable at once (SPEC A4). The secret's hash is not here.

use std::collections::BTreeSet;

use serde::{Deserialize, Serialize};
use strum::IntoStaticStr;

use crate::action::Pattern;
use crate::decider::{DomainEvent, stored_names};
use crate::ids::{MemberId, TokenId};
use crate::rejection::{Fault, Kind, Rejected};
use crate::text::Name;
use crate::{Decider, Moment};

/// What can be asked of a token.
#[derive(Clone, Debug)]
pub enum Command {
    /// Issues it.
    Issue {
        id: TokenId,
        member_id: MemberId,
        name: Name,
        prefix: String,
        expires_at: Option<Moment>,
        actions: Option<BTreeSet<Pattern>>,
        now: Moment,
    },
    /// Makes it worthless from now on.
    Revoke { now: Moment },
}

/// What happened to a token.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "type")]
pub enum Event {
    /// It came to be.
    #[serde(rename = "token.issued")]
    Issued {
        token_id: TokenId,
        member_id: MemberId,
        name: Name,
        prefix: String,
        expires_at: Option<Moment>,
        actions: Option<BTreeSet<Pattern>>,
        issued_at: Moment,
    },
    /// It is worthless.
    #[serde(rename = "token.revoked")]
    Revoked { token_id: TokenId, revoked_at: Moment },
}

stored_names!(Event { Issued => "token.issued", Revoked => "token.revoked" });

impl DomainEvent for Event {
    fn event_type(&self) -> &'static str {
        self.stored_name()
    }
}

/// A token as it stands.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Issued {
    /// Its id.
    pub id: TokenId,
    /// Whose it is.
    pub member_id: MemberId,
    /// What it is called.
    pub name: Name,
    /// The public part by which it is found.
    pub prefix: String,
    /// From when on it is worthless.
    pub expires_at: Option<Moment>,
    /// What it may be used for; everything its principal may do when absent.
    pub actions: Option<BTreeSet<Pattern>>,
    /// When it was issued.
    pub issued_at: Moment,
    /// When it was revoked.
    pub revoked_at: Option<Moment>,
}

impl Issued {
    /// Whether it opens anything at `now`.
    pub fn is_valid(&self, now: Moment) -> bool {
        self.revoked_at.is_none() && self.expires_at.is_none_or(|expires_at| now < expires_at)
    }
}

/// The token, once issued.
#[derive(Clone, Debug, Default)]
pub struct State {
    /// The token.
    pub issued: Option<Issued>,
}

/// Why a token is not to be had.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error, IntoStaticStr)]
#[strum(serialize_all = "snake_case")]
pub enum Rejection {
    /// No such token.
    #[error("there is no such token here")]
    NoSuchToken,
    /// Worthless from the start.
    #[error("expires_at must lie in the future")]
    ExpiresInThePast,
    /// The id is taken.
    #[error("the token exists already")]
    AlreadyIssued,
}

impl Rejected for Rejection {
    fn code(&self) -> &'static str {
        self.into()
    }

    fn kind(&self) -> Kind {
        match self {
            Self::NoSuchToken => Kind::Missing,
            Self::ExpiresInThePast => Kind::Rule,
            Self::AlreadyIssued => Kind::Conflict,
        }
    }

    fn faults(&self) -> Vec<Fault> {
        match self {
            Self::ExpiresInThePast => vec![Fault::new("/expires_at", self.code(), self.to_string())],
            Self::NoSuchToken | Self::AlreadyIssued => Vec::new(),
        }
    }
}

/// The token as an aggregate.
pub struct Token;

impl Decider for Token {
    const TYPE: &'static str = "token";
    type State = State;
    type Command = Command;
    type Event = Event;
    type Rejection = Rejection;

    fn decide(state: &State, command: Command) -> Result<Vec<Event>, Rejection> {
        match command {
            Command::Issue { id, member_id, name, prefix, expires_at, actions, now } => {
                if state.issued.is_some() {
                    return Err(Rejection::AlreadyIssued);
                }
                if expires_at.is_some_and(|expires_at| expires_at <= now) {
                    return Err(Rejection::ExpiresInThePast);
                }
                Ok(vec![Event::Issued { token_id: id, member_id, name, prefix, expires_at, actions, issued_at: now }])
            }
            Command::Revoke { now } => {
                let token = state.issued.as_ref().ok_or(Rejection::NoSuchToken)?;
                if token.revoked_at.is_some() {
                    return Ok(vec![]);
                }
                Ok(vec![Event::Revoked { token_id: token.id, revoked_at: now }])
            }
        }
    }

    fn evolve(state: &mut State, event: &Event) {
        match event.clone() {
            Event::Issued { token_id, member_id, name, prefix, expires_at, actions, issued_at } => {
                let id = token_id;
                state.issued = Some(Issued { id, member_id, name, prefix, expires_at, actions, issued_at, revoked_at: None });
            }
            Event::Revoked { revoked_at, token_id: _ } => {
                if let Some(token) = &mut state.issued {
                    token.revoked_at = Some(revoked_at);
                }
            }
        }
    }
}
