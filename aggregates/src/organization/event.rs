//! What happened in an organization. Names and addresses of people are not here (SPEC A7).

use std::collections::BTreeSet;

use serde::{Deserialize, Serialize};

use super::repute::{Cause, Signal};
use crate::Moment;
use crate::actor::{OrganizationRole, PrincipalKind};
use crate::amount::Quantity;
use crate::decider::{DomainEvent, stored_names};
use crate::ids::{MemberId, OrganizationId, ProposalId, ZoneId};
use crate::slug::Slug;
use crate::text::{Label, Name};

/// What happened in an organization.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "type")]
pub enum Event {
    /// It came to be.
    #[serde(rename = "organization.founded")]
    Founded { organization_id: OrganizationId, name: Name, slug: Slug, founder_id: Option<MemberId>, founded_at: Moment },
    /// It is called otherwise.
    #[serde(rename = "organization.renamed")]
    Renamed { name: Name, slug: Slug, renamed_at: Moment },
    /// Someone joined.
    #[serde(rename = "member.added")]
    MemberAdded {
        member_id: MemberId,
        kind: PrincipalKind,
        role: OrganizationRole,
        sponsor_id: Option<MemberId>,
        agent_type: Option<Label>,
        skills: BTreeSet<Label>,
        added_at: Moment,
    },
    /// Someone is something else now; all fields as they are from here on.
    #[serde(rename = "member.changed")]
    MemberChanged {
        member_id: MemberId,
        role: OrganizationRole,
        sponsor_id: Option<MemberId>,
        agent_type: Option<Label>,
        skills: BTreeSet<Label>,
        changed_at: Moment,
    },
    /// Someone's name or address is another now, or none; what it is stands outside the log (SPEC A7).
    #[serde(rename = "member.profile_changed")]
    ProfileChanged { member_id: MemberId, changed_at: Moment },
    /// Someone left.
    #[serde(rename = "member.removed")]
    MemberRemoved { member_id: MemberId, removed_at: Moment },
    /// A judgement changed what someone is trusted with; `after` is never below 0.
    #[serde(rename = "member.reputation_changed")]
    ReputationChanged {
        member_id: MemberId,
        signal: Signal,
        magnitude: Quantity,
        before: Quantity,
        after: Quantity,
        zone_id: ZoneId,
        cause: Cause,
        changed_at: Moment,
    },
    /// Someone put reputation at stake for work they were granted.
    #[serde(rename = "member.stake_locked")]
    StakeLocked { member_id: MemberId, zone_id: ZoneId, proposal_id: ProposalId, amount: Quantity, locked_at: Moment },
    /// A stake is free again, or lost; `after` is the reputation then.
    #[serde(rename = "member.stake_released")]
    StakeReleased {
        member_id: MemberId,
        zone_id: ZoneId,
        proposal_id: ProposalId,
        amount: Quantity,
        burnt: bool,
        after: Quantity,
        released_at: Moment,
    },
}

stored_names!(Event {
    Founded => "organization.founded",
    Renamed => "organization.renamed",
    MemberAdded => "member.added",
    MemberChanged => "member.changed",
    ProfileChanged => "member.profile_changed",
    MemberRemoved => "member.removed",
    ReputationChanged => "member.reputation_changed",
    StakeLocked => "member.stake_locked",
    StakeReleased => "member.stake_released",
});

impl DomainEvent for Event {
    fn event_type(&self) -> &'static str {
        self.stored_name()
    }

    fn zone_id(&self) -> Option<ZoneId> {
        match self {
            Self::ReputationChanged { zone_id, .. }
            | Self::StakeLocked { zone_id, .. }
            | Self::StakeReleased { zone_id, .. } => Some(*zone_id),
            Self::Founded { .. }
            | Self::Renamed { .. }
            | Self::MemberAdded { .. }
            | Self::MemberChanged { .. }
            | Self::ProfileChanged { .. }
            | Self::MemberRemoved { .. } => None,
        }
    }
}
