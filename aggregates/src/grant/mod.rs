//! Grants: the right, given by an approved proposal, to do one thing (SPEC X3).

use std::str::FromStr;

use rust_decimal::Decimal;
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};
use sha2::{Digest, Sha256};
use strum::{Display, EnumString, IntoStaticStr};
use utoipa::ToSchema;

use crate::action::Action;
use crate::amount::Amount;
use crate::decider::{DomainEvent, stored_names};
use crate::ids::{GrantId, MemberId, ProposalId, ReservationId, ZoneId};
use crate::ledger;
use crate::reading;
use crate::rejection::{Fault, Kind, Rejected};
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
    /// Whether the principal had a role that grants the action anyway: the grant ends with it.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub held_role: bool,
    /// Whether it takes a place among the tasks under way until it is used or ends: there may be only so many at once.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub counts_as_task: bool,
}

impl Terms {
    /// Whether it is an allocation, to be used as often as it lasts, rather than one task.
    pub fn is_allocation(&self) -> bool {
        self.uses.is_none()
    }

    /// The id under which the ledger keeps what the grant is worth.
    pub fn reservation_id(&self) -> ReservationId {
        ReservationId(self.grant_id.0)
    }

    /// What the ledger sets aside for it, if it is worth anything or takes a place among the tasks under way.
    pub fn reservation(&self) -> Option<ledger::Terms> {
        let worth = self.amount.filter(|amount| !amount.is_zero());
        let amount = worth.or(self.counts_as_task.then_some(Amount::ZERO))?;
        Some(ledger::Terms {
            reservation_id: self.reservation_id(),
            zone_id: self.zone_id,
            principal_id: self.principal_id,
            reserved_by: self.principal_id,
            action: self.action.clone(),
            amount,
            holder: if self.counts_as_task { ledger::Holder::TaskGrant } else { ledger::Holder::Grant },
            counted_seconds: None,
            asked: None,
            reserved_at: self.issued_at,
            expires_at: self.expires_at,
        })
    }
}

/// The particulars that parameters are made of: those that were given.
pub fn particulars<const N: usize>(given: [(&str, Value); N]) -> Map<String, Value> {
    let nothing = |value: &Value| value.is_null() || value.as_object().is_some_and(Map::is_empty);
    given.into_iter().filter(|(_, value)| !nothing(value)).map(|(key, value)| (key.to_owned(), value)).collect()
}

/// The largest whole number that every reader of JSON holds exactly, and the negative of the smallest (RFC 8259, section 6).
const LARGEST_EXACT: u64 = (1 << 53) - 1;

/// What is said of a number beyond that.
pub const INEXACT: &str = "must be less than 2^53 in size; a longer number is written as a string";

/// The place of the first number among `parameters` that canonical JSON cannot tell from its neighbours, as a JSON Pointer: with it,
/// what is approved need not be what is done.
pub fn inexact_number(parameters: &Map<String, Value>) -> Option<String> {
    parameters.iter().find_map(|(key, value)| inexact_below(key, value))
}

fn inexact_below(key: &str, value: &Value) -> Option<String> {
    let below = match value {
        Value::Number(number) => {
            let size = number.as_u64().or_else(|| number.as_i64().map(i64::unsigned_abs));
            // A whole number of more than 64 bits has been read as a float by now, and rounded.
            let beyond = size.map_or_else(|| is_beyond(&number.to_string()), |size| size > LARGEST_EXACT);
            beyond.then(String::new)
        }
        Value::Array(items) => items.iter().enumerate().find_map(|(index, item)| inexact_below(&index.to_string(), item)),
        Value::Object(keys) => inexact_number(keys),
        Value::Null | Value::Bool(_) | Value::String(_) => None,
    };
    below.map(|place| reading::below(key, &place))
}

/// Whether a number, as it is written, is larger than [`LARGEST_EXACT`] in size. What is too fine for a decimal is not, what is too
/// large for one is.
fn is_beyond(written: &str) -> bool {
    let decimal = Decimal::from_str(written).or_else(|_| Decimal::from_scientific(written));
    decimal.map_or_else(|_| !written.contains("e-"), |decimal| decimal.abs() > Decimal::from(LARGEST_EXACT))
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
    /// Uses it, for all that is left where no amount is said.
    Use { parameters_sha256: String, amount: Option<Amount>, now: Moment },
    /// Takes it back.
    Void { reason: VoidReason, now: Moment },
    /// Ends it because its time is up.
    Expire { now: Moment },
}

/// Why a grant is void.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema, Display, IntoStaticStr, EnumString)]
#[serde(rename_all = "snake_case")]
#[strum(serialize_all = "snake_case")]
pub enum VoidReason {
    /// Its zone, or a zone above it, was archived.
    ZoneArchived,
    /// Its zone, or a zone above it, was suspended. What is granted waits for the zone now; older logs say so.
    ZoneSuspended,
    /// Its principal lost the role under which it was given.
    RoleLost,
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
    /// It was used; with what that makes in all.
    #[serde(rename = "grant.used")]
    Used { grant_id: GrantId, zone_id: ZoneId, amount: Option<Amount>, used: u32, spent: Amount, last: bool, used_at: Moment },
    /// Its time was up.
    #[serde(rename = "grant.expired")]
    Expired { grant_id: GrantId, zone_id: ZoneId, expired_at: Moment },
    /// It was taken back.
    #[serde(rename = "grant.voided")]
    Voided { grant_id: GrantId, zone_id: ZoneId, reason: VoidReason, voided_at: Moment },
}

stored_names!(Event {
    Issued => "grant.issued",
    Used => "grant.used",
    Expired => "grant.expired",
    Voided => "grant.voided",
});

impl DomainEvent for Event {
    fn event_type(&self) -> &'static str {
        self.stored_name()
    }

    fn zone_id(&self) -> Option<ZoneId> {
        match self {
            Self::Issued(terms) => Some(terms.zone_id),
            Self::Used { zone_id, .. } | Self::Expired { zone_id, .. } | Self::Voided { zone_id, .. } => Some(*zone_id),
        }
    }
}

/// The grant as it stands.
#[derive(Clone, Debug, Default)]
pub struct State {
    /// What was granted, once it was.
    pub terms: Option<Terms>,
    /// How often it has been used.
    pub used: u32,
    /// What has been spent of it.
    pub spent: Amount,
    /// Why it can no longer be used, if it cannot.
    pub ended: Option<Ended>,
    /// When it was used for the last time: what it was given for is done.
    pub finished_at: Option<Moment>,
}

/// How a grant ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Ended {
    /// It was used up.
    Used,
    /// Its time was up.
    Expired,
    /// It was taken back.
    Voided(VoidReason),
}

impl State {
    /// What is left of its amount.
    pub fn left(&self) -> Option<Amount> {
        Some(self.terms.as_ref()?.amount?.minus(self.spent))
    }
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
    /// Used as often as it may be.
    #[error("the grant has been used")]
    GrantUsed,
    /// Too late.
    #[error("the grant ended at {0}")]
    GrantExpired(Moment),
    /// Taken back.
    #[error("the grant was taken back: {0}")]
    GrantVoided(VoidReason),
    /// For something else.
    #[error("the grant is for other parameters")]
    OtherParameters,
    /// For less.
    #[error("the grant is good for {left}, not for {asked}")]
    MoreThanGranted {
        /// What is left.
        left: Amount,
        /// What was asked.
        asked: Amount,
    },
    /// Its time is not up.
    #[error("the grant holds until {0}")]
    NotDue(Moment),
}

impl Rejected for Rejection {
    fn code(&self) -> &'static str {
        self.into()
    }

    fn kind(&self) -> Kind {
        match self {
            Self::NoSuchGrant => Kind::Missing,
            Self::AlreadyIssued | Self::GrantUsed | Self::GrantExpired(_) | Self::GrantVoided(_) | Self::NotDue(_) => {
                Kind::Conflict
            }
            Self::OtherParameters | Self::MoreThanGranted { .. } => Kind::Rule,
        }
    }

    fn faults(&self) -> Vec<Fault> {
        match self {
            Self::OtherParameters => vec![Fault::new("/params", self.code(), self.to_string())],
            Self::MoreThanGranted { .. } => vec![Fault::new("/amount", self.code(), self.to_string())],
            _ => Vec::new(),
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
        let Some(terms) = &state.terms else {
            return match command {
                Command::Issue(terms) => Ok(vec![Event::Issued(terms)]),
                Command::Use { .. } | Command::Void { .. } | Command::Expire { .. } => Err(Rejection::NoSuchGrant),
            };
        };
        match command {
            Command::Issue(_) => Err(Rejection::AlreadyIssued),
            Command::Use { parameters_sha256, amount, now } => used(state, terms, &parameters_sha256, amount, now),
            Command::Void { .. } | Command::Expire { .. } if state.ended.is_some() => Ok(vec![]),
            Command::Void { reason, now } => {
                Ok(vec![Event::Voided { grant_id: terms.grant_id, zone_id: terms.zone_id, reason, voided_at: now }])
            }
            Command::Expire { now } if now < terms.expires_at => Err(Rejection::NotDue(terms.expires_at)),
            Command::Expire { now } => {
                Ok(vec![Event::Expired { grant_id: terms.grant_id, zone_id: terms.zone_id, expired_at: now }])
            }
        }
    }

    fn evolve(state: &mut State, event: &Event) {
        match event {
            Event::Issued(terms) => state.terms = Some((**terms).clone()),
            Event::Used { used, spent, last, used_at, .. } => {
                state.finished_at = last.then_some(*used_at);
                state.used = *used;
                state.spent = *spent;
                state.ended = last.then_some(Ended::Used);
            }
            Event::Expired { .. } => state.ended = Some(Ended::Expired),
            Event::Voided { reason, .. } => state.ended = Some(Ended::Voided(*reason)),
        }
    }
}

/// One use. A grant of so many uses is used up with the last, one of an amount when nothing is left of it.
fn used(state: &State, terms: &Terms, sha256: &str, asked: Option<Amount>, now: Moment) -> Result<Vec<Event>, Rejection> {
    match state.ended {
        Some(Ended::Used) => return Err(Rejection::GrantUsed),
        Some(Ended::Voided(reason)) => return Err(Rejection::GrantVoided(reason)),
        Some(Ended::Expired) => return Err(Rejection::GrantExpired(terms.expires_at)),
        None if now >= terms.expires_at => return Err(Rejection::GrantExpired(terms.expires_at)),
        None => {}
    }
    if sha256 != terms.parameters_sha256 {
        return Err(Rejection::OtherParameters);
    }
    let left = state.left();
    if let Some(asked) = asked
        && asked > left.unwrap_or_default()
    {
        return Err(Rejection::MoreThanGranted { left: left.unwrap_or_default(), asked });
    }
    let amount = asked.or(left);
    let used = state.used.saturating_add(1);
    let last = match terms.uses {
        Some(most) => used >= most,
        None => left.is_some() && amount == left,
    };
    let spent = state.spent.plus(amount.unwrap_or_default());
    let (grant_id, zone_id) = (terms.grant_id, terms.zone_id);
    Ok(vec![Event::Used { grant_id, zone_id, amount, used, spent, last, used_at: now }])
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_that_canonical_json_would_round_are_found() {
        let place = |params: &str| {
            let params: Map<String, Value> = serde_json::from_str(params).expect("an object");
            inexact_number(&params)
        };
        for exact in ["9007199254740991", "-9007199254740991", "0.1", "0.30000000000000004", "1e15", "\"9007199254740993\""] {
            assert_eq!(place(&format!(r#"{{"n": {exact}}}"#)), None, "{exact}");
        }
        for beyond in
            ["9007199254740992", "-9007199254740992", "18446744073709551616", "-9223372036854775809", "1e16", "-1e300"]
        {
            let params = format!(r#"{{"list": [1, {{"a/b": {beyond}}}]}}"#);
            assert_eq!(place(&params).as_deref(), Some("/list/1/a~1b"), "{beyond}");
        }
    }
}
