//! What an organization amounts to.

use std::collections::{BTreeMap, BTreeSet};

use super::event::Event;
use crate::Moment;
use crate::actor::{Actor, OrganizationRole, PrincipalKind};
use crate::amount::Quantity;
use crate::ids::{MemberId, OrganizationId, ProposalId, ZoneId};
use crate::slug::Slug;
use crate::text::{Label, Name};

/// A principal in the organization.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Member {
    /// The principal's id.
    pub id: MemberId,
    /// What it is.
    pub kind: PrincipalKind,
    /// Its role in the organization.
    pub role: OrganizationRole,
    /// The human accountable for it.
    pub sponsor_id: Option<MemberId>,
    /// What type of agent it is.
    pub agent_type: Option<Label>,
    /// What it can do.
    pub skills: BTreeSet<Label>,
    /// What it has earned, at least 0; everyone begins with none.
    pub reputation: Quantity,
    /// What of it is at stake, for which proposal, and in which zone.
    pub stakes: BTreeMap<ProposalId, (ZoneId, Quantity)>,
    /// Whether it still belongs here.
    pub active: bool,
    /// When it joined.
    pub added_at: Moment,
    /// When it last changed.
    pub updated_at: Moment,
    /// Counts its changes, from 1.
    pub version: u64,
}

impl Member {
    /// The person behind the account: the sponsor of an agent, else the member (SPEC P5: persons are compared, not accounts).
    pub fn person(&self) -> MemberId {
        self.sponsor_id.unwrap_or(self.id)
    }

    /// What of its reputation is not at stake.
    pub fn unstaked(&self) -> Quantity {
        self.stakes.values().fold(self.reputation, |left, (_, stake)| left.less(*stake))
    }

    /// The member as an actor.
    pub fn actor(&self) -> Actor {
        Actor { id: self.id, kind: self.kind }
    }
}

/// The organization.
#[derive(Clone, Debug, Default)]
pub struct State {
    /// Its id, once founded.
    pub id: Option<OrganizationId>,
    /// Its name.
    pub name: Option<Name>,
    /// Its short name.
    pub slug: Option<Slug>,
    /// When it was founded.
    pub founded_at: Option<Moment>,
    /// Counts its own changes, from 1.
    pub version: u64,
    members: BTreeMap<MemberId, Member>,
}

impl State {
    /// The active member with this id.
    pub fn member(&self, id: MemberId) -> Option<&Member> {
        self.members.get(&id).filter(|member| member.active)
    }

    /// The member with this id, even one who has left.
    pub fn anyone(&self, id: MemberId) -> Option<&Member> {
        self.members.get(&id)
    }

    /// Whoever owned it first, if they are still here.
    pub fn founder(&self) -> Option<&Member> {
        self.members.values().next().filter(|member| member.active)
    }

    /// All active members, in order of id (which is the order of joining).
    pub fn members(&self) -> impl Iterator<Item = &Member> {
        self.members.values().filter(|member| member.active)
    }

    /// All active owners.
    pub fn owners(&self) -> impl Iterator<Item = &Member> {
        self.members().filter(|member| member.role == OrganizationRole::Owner)
    }

    /// The person behind an account (SPEC P5).
    pub fn person(&self, id: MemberId) -> MemberId {
        self.members.get(&id).map_or(id, Member::person)
    }

    pub(super) fn evolve(&mut self, event: &Event) {
        match event {
            Event::Founded { organization_id, name, slug, founded_at, founder_id: _ } => {
                self.id = Some(*organization_id);
                self.name = Some(name.clone());
                self.slug = Some(slug.clone());
                self.founded_at = Some(*founded_at);
                self.version = 1;
            }
            Event::Renamed { name, slug, renamed_at: _ } => {
                self.name = Some(name.clone());
                self.slug = Some(slug.clone());
                self.version += 1;
            }
            Event::MemberAdded { member_id, kind, role, sponsor_id, agent_type, skills, added_at } => {
                let member = Member {
                    id: *member_id,
                    kind: *kind,
                    role: *role,
                    sponsor_id: *sponsor_id,
                    agent_type: agent_type.clone(),
                    skills: skills.clone(),
                    reputation: Quantity::ZERO,
                    stakes: BTreeMap::new(),
                    active: true,
                    added_at: *added_at,
                    updated_at: *added_at,
                    version: 1,
                };
                self.members.insert(*member_id, member);
            }
            Event::MemberChanged { member_id, role, sponsor_id, agent_type, skills, changed_at } => {
                if let Some(member) = self.members.get_mut(member_id) {
                    member.role = *role;
                    member.sponsor_id = *sponsor_id;
                    member.agent_type.clone_from(agent_type);
                    member.skills.clone_from(skills);
                    member.updated_at = *changed_at;
                    member.version += 1;
                }
            }
            Event::ProfileChanged { member_id, changed_at } => {
                if let Some(member) = self.members.get_mut(member_id) {
                    member.updated_at = *changed_at;
                    member.version += 1;
                }
            }
            Event::ReputationChanged { member_id, after, .. } => {
                if let Some(member) = self.members.get_mut(member_id) {
                    member.reputation = *after;
                }
            }
            Event::StakeLocked { member_id, zone_id, proposal_id, amount, .. } => {
                if let Some(member) = self.members.get_mut(member_id) {
                    member.stakes.insert(*proposal_id, (*zone_id, *amount));
                }
            }
            Event::StakeReleased { member_id, proposal_id, after, .. } => {
                if let Some(member) = self.members.get_mut(member_id) {
                    member.stakes.remove(proposal_id);
                    member.reputation = *after;
                }
            }
            Event::MemberRemoved { member_id, removed_at } => {
                if let Some(member) = self.members.get_mut(member_id) {
                    member.active = false;
                    member.updated_at = *removed_at;
                    member.version += 1;
                }
            }
        }
    }
}
