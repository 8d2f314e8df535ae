//! Reputation: what judgements do to it, and what is at stake (SPEC V5, V6, Z7). It never falls below 0.

use serde::{Deserialize, Serialize};
use strum::{Display, EnumString, IntoStaticStr};
use utoipa::ToSchema;

use super::decide::Rejection;
use super::event::Event;
use super::state::State;
use crate::Moment;
use crate::amount::Quantity;
use crate::ids::{EscalationId, EvaluationId, MemberId, ProposalId, ZoneId};

/// What a judgement says of someone.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema, Display, IntoStaticStr, EnumString)]
#[serde(rename_all = "snake_case")]
#[strum(serialize_all = "snake_case")]
pub enum Signal {
    /// Their work was good.
    Positive,
    /// Their work would do.
    Neutral,
    /// Their work was bad.
    Negative,
    /// They decided in time, and were right.
    Upheld,
    /// They decided, and were wrong.
    Overturned,
}

impl Signal {
    /// Whether it takes away rather than adds.
    pub fn takes_away(self) -> bool {
        match self {
            Self::Negative | Self::Overturned => true,
            Self::Positive | Self::Neutral | Self::Upheld => false,
        }
    }
}

/// Which judgement it was.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "type", content = "id", rename_all = "snake_case")]
pub enum Cause {
    /// An evaluation of finished work.
    Evaluation(EvaluationId),
    /// A decision of the zone above.
    Escalation(EscalationId),
}

/// A signal for someone, from a judgement in a zone.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Judged {
    /// Whom.
    pub member_id: MemberId,
    /// What it says.
    pub signal: Signal,
    /// By how much, at least 0.
    pub magnitude: Quantity,
    /// Where.
    pub zone_id: ZoneId,
    /// Which judgement.
    pub cause: Cause,
}

pub(super) fn judge(state: &State, judged: Judged, now: Moment) -> Result<Vec<Event>, Rejection> {
    let Judged { member_id, signal, magnitude, zone_id, cause } = judged;
    let before = state.anyone(member_id).ok_or(Rejection::NoSuchMember(member_id))?.reputation;
    let after = if signal.takes_away() { before.less(magnitude) } else { before.plus(magnitude) };
    Ok(vec![Event::ReputationChanged { member_id, signal, magnitude, before, after, zone_id, cause, changed_at: now }])
}

/// Locks what a zone demands to be put at stake; only what is not at stake already can be.
pub(super) fn lock(
    state: &State,
    member_id: MemberId,
    zone_id: ZoneId,
    proposal_id: ProposalId,
    amount: Quantity,
    now: Moment,
) -> Result<Vec<Event>, Rejection> {
    let member = state.member(member_id).ok_or(Rejection::NoSuchMember(member_id))?;
    if amount == Quantity::ZERO || member.stakes.contains_key(&proposal_id) {
        return Ok(vec![]);
    }
    if member.unstaked() < amount {
        return Err(Rejection::StakeNotAvailable { required: amount, available: member.unstaked() });
    }
    Ok(vec![Event::StakeLocked { member_id, zone_id, proposal_id, amount, locked_at: now }])
}

/// Frees a stake, or burns it. Nothing, if there is none.
pub(super) fn release(state: &State, member_id: MemberId, proposal_id: ProposalId, burnt: bool, now: Moment) -> Vec<Event> {
    let Some(member) = state.anyone(member_id) else { return vec![] };
    let Some((zone_id, amount)) = member.stakes.get(&proposal_id).copied() else { return vec![] };
    let after = if burnt { member.reputation.less(amount) } else { member.reputation };
    vec![Event::StakeReleased { member_id, zone_id, proposal_id, amount, burnt, after, released_at: now }]
}
