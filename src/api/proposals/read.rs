//! `GET /proposals/{id}`, now or as of a position or a moment.

use std::sync::Arc;
use std::time::Duration;

use aggregates::Decider;
use aggregates::ids::{ProposalId, ZoneId};
use aggregates::proposal::{self, Proposal};
use axum::extract::{Path, State};
use axum::response::{IntoResponse, Response};
use projections::{EventView, Recorded, audit};
use serde::Deserialize;
use utoipa::IntoParams;

use super::{ProposalView, answer_with_history};
use crate::api::page::refused;
use crate::api::request::{Query, Reader, id_in_path};
use crate::api::time_travel::{InZone, as_it_is, as_it_was};
use crate::engine::{App, Caller, Loaded, Problem};

/// Which state of it.
#[derive(Debug, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
#[serde(deny_unknown_fields)]
pub struct Which {
    /// A position or an RFC 3339 moment; now when absent.
    as_of: Option<String>,
    after: Option<u64>,
    /// Waits so many seconds, 55 at most, for something to happen to it after position `after` (or after now).
    #[param(maximum = 55)]
    wait: Option<u64>,
}

impl InZone for Proposal {
    const NAME: &'static str = "proposal";

    fn zone(state: &proposal::State) -> Option<ZoneId> {
        state.opening.as_ref().map(|opening| opening.zone_id)
    }
}

/// The longest wait, in seconds: shorter than a request may take.
const LONGEST_WAIT: u64 = 55;

/// A proposal with its electorate, votes, what is still needed, and what came of it; now or as it was.
#[utoipa::path(get, path = "/proposals/{id}", tag = "proposals", params(("id" = String, Path), Which),
    responses((status = 200, body = ProposalView), (status = 404, body = Problem)))]
pub async fn read(
    State(app): State<Arc<App>>,
    Reader(caller): Reader,
    Path(id): Path<String>,
    Query(which): Query<Which>,
) -> Result<Response, Problem> {
    let id: ProposalId = id_in_path(&id, "proposal")?;
    if which.wait.is_some_and(|wait| wait > LONGEST_WAIT) {
        return Err(refused("wait", "must be from 0 to 55 seconds"));
    }
    let loaded = as_it_is::<Proposal>(&app, &caller, id, which.after).await?;
    let loaded = match which.wait {
        Some(wait) => happens(&app, &caller, loaded, which.after, Duration::from_secs(wait)).await?,
        None => loaded,
    };
    let mut history = history(&app, &caller, id).await?;
    let loaded = as_it_was(&app, &caller, loaded, which.as_of.as_deref()).await?;
    history.truncate(usize::try_from(loaded.sequence).unwrap_or(usize::MAX));
    Ok(answer_with_history(&loaded.state, loaded.sequence, history)?.into_response())
}

/// Waits until something has happened to it after a position, or since now, or time is up, or the service ends.
async fn happens(
    app: &App,
    caller: &Caller,
    loaded: Loaded<Proposal>,
    after: Option<u64>,
    wait: Duration,
) -> Result<Loaded<Proposal>, Problem> {
    let mut log = app.parts.freshness.watch_log();
    let id = loaded.stream.aggregate_id.clone();
    let statement = audit::position_of(Proposal::TYPE, &id, loaded.sequence);
    let last = app.log.number(statement, "position").await?.unwrap_or(0);
    if after.is_some_and(|after| last > after) {
        return Ok(loaded);
    }
    let seen = loaded.sequence;
    let (waiting, ending) = (tokio::time::sleep(wait), app.ending.clone());
    tokio::pin!(waiting);
    loop {
        // Whatever other process it happens in, memory hears of it before the log is said to have grown.
        let now = app.load::<Proposal>(&id, false).await?;
        if now.sequence > seen {
            // Whoever waits may have been let go meanwhile, or the zone hidden.
            app.still_signed_in(caller).await?;
            return as_it_is::<Proposal>(app, caller, &id, None).await;
        }
        tokio::select! {
            () = &mut waiting => return Ok(now),
            () = ending.cancelled() => return Ok(now),
            grown = log.changed() => if grown.is_err() { return Ok(now) },
        }
    }
}

/// Everything that happened to it, in order.
async fn history(app: &App, caller: &Caller, id: ProposalId) -> Result<Vec<EventView>, Problem> {
    let statement = audit::stream_until(caller.organization_id, Proposal::TYPE, id.to_string(), u64::MAX >> 1);
    let events = app.log.events(statement).await?;
    Ok(events.iter().map(Recorded::view).collect())
}
