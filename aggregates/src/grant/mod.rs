//! Grants: the right, given by an approved proposal, to do one thing (SPEC X3).

use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};
use sha2::{Digest, Sha256};
use strum::{Display, EnumString, IntoStaticStr};
use utoipa::ToSchema;

use crate::action::Action;
use crate::amount::Amount;
use crate::decider::{DomainEvent, stored_names};
use crate::ids::{GrantId, MemberId, ProposalId, ZoneId};
use crate::rejection::{Kind, Rejected};
use crate::{Decider, Moment};

/// How long a grant holds unless it is used up: 24 hours, in hours.
pub const LIFETIME_HOURS: i64 = 24;

/// What is granted.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Terms {
    /// The grant.
    pub grant_id: GrantId,
    /// The proposal that was approved.
    pub proposal_id: ProposalId,
    /// To whom.
    pub principal_id: MemberId,
    /// Where.
    pub zone_id: ZoneId,
    /// To do what.
    pub action: Action,
    /// SHA-256 (lower-case hex) of the canonical JSON (RFC 8785) of the parameters.
    pub parameters_sha256: String,
    /// For how much.
    pub amount: Option<Amount>,
    /// How often; as often as the amount lasts when absent.
    pub uses: Option<u32>,
    /// Until when.
    pub expires_at: Moment,
    /// When it was given.
    pub issued_at: Moment,
}

/// SHA-256 (lower-case hex) of the canonical JSON (RFC 8785) of `parameters`.
pub fn digest(parameters: &Map<String, Value>) -> String {
    let canonical = serde_json_canonicalizer::to_vec(parameters).expect("JSON maps have a canonical form");
    format!("{:x}", Sha256::digest(&canonical))
}

/// What can be asked of a grant.
#[derive(Clone, Debug)]
pub enum Command {
    /// Gives it.
    Issue(Box<Terms>),
    /// Takes it back.
    Void { reason: VoidReason, now: Moment },
}

/// Why a grant is void.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema, Display, IntoStaticStr, EnumString)]
#[serde(rename_all = "snake_case")]
#[strum(serialize_all = "snake_case")]
pub enum VoidReason {
    /// Its zone, or a zone above it, was archived.
    ZoneArchived,
    /// Its principal left.
    MembershipLost,
}

/// What happened to a grant.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(tag = "type")]
pub enum Event {
    /// It was given.
    #[serde(rename = "grant.issued")]
    Issued(Box<Terms>),
    /// It was taken back.
    #[serde(rename = "grant.voided")]
    Voided { grant_id: GrantId, zone_id: ZoneId, reason: VoidReason, voided_at: Moment },
}

stored_names!(Event { Issued => "grant.issued", Voided => "grant.voided" });

impl DomainEvent for Event {
    fn event_type(&self) -> &'static str {
        self.stored_name()
    }

    fn zone_id(&self) -> Option<ZoneId> {
        match self {
            Self::Issued(terms) => Some(terms.zone_id),
            Self::Voided { zone_id, .. } => Some(*zone_id),
        }
    }
}

/// The grant as it stands.
#[derive(Clone, Debug, Default)]
pub struct State {
    /// What was granted, once it was.
    pub terms: Option<Terms>,
    /// Why it is void, if it is.
    pub voided: Option<VoidReason>,
}

/// Why a grant stays as it is.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error, IntoStaticStr)]
#[strum(serialize_all = "snake_case")]
pub enum Rejection {
    /// No such grant.
    #[error("there is no such grant here")]
    NoSuchGrant,
    /// Given once only.
    #[error("the grant exists already")]
    AlreadyIssued,
}

impl Rejected for Rejection {
    fn code(&self) -> &'static str {
        self.into()
    }

    fn kind(&self) -> Kind {
        match self {
            Self::NoSuchGrant => Kind::Missing,
            Self::AlreadyIssued => Kind::Conflict,
        }
    }
}

/// The grant as an aggregate.
pub struct Grant;

impl Decider for Grant {
    const TYPE: &'static str = "grant";
    type State = State;
    type Command = Command;
    type Event = Event;
    type Rejection = Rejection;

    fn decide(state: &State, command: Command) -> Result<Vec<Event>, Rejection> {
        match command {
            Command::Issue(_) if state.terms.is_some() => Err(Rejection::AlreadyIssued),
            Command::Issue(terms) => Ok(vec![Event::Issued(terms)]),
            Command::Void { reason, now } => {
                let terms = state.terms.as_ref().ok_or(Rejection::NoSuchGrant)?;
                if state.voided.is_some() {
                    return Ok(vec![]);
                }
                Ok(vec![Event::Voided { grant_id: terms.grant_id, zone_id: terms.zone_id, reason, voided_at: now }])
            }
        }
    }

    fn evolve(state: &mut State, event: &Event) {
        match event {
            Event::Issued(terms) => state.terms = Some((**terms).clone()),
            Event::Voided { reason, .. } => state.voided = Some(*reason),
        }
    }
}
