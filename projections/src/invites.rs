//! Invitations, newest first.

use aggregates::Decider;
use aggregates::ids::OrganizationId;
use aggregates::invite::{Event, Invite};

use crate::{Recorded, Statement, Unreadable};

/// The rows an event writes.
pub fn project(recorded: &Recorded) -> Result<Vec<Statement>, Unreadable> {
    if recorded.aggregate_type != Invite::TYPE {
        return Ok(vec![]);
    }
    Ok(match recorded.read::<Event>()? {
        Event::Created { invite_id, role, invited_by, expires_at, created_at } => vec![
            Statement::new(
                "INSERT INTO invites (invite_id, organization_id, position, role, expires_at, created_at, invited_by)
                 VALUES ($1, $2, $3, $4, $5, $6, $7)",
            )
            .bind(invite_id)
            .bind(recorded.organization_id)
            .bind(recorded.position)
            .bind(role.to_string())
            .bind(expires_at)
            .bind(created_at)
            .bind(invited_by),
        ],
        Event::Accepted { invite_id, member_id, accepted_at: _ } => {
            vec![Statement::new("UPDATE invites SET accepted_by = $2 WHERE invite_id = $1").bind(invite_id).bind(member_id)]
        }
        Event::Revoked { invite_id, revoked_at } => {
            vec![Statement::new("UPDATE invites SET revoked_at = $2 WHERE invite_id = $1").bind(invite_id).bind(revoked_at)]
        }
    })
}

/// A page of invitations before `before`.
pub fn page(organization: OrganizationId, before: u64, limit: u64) -> Statement {
    Statement::new(
        "SELECT invite_id, position, role, expires_at, created_at, accepted_by, invited_by, revoked_at FROM invites
         WHERE organization_id = $1 AND position < $2 ORDER BY position DESC LIMIT $3",
    )
    .bind(organization)
    .bind(before)
    .bind(limit)
}
