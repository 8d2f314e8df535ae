//! Reading an aggregate as it was (SPEC L7).

use aggregates::Decider;
use aggregates::ids::OrganizationId;
use chrono::{DateTime, Datelike, Utc};
use projections::audit;

use super::page::refused;
use crate::engine::{App, Problem};

/// The events of one stream up to `as_of`: a position of the organization, or a moment.
pub async fn events_as_of<D: Decider>(
    app: &App,
    organization: OrganizationId,
    id: &str,
    as_of: &str,
) -> Result<Vec<D::Event>, Problem> {
    let position = match (as_of.parse::<u64>(), as_of.parse::<DateTime<Utc>>()) {
        (Ok(position), _) => position.min(i64::MAX.unsigned_abs()),
        (_, Ok(moment)) if (0..=9999).contains(&moment.year()) => {
            app.log.number(audit::position_at(organization, moment), "position").await?.unwrap_or(0)
        }
        _ => return Err(refused("as_of", "must be a position or an RFC 3339 moment")),
    };
    let recorded = app.log.events(audit::stream_until(organization, D::TYPE, id.to_owned(), position)).await?;
    let read = recorded.iter().map(projections::Recorded::read::<D::Event>);
    read.collect::<Result<_, _>>().map_err(|unreadable| crate::store::StoreError::from(unreadable).into())
}
