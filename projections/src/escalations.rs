//! Escalations, the latest first.

use aggregates::Decider;
use aggregates::escalation::{Contest, Escalation, Event, Raised, Status};
use aggregates::ids::{EscalationId, OrganizationId, ZoneId};
use chrono::{DateTime, Utc};

use crate::{Recorded, Statement, Unreadable};

/// The select of a page, narrowed by a condition.
macro_rules! page_where {
    ($narrowed:literal) => {
        concat!(
            "SELECT escalation_id, position, kind, status, zone_id, to_zone_id, escalator_id, reason, automatic, source_id,
                 proposal_id, signatures, cosigner_threshold, outcome, raised_at, updated_at
             FROM escalations WHERE organization_id = $1 AND position < $2 ",
            $narrowed,
            " ORDER BY position DESC LIMIT $3"
        )
    };
}

/// The rows an event writes.
pub fn project(recorded: &Recorded) -> Result<Vec<Statement>, Unreadable> {
    if recorded.aggregate_type != Escalation::TYPE {
        return Ok(vec![]);
    }
    Ok(vec![match recorded.read::<Event>()? {
        Event::Raised(raised) => row(recorded, &raised),
        Event::Cosigned { escalation_id, signatures, cosigned_at, .. } => {
            Statement::new("UPDATE escalations SET signatures = $2, updated_at = $3 WHERE escalation_id = $1")
                .bind(escalation_id)
                .bind(u64::from(signatures))
                .bind(cosigned_at)
        }
        Event::Accepted { escalation_id, proposal_id, accepted_at, .. } => {
            Statement::new("UPDATE escalations SET status = $2, proposal_id = $3, updated_at = $4 WHERE escalation_id = $1")
                .bind(escalation_id)
                .bind(Status::Accepted.to_string())
                .bind(proposal_id)
                .bind(accepted_at)
        }
        Event::Resolved { escalation_id, outcome, resolved_at, .. } => {
            ended(escalation_id, Status::Resolved, outcome.to_string(), resolved_at)
        }
        Event::Dismissed { escalation_id, reason, dismissed_at, .. } => {
            ended(escalation_id, Status::Dismissed, reason.to_string(), dismissed_at)
        }
    }])
}

fn row(recorded: &Recorded, raised: &Raised) -> Statement {
    let (kind, source, automatic, threshold) = match &raised.contest {
        Contest::Action { proposal_id, automatic } => ("action", Some(*proposal_id), *automatic, None),
        Contest::Governance { cosigner_threshold, .. } => ("governance", None, None, Some(u64::from(*cosigner_threshold))),
    };
    Statement::new(
        "INSERT INTO escalations (escalation_id, organization_id, position, kind, status, zone_id, to_zone_id, escalator_id,
             reason, automatic, source_id, signatures, cosigner_threshold, raised_at, updated_at)
         VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $14)",
    )
    .bind(raised.escalation_id)
    .bind(recorded.organization_id)
    .bind(recorded.position)
    .bind(kind)
    .bind(Status::Pending.to_string())
    .bind(raised.zone_id)
    .bind(raised.to_zone_id)
    .bind(raised.escalator_id)
    .bind(raised.reason.as_str())
    .bind(automatic.map(|reason| reason.to_string()))
    .bind(source)
    .bind(u64::from(threshold.is_some()))
    .bind(threshold)
    .bind(raised.raised_at)
}

fn ended(id: EscalationId, status: Status, outcome: String, at: DateTime<Utc>) -> Statement {
    Statement::new("UPDATE escalations SET status = $2, outcome = $3, updated_at = $4 WHERE escalation_id = $1")
        .bind(id)
        .bind(status.to_string())
        .bind(outcome)
        .bind(at)
}

/// A page of escalations raised before `before`.
pub fn page(organization: OrganizationId, zone: Option<ZoneId>, status: Option<Status>, before: u64, limit: u64) -> Statement {
    let select = match (zone.is_some(), status.is_some()) {
        (false, false) => page_where!(""),
        (true, false) => page_where!("AND zone_id = $4"),
        (false, true) => page_where!("AND status = $4"),
        (true, true) => page_where!("AND zone_id = $4 AND status = $5"),
    };
    let statement = Statement::new(select).bind(organization).bind(before).bind(limit);
    let statement = zone.into_iter().fold(statement, Statement::bind);
    status.into_iter().fold(statement, |statement, status| statement.bind(status.to_string()))
}

/// Escalations about `zone` that wait for signatures or an answer.
pub fn live_in(organization: OrganizationId, zone: ZoneId) -> Statement {
    Statement::new(
        "SELECT escalation_id FROM escalations WHERE organization_id = $1 AND zone_id = $2 AND status IN ('pending', 'accepted') ORDER BY position",
    )
    .bind(organization)
    .bind(zone)
}
