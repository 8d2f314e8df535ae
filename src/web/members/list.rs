//! `/members`: everyone in the organization; taking someone in.

use aggregates::actor::PrincipalKind;
use askama::Template;
use axum::http::StatusCode;
use serde_json::{Value, json};

use super::{Options, Tab, roles, skills, sponsors, tabs};
use crate::web::form::{Faults, Fields};
use crate::web::frame::Frame;
use crate::web::page::{Shown, on_to, page, page_with};
use crate::web::shown::{Person, When};
use crate::web::visitor::Visitor;
use crate::web::words::{reputation, sentence};

/// Someone in the list.
struct Line {
    who: Person,
    what: String,
    sponsor: Option<Person>,
    role: String,
    skills: Vec<String>,
    reputation: String,
    since: When,
}

#[derive(Template)]
#[template(path = "members.html")]
struct Members {
    frame: Frame,
    tabs: Vec<Tab>,
    groups: Vec<(&'static str, Vec<Line>)>,
    may_add: bool,
    may_invite: bool,
}

fn line(visitor: &Visitor, member: &aggregates::organization::Member) -> Line {
    let kind = sentence(&member.kind.to_string());
    Line {
        who: visitor.person(member.id),
        what: member.agent_type.as_ref().map_or_else(|| kind.clone(), |known| format!("{kind}, {known}")),
        sponsor: member.sponsor_id.map(|id| visitor.person(id)),
        role: sentence(&member.role.to_string()),
        skills: member.skills.iter().map(ToString::to_string).collect(),
        reputation: reputation(member.reputation),
        since: When { at: member.added_at, now: visitor.now() },
    }
}

/// `GET /members`.
pub async fn show(visitor: Visitor) -> Shown {
    let of = |wanted: fn(PrincipalKind) -> bool| -> Vec<Line> {
        let members = visitor.ruling.authority.organization.members();
        members.filter(|member| wanted(member.kind)).map(|member| line(&visitor, member)).collect()
    };
    let people = of(|kind| kind == PrincipalKind::Human);
    let others = of(|kind| kind != PrincipalKind::Human);
    page(&Members {
        frame: visitor.frame("Members", "members"),
        tabs: tabs(&visitor, "Members"),
        groups: vec![("People", people), ("Agents and services", others)],
        may_add: visitor.may_everywhere("member.add"),
        may_invite: visitor.may_everywhere("member.invite"),
    })
}

#[derive(Template)]
#[template(path = "member_new.html")]
struct NewMember {
    frame: Frame,
    fields: Fields,
    faults: Faults,
    roles: Options,
    sponsors: Options,
    kinds: Options,
}

fn form(visitor: &Visitor, fields: Fields, faults: Faults, status: StatusCode) -> Shown {
    visitor.must_everywhere("member.add")?;
    let kinds = [("agent", "An agent"), ("human", "A person"), ("service", "A service")];
    page_with(
        status,
        &NewMember {
            frame: visitor.frame("New member", "members"),
            roles: roles(visitor, None),
            sponsors: sponsors(visitor),
            kinds: kinds.map(|(kind, words)| (kind.to_owned(), words.to_owned())).to_vec(),
            fields,
            faults,
        },
    )
}

/// `GET /members/new`.
pub async fn new(visitor: Visitor) -> Shown {
    let sponsor = visitor.caller.id().to_string();
    form(
        &visitor,
        Fields::default().or("kind", "agent").or("role", "member").or("sponsor_id", sponsor),
        Faults::default(),
        StatusCode::OK,
    )
}

/// `POST /members/new`.
pub async fn add(visitor: Visitor, fields: Fields) -> Shown {
    let mut body = fields.object(&["kind", "role", "email"]);
    body.insert("display_name".to_owned(), json!(fields.text("display_name").trim()));
    body.insert("skills".to_owned(), json!(skills(fields.text("skills"))));
    if fields.is("kind", "agent") {
        body.extend(fields.object(&["sponsor_id", "agent_type"]));
    }
    match visitor.post("/members", &Value::Object(body), fields.once()).await {
        Ok(member) => on_to(&format!("/members/{}?said=member-added", member["id"].as_str().unwrap_or_default())),
        Err(refusal) if refusal.is_of_the_form() || refusal.status == 403 => {
            let pointers = ["/kind", "/role", "/email", "/display_name", "/skills", "/sponsor_id", "/agent_type"];
            form(&visitor, fields, Faults::of(&refusal, &pointers), refusal.http())
        }
        Err(refusal) => Err(refusal),
    }
}
