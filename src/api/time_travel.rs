//! Reading an aggregate as it is or as it was (SPEC L7).

use std::sync::Arc;

use aggregates::Decider;
use aggregates::ids::{OrganizationId, ZoneId};
use chrono::{DateTime, Datelike, Utc};
use cqrs_es::Aggregate;
use projections::audit;
use serde::Deserialize;
use utoipa::IntoParams;

use super::page::refused;
use crate::engine::{App, Caller, Loaded, Problem, permit_in_zone};
use crate::store::Hosted;

/// Which state of it.
#[derive(Debug, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
#[serde(deny_unknown_fields)]
pub struct Which {
    /// A position or an RFC 3339 moment; now when absent.
    pub as_of: Option<String>,
    pub after: Option<u64>,
}

/// What lives in a zone and is read by its id.
pub trait InZone: Decider {
    /// What it is called.
    const NAME: &'static str;

    /// Where it is, once it is.
    fn zone(state: &Self::State) -> Option<ZoneId>;
}

/// An aggregate as it is, for whoever may read its zone.
pub async fn as_it_is<D>(app: &App, caller: &Caller, id: impl ToString, after: Option<u64>) -> Result<Loaded<D>, Problem>
where
    Hosted<D>: Aggregate,
    D: InZone + Send + Sync + 'static,
{
    let loaded = app.load_fresh::<D>(caller.organization_id, id, after).await?;
    let ruling = app.ruling(caller.organization_id).await?;
    let ours = D::zone(&loaded.state).filter(|zone| ruling.authority.tree.zone(*zone).is_some());
    permit_in_zone(&ruling, caller, ours.ok_or_else(|| Problem::not_found(D::NAME))?, "zone.read", app.clock.now())?;
    Ok(loaded)
}

/// What is loaded, or how it was, where that is asked for.
pub async fn as_it_was<D: Decider>(
    app: &App,
    caller: &Caller,
    loaded: Loaded<D>,
    as_of: Option<&str>,
) -> Result<Loaded<D>, Problem> {
    let Some(as_of) = as_of else { return Ok(loaded) };
    let events = events_as_of::<D>(app, caller.organization_id, &loaded.stream.aggregate_id, as_of).await?;
    Ok(Loaded { state: Arc::new(D::replay(&events)), sequence: events.len() as u64, ..loaded })
}

/// The events of one stream up to `as_of`: a position of the organization, or a moment.
pub async fn events_as_of<D: Decider>(
    app: &App,
    organization: OrganizationId,
    id: &str,
    as_of: &str,
) -> Result<Vec<D::Event>, Problem> {
    let position = match (as_of.parse::<u64>(), as_of.parse::<DateTime<Utc>>()) {
        (Ok(position), _) => {
            // What has not happened yet is not known (412).
            app.fresh_memory(organization, Some(position)).await?;
            position
        }
        (_, Ok(moment)) if (0..=9999).contains(&moment.year()) => app.position_at(organization, moment).await?,
        _ => return Err(refused("as_of", "must be a position or an RFC 3339 moment")),
    };
    let recorded = app.log.events(audit::stream_until(organization, D::TYPE, id.to_owned(), position)).await?;
    let read = recorded.iter().map(projections::Recorded::read::<D::Event>);
    read.collect::<Result<_, _>>().map_err(|unreadable| crate::store::StoreError::from(unreadable).into())
}
