//! `/escalations`.

use aggregates::escalation::Status;
use aggregates::ids::{MemberId, ZoneId};
use askama::Template;
use projections::escalations;
use serde_json::json;

use super::status;
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
    kind: &'static str,
    status: Badge,
    reason: String,
    zone: String,
    to: String,
    who: String,
    signatures: Option<String>,
    when: When,
}

#[derive(Template)]
#[template(path = "escalations.html")]
struct List {
    frame: Frame,
    tabs: Vec<(&'static str, String, bool)>,
    rows: Vec<Line>,
    may_contest: bool,
    older: Option<String>,
}

const TABS: [(&str, &str); 5] = [
    ("All", ""),
    ("Needs signatures", "pending"),
    ("Being decided", "accepted"),
    ("Resolved", "resolved"),
    ("Dismissed", "dismissed"),
];

fn line(visitor: &Visitor, row: &Row) -> Result<Line, Refusal> {
    let governance = row.text("kind")? == "governance";
    let threshold = row.optional("cosigner_threshold", Row::number)?;
    let signatures = row.number("signatures")?;
    let automatic = row.optional("automatic", Row::text)?.is_some();
    Ok(Line {
        id: row.id("escalation_id")?.to_string(),
        kind: if governance { "Contests who decides" } else { "Contests a decision" },
        status: if row.text("status")? == "pending" && !governance {
            Badge::new("open", "Raised")
        } else {
            status(&row.text("status")?)
        },
        reason: if automatic { "It went up by itself".to_owned() } else { row.text("reason")? },
        zone: visitor.zone(ZoneId(row.id("zone_id")?)).name,
        to: visitor.zone(ZoneId(row.id("to_zone_id")?)).name,
        who: if automatic { "Trust Zones".to_owned() } else { visitor.name(MemberId(row.id("escalator_id")?)) },
        signatures: threshold.map(|threshold| format!("{signatures} of {threshold} signatures")),
        when: When { at: row.time("updated_at")?, now: visitor.now() },
    })
}

/// `GET /escalations`.
pub async fn show(visitor: Visitor) -> Shown {
    visitor.must_everywhere("zone.read")?;
    let fields = Fields::of_query(visitor.uri.query().unwrap_or_default());
    let wanted = fields.text("status");
    let narrowed: Option<Status> = fields.narrowed("status", |word| serde_json::from_value(json!(word)).ok())?;
    let zone = fields.narrowed("zone_id", |id| id.parse().ok())?;
    let before = fields.narrowed("before", |place| place.parse().ok())?.unwrap_or(i64::MAX as u64);
    let statement = escalations::page(visitor.caller.organization_id, zone, narrowed, before, ROWS as u64 + 1);
    let found = visitor.app.views.live().db.rows(statement).await?;
    let shown = found.iter().take(ROWS).filter(|row| visitor.sees(row));
    let rows = shown.map(|row| line(&visitor, row)).collect::<Result<Vec<_>, _>>()?;
    let last = found.get(ROWS - 1).filter(|_| found.len() > ROWS).map(|last| last.number("position")).transpose()?;
    let older = last.map(|place| format!("/escalations?status={wanted}&before={place}"));
    let tab = |(name, value): (&'static str, &str)| {
        let address = if value.is_empty() { "/escalations".to_owned() } else { format!("/escalations?status={value}") };
        (name, address, value == wanted)
    };
    let tabs = TABS.into_iter().map(tab).collect();
    let may_contest = visitor.zones().iter().any(|(zone, _)| visitor.may(zone.id, "escalation.trigger"));
    page(&List { frame: visitor.frame("Escalations", "escalations"), tabs, rows, may_contest, older })
}
