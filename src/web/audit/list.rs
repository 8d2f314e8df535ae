//! `/audit`: the log as sentences, newest first, or as a story from its beginning.

use askama::Template;
use projections::desk;

use super::filter::{TYPES, address, filter, permitted};
use super::sentence::{Told, told};
use crate::engine::Direction;
use crate::web::form::Fields;
use crate::web::frame::Frame;
use crate::web::page::{Shown, page};
use crate::web::refusal::Refusal;
use crate::web::shown::{Escaped, Html};
use crate::web::visitor::Visitor;

/// Events on a page.
const ROWS: usize = 60;

#[derive(Template)]
#[template(path = "audit.html")]
struct Audit {
    frame: Frame,
    fields: Fields,
    people: Vec<(String, String)>,
    zones: Vec<(String, String)>,
    types: [(&'static str, &'static [&'static str]); 12],
    told: Vec<Told>,
    story: Option<Html>,
    /// Whether the visitor reads the log as a whole, and not only what is about something they may see.
    whole_log: bool,
    oldest_first: bool,
    turned: String,
    further: Option<String>,
    first: Option<String>,
    download: String,
    head: u64,
}

/// Who or what the list is narrowed to, if it is one entity.
async fn story(visitor: &Visitor, entity: &str) -> Result<Html, Refusal> {
    let tree = &visitor.ruling.authority.tree;
    if let Ok(id) = entity.parse()
        && tree.zone(id).is_some()
    {
        return Ok(Html(visitor.zone(id).to_string()));
    }
    if let Ok(id) = entity.parse()
        && visitor.ruling.authority.organization.anyone(id).is_some()
    {
        return Ok(Html(visitor.person(id).to_string()));
    }
    if let Ok(id) = entity.parse()
        && let Some(row) = visitor.app.views.live().db.row(desk::title(visitor.caller.organization_id, id)).await?
    {
        let title = row.text("title")?;
        return Ok(Html(format!("<a href=\"/proposals/{id}\">{}</a>", Escaped(&title))));
    }
    Ok(Html(crate::web::shown::Id(entity.to_owned()).to_string()))
}

/// `GET /audit`.
pub async fn show(visitor: Visitor) -> Shown {
    let fields = Fields::of_query(visitor.uri.query().unwrap_or_default());
    let asked = filter(&fields)?;
    permitted(&visitor, &asked).await?;
    let organization = visitor.caller.organization_id;
    let oldest_first = fields.is("order", "asc");
    let place = fields.narrowed("from_position", |place| place.parse::<u64>().ok())?;
    let limit = ROWS as u64 + 1;
    let direction = match place {
        Some(place) if oldest_first => Direction::Onwards(place),
        None if oldest_first => Direction::Onwards(0),
        Some(place) => Direction::Backwards(place),
        None => Direction::FROM_THE_END,
    };
    let events = visitor.app.history(organization, asked, direction, limit).await?;
    let more = events.len() > ROWS;
    let shown = &events[..events.len().min(ROWS)];
    let further =
        shown.last().filter(|_| more).map(|last| address("/audit", &fields, "from_position", &last.position.to_string()));
    let story = match fields.given("entity") {
        Some(entity) => Some(story(&visitor, entity).await?),
        None => None,
    };
    let anyone = [(String::new(), "Anyone".to_owned())];
    let anywhere = [(String::new(), "Anywhere".to_owned())];
    page(&Audit {
        frame: visitor.frame("Audit", "audit"),
        people: anyone.into_iter().chain(visitor.people_options()).collect(),
        zones: anywhere.into_iter().chain(visitor.zone_options()).collect(),
        types: TYPES,
        told: told(&visitor, shown).await?,
        story,
        whole_log: visitor.may_everywhere("audit.read"),
        oldest_first,
        turned: address("/audit", &fields, "order", if oldest_first { "" } else { "asc" }),
        further,
        first: place.map(|_| address("/audit", &fields, "from_position", "")),
        download: address("/audit/download", &fields, "from_position", ""),
        head: visitor.position,
        fields,
    })
}
