//! `/audit/download`: what the filters leave of the log, oldest first, one event per line. That a copy was taken is recorded.

use std::sync::Arc;

use aggregates::access;
use axum::body::Body;
use axum::http::header;
use axum::response::IntoResponse;
use futures::stream;

use super::filter::filter;
use crate::engine::{Direction, Problem};
use crate::store::StoreError;
use crate::web::form::Fields;
use crate::web::page::Shown;
use crate::web::visitor::Visitor;

/// Events read at a time.
const STRIDE: u64 = 500;

/// `GET /audit/download`.
pub async fn give(visitor: Visitor) -> Shown {
    let fields = Fields::of_query(visitor.uri.query().unwrap_or_default());
    let asked = filter(&fields)?;
    visitor.must_everywhere("audit.read")?;
    let organization = visitor.caller.organization_id;
    let until = visitor.position;
    let app = Arc::clone(&visitor.app);
    let format = "ndjson".to_owned();
    let exported = access::Event::LogExported { after_position: 0, format };
    app.record(&visitor.caller, &exported).await.map_err(Problem::from)?;
    let lines = stream::try_unfold(0, move |after: u64| {
        let (app, asked) = (Arc::clone(&app), asked.clone());
        async move {
            let mut events = app.history(organization, asked, Direction::Onwards(after), STRIDE).await?;
            events.retain(|event| event.position <= until);
            let last = events.last().map(|last| last.position);
            let lines: String = events.iter().map(|event| event.view().to_string() + "\n").collect();
            Ok::<_, StoreError>(last.map(|last| (lines, last)))
        }
    });
    let headers = [
        (header::CONTENT_TYPE, "application/x-ndjson"),
        (header::CONTENT_DISPOSITION, "attachment; filename=\"audit.ndjson\""),
    ];
    Ok((headers, Body::from_stream(lines)).into_response())
}
