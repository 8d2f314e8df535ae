//! Organizations, by who founded them.

use aggregates::Decider;
use aggregates::ids::{MemberId, OrganizationId};
use aggregates::organization::{Event, Organization};

use crate::{Recorded, Statement, Unreadable};

/// The rows an event writes.
pub fn project(recorded: &Recorded) -> Result<Vec<Statement>, Unreadable> {
    if recorded.aggregate_type != Organization::TYPE {
        return Ok(vec![]);
    }
    Ok(match recorded.read::<Event>()? {
        Event::Founded { organization_id, name, slug, founder_id, founded_at } => vec![
            Statement::new(
                "INSERT INTO organizations (organization_id, founder_id, name, slug, founded_at) VALUES ($1, $2, $3, $4, $5)
                 ON CONFLICT (organization_id) DO UPDATE SET name = excluded.name",
            )
            .bind(organization_id)
            .bind(founder_id)
            .bind(name.as_str())
            .bind(slug.as_str())
            .bind(founded_at),
        ],
        Event::Renamed { name, slug, renamed_at: _ } => vec![
            Statement::new("UPDATE organizations SET name = $2, slug = $3 WHERE organization_id = $1")
                .bind(recorded.organization_id)
                .bind(name.as_str())
                .bind(slug.as_str()),
        ],
        Event::MemberAdded { .. }
        | Event::MemberChanged { .. }
        | Event::ProfileChanged { .. }
        | Event::MemberRemoved { .. }
        | Event::ReputationChanged { .. }
        | Event::StakeLocked { .. }
        | Event::StakeReleased { .. } => vec![],
    })
}

/// The organizations `founder` founded, in order of id (which is the order of founding), after one.
pub fn founded_by(founder: MemberId, after: OrganizationId, limit: u64) -> Statement {
    Statement::new(
        "SELECT organization_id, name, slug, founded_at FROM organizations
         WHERE founder_id = $1 AND organization_id > $2 ORDER BY organization_id LIMIT $3",
    )
    .bind(founder)
    .bind(after)
    .bind(limit)
}

/// The organization `id`, if `founder` founded it.
pub fn founded(id: OrganizationId, founder: MemberId) -> Statement {
    Statement::new(
        "SELECT organization_id, name, slug, founded_at FROM organizations WHERE organization_id = $1 AND founder_id = $2",
    )
    .bind(id)
    .bind(founder)
}
