//! News for open pages: that something happened, where, and at which position. What it says is fetched with the page, under
//! the same rules as the page itself. Each piece of news has its position as id, so a browser that was away goes on from there.

use std::convert::Infallible;
use std::sync::Arc;
use std::time::Duration;

use axum::http::header;
use axum::response::sse::{Event, KeepAlive, Sse};
use axum::response::{IntoResponse, Response};
use futures::stream::{self, Stream};
use projections::{Recorded, audit};
use serde_json::json;

use super::form::Fields;
use super::refusal::Refusal;
use super::visitor::Visitor;
use crate::engine::{App, Caller, Problem, permit};
use crate::store::StoreError;

/// How many events one piece of news speaks of at most; a page that was away for longer is told again until it is up to date.
const STRIDE: u64 = 500;
/// How long news waits for the read models.
const PATIENCE: Duration = Duration::from_secs(5);

/// `GET /live?from=position`.
pub async fn follow(visitor: Visitor) -> Result<Response, Refusal> {
    visitor.must_everywhere("zone.read")?;
    let from = Fields::of_query(visitor.uri.query().unwrap_or_default()).text("from").parse().ok();
    let resumed = visitor.headers.get("last-event-id").and_then(|id| id.to_str().ok()).and_then(|id| id.parse().ok());
    let after = resumed.or(from).unwrap_or(visitor.position);
    let news = news(visitor.app, visitor.caller, visitor.session.sha256, after);
    let mut response = Sse::new(news).keep_alive(KeepAlive::new().interval(Duration::from_secs(15))).into_response();
    response.headers_mut().insert(header::CACHE_CONTROL, header::HeaderValue::from_static("no-store"));
    Ok(response)
}

fn told(events: &[Recorded]) -> Event {
    let last = events.last().map_or(0, |event| event.position);
    let mut types: Vec<&str> = events.iter().map(|event| event.event_type.as_ref()).collect();
    types.sort_unstable();
    types.dedup();
    Event::default().id(last.to_string()).data(json!({"position": last, "types": types}).to_string())
}

async fn stretch(app: &App, caller: &Caller, after: u64) -> Result<Vec<Recorded>, StoreError> {
    app.log.events(audit::all_after(caller.organization_id, after, STRIDE)).await
}

async fn may_still_look(app: &App, caller: &Caller, session: &str) -> Result<(), Refusal> {
    app.still_signed_in(caller).await?;
    app.log.session(session, app.clock.now()).await?.ok_or_else(Problem::unauthenticated)?;
    let ruling = app.ruling(caller.organization_id).await?;
    Ok(permit(&ruling, caller, "zone.read")?)
}

/// News after a position, until the browser or the service goes away, or the visitor may look no more.
fn news(app: Arc<App>, caller: Caller, session: String, after: u64) -> impl Stream<Item = Result<Event, Infallible>> {
    let log = app.parts.freshness.watch_log();
    stream::unfold((app, caller, session, log, after), async |(app, caller, session, mut log, after)| {
        loop {
            log.mark_unchanged();
            may_still_look(&app, &caller, &session).await.ok()?;
            let events = stretch(&app, &caller, after).await.ok()?;
            if let Some(last) = events.last() {
                // Whoever is told looks at once: the lists must know it by then.
                app.parts.freshness.views_at(last.global_position, PATIENCE).await;
                let (news, position) = (told(&events), last.position);
                return Some((Ok(news), (app, caller, session, log, position)));
            }
            tokio::select! {
                changed = log.changed() => changed.ok()?,
                () = app.ending.cancelled() => return None,
            }
        }
    })
}
