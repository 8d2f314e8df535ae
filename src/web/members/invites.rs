//! `/invites`: invitations to join, each with a code that is shown once.

use aggregates::ids::{InviteId, MemberId};
use askama::Template;
use axum::extract::Path;
use axum::http::{Method, StatusCode};
use chrono::{DateTime, Utc};
use serde_json::{Value, json};

use super::{Options, Tab, roles, tabs};
use crate::web::form::{Faults, Fields};
use crate::web::frame::Frame;
use crate::web::page::{Shown, on_to, page_with};
use crate::web::refusal::Refusal;
use crate::web::shown::{Badge, Person, When};
use crate::web::visitor::Visitor;
use crate::web::words::sentence;

/// An invitation in the list.
struct Line {
    role: String,
    id: String,
    open: bool,
    state: Badge,
    taken_by: Option<Person>,
    expires: When,
    made: When,
}

#[derive(Template)]
#[template(path = "invites.html")]
struct Invites {
    frame: Frame,
    tabs: Vec<Tab>,
    lines: Vec<Line>,
    code: Option<String>,
    roles: Options,
    fields: Fields,
    faults: Faults,
    may_invite: bool,
}

fn line(visitor: &Visitor, invite: &Value) -> Option<Line> {
    let moment = |key: &str| invite[key].as_str().and_then(|at| at.parse::<DateTime<Utc>>().ok());
    let when = |at| When { at, now: visitor.now() };
    let taken_by = invite["accepted_by"].as_str().and_then(|id| id.parse::<MemberId>().ok());
    let expires = moment("expires_at")?;
    let state = match taken_by {
        Some(_) => Badge::new("good", "Taken up"),
        None if invite["revoked_at"].is_string() => Badge::new("off", "Taken back"),
        None if expires <= visitor.now() => Badge::new("off", "Expired"),
        None => Badge::new("open", "Open"),
    };
    let open = taken_by.is_none() && !invite["revoked_at"].is_string() && expires > visitor.now();
    Some(Line {
        id: invite["id"].as_str().unwrap_or_default().to_owned(),
        open,
        role: sentence(invite["role"].as_str().unwrap_or_default()),
        state,
        taken_by: taken_by.map(|id| visitor.person(id)),
        expires: when(expires),
        made: when(moment("created_at")?),
    })
}

async fn shown(visitor: &Visitor, fields: Fields, faults: Faults, code: Option<String>, status: StatusCode) -> Shown {
    let listed = visitor.get("/invites?limit=200").await?;
    page_with(
        status,
        &Invites {
            frame: visitor.frame("Invitations", "members"),
            tabs: tabs(visitor, "Invitations"),
            lines: listed["items"].as_array().into_iter().flatten().filter_map(|invite| line(visitor, invite)).collect(),
            code,
            roles: roles(visitor, None),
            fields: fields.or("role", "member"),
            faults,
            may_invite: visitor.may_everywhere("member.invite"),
        },
    )
}

/// `GET /invites`.
pub async fn show(visitor: Visitor) -> Shown {
    shown(&visitor, Fields::default(), Faults::default(), None, StatusCode::OK).await
}

/// `POST /invites`: the answer is the page that shows the code.
pub async fn invite(visitor: Visitor, fields: Fields) -> Shown {
    match visitor.post("/invites", &json!({"role": fields.text("role")}), fields.once()).await {
        Ok(invite) => {
            let code = invite["code"].as_str().unwrap_or_default().to_owned();
            shown(&visitor, Fields::default(), Faults::default(), Some(code), StatusCode::OK).await
        }
        Err(refusal) if refusal.is_of_the_form() || refusal.status == 403 => {
            shown(&visitor, fields, Faults::of(&refusal, &["/role"]), None, refusal.http()).await
        }
        Err(refusal) => Err(refusal),
    }
}

/// `POST /invites/{id}/revoke`.
pub async fn revoke(visitor: Visitor, Path(id): Path<String>, fields: Fields) -> Shown {
    let id: InviteId = id.parse().map_err(|_| Refusal::not_found("invitation"))?;
    match visitor.command(Method::DELETE, &format!("/invites/{id}"), &json!({}), fields.once()).await {
        Ok(_) => on_to("/invites?said=invite-revoked"),
        Err(refusal) if refusal.is_of_the_form() || refusal.status == 403 => {
            shown(&visitor, Fields::default(), Faults::of(&refusal, &[]), None, refusal.http()).await
        }
        Err(refusal) => Err(refusal),
    }
}
