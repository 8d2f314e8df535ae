//! `/zones/{id}/history`: what happened to the zone and in it, newest first; each change of it leads to how it was then.

use askama::Template;
use axum::extract::Path;
use projections::audit;

use super::head::{Head, head, zone_at};
use crate::engine::Direction;
use crate::web::audit::sentence::{Told, told};
use crate::web::form::Fields;
use crate::web::frame::Frame;
use crate::web::page::{Shown, page};
use crate::web::visitor::Visitor;

/// Events on a page.
const ROWS: usize = 60;

#[derive(Template)]
#[template(path = "zone_history.html")]
struct History {
    frame: Frame,
    head: Head,
    happened: Vec<(Told, bool)>,
    older: Option<String>,
}

/// `GET /zones/{id}/history`.
pub async fn show(visitor: Visitor, Path(id): Path<String>) -> Shown {
    let zone = zone_at(&visitor, &id)?;
    let fields = Fields::of_query(visitor.uri.query().unwrap_or_default());
    let before = fields.given("before").and_then(|place| place.parse().ok());
    let direction = before.map_or(Direction::FROM_THE_END, Direction::Backwards);
    let filter = audit::Filter { zone_id: Some(zone.id), ..audit::Filter::default() };
    let events = visitor.app.history(visitor.caller.organization_id, filter, direction, ROWS as u64 + 1).await?;
    let more = events.len() > ROWS;
    let shown = &events[..events.len().min(ROWS)];
    let older = shown.last().filter(|_| more).map(|last| format!("/zones/{}/history?before={}", zone.id, last.position));
    let happened = told(&visitor, shown).await?.into_iter();
    let happened = happened.map(|told| {
        let changes_it = told.event_type.starts_with("zone.");
        (told, changes_it)
    });
    page(&History {
        frame: visitor.frame(&format!("History of {}", zone.name), "zones"),
        head: head(&visitor, &visitor.ruling.authority.tree, zone, "History"),
        happened: happened.collect(),
        older,
    })
}
