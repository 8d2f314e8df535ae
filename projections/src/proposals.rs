//! Proposals, newest first, and who reviews them.

use std::sync::Arc;

use aggregates::Decider;
use aggregates::decision_model::{Ballot, DecisionModel, Tally};
use aggregates::ids::{MemberId, OrganizationId, ProposalId, ZoneId};
use aggregates::policy::Risk;
use aggregates::proposal::{Elector, Event, Opening, Proposal, StallReason, State, Status};
use chrono::{DateTime, Utc};

use crate::{Param, Recorded, Statement, Unreadable, reviewers};

/// The rows an event writes.
pub fn project(recorded: &Recorded) -> Result<Vec<Statement>, Unreadable> {
    if recorded.aggregate_type != Proposal::TYPE {
        return Ok(vec![]);
    }
    Ok(match recorded.read::<Event>()? {
        Event::Opened(opening) => opened(recorded, &opening),
        Event::VoteCast { proposal_id, member_id, choice, tally, cast_at, .. }
        | Event::VoteChanged { proposal_id, member_id, choice, tally, cast_at, .. } => {
            vec![
                counted(proposal_id, &tally, cast_at),
                reviewers::answered(proposal_id, member_id, choice, recorded.position, cast_at),
            ]
        }
        Event::ReviewersChosen { proposal_id, electorate, risk_level, decision_model, chosen_at, .. } => {
            let mut rows = vec![reviewers_known(proposal_id, &electorate, risk_level, &decision_model, chosen_at)];
            rows.extend(
                electorate.iter().map(|elector| reviewers::seated(proposal_id, elector.member_id, recorded, chosen_at)),
            );
            rows
        }
        Event::ReviewerRecused { proposal_id, member_id, tally, recused_at, .. } => {
            vec![counted(proposal_id, &tally, recused_at), reviewers::left(proposal_id, member_id)]
        }
        Event::Approved { proposal_id, reason, held_until, decided_at, .. } => {
            let execution = if held_until.is_some() { "held" } else { "pending" };
            decided(proposal_id, Status::Approved, &reason, Some(execution), decided_at)
        }
        Event::Rejected { proposal_id, reason, decided_at, .. } => {
            decided(proposal_id, Status::Rejected, &reason, None, decided_at)
        }
        Event::Expired { proposal_id, reason, expired_at, .. } => {
            decided(proposal_id, Status::Expired, &reason, None, expired_at)
        }
        Event::Withdrawn { proposal_id, reason, withdrawn_at, .. } => {
            decided(proposal_id, Status::Withdrawn, &reason, None, withdrawn_at)
        }
        Event::Commented { proposal_id, commented_at, .. } => vec![touched(proposal_id, commented_at)],
        Event::ExecutionSucceeded { proposal_id, executed_at, .. } => vec![executed(proposal_id, "succeeded", executed_at)],
        Event::ExecutionFailed { proposal_id, failed_at, .. } => vec![executed(proposal_id, "failed", failed_at)],
        Event::ReviewDelegated { proposal_id, from_id, elector, tally, delegated_at, .. } => {
            vec![
                counted(proposal_id, &tally, delegated_at),
                reviewers::left(proposal_id, from_id),
                reviewers::seated(proposal_id, elector.member_id, recorded, delegated_at),
            ]
        }
        Event::Escalated { proposal_id, reason, escalated_at, .. } => went_up(proposal_id, &reason, escalated_at),
        Event::Reinstated { proposal_id, status, reinstated_at, .. } => reinstated(proposal_id, status, reinstated_at),
        Event::Stalled { proposal_id, stalled_at: at, .. }
        | Event::EscalationFailed { proposal_id, failed_at: at, .. }
        | Event::EvaluationOpened { proposal_id, opened_at: at, .. } => vec![touched(proposal_id, at)],
    })
}

fn touched(proposal: ProposalId, at: DateTime<Utc>) -> Statement {
    Statement::new("UPDATE proposals SET updated_at = $2 WHERE proposal_id = $1").bind(proposal).bind(at)
}

/// What it was decided as is kept, in case the question comes back unanswered.
fn went_up(proposal: ProposalId, reason: &str, at: DateTime<Utc>) -> Vec<Statement> {
    let row = Statement::new(
        "UPDATE proposals SET before_reason = reason, before_execution = execution_status, before_decided_at = decided_at,
             status = 'escalated', reason = NULL, execution_status = NULL, decided_at = NULL, updated_at = $2
         WHERE proposal_id = $1",
    )
    .bind(proposal)
    .bind(at);
    vec![row, reviewers::closed(proposal, reason == StallReason::Deadline.to_string())]
}

fn reinstated(proposal: ProposalId, status: Status, at: DateTime<Utc>) -> Vec<Statement> {
    let row = Statement::new(
        "UPDATE proposals SET status = $2, reason = before_reason, execution_status = before_execution,
             decided_at = before_decided_at, updated_at = $3
         WHERE proposal_id = $1",
    )
    .bind(proposal)
    .bind(status.to_string())
    .bind(at);
    let waited_for = Statement::new("UPDATE reviewers SET pending = NOT answered WHERE proposal_id = $1").bind(proposal);
    if status == Status::PendingReview { vec![row, waited_for] } else { vec![row] }
}

fn opened(recorded: &Recorded, opening: &Arc<Opening>) -> Vec<Statement> {
    let fresh = Proposal::replay([&Event::Opened(Arc::clone(opening))]);
    let row = Statement::new(
        "INSERT INTO proposals (proposal_id, organization_id, opened_position, zone_id, proposal_type, title, status, risk_level,
             proposer_id, decision_model, tally, deadline, expires_at, opened_at, updated_at)
         VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $14)",
    )
    .bind(opening.proposal_id)
    .bind(recorded.organization_id)
    .bind(recorded.position)
    .bind(opening.zone_id)
    .bind(opening.subject.proposal_type().to_string())
    .bind(opening.title.as_str())
    .bind(State::default().status.to_string())
    .bind(opening.risk_level.to_string())
    .bind(opening.proposer_id)
    .bind(Param::json(&opening.decision_model))
    .bind(Param::json(&fresh.tally()))
    .bind(opening.deadline)
    .bind(opening.expires_at)
    .bind(opening.opened_at);
    let seated = fresh.reviewers.iter().map(|reviewer| reviewer.elector.member_id);
    let reviewer = |member| reviewers::asked(opening.proposal_id, member, recorded, opening.opened_at);
    std::iter::once(row).chain(seated.map(reviewer)).collect()
}

/// How votes stand, until the next one.
fn counted(proposal: ProposalId, tally: &Tally, at: DateTime<Utc>) -> Statement {
    Statement::new("UPDATE proposals SET tally = $2, updated_at = $3 WHERE proposal_id = $1")
        .bind(proposal)
        .bind(Param::json(tally))
        .bind(at)
        .passing()
}

/// What the choice of reviewers makes known: how many may vote, and perhaps a higher risk and a stricter model.
fn reviewers_known(
    proposal: ProposalId,
    electorate: &[Elector],
    risk: Risk,
    model: &DecisionModel,
    at: DateTime<Utc>,
) -> Statement {
    let ballot = |elector: &Elector| Ballot { choice: None, weight: elector.weight, human: elector.human };
    let tally = Tally::of(&electorate.iter().map(ballot).collect::<Vec<_>>());
    Statement::new(
        "UPDATE proposals SET tally = $2, risk_level = $3, decision_model = $4, updated_at = $5 WHERE proposal_id = $1",
    )
    .bind(proposal)
    .bind(Param::json(&tally))
    .bind(risk.to_string())
    .bind(Param::json(model))
    .bind(at)
}

fn decided(proposal: ProposalId, status: Status, reason: &str, execution: Option<&str>, at: DateTime<Utc>) -> Vec<Statement> {
    let row = Statement::new(
        "UPDATE proposals SET status = $2, reason = $3, execution_status = $4, decided_at = $5, updated_at = $5 WHERE proposal_id = $1",
    )
    .bind(proposal)
    .bind(status.to_string())
    .bind(reason)
    .bind(execution)
    .bind(at);
    let closed = match status {
        Status::Expired => reviewers::closed(proposal, true),
        _ => reviewers::closed_by_decision(proposal, at),
    };
    vec![row, closed]
}

fn executed(proposal: ProposalId, status: &'static str, at: DateTime<Utc>) -> Statement {
    Statement::new("UPDATE proposals SET execution_status = $2, updated_at = $3 WHERE proposal_id = $1")
        .bind(proposal)
        .bind(status)
        .bind(at)
}

/// What a list of proposals can be narrowed to.
#[derive(Clone, Debug, Default)]
pub struct Filter {
    /// In this zone.
    pub zone_id: Option<ZoneId>,
    /// In this status.
    pub status: Option<String>,
    /// Of this type.
    pub proposal_type: Option<String>,
    /// By this proposer.
    pub proposer_id: Option<MemberId>,
    /// With this reviewer.
    pub reviewer_id: Option<MemberId>,
}

macro_rules! page {
    ($lead:literal) => {
        concat!(
            "SELECT p.proposal_id, p.opened_position, p.zone_id, p.proposal_type, p.title, p.status, p.risk_level, p.proposer_id,
             p.decision_model, p.tally, p.reason, p.execution_status, p.deadline, p.expires_at, p.opened_at, p.decided_at, p.updated_at
         FROM proposals p
         WHERE p.organization_id = $1 AND ",
            $lead,
            "p.opened_position < $2
           AND ($3 IS NULL OR p.zone_id = $3) AND ($4 IS NULL OR p.status = $4) AND ($5 IS NULL OR p.proposal_type = $5)
           AND ($6 IS NULL OR p.proposer_id = $6)
           AND ($7 IS NULL OR EXISTS (SELECT 1 FROM reviewers r WHERE r.proposal_id = p.proposal_id AND r.member_id = $7))
         ORDER BY p.opened_position DESC LIMIT $8"
        )
    };
}

/// A page of proposals opened before `before`; each filter that has an index leads to it.
pub fn page(organization: OrganizationId, filter: Filter, before: u64, limit: u64) -> Statement {
    let text = match &filter {
        Filter { proposer_id: Some(_), .. } => page!("p.proposer_id = $6 AND "),
        Filter { zone_id: Some(_), .. } => page!("p.zone_id = $3 AND "),
        Filter { status: Some(_), .. } => page!("p.status = $4 AND "),
        _ => page!(""),
    };
    Statement::new(text)
        .bind(organization)
        .bind(before)
        .bind(filter.zone_id)
        .bind(filter.status)
        .bind(filter.proposal_type)
        .bind(filter.proposer_id)
        .bind(filter.reviewer_id)
        .bind(limit)
}

/// A page of proposals that wait for `member`'s vote.
pub fn pending_reviews(organization: OrganizationId, member: MemberId, before: u64, limit: u64) -> Statement {
    Statement::new(
        "SELECT p.proposal_id, p.opened_position, p.zone_id, p.proposal_type, p.title, p.status, p.risk_level, p.proposer_id,
             p.decision_model, p.tally, p.reason, p.execution_status, p.deadline, p.expires_at, p.opened_at, p.decided_at, p.updated_at
         FROM reviewers r JOIN proposals p ON p.proposal_id = r.proposal_id
         WHERE r.organization_id = $1 AND r.member_id = $2 AND r.pending AND r.opened_position < $3
         ORDER BY r.opened_position DESC LIMIT $4",
    )
    .bind(organization)
    .bind(member)
    .bind(before)
    .bind(limit)
}

/// Proposals in whose electorate `member` sits, and that wait for votes or may wait for them again.
pub fn reviewed_by(organization: OrganizationId, member: MemberId) -> Statement {
    Statement::new(
        "SELECT p.proposal_id FROM proposals p
         WHERE p.organization_id = $1 AND p.status IN ('pending_review', 'escalated')
           AND EXISTS (SELECT 1 FROM reviewers r WHERE r.proposal_id = p.proposal_id AND r.member_id = $2)
         ORDER BY p.opened_position",
    )
    .bind(organization)
    .bind(member)
}

/// Open proposals in `zone`: pending, with their question up, or held before they are executed.
pub fn open_in(organization: OrganizationId, zone: ZoneId) -> Statement {
    Statement::new(
        "SELECT proposal_id FROM proposals WHERE organization_id = $1 AND zone_id = $2
             AND (status IN ('pending_review', 'escalated') OR (status = 'approved' AND execution_status = 'held'))
         ORDER BY opened_position",
    )
    .bind(organization)
    .bind(zone)
}
