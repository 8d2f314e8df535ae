//! Opening a proposal: everything its outcome will rest on is worked out once and frozen (SPEC P1–P7, P9, P11).

use super::electorate::Choosing;
use super::event::Opening;
use super::execution;
use super::rejection::Rejection;
use super::risk::risk;
use super::subject::Subject;
use crate::Moment;
use crate::decision_model::{DecisionModel, is_stricter_or_equal};
use crate::ids::{MemberId, ProposalId, ZoneId};
use crate::permission::Authority;
use crate::policy::{ApprovalPolicy, Effective, Risk};
use crate::text::{Name, Prose};

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

/// Works out what `submission` opens with.
///
/// # Errors
/// [`Rejection`]: the zone is not in force, the subject could not be executed now, the chosen model is laxer than the
/// zone's, it would be expired at once, or nobody could decide it.
pub fn prepare(authority: &Authority, submission: Submission) -> Result<Opening, Rejection> {
    let zone_id = submission.zone_id;
    let now = submission.now;
    authority.tree.zone(zone_id).ok_or(Rejection::NoSuchZone { id: zone_id, pointer: "/zone_id" })?;
    if let Some(stopped) = authority.tree.not_in_force_because_of(zone_id) {
        return Err(Rejection::ZoneNotInForce(stopped.id));
    }
    if submission.expires_at.is_some_and(|expires_at| expires_at <= now) {
        return Err(Rejection::ExpiresInThePast);
    }
    execution::could_be_executed(authority, zone_id, submission.proposer_id, &submission.subject, now)?;

    let effective = authority.tree.effective(zone_id);
    let chosen_by_proposer = submission.decision_model.is_some();
    let decision_model = model_for(&effective, submission.decision_model)?;
    let zone_model = chosen_by_proposer.then(|| effective.decision_model.clone());
    let human_required = effective.constraints.require_human_review.is_some_and(|demand| demand.0);
    let policy = &effective.approval_policy;
    let budget = effective.resource_scope.budget_limit.map(|limit| limit.0);
    let risk_level = risk(&submission.subject, budget);
    let auto_approved = !human_required && is_auto_approved(policy, &submission.subject, risk_level);
    let chosen = if auto_approved {
        None
    } else {
        let choosing = Choosing {
            authority,
            zone_id,
            proposer_id: submission.proposer_id,
            subject: &submission.subject,
            policy,
            policy_zone: effective.bound_by.get("/approval_policy").copied(),
            risk: risk_level,
            rule: &decision_model.rule,
            least: decision_model.rule.least_electorate().max(effective.decision_model.rule.least_electorate()),
            human_required,
        };
        Some(choosing.choose()?)
    };
    let (electorate, conflicts) = chosen.map(|chosen| (chosen.electorate, chosen.conflicts)).unwrap_or_default();
    Ok(Opening {
        proposal_id: submission.id,
        zone_id,
        proposer_id: submission.proposer_id,
        title: submission.title,
        description: submission.description,
        subject: submission.subject,
        risk_level,
        deadline: decision_model.deadline(now),
        decision_model,
        zone_model,
        electorate,
        to_be_chosen: None,
        conflicts,
        human_required,
        auto_approved,
        votes_may_change: policy.allow_vote_change.unwrap_or(false),
        veto_window_minutes: policy.veto_window_minutes.unwrap_or(0),
        expires_at: submission.expires_at,
        policy_position: submission.policy_position,
        opened_at: now,
    })
}

/// The zone's model, or the proposer's stricter one with the zone's deadline (SPEC P9).
fn model_for(effective: &Effective, chosen: Option<DecisionModel>) -> Result<DecisionModel, Rejection> {
    let zone = effective.decision_model.clone();
    let Some(chosen) = chosen else { return Ok(zone) };
    if !is_stricter_or_equal(&chosen, &zone) {
        return Err(Rejection::NotStricter);
    }
    Ok(DecisionModel { rule: chosen.rule, timeout_hours: zone.timeout_hours })
}

/// Whether the zone asks nobody (SPEC P4): by type, or by an amount strictly below a bound; never at critical risk.
fn is_auto_approved(policy: &ApprovalPolicy, subject: &Subject, risk: Risk) -> bool {
    let Some(auto) = &policy.auto_approve else { return false };
    let by_type = auto.types.contains(&subject.proposal_type());
    let by_amount = auto.below.zip(subject.amount()).is_some_and(|(below, amount)| amount < below);
    (by_type || by_amount) && risk != Risk::Critical
}
