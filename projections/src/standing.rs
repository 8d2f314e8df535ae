//! Standing: how each member's reputation came to be what it is, the latest first.

use aggregates::Decider;
use aggregates::ids::{MemberId, OrganizationId};
use aggregates::organization::{Cause, Event, Organization};

use crate::{Recorded, Statement, Unreadable};

/// The rows an event writes.
pub fn project(recorded: &Recorded) -> Result<Vec<Statement>, Unreadable> {
    if recorded.aggregate_type != Organization::TYPE {
        return Ok(vec![]);
    }
    let row = |member: MemberId, kind: String, magnitude: String, after: Option<String>| {
        Statement::new(
            "INSERT INTO standing (organization_id, position, member_id, kind, magnitude, after, zone_id, cause, cause_id, at)
             VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10)",
        )
        .bind(recorded.organization_id)
        .bind(recorded.position)
        .bind(member)
        .bind(kind)
        .bind(magnitude)
        .bind(after)
    };
    Ok(match recorded.read::<Event>()? {
        Event::ReputationChanged { member_id, signal, magnitude, after, zone_id, cause, changed_at, before: _ } => {
            let (cause, cause_id) = match cause {
                Cause::Evaluation(id) => ("evaluation", id.0),
                Cause::Escalation(id) => ("escalation", id.0),
            };
            let row = row(member_id, signal.to_string(), magnitude.to_string(), Some(after.to_string()));
            vec![row.bind(zone_id).bind(cause).bind(cause_id).bind(changed_at)]
        }
        Event::StakeLocked { member_id, zone_id, proposal_id, amount, locked_at } => {
            let row = row(member_id, "stake_locked".to_owned(), amount.to_string(), None);
            vec![row.bind(zone_id).bind("proposal").bind(proposal_id).bind(locked_at)]
        }
        Event::StakeReleased { member_id, zone_id, proposal_id, amount, burnt, after, released_at } => {
            let kind = if burnt { "stake_burnt" } else { "stake_returned" };
            let row = row(member_id, kind.to_owned(), amount.to_string(), Some(after.to_string()));
            vec![row.bind(zone_id).bind("proposal").bind(proposal_id).bind(released_at)]
        }
        Event::Founded { .. }
        | Event::Renamed { .. }
        | Event::MemberAdded { .. }
        | Event::MemberChanged { .. }
        | Event::ProfileChanged { .. }
        | Event::MemberRemoved { .. } => vec![],
    })
}

/// A page of what changed a member's standing before `before`.
pub fn page(organization: OrganizationId, member: MemberId, before: u64, limit: u64) -> Statement {
    Statement::new(
        "SELECT position, kind, magnitude, after, zone_id, cause, cause_id, at FROM standing
         WHERE organization_id = $1 AND member_id = $2 AND position < $3 ORDER BY position DESC LIMIT $4",
    )
    .bind(organization)
    .bind(member)
    .bind(before)
    .bind(limit)
}
