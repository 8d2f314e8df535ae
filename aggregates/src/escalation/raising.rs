//! Who may escalate, where to, and the question that the parent is asked (SPEC E1, E2, E6).

use serde_json::{Map, Value};

use super::event::Contest;
use super::rejection::Rejection;
use super::state::State;
use crate::Moment;
use crate::action::Action;
use crate::actor::ZoneRole;
use crate::ids::{EscalationId, MemberId, ProposalId, ZoneId};
use crate::permission::{Authority, holds_in_organization, holds_in_zone};
use crate::policy::{ReviewerSelection, Risk};
use crate::proposal::{self, Conflict, ConflictCode, Lineage, Referral, Subject, ZoneChange, demands_a_human};
use crate::text::Name;

/// Who decides what is escalated from a zone.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Instance {
    /// The zone in which it is decided.
    pub zone_id: ZoneId,
    /// Whether that is the owners' business, above whom there is nobody.
    pub owners: bool,
}

/// Where questions of `zone` go: to its parent, from a root zone to the owners (SPEC E6).
pub fn instance_above(authority: &Authority, zone: ZoneId) -> Instance {
    match authority.tree.zone(zone).and_then(|zone| zone.parent_zone_id) {
        Some(parent) => Instance { zone_id: parent, owners: false },
        None => Instance { zone_id: zone, owners: true },
    }
}

/// Whether `member` may contest this proposal: its proposer, a reviewer, or someone with a role in the zone (or in the
/// organization as a whole) that lets them escalate (SPEC E1).
///
/// # Errors
/// [`Rejection::NotConcerned`].
pub fn may_escalate(authority: &Authority, proposal: &proposal::State, member: MemberId) -> Result<(), Rejection> {
    let opening = proposal.opening.as_ref().ok_or(Rejection::NotConcerned)?;
    let trigger = Action::known("escalation.trigger");
    let concerned = opening.proposer_id == member || proposal.reviewer(member).is_some();
    let of_the_zone = !authority.tree.roles_of(member, opening.zone_id).is_empty();
    let by_role = holds_in_zone(authority, member, opening.zone_id, &trigger);
    let above_it_all = holds_in_organization(authority, member, &Action::known("escalation.dismiss"));
    if concerned || (of_the_zone && by_role) || above_it_all { Ok(()) } else { Err(Rejection::NotConcerned) }
}

/// Whom an escalation about `zone` is about: who decides there by the zone's own word, and who would.
pub fn contested_people(authority: &Authority, zone: ZoneId, change: &Map<String, Value>) -> Vec<MemberId> {
    let approvers = authority.tree.zone(zone).into_iter().flat_map(|zone| &zone.assignments);
    let approvers = approvers.filter(|held| matches!(held.role, ZoneRole::Approver | ZoneRole::Gardener));
    let effective = authority.tree.effective(zone);
    let policy = &effective.approval_policy;
    let listed = policy.static_reviewers.iter().flatten().copied().filter(|_| policy.reviewer_selection.is_some_and(is_static));
    let named = ZoneChange { zone_id: Some(zone), changes: change.clone() }.people(&authority.tree, zone);
    let people = approvers.map(|held| held.member_id).chain(listed).chain(named);
    let mut people: Vec<MemberId> = people.collect();
    people.sort_unstable();
    people.dedup();
    people
}

/// Who must not make an escalation go away: those it is about, and for a contested decision those with an interest in it.
pub fn kept_from_dismissing(authority: &Authority, escalation: &State, source: Option<&proposal::State>) -> Vec<MemberId> {
    match escalation.raised.as_ref().map(|raised| &raised.contest) {
        Some(Contest::Governance { .. }) => escalation.about(authority),
        Some(Contest::Action { .. }) => source.map(|source| proposal::interested(authority, source)).unwrap_or_default(),
        None => Vec::new(),
    }
}

fn is_static(selection: ReviewerSelection) -> bool {
    selection == ReviewerSelection::Static
}

/// Where a question goes, and under which ids.
#[derive(Clone, Copy, Debug)]
pub struct Ascent {
    /// Who decides it.
    pub to: Instance,
    /// The escalation.
    pub escalation_id: EscalationId,
    /// The proposal that will decide it there.
    pub proposal_id: ProposalId,
    /// Now.
    pub now: Moment,
    /// The log position of the policy it is decided under.
    pub policy_position: u64,
}

/// The question of a contested proposal, as the instance above is asked it. Neither who raised it nor who has voted on it
/// decides it there.
pub fn action_referral(source: &proposal::State, escalator_id: Option<MemberId>, ascent: Ascent) -> Option<Referral> {
    let opening = source.opening.as_ref()?;
    let voters = source.reviewers.iter().filter(|reviewer| reviewer.vote.is_some());
    let voters = voters.map(|voter| Conflict { member_id: voter.elector.member_id, code: ConflictCode::ContestedDecider });
    let escalator = escalator_id.map(|member_id| Conflict { member_id, code: ConflictCode::SelfReview });
    // Whoever was kept out one zone below is kept out here as well.
    let below = opening.conflicts.iter().filter(|_| opening.lineage.is_some()).cloned();
    Some(Referral {
        id: ascent.proposal_id,
        zone_id: ascent.to.zone_id,
        proposer_id: opening.proposer_id,
        title: opening.title.clone(),
        description: opening.description.clone(),
        subject: opening.subject.clone(),
        risk_level: opening.risk_level,
        expires_at: opening.expires_at.filter(|expires_at| *expires_at > ascent.now),
        barred: voters.chain(escalator).chain(below).collect(),
        human_required: opening.human_required,
        lineage: Lineage {
            escalation_id: ascent.escalation_id,
            source_id: Some(opening.proposal_id),
            last_instance: ascent.to.owners,
        },
        now: ascent.now,
        policy_position: ascent.policy_position,
    })
}

/// The change that a governance escalation proposes, as the instance above is asked it. Neither its signers nor those whom
/// it is about decide it.
pub fn governance_referral(authority: &Authority, escalation: &State, title: Name, ascent: Ascent) -> Option<Referral> {
    let raised = escalation.raised.as_ref()?;
    let Contest::Governance { change, .. } = &raised.contest else { return None };
    let contested = escalation.about(authority).into_iter();
    let contested = contested.map(|member_id| Conflict { member_id, code: ConflictCode::SubjectOfProposal });
    let signers = escalation.signatures.iter();
    let signers = signers.map(|signed| Conflict { member_id: signed.member_id, code: ConflictCode::SelfReview });
    Some(Referral {
        id: ascent.proposal_id,
        zone_id: ascent.to.zone_id,
        proposer_id: raised.escalator_id,
        title,
        description: raised.reason.clone(),
        subject: Subject::ZoneChange(ZoneChange { zone_id: Some(raised.zone_id), changes: change.clone() }),
        risk_level: Risk::High,
        expires_at: None,
        barred: signers.chain(contested).collect(),
        human_required: demands_a_human(&authority.tree.effective(raised.zone_id)),
        lineage: Lineage { escalation_id: raised.escalation_id, source_id: None, last_instance: ascent.to.owners },
        now: ascent.now,
        policy_position: ascent.policy_position,
    })
}
