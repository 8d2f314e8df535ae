//! Opening a proposal: everything its outcome will rest on is worked out once and frozen (SPEC P1–P7, P9, P11).

use super::electorate::{Choosing, Chosen, Conflict};
use super::event::Opening;
use super::execution;
use super::lineage::{Lineage, WayUp};
use super::rejection::Rejection;
use super::risk::risk;
use super::subject::Subject;
use crate::Moment;
use crate::action::APPROVE;
use crate::amount::Share;
use crate::decision_model::{DecisionModel, Rule, is_stricter};
use crate::ids::{MemberId, ProposalId, ZoneId};
use crate::permission::Authority;
use crate::policy::{ApprovalPolicy, Effective, Level, Risk};
use crate::text::{Name, Prose};
use crate::zones::Status;

/// What a proposer hands in.
#[derive(Clone, Debug)]
pub struct Submission {
    /// The id it will have.
    pub id: ProposalId,
    /// Where it is to be decided.
    pub zone_id: ZoneId,
    /// Who proposes.
    pub proposer_id: MemberId,
    /// In a line.
    pub title: Name,
    /// At length.
    pub description: Prose,
    /// What it is about.
    pub subject: Subject,
    /// A stricter model than the zone's.
    pub decision_model: Option<DecisionModel>,
    /// When the question loses its point.
    pub expires_at: Option<Moment>,
    /// Now.
    pub now: Moment,
    /// The log position of the policy it is decided under.
    pub policy_position: u64,
}

/// A question that another zone's people decide for it (SPEC section 8).
#[derive(Clone, Debug)]
pub struct Referral {
    /// The id the proposal there will have.
    pub id: ProposalId,
    /// Where it is decided.
    pub zone_id: ZoneId,
    /// Whose question it is.
    pub proposer_id: MemberId,
    /// In a line.
    pub title: Name,
    /// At length.
    pub description: Prose,
    /// What it is about.
    pub subject: Subject,
    /// How risky it is at least.
    pub risk_level: Risk,
    /// When the question loses its point.
    pub expires_at: Option<Moment>,
    /// Who must not decide it, and why.
    pub barred: Vec<Conflict>,
    /// Whether a human must be among those who approve, whatever the zone above asks for.
    pub human_required: bool,
    /// What it is opened for.
    pub lineage: Lineage,
    /// Now.
    pub now: Moment,
    /// The log position of the policy it is decided under.
    pub policy_position: u64,
}

/// Works out what `submission` opens with.
///
/// # Errors
/// [`Rejection`]: the zone is not in force, the subject could not be executed now, the chosen model is laxer than the
/// zone's, it would be expired at once, or nobody could decide it.
pub fn prepare(authority: &Authority, submission: Submission) -> Result<Opening, Rejection> {
    let zone_id = submission.zone_id;
    let now = submission.now;
    must_be_in_force(authority, zone_id, None)?;
    if submission.expires_at.is_some_and(|expires_at| expires_at <= now) {
        return Err(Rejection::ExpiresInThePast);
    }
    execution::could_be_executed(authority, zone_id, submission.proposer_id, &submission.subject, now)?;

    let effective = authority.tree.effective(zone_id);
    let chosen_by_proposer = submission.decision_model.is_some();
    let decision_model = model_for(&effective, submission.decision_model)?;
    let zone_model = chosen_by_proposer.then(|| effective.decision_model.clone());
    let risk_level = risk(&submission.subject, effective.resource_scope.budget_limit.map(|limit| limit.0));
    // Whoever asks for a stricter model wants to be asked about.
    let auto_approved = !chosen_by_proposer
        && !demands_a_human(&effective)
        && is_auto_approved(&effective.approval_policy, &submission.subject, risk_level);
    let has_parent = authority.tree.zone(zone_id).is_some_and(|zone| zone.parent_zone_id.is_some());
    let way_up = WayUp::under(&effective.escalation_policy, has_parent, now);
    // Nobody takes a question up by setting a deadline: what passes the proposer's own expires.
    let own_deadline = decision_model.timeout_hours != effective.decision_model.timeout_hours;
    let question = Question {
        id: submission.id,
        zone_id,
        proposer_id: submission.proposer_id,
        title: submission.title,
        description: submission.description,
        subject: submission.subject,
        risk_level,
        decision_model,
        zone_model,
        auto_approved,
        expires_at: submission.expires_at,
        way_up: WayUp { at_deadline: way_up.at_deadline && !own_deadline, ..way_up },
        human_required: demands_a_human(&effective),
        barred: Vec::new(),
        lineage: None,
        now,
        policy_position: submission.policy_position,
    };
    question.pose(authority, &effective)
}

/// Works out what the proposal opens with that decides `referral`. Above a root zone the owners decide, by majority
/// (SPEC E6); nothing is approved there without being looked at.
///
/// # Errors
/// [`Rejection`]: the zone is not in force, or nobody could decide it.
pub fn refer(authority: &Authority, referral: Referral) -> Result<Opening, Rejection> {
    let zone_id = referral.zone_id;
    must_be_in_force(authority, zone_id, Some(referral.lineage))?;
    let effective = authority.tree.effective(zone_id);
    let last_instance = referral.lineage.last_instance;
    let decision_model = if last_instance {
        DecisionModel::of(Rule::Majority { quorum: Share::half() })
    } else {
        effective.decision_model.clone()
    };
    let has_parent = authority.tree.zone(zone_id).is_some_and(|zone| zone.parent_zone_id.is_some());
    let way_up =
        if last_instance { WayUp::default() } else { WayUp::under(&effective.escalation_policy, has_parent, referral.now) };
    let budget = effective.resource_scope.budget_limit.map(|limit| limit.0);
    let question = Question {
        id: referral.id,
        zone_id,
        proposer_id: referral.proposer_id,
        title: referral.title,
        description: referral.description,
        risk_level: risk(&referral.subject, budget).max(referral.risk_level),
        subject: referral.subject,
        decision_model,
        zone_model: None,
        auto_approved: false,
        expires_at: referral.expires_at,
        way_up,
        human_required: referral.human_required || demands_a_human(&effective),
        barred: referral.barred,
        lineage: Some(referral.lineage),
        now: referral.now,
        policy_position: referral.policy_position,
    };
    question.pose(authority, &effective)
}

/// A question that may be asked; who is to answer it is not known yet.
struct Question {
    id: ProposalId,
    zone_id: ZoneId,
    proposer_id: MemberId,
    title: Name,
    description: Prose,
    subject: Subject,
    risk_level: Risk,
    decision_model: DecisionModel,
    zone_model: Option<DecisionModel>,
    auto_approved: bool,
    expires_at: Option<Moment>,
    way_up: WayUp,
    human_required: bool,
    barred: Vec<Conflict>,
    lineage: Option<Lineage>,
    now: Moment,
    policy_position: u64,
}

impl Question {
    /// Finds who answers it, and freezes everything.
    fn pose(self, authority: &Authority, effective: &Effective) -> Result<Opening, Rejection> {
        let policy = &effective.approval_policy;
        let human_required = self.human_required;
        if !self.auto_approved {
            approving_must_not_be_blocked(authority, self.zone_id)?;
        }
        let chosen = if self.auto_approved { None } else { Some(self.reviewers(authority, effective, human_required)?) };
        let (electorate, conflicts) = chosen.map(|chosen| (chosen.electorate, chosen.conflicts)).unwrap_or_default();
        Ok(Opening {
            proposal_id: self.id,
            zone_id: self.zone_id,
            proposer_id: self.proposer_id,
            title: self.title,
            description: self.description,
            subject: self.subject,
            risk_level: self.risk_level,
            deadline: self.decision_model.deadline(self.now),
            decision_model: self.decision_model,
            zone_model: self.zone_model,
            electorate,
            to_be_chosen: None,
            conflicts,
            human_required,
            auto_approved: self.auto_approved,
            votes_may_change: policy.allow_vote_change.unwrap_or(false),
            veto_window_minutes: policy.veto_window_minutes.unwrap_or(0),
            expires_at: self.expires_at,
            policy_position: self.policy_position,
            opened_at: self.now,
            way_up: self.way_up,
            lineage: self.lineage,
        })
    }

    fn reviewers(&self, authority: &Authority, effective: &Effective, human_required: bool) -> Result<Chosen, Rejection> {
        let zones_least = self.zone_model.as_ref().map_or(0, |model| model.rule.least_electorate());
        let choosing = Choosing {
            authority,
            zone_id: self.zone_id,
            proposer_id: self.proposer_id,
            subject: &self.subject,
            people: self.subject.people(&authority.tree, self.zone_id),
            policy: &effective.approval_policy,
            policy_zone: effective.bound_by.get("/approval_policy").copied(),
            risk: self.risk_level,
            rule: &self.decision_model.rule,
            zone_rule: self.zone_model.as_ref().map(|model| &model.rule),
            least: self.decision_model.rule.least_electorate().max(zones_least),
            human_required,
            barred: &self.barred,
            owners_only: self.lineage.is_some_and(|lineage| lineage.last_instance),
        };
        choosing.choose()
    }
}

fn must_be_in_force(authority: &Authority, zone_id: ZoneId, lineage: Option<Lineage>) -> Result<(), Rejection> {
    authority.tree.zone(zone_id).ok_or(Rejection::NoSuchZone { id: zone_id, pointer: "/zone_id" })?;
    stopped(authority, zone_id, lineage).map_or(Ok(()), |stopped| Err(Rejection::ZoneNotInForce(stopped)))
}

/// The zone that is not active, so that nothing is decided in `zone_id` (SPEC Z2). What owners decide about a root zone does not wait
/// for it: there is nobody else who could mend one that may only be changed by proposal. What is archived stays so.
pub fn stopped(authority: &Authority, zone_id: ZoneId, lineage: Option<Lineage>) -> Option<ZoneId> {
    let stopped = authority.tree.not_in_force_because_of(zone_id)?;
    let mendable = lineage.is_some_and(Lineage::is_about_a_root) && stopped.status != Status::Archived;
    if mendable { None } else { Some(stopped.id) }
}

/// Where approving is blocked by name, no vote for it would ever count.
fn approving_must_not_be_blocked(authority: &Authority, zone_id: ZoneId) -> Result<(), Rejection> {
    let levels = authority.tree.levels(zone_id);
    let blocks = |level: &&Level<'_>| {
        let blocked = level.constraints().and_then(|constraints| constraints.blocked_actions.as_ref());
        blocked.is_some_and(|blocked| blocked.names(&APPROVE))
    };
    match levels.iter().find(blocks) {
        Some(level) => Err(Rejection::ApprovalBlocked(level.zone_id)),
        None => Ok(()),
    }
}

/// Whether an approval needs a human's vote (SPEC D4).
pub fn demands_a_human(effective: &Effective) -> bool {
    effective.constraints.require_human_review.is_some_and(|demand| demand.0)
}

/// The zone's model, or the proposer's stricter one, with the zone's deadline if it has none of its own (SPEC P9).
fn model_for(effective: &Effective, chosen: Option<DecisionModel>) -> Result<DecisionModel, Rejection> {
    let zone = effective.decision_model.clone();
    let Some(chosen) = chosen else { return Ok(zone) };
    if !is_stricter(&chosen, &zone) {
        return Err(Rejection::NotStricter);
    }
    Ok(DecisionModel { timeout_hours: chosen.timeout_hours.or(zone.timeout_hours), rule: chosen.rule })
}

/// Whether the zone asks nobody (SPEC P4): by type, or by an amount strictly below a bound; never at critical risk.
fn is_auto_approved(policy: &ApprovalPolicy, subject: &Subject, risk: Risk) -> bool {
    let Some(auto) = &policy.auto_approve else { return false };
    let by_type = auto.types.contains(&subject.proposal_type());
    let by_amount = auto.below.zip(subject.amount()).is_some_and(|(below, amount)| amount < below);
    (by_type || by_amount) && risk != Risk::Critical
}

#[cfg(test)]
#[path = "opening_tests.rs"]
mod tests;
