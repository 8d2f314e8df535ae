//! Choosing the electorate (SPEC P5, P6, G1): in the zone, then up its ancestors, then among owners; never someone with a
//! conflict, and never nobody.

use serde::{Deserialize, Serialize};
use strum::{Display, IntoStaticStr};
use utoipa::ToSchema;

use super::rejection::Rejection;
use super::subject::Subject;
use crate::action::APPROVE;
use crate::actor::{OrganizationRole, PrincipalKind, ZoneRole};
use crate::decision_model::{Rule, Weighable, weigh};
use crate::ids::{MemberId, ZoneId};
use crate::organization::{self, Member};
use crate::permission::{Authority, holds_in_zone};
use crate::policy::{ApprovalPolicy, ReviewerSelection, Risk};

/// Why someone is in the electorate.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema, Display, IntoStaticStr)]
#[serde(rename_all = "snake_case")]
#[strum(serialize_all = "snake_case")]
pub enum SelectionReason {
    /// Approver of the zone or of one above it.
    Approver,
    /// Listed by the zone.
    Static,
    /// Owner of the organization.
    Owner,
    /// The proposer, for want of anyone else.
    Solo,
    /// Handed the seat by the reviewer it was.
    Delegate,
}

/// Who chose.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum ChosenBy {
    /// The zone's approval policy.
    Policy,
    /// The search for someone who can decide.
    Fallback,
    /// The gardener.
    Gardener,
    /// The reviewer whose seat it was.
    Delegation,
}

/// One reviewer, as frozen when the proposal opens.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct Elector {
    /// Who.
    pub member_id: MemberId,
    /// What their vote weighs, at least 1.
    pub weight: u64,
    /// Whether they are a person.
    pub human: bool,
    /// Why they were chosen.
    pub reason: SelectionReason,
    /// The zone whose role or list it rests on.
    pub zone_id: Option<ZoneId>,
    /// Who chose them.
    pub chosen_by: ChosenBy,
}

/// Why someone must not decide.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema, Display, IntoStaticStr)]
#[serde(rename_all = "snake_case")]
#[strum(serialize_all = "snake_case")]
pub enum ConflictCode {
    /// The proposer, or the proposer's sponsor or agent.
    SelfReview,
    /// It is about them.
    SubjectOfProposal,
    /// They would do it.
    ExecutorOfProposal,
    /// They would gain by it.
    Beneficiary,
    /// It is their decision that is contested.
    ContestedDecider,
}

/// Someone who was kept out, and why.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct Conflict {
    /// Who.
    pub member_id: MemberId,
    /// Why.
    pub code: ConflictCode,
}

/// Why `candidate` must not decide about `subject`, which is about `people`, if so. Persons are compared, not accounts (SPEC P5).
pub(super) fn conflict_with(
    organization: &organization::State,
    proposer_id: MemberId,
    subject: &Subject,
    people: &[MemberId],
    candidate: MemberId,
) -> Option<ConflictCode> {
    let person = organization.person(candidate);
    let is = |other: Option<MemberId>| other.is_some_and(|other| organization.person(other) == person);
    if is(Some(proposer_id)) {
        return Some(ConflictCode::SelfReview);
    }
    match subject {
        Subject::TaskExecution(task) if is(task.executor_id) => Some(ConflictCode::ExecutorOfProposal),
        Subject::ResourceAllocation(allocation) if is(allocation.beneficiary_id) => Some(ConflictCode::Beneficiary),
        Subject::MembershipChange(_) | Subject::ZoneChange(_) if people.iter().any(|id| is(Some(*id))) => {
            Some(ConflictCode::SubjectOfProposal)
        }
        Subject::TaskExecution(_) | Subject::ResourceAllocation(_) | Subject::MembershipChange(_) | Subject::ZoneChange(_) => {
            None
        }
    }
}

/// Those who have an interest in how `proposal` is decided: who proposed it, whom it concerns, and who has voted on it.
pub fn interested(authority: &Authority, proposal: &super::State) -> Vec<MemberId> {
    let Some(opening) = &proposal.opening else { return Vec::new() };
    let organization = &authority.organization;
    let people = opening.subject.people(&authority.tree, opening.zone_id);
    let voted = |member: MemberId| proposal.reviewer(member).is_some_and(|reviewer| reviewer.vote.is_some());
    let conflict = |member: MemberId| conflict_with(organization, opening.proposer_id, &opening.subject, &people, member);
    let concerned = |member: MemberId| conflict(member).is_some();
    organization.members().map(|member| member.id).filter(|member| voted(*member) || concerned(*member)).collect()
}

/// What the choice rests on.
pub(super) struct Choosing<'a> {
    pub authority: &'a Authority,
    pub zone_id: ZoneId,
    pub proposer_id: MemberId,
    pub subject: &'a Subject,
    /// Whom it is about.
    pub people: Vec<MemberId>,
    pub policy: &'a ApprovalPolicy,
    /// The zone that lists static reviewers.
    pub policy_zone: Option<ZoneId>,
    pub risk: Risk,
    pub rule: &'a Rule,
    /// The zone's own rule, where the proposer chose a stricter one: an approval passes both.
    pub zone_rule: Option<&'a Rule>,
    /// The fewest reviewers with whom it can be approved.
    pub least: usize,
    pub human_required: bool,
    /// Who must not decide for reasons that lie outside the question.
    pub barred: &'a [Conflict],
    /// Whether only the owners are asked (SPEC E6).
    pub owners_only: bool,
}

/// The electorate and everyone who was kept out of it.
pub(super) struct Chosen {
    pub electorate: Vec<Elector>,
    pub conflicts: Vec<Conflict>,
}

/// Someone who may be chosen.
#[derive(Clone, Copy)]
pub(super) struct Candidate<'a> {
    pub member: &'a Member,
    pub reason: SelectionReason,
    pub zone_id: Option<ZoneId>,
}

impl<'a> Choosing<'a> {
    pub fn choose(&self) -> Result<Chosen, Rejection> {
        let mut chosen: Vec<Candidate<'a>> = Vec::new();
        let mut conflicts: Vec<Conflict> = self.barred.to_vec();
        let by_policy = self.by_policy(&mut chosen, &mut conflicts);
        self.until_decidable(&mut chosen, &mut conflicts);
        // Where someone else is kept out, be it for the question or for reasons outside it, being alone is no reason to decide it:
        // otherwise naming the others would be enough to be alone.
        let wants_others = self.barred.is_empty() && conflicts.iter().all(|conflict| conflict.code == ConflictCode::SelfReview);
        if chosen.is_empty() && self.policy.solo == Some(true) && !self.owners_only && wants_others {
            chosen.extend(self.alone());
        }
        let electorate = self.weighed(&chosen, by_policy)?;
        Ok(Chosen { electorate, conflicts })
    }

    /// Takes those whom the zone's policy asks for; says how many they are.
    fn by_policy(&self, chosen: &mut Vec<Candidate<'a>>, conflicts: &mut Vec<Conflict>) -> usize {
        if self.owners_only {
            self.take(self.owners(), usize::MAX, chosen, conflicts);
            return chosen.len();
        }
        match self.policy.selection() {
            ReviewerSelection::Static => self.take(self.listed(), usize::MAX, chosen, conflicts),
            ReviewerSelection::Assigned | ReviewerSelection::Gardener => {
                let wanted = self.policy.reviewers_for(self.risk).max(self.least);
                for level in self.approvers_by_level() {
                    self.take(level, wanted, chosen, conflicts);
                }
            }
        }
        chosen.len()
    }

    /// Looks further, until the model can be met: approvers up the tree, then owners.
    pub(super) fn until_decidable(&self, chosen: &mut Vec<Candidate<'a>>, conflicts: &mut Vec<Conflict>) {
        let tiers = self.approvers_by_level().into_iter().chain([self.owners()]);
        for tier in tiers {
            for candidate in tier {
                if self.is_decidable(chosen) {
                    return;
                }
                let only_human_missing = chosen.len() >= self.least;
                if only_human_missing && candidate.member.kind != PrincipalKind::Human && !chosen.is_empty() {
                    continue;
                }
                self.take(vec![candidate], usize::MAX, chosen, conflicts);
            }
        }
    }

    fn is_decidable(&self, chosen: &[Candidate<'a>]) -> bool {
        let human = chosen.iter().any(|candidate| candidate.member.kind == PrincipalKind::Human);
        chosen.len() >= self.least.max(1) && (human || !self.human_required)
    }

    pub(super) fn take(
        &self,
        from: Vec<Candidate<'a>>,
        wanted: usize,
        chosen: &mut Vec<Candidate<'a>>,
        conflicts: &mut Vec<Conflict>,
    ) {
        for candidate in from {
            let id = candidate.member.id;
            if let Some(code) = self.conflict(id) {
                if !conflicts.iter().any(|known| known.member_id == id) {
                    conflicts.push(Conflict { member_id: id, code });
                }
            } else if chosen.len() < wanted && !chosen.iter().any(|known| known.member.id == id) {
                chosen.push(candidate);
            }
        }
    }

    /// Approvers of the zone, then of each zone above it; within a zone in the order of assignment.
    pub(super) fn approvers_by_level(&self) -> Vec<Vec<Candidate<'a>>> {
        if self.owners_only {
            return Vec::new();
        }
        let path = self.authority.tree.path(self.zone_id);
        let level = |zone: &crate::zones::Zone| {
            let approvers = zone.assignments.iter().filter(|held| held.role == ZoneRole::Approver);
            let members = approvers.filter_map(|held| self.eligible(held.member_id));
            members.map(|member| Candidate { member, reason: SelectionReason::Approver, zone_id: Some(zone.id) }).collect()
        };
        path.into_iter().rev().map(level).collect()
    }

    fn listed(&self) -> Vec<Candidate<'a>> {
        let listed = self.policy.static_reviewers.iter().flatten().filter_map(|id| self.eligible(*id));
        listed.map(|member| Candidate { member, reason: SelectionReason::Static, zone_id: self.policy_zone }).collect()
    }

    fn owners(&self) -> Vec<Candidate<'a>> {
        let owners = self.authority.organization.owners();
        owners.map(|member| Candidate { member, reason: SelectionReason::Owner, zone_id: None }).collect()
    }

    /// The proposer alone, where the zone allows it and nobody else is there (SPEC P6).
    fn alone(&self) -> Option<Candidate<'a>> {
        let member = self.eligible(self.proposer_id)?;
        holds_in_zone(self.authority, self.proposer_id, self.zone_id, &APPROVE).then_some(Candidate {
            member,
            reason: SelectionReason::Solo,
            zone_id: self.policy_zone,
        })
    }

    fn eligible(&self, id: MemberId) -> Option<&'a Member> {
        self.authority.organization.member(id).filter(|member| member.role != OrganizationRole::Auditor)
    }

    /// Why `candidate` must not decide, if so.
    fn conflict(&self, candidate: MemberId) -> Option<ConflictCode> {
        let organization = &self.authority.organization;
        let person = organization.person(candidate);
        let barred = self.barred.iter().find(|barred| organization.person(barred.member_id) == person);
        let own = || conflict_with(organization, self.proposer_id, self.subject, &self.people, candidate);
        barred.map(|barred| barred.code).or_else(own)
    }

    pub(super) fn weighed(&self, chosen: &[Candidate<'a>], by_policy: usize) -> Result<Vec<Elector>, Rejection> {
        if chosen.is_empty() {
            return Err(Rejection::NoElectorate("there is no reviewer without a conflict".to_owned()));
        }
        let least = self.least;
        if chosen.len() < least {
            let message = format!("the decision model needs {least} reviewers, only {} can be found", chosen.len());
            return Err(Rejection::NoElectorate(message));
        }
        if !self.rule.can_approve() || self.zone_rule.is_some_and(|rule| !rule.can_approve()) {
            let message = "its approval ratio asks for more than everyone".to_owned();
            return Err(Rejection::NoElectorate(message));
        }
        if !self.is_decidable(chosen) {
            return Err(Rejection::NoElectorate("a human must review it, and none can be found".to_owned()));
        }
        let weights = match self.rule.weighted() {
            None => Some(vec![1; chosen.len()]),
            Some((weights, max_share)) => {
                let weighable: Vec<Weighable> = chosen.iter().map(|candidate| self.weighable(candidate.member)).collect();
                weigh(weights, max_share, &weighable)
            }
        };
        let weights = weights.ok_or_else(|| Rejection::NoElectorate("too few reviewers to keep to max_share".to_owned()))?;
        let elector = |(index, (candidate, weight)): (usize, (&Candidate<'a>, u64))| Elector {
            member_id: candidate.member.id,
            weight,
            human: candidate.member.kind == PrincipalKind::Human,
            reason: candidate.reason,
            zone_id: candidate.zone_id,
            chosen_by: if index < by_policy { ChosenBy::Policy } else { ChosenBy::Fallback },
        };
        Ok(chosen.iter().zip(weights).enumerate().map(elector).collect())
    }

    pub(super) fn weighable(&self, member: &Member) -> Weighable {
        let in_zones = self.authority.tree.roles_of(member.id, self.zone_id).into_iter().map(|(role, _)| role.into());
        let roles = in_zones.chain([member.role.into()]).collect();
        Weighable { member: member.id.to_string(), roles, reputation: member.reputation }
    }
}
