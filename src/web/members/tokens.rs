//! `/tokens`: the tokens that programs (and browsers) come with; making one, which is shown once, and making one worthless.

use aggregates::ids::{MemberId, TokenId};
use askama::Template;
use axum::extract::Path;
use axum::http::{Method, StatusCode};
use chrono::{DateTime, Utc};
use serde_json::{Value, json};

use super::{Options, Tab, tabs};
use crate::web::form::{Faults, Fields};
use crate::web::frame::Frame;
use crate::web::page::{Shown, on_to, page_with};
use crate::web::refusal::Refusal;
use crate::web::shown::{Badge, Person, When};
use crate::web::visitor::Visitor;

/// A token in the list.
struct Line {
    id: String,
    name: String,
    prefix: String,
    who: Person,
    actions: Vec<String>,
    state: Badge,
    expires: Option<When>,
    made: When,
    usable: bool,
}

#[derive(Template)]
#[template(path = "tokens.html")]
struct Tokens {
    frame: Frame,
    tabs: Vec<Tab>,
    lines: Vec<Line>,
    /// The one that was just made, in full.
    made: Option<(String, String)>,
    people: Options,
    fields: Fields,
    faults: Faults,
    may_revoke: bool,
    may_make: bool,
    older: Option<String>,
}

fn line(visitor: &Visitor, token: &Value) -> Option<Line> {
    let text = |key: &str| token[key].as_str().unwrap_or_default().to_owned();
    let moment = |key: &str| token[key].as_str().and_then(|at| at.parse::<DateTime<Utc>>().ok());
    let when = |at| When { at, now: visitor.now() };
    let expires = moment("expires_at");
    let state = match (moment("revoked_at"), expires) {
        (Some(_), _) => Badge::new("bad", "Revoked"),
        (None, Some(at)) if at <= visitor.now() => Badge::new("off", "Expired"),
        (None, _) => Badge::new("good", "Valid"),
    };
    Some(Line {
        id: text("id"),
        name: text("name"),
        prefix: text("prefix"),
        who: visitor.person(text("member_id").parse::<MemberId>().ok()?),
        actions: token["actions"].as_array().into_iter().flatten().filter_map(Value::as_str).map(str::to_owned).collect(),
        usable: state.look == "good",
        state,
        expires: expires.map(when),
        made: when(moment("created_at")?),
    })
}

/// Where the interface lists what the address asks for.
fn listing(visitor: &Visitor) -> String {
    let query = Fields::of_query(visitor.uri.query().unwrap_or_default());
    let mut narrowed = form_urlencoded::Serializer::new(String::new());
    narrowed.append_pair("limit", "100");
    for key in ["member_id", "cursor"] {
        if let Some(value) = query.given(key) {
            narrowed.append_pair(key, value);
        }
    }
    format!("/tokens?{}", narrowed.finish())
}

async fn shown(visitor: &Visitor, fields: Fields, faults: Faults, made: Option<(String, String)>, status: StatusCode) -> Shown {
    let listed = visitor.get(&listing(visitor)).await?;
    let query = Fields::of_query(visitor.uri.query().unwrap_or_default());
    let of = query.given("member_id").map(|member| format!("member_id={member}&")).unwrap_or_default();
    let older = listed["next"].as_str().map(|next| format!("/tokens?{of}cursor={next}"));
    let all = visitor.may_everywhere("token.issue");
    let mine = (visitor.caller.id().to_string(), visitor.name(visitor.caller.id()));
    page_with(
        status,
        &Tokens {
            frame: visitor.frame("Tokens", "members"),
            tabs: tabs(visitor, "Tokens"),
            lines: listed["items"].as_array().into_iter().flatten().filter_map(|token| line(visitor, token)).collect(),
            made,
            people: if all { visitor.people_options() } else { vec![mine] },
            fields: fields.or("member_id", visitor.caller.id().to_string()),
            faults,
            may_revoke: visitor.member.role != aggregates::actor::OrganizationRole::Auditor,
            may_make: all || visitor.member.role != aggregates::actor::OrganizationRole::Auditor,
            older,
        },
    )
}

/// `GET /tokens`.
pub async fn show(visitor: Visitor) -> Shown {
    shown(&visitor, Fields::default(), Faults::default(), None, StatusCode::OK).await
}

/// `POST /tokens`: the answer is the page that shows the token; there is no address at which it could be shown again.
pub async fn make(visitor: Visitor, fields: Fields) -> Shown {
    let mut body = fields.object(&["member_id"]);
    body.insert("name".to_owned(), json!(fields.text("name").trim()));
    if let Some(expires) = fields.given("expires_at") {
        let spelled = if expires.len() == 16 { format!("{expires}:00Z") } else { format!("{expires}Z") };
        body.insert("expires_at".to_owned(), json!(spelled));
    }
    let actions = fields.lines("actions");
    if !actions.is_empty() {
        body.insert("actions".to_owned(), json!(actions));
    }
    match visitor.post("/tokens", &Value::Object(body), fields.once()).await {
        Ok(token) => {
            let text = |key: &str| token[key].as_str().unwrap_or_default().to_owned();
            shown(&visitor, Fields::default(), Faults::default(), Some((text("name"), text("token"))), StatusCode::OK).await
        }
        Err(refusal) if refusal.is_of_the_form() || refusal.status == 403 => {
            let faults = Faults::of(&refusal, &["/member_id", "/name", "/expires_at", "/actions"]);
            shown(&visitor, fields, faults, None, refusal.http()).await
        }
        Err(refusal) => Err(refusal),
    }
}

/// `POST /tokens/{id}/revoke`.
pub async fn revoke(visitor: Visitor, Path(id): Path<String>, fields: Fields) -> Shown {
    let id: TokenId = id.parse().map_err(|_| Refusal::not_found("token"))?;
    match visitor.command(Method::DELETE, &format!("/tokens/{id}"), &json!({}), fields.once()).await {
        Ok(_) => on_to("/tokens?said=token-revoked"),
        Err(refusal) if refusal.is_of_the_form() || refusal.status == 403 => {
            shown(&visitor, Fields::default(), Faults::of(&refusal, &[]), None, refusal.http()).await
        }
        Err(refusal) => Err(refusal),
    }
}
