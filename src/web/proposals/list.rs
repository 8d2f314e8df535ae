//! `/proposals`: all of them, narrowed by what the address says.

use aggregates::policy::Risk;
use aggregates::proposal::{ProposalType, Status};
use askama::Template;
use projections::desk::{self, Filter};
use serde::de::DeserializeOwned;
use serde_json::json;

use super::row::ProposalRow;
use crate::web::form::Fields;
use crate::web::frame::Frame;
use crate::web::page::{Shown, page};
use crate::web::refusal::Refusal;
use crate::web::visitor::Visitor;
use crate::web::words::{proposal_type, risk_word};

/// Rows on a page.
const ROWS: usize = 50;

/// A choice in the bar of states.
struct Tab {
    name: &'static str,
    address: String,
    current: bool,
}

#[derive(Template)]
#[template(path = "proposals.html")]
struct List {
    frame: Frame,
    tabs: Vec<Tab>,
    rows: Vec<ProposalRow>,
    fields: Fields,
    zones: Vec<(String, String)>,
    types: Vec<(String, String)>,
    risks: Vec<(String, String)>,
    people: Vec<(String, String)>,
    narrowed: Vec<String>,
    /// Whether nothing narrows the list.
    everything: bool,
    older: Option<String>,
    newer: Option<String>,
}

/// One of the words that a type knows, as it knows it.
fn known<T: DeserializeOwned + ToString>(fields: &Fields, name: &str) -> Result<Option<String>, Refusal> {
    fields.narrowed(name, |word| serde_json::from_value::<T>(json!(word)).ok().map(|known| known.to_string()))
}

fn filter(fields: &Fields) -> Result<Filter, Refusal> {
    Ok(Filter {
        zone_id: fields.narrowed("zone_id", |id| id.parse().ok())?,
        status: known::<Status>(fields, "status")?,
        proposal_type: known::<ProposalType>(fields, "type")?,
        risk_level: known::<Risk>(fields, "risk")?,
        proposer_id: fields.narrowed("proposer_id", |id| id.parse().ok())?,
        reviewer_id: fields.narrowed("reviewer_id", |id| id.parse().ok())?,
        opened_from: fields.narrowed_by_moment("opened_from")?,
        opened_to: fields.narrowed_by_moment("opened_to")?,
        decided_from: fields.narrowed_by_moment("decided_from")?,
        decided_to: fields.narrowed_by_moment("decided_to")?,
    })
}

/// What the list can be narrowed by.
const FILTERS: [&str; 10] = [
    "status",
    "zone_id",
    "type",
    "risk",
    "proposer_id",
    "reviewer_id",
    "opened_from",
    "opened_to",
    "decided_from",
    "decided_to",
];

const TABS: [(&str, &str); 7] = [
    ("All", ""),
    ("Open", "pending_review"),
    ("Escalated", "escalated"),
    ("Approved", "approved"),
    ("Rejected", "rejected"),
    ("Expired", "expired"),
    ("Withdrawn", "withdrawn"),
];

/// The moments by which other pages narrow the list; said above it, since no field shows them.
fn narrowed(filter: &Filter) -> Vec<String> {
    let Filter { opened_from, opened_to, decided_from, decided_to, .. } = filter;
    [
        ("Opened", opened_from, "or later"),
        ("Opened", opened_to, "or earlier"),
        ("Decided", decided_from, "or later"),
        ("Decided", decided_to, "or earlier"),
    ]
    .into_iter()
    .filter_map(|(what, at, words)| Some(format!("{what} {} {words}", at.as_ref()?.format("%-d %b %Y, %H:%M UTC"))))
    .collect()
}

/// `GET /proposals`.
pub async fn show(visitor: Visitor) -> Shown {
    visitor.must_everywhere("zone.read")?;
    let fields = Fields::of_query(visitor.uri.query().unwrap_or_default());
    let filter = filter(&fields)?;
    let narrowed = narrowed(&filter);
    let before = fields.narrowed("before", |place| place.parse().ok())?.unwrap_or(i64::MAX as u64);
    let statement = desk::page(visitor.caller.organization_id, filter, before, ROWS as u64 + 1);
    let found = visitor.app.views.live().db.rows(statement).await?;
    let last = found.get(ROWS - 1).filter(|_| found.len() > ROWS).map(|last| last.number("opened_position")).transpose()?;
    let shown = found.iter().take(ROWS).filter(|row| visitor.sees(row));
    let rows = shown.map(|row| ProposalRow::read(&visitor, row)).collect::<Result<Vec<_>, _>>()?;
    let older = last.map(|place| address(&fields, "before", &place.to_string()));
    let newer = fields.given("before").map(|_| address(&fields, "before", ""));
    let status = fields.given("status").unwrap_or_default().to_owned();
    let tabs =
        TABS.iter().map(|(name, value)| Tab { name, address: address(&fields, "status", value), current: status == *value });
    let any = |label: &str| (String::new(), label.to_owned());
    let types = [
        ProposalType::TaskExecution,
        ProposalType::ResourceAllocation,
        ProposalType::ZoneChange,
        ProposalType::MembershipChange,
    ];
    let risks = [Risk::Low, Risk::Medium, Risk::High, Risk::Critical];
    page(&List {
        frame: visitor.frame("Proposals", "proposals"),
        tabs: tabs.collect(),
        rows,
        zones: [any("Any zone")].into_iter().chain(visitor.zone_options()).collect(),
        types: [any("Any type")]
            .into_iter()
            .chain(types.map(|kind| (kind.to_string(), proposal_type(kind).to_owned())))
            .collect(),
        risks: [any("Any risk")].into_iter().chain(risks.map(|risk| (risk.to_string(), risk_word(risk).to_owned()))).collect(),
        people: [any("Anyone")].into_iter().chain(visitor.people_options()).collect(),
        everything: FILTERS.iter().all(|name| fields.given(name).is_none()),
        narrowed,
        older,
        newer,
        fields,
    })
}

/// The address of the same list with another value of one field, from the beginning.
fn address(fields: &Fields, name: &str, value: &str) -> String {
    let mut query = form_urlencoded::Serializer::new(String::new());
    for known in FILTERS.into_iter().filter(|known| *known != name) {
        if let Some(given) = fields.given(known) {
            query.append_pair(known, given);
        }
    }
    if !value.is_empty() {
        query.append_pair(name, value);
    }
    let query = query.finish();
    if query.is_empty() { "/proposals".to_owned() } else { format!("/proposals?{query}") }
}
