//! `/members/{id}`: someone, where they have which role, what they answer for; changing that, and letting them go.

use aggregates::ids::MemberId;
use aggregates::organization::Member;
use askama::Template;
use axum::extract::Path;
use axum::http::{Method, StatusCode};
use serde_json::{Map, Value, json};

use super::standing::{Step, standing};
use super::{Options, roles, skills, sponsors};
use crate::web::form::{Faults, Fields};
use crate::web::frame::Frame;
use crate::web::page::{Shown, on_to, page_with};
use crate::web::refusal::Refusal;
use crate::web::shown::{Id, Person, When, ZoneName};
use crate::web::visitor::Visitor;
use crate::web::words::{self, sentence};

#[derive(Template)]
#[template(path = "member.html")]
#[expect(clippy::struct_excessive_bools, reason = "each is a part of the page that is there or not")]
struct Profile {
    frame: Frame,
    id: String,
    id_shown: Id,
    who: Person,
    what: String,
    role: String,
    email: String,
    sponsor: Option<Person>,
    answers_for: Vec<Person>,
    skills: Vec<String>,
    reputation: String,
    staked: String,
    since: When,
    active: bool,
    agent: bool,
    history: Vec<Step>,
    trend: String,
    trend_from: String,
    reviews: Option<String>,
    zone_roles: Vec<(ZoneName, String, When)>,
    may_change: bool,
    may_rename: bool,
    may_remove: bool,
    sees_tokens: bool,
    sees_log: bool,
    roles: Options,
    sponsors: Options,
    fields: Fields,
    faults: Faults,
    removing: bool,
}

fn member_at<'a>(visitor: &'a Visitor, id: &str) -> Result<&'a Member, Refusal> {
    let id: MemberId = id.parse().map_err(|_| Refusal::not_found("member"))?;
    visitor.ruling.authority.organization.anyone(id).ok_or_else(|| Refusal::not_found("member"))
}

/// `GET /members/{id}`; with `?remove=1` it asks whether to let them go.
pub async fn show(visitor: Visitor, Path(id): Path<String>) -> Shown {
    let member = member_at(&visitor, &id)?.clone();
    let shown = visitor.get(&format!("/members/{}", member.id)).await?;
    let text = |key: &str| shown[key].as_str().unwrap_or_default().to_owned();
    let skills: Vec<String> = member.skills.iter().map(ToString::to_string).collect();
    let fields = Fields::default()
        .or("display_name", text("display_name"))
        .or("email", text("email"))
        .or("role", member.role.to_string())
        .or("sponsor_id", member.sponsor_id.map(|id| id.to_string()).unwrap_or_default())
        .or("agent_type", text("agent_type"))
        .or("skills", skills.join(", "));
    profile(&visitor, &member, fields, Faults::default(), StatusCode::OK).await
}

async fn profile(visitor: &Visitor, member: &Member, fields: Fields, faults: Faults, status: StatusCode) -> Shown {
    let shown = visitor.get(&format!("/members/{}", member.id)).await?;
    let standing = standing(visitor, member.id).await?;
    let organization = &visitor.ruling.authority.organization;
    let tree = &visitor.ruling.authority.tree;
    let held = tree.zones().flat_map(|zone| zone.assignments.iter().map(move |held| (zone, held)));
    let held = held.filter(|(zone, held)| held.member_id == member.id && visitor.may(zone.id, "zone.read"));
    let agent = member.kind == aggregates::actor::PrincipalKind::Agent;
    let kind = sentence(&member.kind.to_string());
    let me = member.id == visitor.caller.id();
    let may_change = member.active && visitor.may_everywhere("member.write");
    let staked = member.reputation.less(member.unstaked());
    let when = |at| When { at, now: visitor.now() };
    page_with(
        status,
        &Profile {
            frame: visitor.frame(&visitor.name(member.id), "members"),
            id: member.id.to_string(),
            id_shown: Id(member.id.to_string()),
            who: visitor.person(member.id),
            what: member.agent_type.as_ref().map_or_else(|| kind.clone(), |known| format!("{kind}, {known}")),
            role: sentence(&member.role.to_string()),
            email: shown["email"].as_str().unwrap_or_default().to_owned(),
            sponsor: member.sponsor_id.map(|id| visitor.person(id)),
            answers_for: organization
                .members()
                .filter(|other| other.sponsor_id == Some(member.id))
                .map(|other| visitor.person(other.id))
                .collect(),
            skills: member.skills.iter().map(ToString::to_string).collect(),
            reputation: words::reputation(member.reputation),
            staked: if member.stakes.is_empty() { String::new() } else { staked.to_string() },
            since: when(member.added_at),
            active: member.active,
            agent,
            trend: standing.trend,
            trend_from: standing.from,
            history: standing.history,
            reviews: standing.reviews,
            zone_roles: held
                .map(|(zone, held)| (visitor.zone(zone.id), sentence(&held.role.to_string()), when(held.assigned_at)))
                .collect(),
            may_change,
            may_rename: member.active && (may_change || me),
            may_remove: member.active && !me && visitor.may_everywhere("member.remove"),
            sees_log: visitor.may_everywhere("audit.read"),
            sees_tokens: me || visitor.may_everywhere("token.read"),
            roles: roles(visitor, Some(member.role)),
            sponsors: sponsors(visitor),
            removing: visitor.uri.query().is_some_and(|query| query.contains("remove=1")),
            fields,
            faults,
        },
    )
}

/// `POST /members/{id}`: changes what is filled in; only what differs is sent, since some of it needs a right of its own.
pub async fn change(visitor: Visitor, Path(id): Path<String>, fields: Fields) -> Shown {
    let member = member_at(&visitor, &id)?.clone();
    let path = format!("/members/{}", member.id);
    let before = visitor.get(&path).await?;
    let mut body = Map::new();
    for key in ["display_name", "email", "role", "sponsor_id", "agent_type"] {
        let typed = fields.given(key).map_or(Value::Null, |text| json!(text));
        if fields.has(key) && before[key] != typed && !(typed.is_null() && matches!(key, "display_name" | "role")) {
            body.insert(key.to_owned(), typed);
        } else if fields.has(key) && typed.is_null() && key == "display_name" {
            body.insert(key.to_owned(), json!(""));
        }
    }
    let known: Vec<String> = member.skills.iter().map(ToString::to_string).collect();
    if fields.has("skills") && skills(fields.text("skills")) != known {
        body.insert("skills".to_owned(), json!(skills(fields.text("skills"))));
    }
    match visitor.command(Method::PATCH, &path, &Value::Object(body), fields.once()).await {
        Ok(_) => on_to(&format!("{path}?said=member-changed")),
        Err(refusal) if refusal.is_of_the_form() || refusal.status == 403 => {
            let pointers = ["/role", "/email", "/display_name", "/skills", "/sponsor_id", "/agent_type"];
            let (faults, status) = (Faults::of(&refusal, &pointers), refusal.http());
            profile(&visitor, &member, fields, faults, status).await
        }
        Err(refusal) => Err(refusal),
    }
}

/// `POST /members/{id}/remove`.
pub async fn remove(visitor: Visitor, Path(id): Path<String>, fields: Fields) -> Shown {
    let member = member_at(&visitor, &id)?.clone();
    match visitor.command(Method::DELETE, &format!("/members/{}", member.id), &json!({}), fields.once()).await {
        Ok(_) => on_to("/members?said=member-removed"),
        Err(refusal) if refusal.is_of_the_form() || refusal.status == 403 => {
            let (faults, status) = (Faults::of(&refusal, &[]), refusal.http());
            profile(&visitor, &member, fields, faults, status).await
        }
        Err(refusal) => Err(refusal),
    }
}
