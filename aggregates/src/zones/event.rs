//! What happened to the zones of an organization.

use serde::{Deserialize, Serialize};

use super::tree::Status;
use crate::Moment;
use crate::actor::ZoneRole;
use crate::decider::{DomainEvent, stored_names};
use crate::ids::{AssignmentId, MemberId, ProposalId, ZoneId};
use crate::policy::Policies;
use crate::slug::Slug;
use crate::text::{Name, Prose};

/// What happened to the zones of an organization.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(tag = "type")]
pub enum Event {
    /// A zone came to be.
    #[serde(rename = "zone.created")]
    Created {
        zone_id: ZoneId,
        parent_zone_id: Option<ZoneId>,
        name: Name,
        slug: Slug,
        description: Prose,
        status: Status,
        policies: Box<Policies>,
        created_at: Moment,
    },
    /// A zone was changed; what it writes of its own from here on.
    #[serde(rename = "zone.changed")]
    Changed {
        zone_id: ZoneId,
        name: Name,
        slug: Slug,
        description: Prose,
        policies: Box<Policies>,
        changed_keys: Vec<String>,
        #[serde(default, skip_serializing_if = "Option::is_none")]
        by_proposal: Option<ProposalId>,
        changed_at: Moment,
    },
    /// A zone has another parent.
    #[serde(rename = "zone.moved")]
    Moved {
        zone_id: ZoneId,
        from_zone_id: Option<ZoneId>,
        to_zone_id: Option<ZoneId>,
        #[serde(default, skip_serializing_if = "Option::is_none")]
        by_proposal: Option<ProposalId>,
        moved_at: Moment,
    },
    /// A zone has another status.
    #[serde(rename = "zone.status_changed")]
    StatusChanged {
        zone_id: ZoneId,
        from: Status,
        to: Status,
        #[serde(default, skip_serializing_if = "Option::is_none")]
        by_proposal: Option<ProposalId>,
        changed_at: Moment,
    },
    /// Someone has a role in a zone.
    #[serde(rename = "zone.member_assigned")]
    MemberAssigned {
        zone_id: ZoneId,
        assignment_id: AssignmentId,
        member_id: MemberId,
        role: ZoneRole,
        #[serde(default, skip_serializing_if = "Option::is_none")]
        by_proposal: Option<ProposalId>,
        assigned_at: Moment,
    },
    /// Someone no longer has it.
    #[serde(rename = "zone.member_unassigned")]
    MemberUnassigned {
        zone_id: ZoneId,
        assignment_id: AssignmentId,
        member_id: MemberId,
        role: ZoneRole,
        #[serde(default, skip_serializing_if = "Option::is_none")]
        by_proposal: Option<ProposalId>,
        unassigned_at: Moment,
    },
}

stored_names!(Event {
    Created => "zone.created",
    Changed => "zone.changed",
    Moved => "zone.moved",
    StatusChanged => "zone.status_changed",
    MemberAssigned => "zone.member_assigned",
    MemberUnassigned => "zone.member_unassigned",
});

impl DomainEvent for Event {
    fn event_type(&self) -> &'static str {
        self.stored_name()
    }

    fn zone_id(&self) -> Option<ZoneId> {
        match self {
            Self::Created { zone_id, .. }
            | Self::Changed { zone_id, .. }
            | Self::Moved { zone_id, .. }
            | Self::StatusChanged { zone_id, .. }
            | Self::MemberAssigned { zone_id, .. }
            | Self::MemberUnassigned { zone_id, .. } => Some(*zone_id),
        }
    }
}
