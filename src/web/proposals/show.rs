//! `/proposals/{id}`.

use askama::Template;
use axum::extract::Path;
use axum::http::StatusCode;

use super::Detail;
use crate::web::form::{Faults, Fields};
use crate::web::frame::Frame;
use crate::web::page::{Shown, page_with};
use crate::web::visitor::Visitor;

#[derive(Template)]
#[template(path = "proposal.html")]
struct ProposalPage {
    frame: Frame,
    detail: Detail,
    fields: Fields,
    faults: Faults,
    back: String,
}

/// `GET /proposals/{id}`.
pub async fn show(visitor: Visitor, Path(id): Path<String>) -> Shown {
    again(visitor, &id, Fields::default(), Faults::default(), StatusCode::OK).await
}

/// The page with what was typed and what was wrong with it.
pub async fn again(visitor: Visitor, id: &str, fields: Fields, faults: Faults, status: StatusCode) -> Shown {
    let detail = Detail::read(&visitor, id).await?;
    let frame = visitor.frame(&detail.title, "proposals");
    let back = format!("/proposals/{}", detail.id);
    page_with(status, &ProposalPage { frame, detail, fields, faults, back })
}
