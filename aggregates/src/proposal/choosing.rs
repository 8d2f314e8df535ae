//! Reviewers chosen by the gardener (SPEC G1–G4): who may be chosen is frozen when the proposal opens, with what the rules would
//! choose. The choice itself follows, once; by rule where nobody has chosen in time.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use serde::{Deserialize, Serialize};
use strum::{Display, IntoStaticStr};
use utoipa::ToSchema;

use super::decide::Open;
use super::electorate::{Candidate, Choosing, ChosenBy, Conflict, Elector, SelectionReason};
use super::event::{Event, Opening};
use super::rejection::Rejection;
use super::state::{Reviewer, State, Status};
use crate::Moment;
use crate::actor::{OrganizationRole, PrincipalKind};
use crate::amount::Quantity;
use crate::decision_model::{DecisionModel, Rule, capped};
use crate::gardener::{Advice, Consultation, Numbers, Question, Record, ReviewerProfile, Seat, in_order, seat};
use crate::ids::MemberId;
use crate::permission::Authority;
use crate::policy::{Effective, ReviewerSelection, Risk};
use crate::text::Label;

/// More candidates than anybody should have to read about, unless more are needed.
const MOST_CANDIDATES: usize = 50;

/// Someone who may be chosen, with everything that spoke for or against it when the proposal opened.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Nominee {
    /// The seat they would have; its weight is not capped yet.
    pub elector: Elector,
    /// What they are.
    pub kind: PrincipalKind,
    /// Their role in the organization.
    pub organization_role: OrganizationRole,
    /// By what they may decide.
    pub seat: Seat,
    /// What they had earned.
    pub reputation: Quantity,
    /// What they can do.
    #[serde(default, skip_serializing_if = "BTreeSet::is_empty")]
    pub skills: BTreeSet<Label>,
    /// Their reviews until then.
    pub record: Record,
}

/// A choice that is to be made.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Awaited {
    /// Who may be chosen, in the order of the rules.
    pub candidates: Vec<Nominee>,
    /// How many each level of risk calls for.
    pub numbers: Numbers,
    /// The fewest with whom it can be approved.
    pub least: usize,
    /// When rules choose if nobody has.
    pub until: Moment,
}

/// Who chose.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema, Display, IntoStaticStr)]
#[serde(rename_all = "snake_case")]
#[strum(serialize_all = "snake_case")]
pub enum Chooser {
    /// A language model, within its bounds.
    Gardener,
    /// The order of the rules.
    Rules,
}

/// A choice that has been made.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SelectionMade {
    /// Who chose.
    pub chosen_by: Chooser,
    /// Why rules chose although a model was to be asked.
    pub fallback: Option<String>,
    /// What the model was asked and said.
    pub consultation: Option<Consultation>,
    /// When.
    pub at: Moment,
}

/// What a choice is made with.
#[derive(Clone, Debug)]
pub struct Chooses {
    /// What the model says, or the code of why it says nothing.
    pub advice: Result<Advice, String>,
    /// What the model was asked and said, if it was asked.
    pub consultation: Option<Consultation>,
    /// Candidates who may no longer sit.
    pub gone: Vec<MemberId>,
}

/// What candidates are ranked by, and until when the gardener may choose; at once, by rule, where it is not asked.
#[derive(Clone, Debug, Default)]
pub struct Tending {
    /// The reviews of each candidate so far; none where they are not listed.
    pub records: BTreeMap<MemberId, Record>,
    /// When rules choose if the gardener has not.
    pub until: Option<Moment>,
}

/// Whether reviewers of `opening` are the gardener's to choose: its zone says so, and there is someone to choose from.
pub fn is_tended(authority: &Authority, opening: &Opening) -> bool {
    let effective = authority.tree.effective(opening.zone_id);
    let last_instance = opening.lineage.is_some_and(|lineage| lineage.last_instance);
    let solo = opening.electorate.iter().any(|elector| elector.reason == SelectionReason::Solo);
    effective.approval_policy.selection() == ReviewerSelection::Gardener && !opening.auto_approved && !solo && !last_instance
}

/// Among whom the gardener chooses.
pub fn nominees(authority: &Authority, opening: &Opening) -> Vec<MemberId> {
    let effective = authority.tree.effective(opening.zone_id);
    pool(&choosing(authority, &effective, opening, &opening.conflicts)).0.iter().map(|candidate| candidate.member.id).collect()
}

/// `opening` with candidates ranked by the rules: who leads the order is the electorate, and where the gardener is asked all of
/// them are candidates.
///
/// # Errors
/// [`Rejection::NoElectorate`]: nobody could decide it (SPEC P6).
pub fn tended(authority: &Authority, mut opening: Opening, tending: &Tending) -> Result<Opening, Rejection> {
    let effective = authority.tree.effective(opening.zone_id);
    let (electorate, conflicts, awaited) = {
        // Whoever was kept out stays out, also for reasons that lie outside the question.
        let choosing = choosing(authority, &effective, &opening, &opening.conflicts);
        let (pool, conflicts) = pool(&choosing);
        let numbers = Numbers::of(&effective.approval_policy);
        let wanted = numbers.at(opening.risk_level).max(choosing.least);
        let profiles = pool.iter().map(|candidate| profile(&choosing, candidate, tending)).collect();
        let ranked: Vec<(ReviewerProfile, Candidate<'_>)> =
            in_order(profiles).into_iter().filter_map(|profile| paired(profile, &pool)).collect();
        let order: Vec<(MemberId, bool)> =
            ranked.iter().map(|(profile, _)| (profile.member_id, profile.kind == PrincipalKind::Human)).collect();
        let seated = seat(&[], &order, wanted, opening.human_required);
        let candidate_of = |id: MemberId| pool.iter().find(|candidate| candidate.member.id == id).copied();
        let chosen: Vec<Candidate<'_>> = seated.iter().filter_map(|seated| candidate_of(seated.member_id)).collect();
        let electorate = choosing.weighed(&chosen, chosen.len())?;
        let most = MOST_CANDIDATES.max(wanted);
        let awaited = tending.until.map(|until| {
            let nominees = ranked.into_iter().map(|(profile, candidate)| nominee(&choosing, profile, candidate));
            let candidates = kept(nominees.collect(), most, &electorate);
            Box::new(Awaited { candidates, numbers, least: choosing.least, until })
        });
        (electorate, conflicts, awaited)
    };
    opening.electorate = electorate;
    opening.conflicts = conflicts;
    opening.to_be_chosen = awaited;
    Ok(opening)
}

fn choosing<'a>(
    authority: &'a Authority,
    effective: &'a Effective,
    opening: &'a Opening,
    barred: &'a [Conflict],
) -> Choosing<'a> {
    let zone_least = opening.zone_model.as_ref().map_or(0, |model| model.rule.least_electorate());
    Choosing {
        authority,
        zone_id: opening.zone_id,
        proposer_id: opening.proposer_id,
        subject: &opening.subject,
        people: opening.subject.people(&authority.tree, opening.zone_id),
        policy: &effective.approval_policy,
        policy_zone: effective.bound_by.get("/approval_policy").copied(),
        risk: opening.risk_level,
        rule: &opening.decision_model.rule,
        zone_rule: opening.zone_model.as_ref().map(|model| &model.rule),
        least: opening.decision_model.rule.least_electorate().max(zone_least),
        human_required: opening.human_required,
        barred,
        owners_only: false,
    }
}

/// Approvers of the zone and of those above it without a conflict; owners where it could not be decided otherwise.
fn pool<'a>(choosing: &Choosing<'a>) -> (Vec<Candidate<'a>>, Vec<Conflict>) {
    let (mut pool, mut conflicts) = (Vec::new(), choosing.barred.to_vec());
    for level in choosing.approvers_by_level() {
        choosing.take(level, usize::MAX, &mut pool, &mut conflicts);
    }
    choosing.until_decidable(&mut pool, &mut conflicts);
    (pool, conflicts)
}

fn paired<'a>(profile: ReviewerProfile, pool: &[Candidate<'a>]) -> Option<(ReviewerProfile, Candidate<'a>)> {
    let candidate = pool.iter().find(|candidate| candidate.member.id == profile.member_id).copied()?;
    Some((profile, candidate))
}

fn profile(choosing: &Choosing<'_>, candidate: &Candidate<'_>, tending: &Tending) -> ReviewerProfile {
    let member = candidate.member;
    let path = choosing.authority.tree.path(choosing.zone_id);
    let levels_up = candidate.zone_id.and_then(|zone| path.iter().rev().position(|level| level.id == zone));
    let seat = levels_up.map_or(Seat::Owner, |levels| Seat::Approver { levels_up: u32::try_from(levels).unwrap_or(u32::MAX) });
    ReviewerProfile {
        member_id: member.id,
        kind: member.kind,
        seat,
        organization_role: member.role,
        reputation: member.reputation,
        skills: member.skills.clone(),
        record: tending.records.get(&member.id).copied().unwrap_or_default(),
    }
}

fn nominee(choosing: &Choosing<'_>, profile: ReviewerProfile, candidate: Candidate<'_>) -> Nominee {
    let weights = choosing.rule.weighted().map(|(weights, _)| weights);
    let weighable = [choosing.weighable(candidate.member)];
    let raw = weights.and_then(|weights| crate::decision_model::weigh(weights, None, &weighable));
    let elector = Elector {
        member_id: profile.member_id,
        weight: raw.and_then(|raw| raw.first().copied()).unwrap_or(1),
        human: profile.kind == PrincipalKind::Human,
        reason: candidate.reason,
        zone_id: candidate.zone_id,
        chosen_by: ChosenBy::Policy,
    };
    Nominee {
        elector,
        kind: profile.kind,
        organization_role: profile.organization_role,
        seat: profile.seat,
        reputation: profile.reputation,
        skills: profile.skills,
        record: profile.record,
    }
}

/// At most `most` candidates, and among them everyone whom the rules would choose.
fn kept(nominees: Vec<Nominee>, most: usize, electorate: &[Elector]) -> Vec<Nominee> {
    let chosen = |nominee: &Nominee| electorate.iter().any(|elector| elector.member_id == nominee.elector.member_id);
    nominees.into_iter().enumerate().filter(|(place, nominee)| *place < most || chosen(nominee)).map(|(_, kept)| kept).collect()
}

/// Candidates who may no longer sit: they have left, or lost the role that made them candidates.
pub fn departed(state: &State, authority: &Authority) -> Vec<MemberId> {
    let Some(opening) = &state.opening else { return Vec::new() };
    let candidates = opening.to_be_chosen.iter().flat_map(|awaited| &awaited.candidates).map(|nominee| &nominee.elector);
    let gone = candidates.filter(|elector| crate::reactions::lost_standing(authority, opening.zone_id, elector).is_some());
    gone.map(|elector| elector.member_id).collect()
}

/// The question to put to a model about a proposal that awaits its reviewers. `medians` are answer times in seconds.
pub fn question(state: &State, medians: &BTreeMap<MemberId, u64>) -> Option<Question> {
    let opening = state.opening.as_ref().filter(|_| state.is_awaiting_reviewers())?;
    let awaited = opening.to_be_chosen.as_ref()?;
    let profile = |nominee: &Nominee| ReviewerProfile {
        member_id: nominee.elector.member_id,
        kind: nominee.kind,
        seat: nominee.seat,
        organization_role: nominee.organization_role,
        reputation: nominee.reputation,
        skills: nominee.skills.clone(),
        record: Record { median_answer_seconds: medians.get(&nominee.elector.member_id).copied(), ..nominee.record },
    };
    Some(Question {
        proposal_id: opening.proposal_id,
        zone_id: opening.zone_id,
        title: opening.title.clone(),
        description: opening.description.clone(),
        subject: opening.subject.clone(),
        risk_level: opening.risk_level,
        decision_model: opening.decision_model.clone(),
        numbers: awaited.numbers,
        least: awaited.least,
        human_required: opening.human_required,
        candidates: awaited.candidates.iter().map(profile).collect(),
    })
}

impl State {
    /// Whether its reviewers are still to be chosen.
    pub fn is_awaiting_reviewers(&self) -> bool {
        self.selection.is_none() && self.opening.as_ref().is_some_and(|opening| opening.to_be_chosen.is_some())
    }

    pub(super) fn choose(&mut self, event: &Event) {
        let Event::ReviewersChosen {
            electorate,
            risk_level,
            decision_model,
            chosen_by,
            fallback,
            consultation,
            chosen_at,
            proposal_id: _,
            zone_id: _,
        } = event
        else {
            return;
        };
        let reviewer = |elector: &Elector| Reviewer { elector: elector.clone(), vote: None, left: None, seat_of: None };
        self.reviewers = electorate.iter().map(reviewer).collect();
        self.updated_at = Some(*chosen_at);
        let (fallback, consultation) = (fallback.clone(), consultation.clone());
        self.selection = Some(SelectionMade { chosen_by: *chosen_by, fallback, consultation, at: *chosen_at });
        if let Some(opening) = self.opening.as_mut().map(Arc::make_mut) {
            opening.electorate.clone_from(electorate);
            opening.risk_level = *risk_level;
            if opening.decision_model != *decision_model {
                self.superseded_model = Some(std::mem::replace(&mut opening.decision_model, decision_model.clone()));
            }
        }
    }
}

impl Open<'_> {
    pub(super) fn must_have_reviewers(&self) -> Result<(), Rejection> {
        match &self.opening.to_be_chosen {
            Some(awaited) if self.state.is_awaiting_reviewers() => match self.state.status {
                Status::PendingReview => Err(Rejection::ReviewersNotChosen(awaited.until)),
                over => Err(Rejection::NotPending(over)),
            },
            Some(_) | None => Ok(()),
        }
    }

    /// Chooses, once: whoever comes second finds it done. Who is gone meanwhile is not chosen; what that leaves undecidable is
    /// settled as if they had left the electorate.
    pub(super) fn choose(&self, chooses: Chooses, now: Moment) -> Vec<Event> {
        let (Some(awaited), true) = (&self.opening.to_be_chosen, self.state.is_awaiting_reviewers()) else { return vec![] };
        let over = match self.state.status {
            Status::PendingReview | Status::Escalated => false,
            Status::Approved | Status::Rejected | Status::Expired | Status::Withdrawn => true,
        };
        if over {
            return vec![];
        }
        let (advice, fallback) = match chooses.advice {
            Ok(advice) if advice.reviewers.iter().any(|named| chooses.gone.contains(named)) => {
                (None, Some("reviewer_gone".to_owned()))
            }
            Ok(advice) => (Some(advice), None),
            Err(code) => (None, Some(code)),
        };
        let chosen = self.chosen(awaited, advice, &chooses.gone);
        let event = Event::ReviewersChosen {
            proposal_id: self.opening.proposal_id,
            zone_id: self.opening.zone_id,
            electorate: chosen.electorate,
            risk_level: chosen.risk_level,
            decision_model: chosen.decision_model,
            chosen_by: if fallback.is_some() { Chooser::Rules } else { Chooser::Gardener },
            fallback,
            consultation: chooses.consultation,
            chosen_at: now,
        };
        if self.state.status == Status::PendingReview { self.and_then_settled(event, now) } else { vec![event] }
    }

    fn chosen(&self, awaited: &Awaited, advice: Option<Advice>, gone: &[MemberId]) -> Choice {
        let advice = advice.unwrap_or_default();
        let risk_level = advice.raised_risk.unwrap_or(self.opening.risk_level);
        let decision_model = advice.stricter_model.unwrap_or_else(|| self.opening.decision_model.clone());
        let wanted = awaited.numbers.at(risk_level).max(awaited.least).max(decision_model.rule.least_electorate());
        let present = awaited.candidates.iter().filter(|nominee| !gone.contains(&nominee.elector.member_id));
        let order: Vec<(MemberId, bool)> = present.map(|nominee| (nominee.elector.member_id, nominee.elector.human)).collect();
        let seated = seat(&advice.reviewers, &order, wanted, self.opening.human_required);
        let elector = |seated: &crate::gardener::Seated| {
            let nominee = awaited.candidates.iter().find(|nominee| nominee.elector.member_id == seated.member_id)?;
            let chosen_by = if seated.named { ChosenBy::Gardener } else { ChosenBy::Policy };
            Some(Elector { chosen_by, ..nominee.elector.clone() })
        };
        let mut electorate: Vec<Elector> = seated.iter().filter_map(elector).collect();
        cap(&mut electorate, &decision_model.rule, &self.opening.decision_model.rule);
        Choice { electorate, risk_level, decision_model }
    }
}

struct Choice {
    electorate: Vec<Elector>,
    risk_level: Risk,
    decision_model: DecisionModel,
}

/// Cuts weights to the share that one reviewer may have; where too few are left for any cap, all weigh the same.
fn cap(electorate: &mut [Elector], rule: &Rule, before: &Rule) {
    let Some((_, Some(share))) = rule.weighted().or_else(|| before.weighted()) else { return };
    let raw: Vec<u64> = electorate.iter().map(|elector| elector.weight).collect();
    let weights = capped(&raw, share).unwrap_or_else(|| vec![1; raw.len()]);
    for (elector, weight) in electorate.iter_mut().zip(weights) {
        elector.weight = weight;
    }
}

#[cfg(test)]
#[path = "choosing_tests.rs"]
mod tests;
