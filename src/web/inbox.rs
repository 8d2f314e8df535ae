//! `/inbox`: what waits for whoever looks, and one of it at length beside the list.

use aggregates::ids::ProposalId;
use aggregates::proposal::Proposal;
use askama::Template;
use axum::extract::Path;
use axum::http::StatusCode;
use projections::desk;
use serde_json::{Value, json};

use super::form::{Faults, Fields};
use super::frame::Frame;
use super::page::{Shown, on_to, page_with};
use super::proposals::Detail;
use super::proposals::row::ProposalRow;
use super::refusal::Refusal;
use super::shown::When;
use super::visitor::Visitor;
use super::words::sentence;

/// The most that is listed; more than that nobody reads before voting.
const MOST: u64 = 100;
/// How much of what changed is shown.
const NEWS: u64 = 12;

/// Something that waits or that changed, and where it is.
struct Line {
    title: String,
    address: String,
    zone: String,
    when: Option<When>,
    unread: bool,
}

#[derive(Template)]
#[template(path = "inbox.html")]
struct Inbox {
    judgements: Vec<Line>,
    news: Vec<Line>,
    unread: u64,
    position: u64,
    frame: Frame,
    rows: Vec<ProposalRow>,
    detail: Option<Detail>,
    /// Whether one was asked for: on a narrow screen it is shown in the place of the list.
    chosen: bool,
    fields: Fields,
    faults: Faults,
    back: String,
}

/// What the interface tells the visitor besides reviews: judgements that wait, and what changed for them.
struct Told {
    judgements: Vec<Line>,
    news: Vec<Line>,
    unread: u64,
}

fn text<'a>(item: &'a Value, pointer: &str) -> &'a str {
    item.pointer(pointer).and_then(Value::as_str).unwrap_or_default()
}

/// The title of a proposal; nothing where its zone is out of the visitor's sight.
async fn title(visitor: &Visitor, proposal: &str) -> Result<String, Refusal> {
    let Ok(id) = proposal.parse::<ProposalId>() else { return Ok(String::new()) };
    let loaded = visitor.app.load::<Proposal>(id, false).await?;
    let in_sight = loaded.state.opening.as_ref().filter(|opening| visitor.may(opening.zone_id, "zone.read"));
    Ok(in_sight.map(|opening| opening.title.to_string()).unwrap_or_default())
}

/// The name of the zone that something is about; nothing where it is out of the visitor's sight.
fn zone(visitor: &Visitor, item: &Value) -> String {
    let id = text(item, "/zone_id").parse().ok().filter(|zone| visitor.may(*zone, "zone.read"));
    id.map(|zone| visitor.zone(zone).name).unwrap_or_default()
}

fn place(kind: &str, id: &str) -> String {
    match kind {
        "proposal" => format!("/proposals/{id}"),
        "escalation" => format!("/escalations/{id}"),
        "evaluation" => format!("/evaluations/{id}"),
        "zone" => format!("/zones/{id}"),
        "member" => format!("/members/{id}"),
        _ => "/proposals".to_owned(),
    }
}

async fn told(visitor: &Visitor) -> Result<Told, Refusal> {
    let answer = visitor.get(&format!("/me/inbox?limit={NEWS}")).await?;
    let (mut judgements, mut news) = (Vec::new(), Vec::new());
    for item in answer["waiting"]["evaluations"].as_array().into_iter().flatten() {
        let title = title(visitor, text(item, "/proposal_id")).await?;
        let address = format!("/evaluations/{}", text(item, "/evaluation_id"));
        judgements.push(Line { title, address, zone: zone(visitor, item), when: None, unread: false });
    }
    for item in answer["items"].as_array().into_iter().flatten() {
        let (kind, id) = (text(item, "/subject/type"), text(item, "/subject/id"));
        let about = if kind == "proposal" { title(visitor, id).await? } else { String::new() };
        let words = sentence(text(item, "/kind"));
        let title = if about.is_empty() { words } else { format!("{words}: {about}") };
        let when = text(item, "/at").parse().ok().map(|at| When { at, now: visitor.now() });
        news.push(Line { title, address: place(kind, id), zone: zone(visitor, item), when, unread: item["read"] == false });
    }
    Ok(Told { judgements, news, unread: answer["unread"].as_u64().unwrap_or(0) })
}

/// `POST /inbox/read`: what changed until the page was made has been read.
pub async fn read(visitor: Visitor, fields: Fields) -> Shown {
    let up_to: u64 = fields.text("up_to").parse().unwrap_or(0);
    visitor.post("/me/inbox/read", &json!({"up_to": up_to}), fields.once()).await?;
    on_to("/inbox")
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
    let in_sight = found.iter().filter(|row| visitor.sees(row));
    let rows = in_sight.map(|row| ProposalRow::read(&visitor, row)).collect::<Result<Vec<_>, _>>()?;
    let first = rows.first().map(|row| row.id.clone());
    let detail = match id.map(str::to_owned).or(first) {
        Some(id) => Some(Detail::read(&visitor, &id).await?),
        None => None,
    };
    let told = told(&visitor).await?;
    let back = detail.as_ref().map_or_else(|| "/inbox".to_owned(), |detail| format!("/inbox/{}", detail.id));
    let frame = visitor.frame("Inbox", "inbox");
    page_with(
        status,
        &Inbox {
            judgements: told.judgements,
            news: told.news,
            unread: told.unread,
            position: visitor.position,
            frame,
            rows,
            detail,
            chosen: id.is_some(),
            fields,
            faults,
            back,
        },
    )
}
