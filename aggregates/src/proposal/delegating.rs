//! Handing a seat on: to someone who could sit there, without a conflict, one step (SPEC P8).

use super::decide::{Decision, Open};
use super::electorate::{ChosenBy, Elector, SelectionReason, conflict_with};
use super::event::Event;
use super::rejection::Rejection;
use super::state::State;
use crate::Moment;
use crate::action::APPROVE;
use crate::actor::{OrganizationRole, PrincipalKind};
use crate::decision_model::Choice;
use crate::ids::MemberId;
use crate::permission::{Authority, holds_in_zone};

/// The seat of `from_id` as `to_id` would take it.
///
/// # Errors
/// [`Rejection`]: either is not here, or `to_id` may not decide in this zone or has a conflict.
pub fn seat_for(authority: &Authority, proposal: &State, from_id: MemberId, to_id: MemberId) -> Result<Elector, Rejection> {
    let opening = proposal.opening.as_ref().ok_or(Rejection::NeverOpened)?;
    let from = proposal.reviewer(from_id).ok_or(Rejection::NotInElectorate)?;
    let member = authority.organization.member(to_id).ok_or(Rejection::NoSuchMember { id: to_id, pointer: "/member_id" })?;
    let may_decide = holds_in_zone(authority, to_id, opening.zone_id, &APPROVE);
    if member.role == OrganizationRole::Auditor || !may_decide {
        return Err(Rejection::NotEligible);
    }
    let person = authority.organization.person(to_id);
    let barred = opening.conflicts.iter().find(|known| authority.organization.person(known.member_id) == person);
    let people = opening.subject.people(&authority.tree, opening.zone_id);
    let conflict = barred
        .map(|known| known.code)
        .or_else(|| conflict_with(&authority.organization, opening.proposer_id, &opening.subject, &people, to_id));
    if let Some(code) = conflict {
        return Err(Rejection::Conflicted(code));
    }
    Ok(Elector {
        member_id: to_id,
        weight: from.elector.weight,
        human: member.kind == PrincipalKind::Human,
        reason: SelectionReason::Delegate,
        zone_id: from.elector.zone_id,
        chosen_by: ChosenBy::Delegation,
    })
}

impl Open<'_> {
    pub(super) fn delegate(&self, from_id: MemberId, elector: Elector, now: Moment) -> Decision {
        let from = self.state.reviewer(from_id).ok_or(Rejection::NotInElectorate)?;
        let handed_to =
            |reviewer: &super::Reviewer| reviewer.elector.member_id == elector.member_id && reviewer.seat_of == Some(from_id);
        if from.left.is_some() && self.state.reviewers.iter().any(handed_to) {
            return Ok(vec![]);
        }
        self.must_be_pending(now)?;
        if from.left.is_some() {
            return Err(Rejection::Recused);
        }
        if from.vote.is_some() {
            return Err(Rejection::AlreadyVoted);
        }
        if from.seat_of.is_some() {
            return Err(Rejection::AlreadyDelegated);
        }
        if self.state.reviewer(elector.member_id).is_some() {
            return Err(Rejection::AlreadyInElectorate);
        }
        let may_approve = |known: &super::Reviewer| {
            self.opening.votes_may_change || known.vote.as_ref().is_none_or(|vote| vote.choice == Choice::Approve)
        };
        let another_human = self
            .state
            .active_reviewers()
            .any(|known| known.elector.human && known.elector.member_id != from_id && may_approve(known));
        if self.opening.human_required && !elector.human && !another_human {
            return Err(Rejection::HumanNeeded);
        }
        let (proposal_id, zone_id, tally) = (self.opening.proposal_id, self.opening.zone_id, self.state.tally());
        Ok(vec![Event::ReviewDelegated { proposal_id, zone_id, from_id, elector, tally, delegated_at: now }])
    }
}
