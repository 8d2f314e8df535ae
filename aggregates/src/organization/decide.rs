//! Rules of membership (SPEC A1, A2).

use std::collections::BTreeSet;

use strum::IntoStaticStr;

use super::command::Command;
use super::event::Event;
use super::repute;
use super::state::{Member, State};
use crate::actor::{OrganizationRole, PrincipalKind};
use crate::amount::Quantity;
use crate::ids::MemberId;
use crate::rejection::{Fault, Kind, Rejected};

/// Why membership stays as it is.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error, IntoStaticStr)]
#[strum(serialize_all = "snake_case")]
pub enum Rejection {
    /// Founded twice.
    #[error("the organization exists already")]
    AlreadyFounded,
    /// No such member here.
    #[error("there is no member {0} here")]
    NoSuchMember(MemberId),
    /// The sponsor is nobody here.
    #[error("there is no member {0} here who could be a sponsor")]
    NoSuchSponsor(MemberId),
    /// A sponsor must be a human.
    #[error("a sponsor is an active human member, {0} is not")]
    SponsorNotHuman(MemberId),
    /// Only agents and services have a sponsor, only agents a type.
    #[error("a human has neither sponsor nor agent type")]
    HumanWithSponsor,
    /// The system is nobody's member.
    #[error("the system cannot be a member")]
    SystemMember,
    /// Nobody grants, changes or removes above their own role.
    #[error("a role of {0} is above your own")]
    RoleAboveOwn(OrganizationRole),
    /// Owners are people.
    #[error("only a human can be an owner")]
    OwnerNotHuman,
    /// Too little is left to put at stake.
    #[error("{required} must be put at stake, and only {available} is not at stake already")]
    StakeNotAvailable {
        /// What the zone demands.
        required: Quantity,
        /// What is left.
        available: Quantity,
    },
    /// The last owner stays.
    #[error("at least one active owner must remain")]
    LastOwner,
}

impl Rejected for Rejection {
    fn code(&self) -> &'static str {
        self.into()
    }

    fn kind(&self) -> Kind {
        match self {
            Self::AlreadyFounded | Self::LastOwner | Self::StakeNotAvailable { .. } => Kind::Conflict,
            Self::NoSuchMember(_) | Self::NoSuchSponsor(_) => Kind::Missing,
            Self::RoleAboveOwn(_) => Kind::Forbidden,
            Self::SponsorNotHuman(_) | Self::HumanWithSponsor | Self::SystemMember | Self::OwnerNotHuman => Kind::Rule,
        }
    }

    fn faults(&self) -> Vec<Fault> {
        let pointer = match self {
            Self::NoSuchSponsor(_) | Self::SponsorNotHuman(_) | Self::HumanWithSponsor => "/sponsor_id",
            Self::SystemMember => "/kind",
            Self::RoleAboveOwn(_) | Self::OwnerNotHuman => "/role",
            Self::AlreadyFounded | Self::NoSuchMember(_) | Self::LastOwner | Self::StakeNotAvailable { .. } => {
                return Vec::new();
            }
        };
        vec![Fault::new(pointer, self.code(), self.to_string())]
    }
}

pub(super) fn decide(state: &State, command: Command) -> Result<Vec<Event>, Rejection> {
    match command {
        Command::Judge { judged, now } => repute::judge(state, judged, now),
        Command::LockStake { member_id, zone_id, proposal_id, amount, now } => {
            repute::lock(state, member_id, zone_id, proposal_id, amount, now)
        }
        Command::ReleaseStake { member_id, proposal_id, burnt, now } => {
            Ok(repute::release(state, member_id, proposal_id, burnt, now))
        }
        Command::Found { id, name, slug, owner_id, founder_id, now } => {
            if state.id.is_some() {
                return Err(Rejection::AlreadyFounded);
            }
            let founded = Event::Founded { organization_id: id, name, slug, founder_id, founded_at: now };
            let owner = Event::MemberAdded {
                member_id: owner_id,
                kind: PrincipalKind::Human,
                role: OrganizationRole::Owner,
                sponsor_id: None,
                agent_type: None,
                skills: BTreeSet::new(),
                added_at: now,
            };
            Ok(vec![founded, owner])
        }
        Command::Rename { name, slug, now } => {
            let renamed = name.or_else(|| state.name.clone()).zip(slug.or_else(|| state.slug.clone()));
            Ok(renamed
                .filter(|(name, slug)| Some(name) != state.name.as_ref() || Some(slug) != state.slug.as_ref())
                .map(|(name, slug)| Event::Renamed { name, slug, renamed_at: now })
                .into_iter()
                .collect())
        }
        Command::AddMember { id, kind, role, sponsor_id, agent_type, skills, granted_by, now } => {
            may_grant(granted_by, role)?;
            fits(state, kind, role, sponsor_id, agent_type.is_some())?;
            Ok(vec![Event::MemberAdded { member_id: id, kind, role, sponsor_id, agent_type, skills, added_at: now }])
        }
        Command::ChangeMember { id, role, sponsor_id, agent_type, skills, granted_by, now } => {
            let member = state.member(id).ok_or(Rejection::NoSuchMember(id))?;
            may_grant(granted_by, member.role)?;
            let role = role.unwrap_or(member.role);
            may_grant(granted_by, role)?;
            let agent_type = agent_type.unwrap_or_else(|| member.agent_type.clone());
            // A sponsor who has left since is not named again by a change that speaks of something else.
            fits(state, member.kind, role, sponsor_id.flatten(), agent_type.is_some())?;
            let sponsor_id = sponsor_id.unwrap_or(member.sponsor_id);
            if role != OrganizationRole::Owner {
                an_owner_remains(state, member)?;
            }
            let skills = skills.unwrap_or_else(|| member.skills.clone());
            let unchanged = (role, sponsor_id, &agent_type, &skills)
                == (member.role, member.sponsor_id, &member.agent_type, &member.skills);
            if unchanged {
                return Ok(vec![]);
            }
            Ok(vec![Event::MemberChanged { member_id: id, role, sponsor_id, agent_type, skills, changed_at: now }])
        }
        Command::ChangeProfile { id, now } => {
            let member = state.anyone(id).ok_or(Rejection::NoSuchMember(id))?;
            Ok(vec![Event::ProfileChanged { member_id: member.id, changed_at: now }])
        }
        Command::RemoveMember { id, granted_by, now } => {
            let member = state.member(id).ok_or(Rejection::NoSuchMember(id))?;
            may_grant(granted_by, member.role)?;
            an_owner_remains(state, member)?;
            Ok(vec![Event::MemberRemoved { member_id: id, removed_at: now }])
        }
    }
}

fn may_grant(own: OrganizationRole, granted: OrganizationRole) -> Result<(), Rejection> {
    if own.may_grant(granted) { Ok(()) } else { Err(Rejection::RoleAboveOwn(granted)) }
}

fn an_owner_remains(state: &State, leaving: &Member) -> Result<(), Rejection> {
    if state.owners().any(|owner| owner.id != leaving.id) || leaving.role != OrganizationRole::Owner {
        Ok(())
    } else {
        Err(Rejection::LastOwner)
    }
}

fn fits(
    state: &State,
    kind: PrincipalKind,
    role: OrganizationRole,
    sponsor_id: Option<MemberId>,
    has_agent_type: bool,
) -> Result<(), Rejection> {
    match kind {
        PrincipalKind::System => return Err(Rejection::SystemMember),
        PrincipalKind::Human if sponsor_id.is_some() || has_agent_type => return Err(Rejection::HumanWithSponsor),
        PrincipalKind::Agent | PrincipalKind::Service if role == OrganizationRole::Owner => {
            return Err(Rejection::OwnerNotHuman);
        }
        PrincipalKind::Human | PrincipalKind::Agent | PrincipalKind::Service => {}
    }
    let Some(sponsor_id) = sponsor_id else { return Ok(()) };
    let sponsor = state.member(sponsor_id).ok_or(Rejection::NoSuchSponsor(sponsor_id))?;
    if sponsor.kind == PrincipalKind::Human { Ok(()) } else { Err(Rejection::SponsorNotHuman(sponsor_id)) }
}

#[cfg(test)]
mod tests {
    use serde_json::json;
    use uuid::Uuid;

    use super::super::Organization;
    use super::*;
    use crate::Decider;

    #[test]
    fn an_agent_whose_sponsor_has_left_can_still_be_changed() {
        let (id, now) = (|number: u128| MemberId(Uuid::from_u128(number)), "2026-01-05T10:00:00Z");
        let joined = |number: u128, kind: &str, sponsor: Option<u128>| -> Event {
            serde_json::from_value(json!({"type": "member.added", "member_id": id(number), "kind": kind, "role": "member",
                "sponsor_id": sponsor.map(id), "agent_type": null, "skills": [], "added_at": now}))
            .expect("an event")
        };
        let moment = now.parse().expect("a moment");
        let left = Event::MemberRemoved { member_id: id(1), removed_at: moment };
        let state = Organization::replay(&[joined(1, "human", None), joined(2, "agent", Some(1)), left]);
        let change = |sponsor_id: Option<Option<MemberId>>| {
            let (role, granted_by) = (Some(OrganizationRole::Admin), OrganizationRole::Owner);
            decide(
                &state,
                Command::ChangeMember { id: id(2), role, sponsor_id, agent_type: None, skills: None, granted_by, now: moment },
            )
        };
        let changed = change(None).expect("a change");
        assert!(matches!(changed.as_slice(), [Event::MemberChanged { sponsor_id, .. }] if *sponsor_id == Some(id(1))));
        assert!(change(Some(None)).is_ok());
        assert_eq!(change(Some(Some(id(1)))), Err(Rejection::NoSuchSponsor(id(1))));
    }
}
