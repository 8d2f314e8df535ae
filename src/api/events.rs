//! `/events`: the log as a stream, oldest first, resumable by position: NDJSON up to now, or server-sent events that go on.

use std::convert::Infallible;
use std::sync::Arc;
use std::time::Duration;

use aggregates::access;
use aggregates::ids::OrganizationId;
use axum::body::Body;
use axum::extract::State;
use axum::http::{HeaderMap, header};
use axum::response::sse::{Event, KeepAlive, Sse};
use axum::response::{IntoResponse, Response};
use futures::stream::{self, Stream, StreamExt};
use projections::{EventView, Recorded, audit};
use serde::Deserialize;
use utoipa::IntoParams;

use super::page::refused;
use super::request::{Query, Reader};
use crate::engine::{App, Caller, Problem};

/// How many events are read at once.
const STRIDE: u64 = 500;

/// Where to begin.
#[derive(Debug, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
#[serde(deny_unknown_fields)]
pub struct From {
    /// The position after which to begin; `Last-Event-ID` does the same.
    from: Option<u64>,
    /// Accepted on every read; the log is always fresh.
    after: Option<u64>,
}

/// The log as a stream: `application/x-ndjson` up to now, or `text/event-stream` that goes on. Each event's id is its position.
#[utoipa::path(get, path = "/events", tag = "audit", params(From),
    responses((status = 200, description = "Events, oldest first, one on each line", body = EventView, content_type = "application/x-ndjson"), (status = "4XX", body = Problem)))]
pub async fn read(
    State(app): State<Arc<App>>,
    Reader(caller): Reader,
    headers: HeaderMap,
    Query(from): Query<From>,
) -> Result<Response, Problem> {
    app.fresh_memory(caller.organization_id, from.after).await?;
    app.permitted(&caller, "audit.read").await?;
    let after = match headers.get("last-event-id") {
        None => from.from.unwrap_or(0),
        Some(id) => {
            id.to_str().ok().and_then(|id| id.parse().ok()).ok_or_else(|| refused("Last-Event-ID", "must be a position"))?
        }
    };
    let accepts = |kind: &str| {
        headers.get_all(header::ACCEPT).iter().any(|accept| accept.to_str().is_ok_and(|accept| accept.contains(kind)))
    };
    let organization = caller.organization_id;
    let live = accepts("text/event-stream");
    let format = if live { "event-stream" } else { "ndjson" };
    // Whoever asks again and again, and hears of nothing new, exports nothing.
    let mut head = app.log.organization_head(organization).await?;
    if live || after < head {
        app.record(&caller, &access::Event::LogExported { after_position: after, format: format.to_owned() }).await?;
        head = app.log.organization_head(organization).await?;
    }
    if live {
        let events = following(app, caller, after).map(|event| Ok::<_, Infallible>(told(&event)));
        return Ok(Sse::new(events).keep_alive(KeepAlive::new().interval(Duration::from_secs(15))).into_response());
    }
    let lines = until(app, organization, after, head).map(|events| events.map(|events| ndjson(&events)));
    Ok(([(header::CONTENT_TYPE, "application/x-ndjson")], Body::from_stream(lines)).into_response())
}

fn ndjson(events: &[Recorded]) -> String {
    let mut lines: Vec<String> = events.iter().map(|event| event.view().to_string()).collect();
    lines.push(String::new());
    lines.join("\n")
}

fn told(event: &Recorded) -> Event {
    Event::default().id(event.position.to_string()).event(&event.event_type).data(event.view().to_string())
}

async fn stretch(app: &App, organization: OrganizationId, after: u64) -> Result<Vec<Recorded>, crate::store::StoreError> {
    app.log.events(audit::all_after(organization, after, STRIDE)).await
}

/// Events after `after` up to `head`, in stretches. An error breaks the stream off, visibly to the reader.
fn until(
    app: Arc<App>,
    organization: OrganizationId,
    after: u64,
    head: u64,
) -> impl Stream<Item = Result<Vec<Recorded>, crate::store::StoreError>> {
    stream::try_unfold((app, after), move |(app, after)| async move {
        let mut events = stretch(&app, organization, after).await?;
        events.retain(|event| event.position <= head);
        Ok(events.last().map(|last| last.position).map(|position| (events, (app, position))))
    })
}

/// Events after `after`, until the reader or the service goes away, or the reader may read no more.
fn following(app: Arc<App>, caller: Caller, after: u64) -> impl Stream<Item = Recorded> {
    let log = app.parts.freshness.watch_log();
    stream::unfold((app, log, after), move |(app, mut log, after)| {
        let caller = caller.clone();
        async move {
            loop {
                log.mark_unchanged();
                app.permitted(&caller, "audit.read").await.ok()?;
                app.still_signed_in(&caller).await.ok()?;
                let events = stretch(&app, caller.organization_id, after).await.ok()?;
                if let Some(last) = events.last() {
                    let position = last.position;
                    return Some((stream::iter(events), (app, log, position)));
                }
                tokio::select! {
                    changed = log.changed() => changed.ok()?,
                    () = app.ending.cancelled() => return None,
                }
            }
        }
    })
    .flatten()
}
