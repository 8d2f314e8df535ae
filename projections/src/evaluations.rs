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

/// Evaluations that are not complete, opened after `after`, the oldest first.
pub fn unfinished(organization: OrganizationId, after: u64, limit: u64) -> Statement {
    Statement::new(
        "SELECT evaluation_id, zone_id, proposal_id, executor_id, position FROM evaluations
         WHERE organization_id = $1 AND status <> 'completed' AND position > $2 ORDER BY position LIMIT $3",
    )
    .bind(organization)
    .bind(after)
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

macro_rules! page_where {
    ($filter:literal) => {
        concat!(
            "SELECT evaluation_id, position, status, proposal_id, zone_id, executor_id, score, signal, opened_at, updated_at
             FROM evaluations WHERE organization_id = $1 AND position < $2 ",
            $filter,
            " ORDER BY position DESC LIMIT $3"
        )
    };
}

/// A page of evaluations opened before `before`.
pub fn page(organization: OrganizationId, filter: Filter, before: u64, limit: u64) -> Statement {
    let Filter { zone_id: zone, executor_id: executor, status } = filter;
    let select = match (executor.is_some(), zone.is_some(), status.is_some()) {
        (false, false, false) => page_where!(""),
        (true, false, false) => page_where!("AND executor_id = $4"),
        (false, true, false) => page_where!("AND zone_id = $4"),
        (false, false, true) => page_where!("AND status = $4"),
        (true, true, false) => page_where!("AND executor_id = $4 AND zone_id = $5"),
        (true, false, true) => page_where!("AND executor_id = $4 AND status = $5"),
        (false, true, true) => page_where!("AND zone_id = $4 AND status = $5"),
        (true, true, true) => page_where!("AND executor_id = $4 AND zone_id = $5 AND status = $6"),
    };
    let statement = Statement::new(select).bind(organization).bind(before).bind(limit);
    let statement = executor.into_iter().fold(statement, Statement::bind);
    let statement = zone.into_iter().fold(statement, Statement::bind);
    status.into_iter().fold(statement, |statement, status| statement.bind(status.to_string()))
}
