//! Evaluations, the latest first.

use aggregates::Decider;
use aggregates::evaluation::{Evaluation, Event, Status};
use aggregates::ids::{EvaluationId, MemberId, OrganizationId, ZoneId};
use chrono::{DateTime, Utc};

use crate::{Recorded, Statement, Unreadable};

/// The rows an event writes.
pub fn project(recorded: &Recorded) -> Result<Vec<Statement>, Unreadable> {
    if recorded.aggregate_type != Evaluation::TYPE {
        return Ok(vec![]);
    }
    Ok(vec![match recorded.read::<Event>()? {
        Event::Opened(opened) => Statement::new(
            "INSERT INTO evaluations (evaluation_id, organization_id, position, status, proposal_id, zone_id, executor_id,
                 opened_at, updated_at)
             VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $8)",
        )
        .bind(opened.evaluation_id)
        .bind(recorded.organization_id)
        .bind(recorded.position)
        .bind(Status::Pending.to_string())
        .bind(opened.proposal_id)
        .bind(opened.zone_id)
        .bind(opened.executor_id)
        .bind(opened.opened_at),
        Event::Scored { evaluation_id, scored_at, .. } => touched(evaluation_id, Some(Status::InReview), scored_at),
        Event::CheckNotMade { evaluation_id, checked_at, .. } => touched(evaluation_id, None, checked_at),
        Event::ReviewRequested { evaluation_id, requested_at, .. } => touched(evaluation_id, None, requested_at),
        Event::Reviewed { evaluation_id, reviewed_at, .. } => touched(evaluation_id, None, reviewed_at),
        Event::Completed { evaluation_id, score, signal, completed_at, .. } => Statement::new(
            "UPDATE evaluations SET status = $2, score = $3, signal = $4, updated_at = $5 WHERE evaluation_id = $1",
        )
        .bind(evaluation_id)
        .bind(Status::Completed.to_string())
        .bind(score.to_string())
        .bind(signal.to_string())
        .bind(completed_at),
    }])
}

fn touched(id: EvaluationId, status: Option<Status>, at: DateTime<Utc>) -> Statement {
    match status {
        Some(status) => Statement::new("UPDATE evaluations SET status = $2, updated_at = $3 WHERE evaluation_id = $1")
            .bind(id)
            .bind(status.to_string())
            .bind(at),
        None => Statement::new("UPDATE evaluations SET updated_at = $2 WHERE evaluation_id = $1").bind(id).bind(at),
    }
}

/// Evaluations that are not complete, the oldest first.
pub fn unfinished(organization: OrganizationId, limit: u64) -> Statement {
    Statement::new(
        "SELECT evaluation_id, zone_id, proposal_id, executor_id FROM evaluations
         WHERE organization_id = $1 AND status <> 'completed' ORDER BY position LIMIT $2",
    )
    .bind(organization)
    .bind(limit)
}

/// What a list of evaluations can be narrowed to.
#[derive(Clone, Copy, Debug, Default)]
pub struct Filter {
    /// In this zone.
    pub zone_id: Option<ZoneId>,
    /// Of this executor's work.
    pub executor_id: Option<MemberId>,
    /// In this status.
    pub status: Option<Status>,
}

/// A page of evaluations opened before `before`.
pub fn page(organization: OrganizationId, filter: Filter, before: u64, limit: u64) -> Statement {
    Statement::new(
        "SELECT evaluation_id, position, status, proposal_id, zone_id, executor_id, score, signal, opened_at, updated_at
         FROM evaluations
         WHERE organization_id = $1 AND position < $2 AND ($3 IS NULL OR zone_id = $3) AND ($4 IS NULL OR executor_id = $4)
           AND ($5 IS NULL OR status = $5)
         ORDER BY position DESC LIMIT $6",
    )
    .bind(organization)
    .bind(before)
    .bind(filter.zone_id)
    .bind(filter.executor_id)
    .bind(filter.status.map(|status| status.to_string()))
    .bind(limit)
}
