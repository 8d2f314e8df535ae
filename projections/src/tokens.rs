//! API tokens, newest first.

use aggregates::Decider;
use aggregates::ids::{MemberId, OrganizationId};
use aggregates::token::{Event, Token};

use crate::{Param, Recorded, Statement, Unreadable};

/// The rows an event writes.
pub fn project(recorded: &Recorded) -> Result<Vec<Statement>, Unreadable> {
    if recorded.aggregate_type != Token::TYPE {
        return Ok(vec![]);
    }
    Ok(match recorded.read::<Event>()? {
        Event::Issued { token_id, member_id, name, prefix, expires_at, actions, issued_at } => vec![
            Statement::new(
                "INSERT INTO tokens (token_id, organization_id, member_id, position, name, prefix, actions, expires_at, issued_at)
                 VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9)",
            )
            .bind(token_id)
            .bind(recorded.organization_id)
            .bind(member_id)
            .bind(recorded.position)
            .bind(name.as_str())
            .bind(prefix)
            .bind(actions.as_ref().map_or(Param::Json(None), Param::json))
            .bind(expires_at)
            .bind(issued_at),
        ],
        Event::Revoked { token_id, revoked_at } => {
            vec![Statement::new("UPDATE tokens SET revoked_at = $2 WHERE token_id = $1").bind(token_id).bind(revoked_at)]
        }
    })
}

/// A page of tokens before `before`; those of one member where one is given.
pub fn page(organization: OrganizationId, member: Option<MemberId>, before: u64, limit: u64) -> Statement {
    Statement::new(
        "SELECT token_id, member_id, position, name, prefix, actions, expires_at, issued_at, revoked_at FROM tokens
         WHERE organization_id = $1 AND position < $2 AND ($3 IS NULL OR member_id = $3) ORDER BY position DESC LIMIT $4",
    )
    .bind(organization)
    .bind(before)
    .bind(member)
    .bind(limit)
}
