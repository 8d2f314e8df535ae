//! `/escalations/{id}`.

use aggregates::Decider;
use aggregates::escalation::{Contest, Escalation, State, Status, kept_from_dismissing};
use aggregates::ids::{EscalationId, MemberId};
use aggregates::proposal::Proposal;
use askama::Template;
use axum::extract::Path;
use axum::http::StatusCode;
use projections::audit;
use serde_json::{Map, Value};

use super::status;
use crate::web::form::{Faults, Fields};
use crate::web::frame::Frame;
use crate::web::page::{Shown, page_with};
use crate::web::proposals::happened;
use crate::web::refusal::Refusal;
use crate::web::shown::{Badge, Html, Id, Person, When, ZoneName};
use crate::web::visitor::Visitor;
use crate::web::words::{plain, sentence};

/// A proposal that the escalation hangs together with.
struct Link {
    what: &'static str,
    id: String,
    title: String,
}

#[expect(clippy::struct_excessive_bools, reason = "each says whether the page has one thing or not")]
#[derive(Template)]
#[template(path = "escalation.html")]
struct EscalationPage {
    frame: Frame,
    id: String,
    id_shown: Id,
    title: &'static str,
    status: Badge,
    zone: ZoneName,
    to: ZoneName,
    owners: bool,
    who: Person,
    raised: When,
    reason: String,
    automatic: Option<String>,
    change: Vec<(String, Html)>,
    links: Vec<Link>,
    signatures: Vec<(Person, When)>,
    threshold: Option<u32>,
    outcome: Option<String>,
    timeline: Vec<crate::web::proposals::Happened>,
    may_sign: bool,
    may_dismiss: bool,
    may_withdraw: bool,
    fields: Fields,
    faults: Faults,
}

/// `GET /escalations/{id}`.
pub async fn show(visitor: Visitor, Path(id): Path<String>) -> Shown {
    again(visitor, &id, Fields::default(), Faults::default(), StatusCode::OK).await
}

async fn link(visitor: &Visitor, what: &'static str, id: aggregates::ids::ProposalId) -> Result<Link, Refusal> {
    let loaded = visitor.app.load::<Proposal>(id, false).await?;
    let title = loaded.state.opening.as_ref().map(|opening| opening.title.to_string()).unwrap_or_default();
    Ok(Link { what, id: id.to_string(), title })
}

/// A change of a zone and its roles, as pairs.
fn change(visitor: &Visitor, keys: &Map<String, Value>) -> Vec<(String, Html)> {
    let shown = |key: &String, value: &Value| match (key.as_str(), value) {
        ("assignments", Value::Object(roles)) => {
            roles.iter().map(|(what, value)| (sentence(what), visitor.value(what, value))).collect()
        }
        _ => vec![(sentence(key), visitor.value(key, value))],
    };
    keys.iter().flat_map(|(key, value)| shown(key, value)).collect()
}

/// The page with what was typed and what was wrong with it.
pub async fn again(visitor: Visitor, id: &str, fields: Fields, faults: Faults, http: StatusCode) -> Shown {
    let id: EscalationId = id.parse().map_err(|_| Refusal::not_found("escalation"))?;
    let loaded = visitor.app.load::<Escalation>(id, false).await?;
    let state: &State = &loaded.state;
    let raised = state.raised.as_ref().ok_or_else(|| Refusal::not_found("escalation"))?;
    if visitor.ruling.authority.tree.zone(raised.zone_id).is_none() {
        return Err(Refusal::not_found("escalation"));
    }
    visitor.must(raised.zone_id, "zone.read")?;
    let now = visitor.now();
    let statement = audit::stream_until(visitor.caller.organization_id, Escalation::TYPE, id.to_string(), u64::MAX >> 1);
    let events = visitor.app.log.events(statement).await?;
    let (source, automatic, asked, threshold) = match &raised.contest {
        Contest::Action { proposal_id, automatic } => {
            (Some(*proposal_id), automatic.map(|why| plain(&why.to_string())), None, None)
        }
        Contest::Governance { change, cosigner_threshold, .. } => (None, None, Some(change), Some(*cosigner_threshold)),
    };
    let mut links = Vec::new();
    let mut contested = None;
    if let Some(source) = source {
        contested = Some(visitor.app.load::<Proposal>(source, false).await?.state);
        links.push(link(&visitor, "The contested decision", source).await?);
    }
    if let Some(parent) = state.proposal_id {
        links.push(link(&visitor, "What decides it", parent).await?);
    }
    let timeline = events.iter().map(|event| {
        let mut told = happened(&visitor, event);
        // Whoever spoke last did not take it up.
        if automatic.is_some() && ["escalation.raised", "escalation.accepted"].contains(&event.event_type.as_ref()) {
            told.who = Some(visitor.person(MemberId::SYSTEM));
        }
        told
    });
    let timeline = timeline.collect();
    let me = visitor.caller.id();
    let person = visitor.ruling.authority.organization.person(me);
    let pending = state.status == Status::Pending;
    let organization = &visitor.ruling.authority.organization;
    let kept = kept_from_dismissing(&visitor.ruling.authority, state, contested.as_deref());
    let may_not = kept.into_iter().any(|member| organization.person(member) == person);
    let signed = state.signatures.iter().any(|signature| signature.person_id == person);
    let covers =
        |action: &str| aggregates::action::Action::parse(action).is_ok_and(|action| visitor.caller.token_covers(&action));
    let dismissal = state.dismissal.as_ref().map(|dismissal| {
        let note = dismissal.note.as_ref().map(|note| format!(": {note}")).unwrap_or_default();
        format!("{}{note}", sentence(&dismissal.reason.to_string()))
    });
    let outcome = state.outcome.map(|outcome| format!("The zone above {} it", plain(&outcome.to_string())));
    let title = if source.is_some() { "A decision is contested" } else { "Who decides is contested" };
    page_with(
        http,
        &EscalationPage {
            id: id.to_string(),
            id_shown: Id(id.to_string()),
            title,
            status: if pending && threshold.is_none() {
                Badge::new("open", "Raised")
            } else {
                status(&state.status.to_string())
            },
            zone: visitor.zone(raised.zone_id),
            to: visitor.zone(raised.to_zone_id),
            owners: raised.to_zone_id == raised.zone_id,
            who: visitor.person(if automatic.is_some() { MemberId::SYSTEM } else { raised.escalator_id }),
            raised: When { at: raised.raised_at, now },
            reason: raised.reason.to_string(),
            automatic,
            change: asked.map(|keys| change(&visitor, keys)).unwrap_or_default(),
            links,
            signatures: state.signatures.iter().map(|one| (visitor.person(one.member_id), When { at: one.at, now })).collect(),
            threshold,
            outcome: dismissal.or(outcome),
            timeline,
            may_sign: pending && threshold.is_some() && !signed && visitor.may(raised.zone_id, "escalation.trigger"),
            may_dismiss: state.is_live() && visitor.may(raised.to_zone_id, "escalation.dismiss") && !may_not,
            may_withdraw: state.may_be_withdrawn() && raised.escalator_id == me && covers("escalation.trigger"),
            frame: visitor.frame(title, "escalations"),
            fields,
            faults,
        },
    )
}
