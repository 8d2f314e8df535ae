//! `/evaluations`.

use aggregates::evaluation::Status;
use aggregates::ids::{MemberId, ProposalId, ZoneId};
use aggregates::proposal::Proposal;
use askama::Template;
use projections::evaluations::{self, Filter};
use serde_json::json;

use super::{signal, status};
use crate::store::Row;
use crate::web::form::Fields;
use crate::web::frame::Frame;
use crate::web::page::{Shown, page};
use crate::web::refusal::Refusal;
use crate::web::shown::{Badge, When};
use crate::web::visitor::Visitor;

/// Rows on a page.
const ROWS: usize = 50;

struct Line {
    id: String,
    title: String,
    status: Badge,
    executor: String,
    zone: String,
    score: Option<String>,
    signal: Option<Badge>,
    when: When,
}

#[derive(Template)]
#[template(path = "evaluations.html")]
struct List {
    frame: Frame,
    tabs: Vec<(&'static str, String, bool)>,
    rows: Vec<Line>,
    older: Option<String>,
}

async fn line(visitor: &Visitor, row: &Row) -> Result<Line, Refusal> {
    let proposal = visitor.app.load::<Proposal>(ProposalId(row.id("proposal_id")?), false).await?;
    Ok(Line {
        id: row.id("evaluation_id")?.to_string(),
        title: proposal.state.opening.as_ref().map(|opening| opening.title.to_string()).unwrap_or_default(),
        status: status(&row.text("status")?),
        executor: visitor.name(MemberId(row.id("executor_id")?)),
        zone: visitor.zone(ZoneId(row.id("zone_id")?)).name,
        score: row.optional("score", Row::text)?,
        signal: row.optional("signal", Row::text)?.map(|word| signal(&word)),
        when: When { at: row.time("updated_at")?, now: visitor.now() },
    })
}

/// `GET /evaluations`.
pub async fn show(visitor: Visitor) -> Shown {
    visitor.must_everywhere("zone.read")?;
    let fields = Fields::of_query(visitor.uri.query().unwrap_or_default());
    let wanted = fields.text("status");
    let narrowed: Option<Status> = fields.narrowed("status", |word| serde_json::from_value(json!(word)).ok())?;
    let filter = Filter {
        zone_id: fields.narrowed("zone_id", |id| id.parse().ok())?,
        executor_id: fields.narrowed("executor_id", |id| id.parse().ok())?,
        status: narrowed,
    };
    let before = fields.narrowed("before", |place| place.parse().ok())?.unwrap_or(i64::MAX as u64);
    let statement = evaluations::page(visitor.caller.organization_id, filter, before, ROWS as u64 + 1);
    let found = visitor.app.views.live().db.rows(statement).await?;
    let mut rows = Vec::new();
    for row in found.iter().take(ROWS).filter(|row| visitor.sees(row)) {
        rows.push(line(&visitor, row).await?);
    }
    let last = found.get(ROWS - 1).filter(|_| found.len() > ROWS).map(|last| last.number("position")).transpose()?;
    let older = last.map(|place| format!("/evaluations?status={wanted}&before={place}"));
    let tabs = [("All", ""), ("Not begun", "pending"), ("In review", "in_review"), ("Completed", "completed")];
    let tab = |(name, value): (&'static str, &str)| {
        let address = if value.is_empty() { "/evaluations".to_owned() } else { format!("/evaluations?status={value}") };
        (name, address, value == wanted)
    };
    let tabs = tabs.into_iter().map(tab).collect();
    page(&List { frame: visitor.frame("Evaluations", "evaluations"), tabs, rows, older })
}
