//! `/zones/new`: a new zone, with its name, its place and whether it begins at once. Its parameters are set on its own page.

use askama::Template;
use axum::http::StatusCode;
use serde_json::{Value, json};

use crate::web::form::{Faults, Fields};
use crate::web::frame::Frame;
use crate::web::page::{Shown, on_to, page_with};
use crate::web::visitor::Visitor;

#[derive(Template)]
#[template(path = "zone_new.html")]
struct NewZone {
    frame: Frame,
    fields: Fields,
    faults: Faults,
    parents: Vec<(String, String)>,
}

fn form(visitor: &Visitor, fields: Fields, faults: Faults, status: StatusCode) -> Shown {
    visitor.must_everywhere("zone.read")?;
    let root = (String::new(), "None (top level)".to_owned());
    let parents = [root].into_iter().chain(visitor.zone_options()).collect();
    page_with(status, &NewZone { frame: visitor.frame("New zone", "zones"), fields, faults, parents })
}

/// `GET /zones/new`, perhaps with a parent in the address.
pub async fn show(visitor: Visitor) -> Shown {
    let fields = Fields::of_query(visitor.uri.query().unwrap_or_default()).or("status", "draft");
    form(&visitor, fields, Faults::default(), StatusCode::OK)
}

/// `POST /zones/new`.
pub async fn submit(visitor: Visitor, fields: Fields) -> Shown {
    let mut body = fields.object(&["slug", "description", "parent_zone_id", "status"]);
    body.insert("name".to_owned(), json!(fields.text("name").trim()));
    match visitor.post("/zones", &Value::Object(body), fields.once()).await {
        Ok(zone) => on_to(&format!("/zones/{}?said=zone-made", zone["id"].as_str().unwrap_or_default())),
        Err(refusal) if refusal.is_of_the_form() || refusal.status == 403 => {
            let faults = Faults::of(&refusal, &["/name", "/slug", "/description", "/parent_zone_id", "/status"]);
            form(&visitor, fields, faults, refusal.http())
        }
        Err(refusal) => Err(refusal),
    }
}
