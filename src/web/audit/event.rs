//! `/audit/{position}`: one event, as a sentence and as it is kept, and the way to everything that belongs with it.

use askama::Template;
use axum::extract::Path;
use projections::audit;

use super::sentence::{Told, told};
use crate::web::frame::Frame;
use crate::web::page::{Shown, page};
use crate::web::refusal::Refusal;
use crate::web::shown::{Id, exact};
use crate::web::visitor::Visitor;

#[derive(Template)]
#[template(path = "audit_event.html")]
struct EventPage {
    frame: Frame,
    told: Told,
    exact: String,
    json: String,
    id: Id,
    aggregate_type: String,
    sequence: u64,
    correlation_id: String,
    caused_by: Option<Id>,
    earlier: Option<u64>,
    later: Option<u64>,
    /// Whether the visitor reads the log as a whole.
    whole_log: bool,
}

/// `GET /audit/{position}`.
pub async fn show(visitor: Visitor, Path(position): Path<String>) -> Shown {
    let position: u64 = position.parse().map_err(|_| Refusal::not_found("event"))?;
    let organization = visitor.caller.organization_id;
    let before = position.saturating_add(1).min(i64::MAX as u64);
    let found = visitor.app.log.events(audit::last_before(organization, before)).await?;
    let found = found.into_iter().find(|event| event.position == position);
    // Whoever may not read the log learns nothing of it, not even how long it is.
    let zone = found.as_ref().and_then(|event| event.zone_id);
    match zone.filter(|zone| visitor.may(*zone, "zone.read")) {
        Some(_) => {}
        None => visitor.must_everywhere("audit.read")?,
    }
    let event = found.ok_or_else(|| Refusal::not_found("event"))?;
    let view = event.view();
    let told = told(&visitor, std::slice::from_ref(&event)).await?.pop().ok_or_else(|| Refusal::not_found("event"))?;
    let whole_log = visitor.may_everywhere("audit.read");
    page(&EventPage {
        frame: visitor.frame(&format!("Event {position}"), "audit"),
        exact: exact(event.occurred_at),
        json: serde_json::to_string_pretty(&view).unwrap_or_default(),
        id: Id(event.id.to_string()),
        aggregate_type: crate::web::words::plain(&event.aggregate_type),
        sequence: event.sequence,
        correlation_id: event.correlation_id.to_string(),
        caused_by: (event.causation_id != event.correlation_id).then(|| Id(event.causation_id.to_string())),
        earlier: (whole_log && position > 1).then(|| position - 1),
        later: (whole_log && position < visitor.position).then(|| position + 1),
        whole_log,
        told,
    })
}
