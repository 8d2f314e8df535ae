//! `/inbox`: what waits for whoever looks, and one of it at length beside the list.

use askama::Template;
use axum::extract::Path;
use axum::http::StatusCode;
use projections::desk;

use super::form::{Faults, Fields};
use super::frame::Frame;
use super::page::{Shown, page_with};
use super::proposals::Detail;
use super::proposals::row::ProposalRow;
use super::visitor::Visitor;

/// The most that is listed; more than that nobody reads before voting.
const MOST: u64 = 100;

#[derive(Template)]
#[template(path = "inbox.html")]
struct Inbox {
    frame: Frame,
    rows: Vec<ProposalRow>,
    detail: Option<Detail>,
    /// Whether one was asked for: on a narrow screen it is shown in the place of the list.
    chosen: bool,
    fields: Fields,
    faults: Faults,
    back: String,
}

/// `GET /inbox`.
pub async fn show(visitor: Visitor) -> Shown {
    again(visitor, None, Fields::default(), Faults::default(), StatusCode::OK).await
}

/// `GET /inbox/{id}`.
pub async fn show_one(visitor: Visitor, Path(id): Path<String>) -> Shown {
    again(visitor, Some(&id), Fields::default(), Faults::default(), StatusCode::OK).await
}

/// The page with what was typed and what was wrong with it.
pub async fn again(visitor: Visitor, id: Option<&str>, fields: Fields, faults: Faults, status: StatusCode) -> Shown {
    visitor.must_everywhere("zone.read")?;
    let statement = desk::waiting(visitor.caller.organization_id, visitor.caller.id(), MOST);
    let found = visitor.app.views.live().db.rows(statement).await?;
    let rows = found.iter().map(|row| ProposalRow::read(&visitor, row)).collect::<Result<Vec<_>, _>>()?;
    let first = rows.first().map(|row| row.id.clone());
    let detail = match id.map(str::to_owned).or(first) {
        Some(id) => Some(Detail::read(&visitor, &id).await?),
        None => None,
    };
    let back = detail.as_ref().map_or_else(|| "/inbox".to_owned(), |detail| format!("/inbox/{}", detail.id));
    let frame = visitor.frame("Inbox", "inbox");
    page_with(status, &Inbox { frame, rows, detail, chosen: id.is_some(), fields, faults, back })
}
