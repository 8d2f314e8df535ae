//! Grants, newest first.

use aggregates::Decider;
use aggregates::grant::{Event, Grant};
use aggregates::ids::{MemberId, OrganizationId, ZoneId};

use crate::{Recorded, Statement, Unreadable};

/// The rows an event writes.
pub fn project(recorded: &Recorded) -> Result<Vec<Statement>, Unreadable> {
    if recorded.aggregate_type != Grant::TYPE {
        return Ok(vec![]);
    }
    Ok(match recorded.read::<Event>()? {
        Event::Issued(terms) => vec![
            Statement::new(
                "INSERT INTO grants (grant_id, organization_id, position, proposal_id, principal_id, zone_id, action,
                     parameters_sha256, amount, uses, expires_at, issued_at)
                 VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12)",
            )
            .bind(terms.grant_id)
            .bind(recorded.organization_id)
            .bind(recorded.position)
            .bind(terms.proposal_id)
            .bind(terms.principal_id)
            .bind(terms.zone_id)
            .bind(terms.action.as_str())
            .bind(terms.parameters_sha256)
            .bind(terms.amount.map(|amount| amount.to_string()))
            .bind(terms.uses.map(i64::from))
            .bind(terms.expires_at)
            .bind(terms.issued_at),
        ],
        Event::Used { grant_id, used, spent, last, .. } => {
            let ended = last.then_some("used");
            vec![
                Statement::new("UPDATE grants SET used = $2, spent = $3, ended = $4 WHERE grant_id = $1")
                    .bind(grant_id)
                    .bind(i64::from(used))
                    .bind(spent.to_string())
                    .bind(ended),
            ]
        }
        Event::Expired { grant_id, .. } => {
            vec![Statement::new("UPDATE grants SET ended = 'expired' WHERE grant_id = $1").bind(grant_id)]
        }
        Event::Voided { grant_id, reason, .. } => {
            vec![
                Statement::new("UPDATE grants SET voided = $2, ended = 'voided' WHERE grant_id = $1")
                    .bind(grant_id)
                    .bind(reason.to_string()),
            ]
        }
    })
}

macro_rules! page {
    ($lead:literal) => {
        concat!(
            "SELECT grant_id, position, proposal_id, principal_id, zone_id, action, parameters_sha256, amount, uses, expires_at,
             issued_at, voided, used, spent, ended FROM grants
         WHERE organization_id = $1 AND ",
            $lead,
            "position < $2 AND ($3 IS NULL OR principal_id = $3) AND ($4 IS NULL OR zone_id = $4)
         ORDER BY position DESC LIMIT $5"
        )
    };
}

/// A page of grants before `before`, by principal or zone where given; either leads to its index.
pub fn page(
    organization: OrganizationId,
    principal: Option<MemberId>,
    zone: Option<ZoneId>,
    before: u64,
    limit: u64,
) -> Statement {
    let text = match (principal, zone) {
        (Some(_), _) => page!("principal_id = $3 AND "),
        (None, Some(_)) => page!("zone_id = $4 AND "),
        (None, None) => page!(""),
    };
    Statement::new(text).bind(organization).bind(before).bind(principal).bind(zone).bind(limit)
}

macro_rules! standing {
    ($lead:literal) => {
        concat!(
            "SELECT grant_id, principal_id, zone_id, position FROM grants
         WHERE organization_id = $1 AND ",
            $lead,
            "ended IS NULL AND ($2 IS NULL OR principal_id = $2) AND ($3 IS NULL OR zone_id = $3)
         ORDER BY position"
        )
    };
}

/// The grants in a zone, or of a principal, that have not ended.
pub fn standing(organization: OrganizationId, principal: Option<MemberId>, zone: Option<ZoneId>) -> Statement {
    let text = match (principal, zone) {
        (Some(_), _) => standing!("principal_id = $2 AND "),
        (None, Some(_)) => standing!("zone_id = $3 AND "),
        (None, None) => standing!(""),
    };
    Statement::new(text).bind(organization).bind(principal).bind(zone)
}
