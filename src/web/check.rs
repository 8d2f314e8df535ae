//! `/check`: may somebody do something here? The decision, and the path down the tree that made it.

use aggregates::action::Action;
use aggregates::amount::Amount;
use aggregates::ids::{MemberId, ZoneId};
use aggregates::permission::{Answer, Ask, Decision, Standing, check, holds_in_organization};
use aggregates::text::Label;
use askama::Template;
use axum::http::StatusCode;

use super::form::{Faults, Fields};
use super::frame::Frame;
use super::page::{Shown, page_with};
use super::shown::{Badge, Html, Person, ZoneName};
use super::visitor::Visitor;
use super::words::{sentence, zone_status};
use super::zones::{label_at, named};

/// What one zone on the way says.
struct Step {
    zone: ZoneName,
    status: Badge,
    verdict: Badge,
    words: String,
    parameter: Option<(String, Html)>,
    roles: Vec<String>,
    decides: bool,
}

/// The answer, explained.
struct Explained {
    badge: Badge,
    who: Person,
    action: String,
    zone: ZoneName,
    message: String,
    cure: Option<String>,
    organization_role: String,
    by_organization: bool,
    steps: Vec<Step>,
    position: u64,
}

#[derive(Template)]
#[template(path = "check.html")]
struct Check {
    frame: Frame,
    fields: Fields,
    faults: Faults,
    zones: Vec<(String, String)>,
    people: Vec<(String, String)>,
    explained: Option<Explained>,
}

/// `GET /check`: the question stands in the address, so that an answer can be shown to somebody else.
pub async fn show(visitor: Visitor) -> Shown {
    visitor.must_everywhere("zone.read")?;
    let fields = Fields::of_query(visitor.uri.query().unwrap_or_default()).or("principal_id", visitor.caller.id().to_string());
    let asked = fields.given("action").map(|_| question(&visitor, &fields));
    let (explained, faults) = match asked {
        None => (None, Faults::default()),
        Some(Ok((zone, ask))) => {
            visitor.must(zone, "zone.read")?;
            (Some(explain(&visitor, zone, &ask)), Faults::default())
        }
        Some(Err((field, message))) => (None, Faults::at(&field, message)),
    };
    let status = if faults.any() { StatusCode::UNPROCESSABLE_ENTITY } else { StatusCode::OK };
    page_with(
        status,
        &Check {
            frame: visitor.frame("Check", "checks"),
            zones: visitor.zone_options(),
            people: visitor.people_options(),
            fields,
            faults,
            explained,
        },
    )
}

type Unasked = (String, String);

fn unasked(field: &str, why: impl std::fmt::Display) -> Unasked {
    (format!("/{field}"), why.to_string())
}

fn question(visitor: &Visitor, fields: &Fields) -> Result<(ZoneId, Ask), Unasked> {
    let zone = fields.given("zone_id").and_then(|id| id.parse::<ZoneId>().ok());
    let zone = zone.filter(|zone| visitor.ruling.authority.tree.zone(*zone).is_some());
    let zone = zone.ok_or_else(|| unasked("zone_id", "choose a zone"))?;
    let who = fields.given("principal_id").and_then(|id| id.parse::<MemberId>().ok());
    let who = who.filter(|who| visitor.ruling.authority.organization.member(*who).is_some());
    let who = who.ok_or_else(|| unasked("principal_id", "choose someone"))?;
    let action = Action::parse(fields.text("action").trim()).map_err(|error| unasked("action", error))?;
    let label = |name: &str| -> Result<Option<Label>, Unasked> {
        fields.given(name).map(|text| Label::parse(text).map_err(|error| unasked(name, error))).transpose()
    };
    let amount = fields.given("amount").map(|text| Amount::parse(text).map_err(|error| unasked("amount", error)));
    let mut ask = Ask::plain(who, action, visitor.now());
    ask.amount = amount.transpose()?;
    ask.board_id = label("board_id")?;
    ask.tool = label("tool")?;
    ask.params = named(fields, "params", "/params")?;
    Ok((zone, ask))
}

fn decision(answer: &Answer) -> Badge {
    match answer.decision {
        Decision::Allow => Badge::new("good", "Yes"),
        Decision::Deny => Badge::new("bad", "No"),
        Decision::ApprovalRequired => Badge::new("wait", "After an approved proposal"),
    }
}

/// Each zone on the way is asked with everything above it, as the rules do: what a zone says of its own is what decides
/// there and did not above it. Roles are left to the end, since they may be held further down.
fn explain(visitor: &Visitor, zone: ZoneId, ask: &Ask) -> Explained {
    let authority = &visitor.ruling.authority;
    let answer = check(authority, zone, ask);
    let reason = answer.reasons.first();
    let roles = authority.tree.roles_of(ask.principal, zone);
    let steps = authority.tree.path(zone).into_iter().map(|level| {
        let rules_only = Ask { standing: Standing { approved: true, ..Standing::default() }, ..ask.clone() };
        let hard = check(authority, level.id, &rules_only);
        let own = hard.reasons.first().filter(|reason| reason.zone_id == Some(level.id));
        let decides = reason.is_some_and(|reason| reason.zone_id == Some(level.id));
        let own = own.or(reason.filter(|_| decides));
        let parameter = own.and_then(|reason| {
            let pointer = reason.parameter.as_deref()?;
            let name = pointer.rsplit('/').next().unwrap_or_default();
            Some((label_at(pointer), reason.limit.as_ref().map(|limit| visitor.value(name, limit)).unwrap_or_default()))
        });
        let needs_approval = own.is_some_and(|reason| reason.code == "approval_required");
        let verdict = match own {
            None => Badge::new("good", "Lets it through"),
            Some(_) if needs_approval => Badge::new("wait", "Asks for approval"),
            Some(_) => Badge::new("bad", "Stops it"),
        };
        Step {
            zone: visitor.zone(level.id),
            status: zone_status(level.status),
            verdict,
            words: own.map(|reason| reason.message.replace('`', "")).unwrap_or_default(),
            parameter,
            roles: roles.iter().filter(|(_, zone)| *zone == level.id).map(|(role, _)| role.to_string()).collect(),
            decides,
        }
    });
    let member = authority.organization.member(ask.principal);
    Explained {
        badge: decision(&answer),
        who: visitor.person(ask.principal),
        action: ask.action.to_string(),
        zone: visitor.zone(zone),
        message: reason.map(|reason| reason.message.replace('`', "")).unwrap_or_default(),
        cure: reason.and_then(|reason| reason.cure.as_ref().map(|cure| cure.replace('`', "").replace('_', " "))),
        organization_role: member.map(|member| sentence(&member.role.to_string())).unwrap_or_default(),
        by_organization: holds_in_organization(authority, ask.principal, &ask.action),
        steps: steps.collect(),
        position: visitor.ruling.position,
    }
}
