//! Reactions: what an event elsewhere means for open proposals and grants. Pure and idempotent; a follower runs them.

use crate::action::APPROVE;
use crate::actor::OrganizationRole;
use crate::grant::{Terms, VoidReason};
use crate::ids::{MemberId, ZoneId};
use crate::permission::Authority;
use crate::proposal::{self, RecusalReason, SelectionReason};
use crate::zones::Status;
use crate::{Moment, organization, permission, zones};

/// What must be looked at again after an event.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Concern {
    /// Open proposals in whose electorate someone sits, and their grants.
    Member(MemberId),
    /// Open proposals and grants in a zone and everything below it.
    Subtree(ZoneId),
}

/// What an event in the organization concerns.
pub fn of_organization(event: &organization::Event) -> Option<Concern> {
    match event {
        organization::Event::MemberRemoved { member_id, .. } | organization::Event::MemberChanged { member_id, .. } => {
            Some(Concern::Member(*member_id))
        }
        organization::Event::Founded { .. }
        | organization::Event::Renamed { .. }
        | organization::Event::MemberAdded { .. }
        | organization::Event::ProfileChanged { .. }
        | organization::Event::ReputationChanged { .. }
        | organization::Event::StakeLocked { .. }
        | organization::Event::StakeReleased { .. } => None,
    }
}

/// What an event in the zone tree concerns.
pub fn of_zones(event: &zones::Event) -> Option<Concern> {
    match event {
        zones::Event::MemberUnassigned { zone_id, .. }
        | zones::Event::Moved { zone_id, .. }
        | zones::Event::StatusChanged { zone_id, to: Status::Archived | Status::Suspended, .. } => {
            Some(Concern::Subtree(*zone_id))
        }
        zones::Event::Created { .. }
        | zones::Event::Changed { .. }
        | zones::Event::StatusChanged { .. }
        | zones::Event::MemberAssigned { .. } => None,
    }
}

/// What a proposal that is not over must do about the people and zones as they are now: leave with its archived zone (SPEC Z2),
/// let go of reviewers who lost membership or role (SPEC A2, P8), also while its question is up and may come back to them. Nothing,
/// if all is well.
pub fn on_proposal(proposal: &proposal::State, authority: &Authority, now: Moment) -> Option<proposal::Command> {
    let opening = proposal.opening.as_ref()?;
    let is_open =
        matches!(proposal.status, proposal::Status::PendingReview | proposal::Status::Escalated) || proposal.is_held();
    if is_open && authority.tree.is_archived(opening.zone_id) {
        return Some(proposal::Command::Withdraw { why: proposal::Withdrawal::ZoneArchived, now });
    }
    if !proposal.may_be_voted_on() {
        return None;
    }
    let lost = |reviewer: &proposal::Reviewer| {
        let reason = lost_standing(authority, opening.zone_id, &reviewer.elector)?;
        Some((reviewer.elector.member_id, reason))
    };
    let leaving: Vec<_> = proposal.active_reviewers().filter_map(lost).collect();
    if leaving.is_empty() { None } else { Some(proposal::Command::LetGo { leaving, now }) }
}

/// What a reviewer has lost that their seat rests on (SPEC P8), if anything.
pub fn lost_standing(authority: &Authority, zone: ZoneId, elector: &proposal::Elector) -> Option<RecusalReason> {
    let Some(member) = authority.organization.member(elector.member_id) else {
        return Some(RecusalReason::MembershipLost);
    };
    let holds = match elector.reason {
        SelectionReason::Approver | SelectionReason::Solo | SelectionReason::Delegate => {
            permission::holds_in_zone(authority, member.id, zone, &APPROVE)
        }
        // An admin may approve as well, and yet has no seat among the owners.
        SelectionReason::Owner => member.role == OrganizationRole::Owner,
        SelectionReason::Static => member.role != OrganizationRole::Auditor,
    };
    if holds { None } else { Some(RecusalReason::RoleLost) }
}

/// What a change of a zone's status does to every grant given before it in the zone and below, whatever holds since (SPEC X3).
pub fn voids(event: &zones::Event) -> Option<VoidReason> {
    match event {
        zones::Event::StatusChanged { to: Status::Archived, .. } => Some(VoidReason::ZoneArchived),
        zones::Event::StatusChanged { .. }
        | zones::Event::MemberUnassigned { .. }
        | zones::Event::Moved { .. }
        | zones::Event::Created { .. }
        | zones::Event::Changed { .. }
        | zones::Event::MemberAssigned { .. } => None,
    }
}

/// Why a grant no longer holds (SPEC Z2, X3), if so.
pub fn on_grant(authority: &Authority, terms: &Terms) -> Option<VoidReason> {
    let Some(member) = authority.organization.member(terms.principal_id) else {
        return Some(VoidReason::MembershipLost);
    };
    if authority.tree.is_archived(terms.zone_id) {
        return Some(VoidReason::ZoneArchived);
    }
    let holds = || permission::holds_in_zone(authority, member.id, terms.zone_id, &terms.action);
    let lost = member.role == OrganizationRole::Auditor || (terms.held_role && !holds());
    lost.then_some(VoidReason::RoleLost)
}

#[cfg(test)]
mod tests {
    use serde_json::json;
    use uuid::Uuid;

    use super::*;
    use crate::Decider;
    use crate::organization::Organization;
    use crate::zones::Tree;

    #[test]
    fn an_owners_seat_is_an_owners() {
        let id = Uuid::from_u128;
        let elector: proposal::Elector = serde_json::from_value(json!({"member_id": id(1), "weight": 1, "human": true,
            "reason": "owner", "zone_id": null, "chosen_by": "policy"}))
        .expect("an elector");
        let as_role = |role: &str| {
            let joined: organization::Event = serde_json::from_value(json!({"type": "member.added", "member_id": id(1),
                "kind": "human", "role": role, "sponsor_id": null, "agent_type": null, "skills": [], "added_at": "2026-01-05T10:00:00Z"}))
            .expect("an event");
            let authority = Authority::new(Organization::replay([&joined]), Tree::default());
            lost_standing(&authority, ZoneId(id(10)), &elector)
        };
        assert_eq!(as_role("owner"), None);
        for role in ["admin", "member", "auditor"] {
            assert_eq!(as_role(role), Some(RecusalReason::RoleLost), "{role}");
        }
        let nobody = Authority::default();
        assert_eq!(lost_standing(&nobody, ZoneId(id(10)), &elector), Some(RecusalReason::MembershipLost));
    }
}
