//! `/proposals/new`: composing a proposal of any type, with a preview of what would come of it: risk, electorate, model, limits.

use aggregates::decision_model::DecisionModel;
use aggregates::ids::{ProposalId, ZoneId};
use aggregates::proposal::{Opening, ProposalType, Submission, prepare, read_subject};
use aggregates::text::{Name, Prose};
use aggregates::{Rejected, reading};
use askama::Template;
use axum::http::StatusCode;
use serde_json::Value;
use uuid::Uuid;

use super::composed::{body, kind};
use super::detail::kept_out;
use super::effect::{Effect, Tense, effect};
use super::risk;
use crate::engine::Problem;
use crate::web::form::{Faults, Fields};
use crate::web::frame::Frame;
use crate::web::page::{Shown, on_to, page_with};
use crate::web::refusal::Refusal;
use crate::web::shown::{Html, Person, RiskMark};
use crate::web::visitor::Visitor;
use crate::web::words;

/// The fields of the composer, as pointers into the command's body.
const POINTERS: [&str; 26] = [
    "/title",
    "/description",
    "/zone_id",
    "/expires_at",
    "/decision_model",
    "/payload/action",
    "/payload/amount",
    "/payload/board_id",
    "/payload/tool",
    "/payload/params",
    "/payload/executor_id",
    "/payload/agent_type",
    "/payload/beneficiary_id",
    "/payload/operation",
    "/payload/member_id",
    "/payload/role",
    "/payload/changes/name",
    "/payload/changes/status",
    "/payload/changes/resource_scope/budget_limit",
    "/payload/changes/constraints/spending_limit",
    "/payload/changes/constraints/allowed_actions",
    "/payload/changes/constraints/blocked_actions",
    "/payload/changes/constraints/approval_required_actions",
    "/payload/changes",
    "/payload",
    "/type",
];

/// What would come of it.
struct Preview {
    effect: Effect,
    risk: RiskMark,
    risk_why: String,
    model: String,
    model_words: String,
    electorate: Vec<(Person, Html)>,
    conflicts: Vec<(Person, String)>,
    auto_approved: bool,
    human_required: bool,
}

#[derive(Template)]
#[template(path = "compose.html")]
struct Compose {
    frame: Frame,
    fields: Fields,
    faults: Faults,
    kind: ProposalType,
    kinds: Vec<(String, &'static str, bool)>,
    zones: Vec<(String, String)>,
    people: Vec<(String, String)>,
    roles: Vec<(String, String)>,
    zone_model: String,
    quorum: bool,
    threshold: bool,
    preview: Option<Preview>,
}

/// `GET /proposals/new`: the fields may be in the address, so that other pages can lead here with something filled in.
pub async fn show(visitor: Visitor) -> Shown {
    let fields = Fields::of_query(visitor.uri.query().unwrap_or_default());
    form(&visitor, fields, Faults::default(), None, StatusCode::OK)
}

fn zone_of(visitor: &Visitor, fields: &Fields) -> Option<ZoneId> {
    let named = fields.given("zone_id").and_then(|id| id.parse().ok());
    let known = named.filter(|id| visitor.ruling.authority.tree.zone(*id).is_some());
    known.or_else(|| visitor.zone_options().first().and_then(|(id, _)| id.parse().ok()))
}

/// How the zone that is chosen decides.
fn zone_model(visitor: &Visitor, fields: &Fields) -> DecisionModel {
    let zone = zone_of(visitor, fields);
    zone.map(|zone| visitor.ruling.authority.tree.effective(zone).decision_model.clone()).unwrap_or_default()
}

fn form(visitor: &Visitor, fields: Fields, faults: Faults, preview: Option<Preview>, status: StatusCode) -> Shown {
    visitor.must_everywhere("zone.read")?;
    visitor.refuse_auditors()?;
    let kind = kind(&fields);
    let zone_model = zone_model(visitor, &fields);
    let types = [
        ProposalType::TaskExecution,
        ProposalType::ResourceAllocation,
        ProposalType::ZoneChange,
        ProposalType::MembershipChange,
    ];
    let mark = |wanted: ProposalType| (wanted.to_string(), words::proposal_type(wanted), wanted == kind);
    let nobody = (String::new(), "Whoever proposes it".to_owned());
    let roles = ["executor", "approver", "evaluator", "gardener"];
    let model = zone_model.rule.model_type().to_string();
    page_with(
        status,
        &Compose {
            frame: visitor.frame("New proposal", "proposals"),
            kind,
            kinds: types.into_iter().map(mark).collect(),
            zones: visitor.zone_options(),
            people: [nobody].into_iter().chain(visitor.people_options()).collect(),
            roles: roles.iter().map(|role| ((*role).to_owned(), words::sentence(role))).collect(),
            zone_model: words::model(&zone_model),
            quorum: matches!(model.as_str(), "majority" | "weighted"),
            threshold: model == "threshold",
            fields,
            faults,
            preview,
        },
    )
}

/// `POST /proposals/new`: another type, a preview, or the thing itself, by which button was pressed.
pub async fn submit(visitor: Visitor, fields: Fields) -> Shown {
    if let Some(kind) = fields.text("do").strip_prefix("type:") {
        let fields = fields.clone().with("type", kind);
        return form(&visitor, fields, Faults::default(), None, StatusCode::OK);
    }
    let zone_model = zone_model(&visitor, &fields);
    let body = match body(&fields, &zone_model) {
        Ok(body) => body,
        Err((pointer, fault)) => {
            return form(&visitor, fields, Faults::at(pointer, fault), None, StatusCode::UNPROCESSABLE_ENTITY);
        }
    };
    if fields.is("do", "propose") {
        return match visitor.post("/proposals", &body, fields.once()).await {
            Ok(proposal) => on_to(&format!("/proposals/{}?said=proposed", proposal["id"].as_str().unwrap_or_default())),
            Err(refusal) if refusal.is_of_the_form() || refusal.status == 403 => {
                let status = refusal.http();
                form(&visitor, fields, Faults::of(&refusal, &POINTERS), None, status)
            }
            Err(refusal) => Err(refusal),
        };
    }
    match preview(&visitor, &body) {
        Ok(preview) => form(&visitor, fields, Faults::default(), Some(preview), StatusCode::OK),
        Err(refusal) => {
            let status = refusal.http();
            form(&visitor, fields, Faults::of(&refusal, &POINTERS), None, status)
        }
    }
}

/// What proposing it now would open with, worked out by the rules that open it.
fn preview(visitor: &Visitor, body: &Value) -> Result<Preview, Refusal> {
    let read = |key: &str, at: &str| (body[key].clone(), at.to_owned());
    let (zone, at) = read("zone_id", "/zone_id");
    let zone_id: ZoneId = field(&zone, &at)?;
    visitor.must(zone_id, "proposal.create")?;
    let kind: ProposalType = field(&body["type"], "/type")?;
    let subject = read_subject(kind, &body["payload"]).map_err(|fault| Problem::faults(vec![fault]))?;
    let title: Name = field(&body["title"], "/title")?;
    let description: Option<Prose> = field(&body["description"], "/description")?;
    let decision_model: Option<DecisionModel> = field(&body["decision_model"], "/decision_model")?;
    let proposer_id = visitor.caller.id();
    let submission = Submission {
        id: ProposalId(Uuid::nil()),
        zone_id,
        proposer_id,
        title,
        description: description.unwrap_or_else(Prose::none),
        subject,
        decision_model,
        expires_at: field(&body["expires_at"], "/expires_at")?,
        now: visitor.now(),
        policy_position: visitor.ruling.position,
    };
    let opening = prepare(&visitor.ruling.authority, submission).map_err(|rejection| refused(&rejection))?;
    Ok(shown(visitor, &opening))
}

fn refused(rejection: &impl Rejected) -> Refusal {
    Problem::of(rejection).into()
}

fn field<T: serde::de::DeserializeOwned + 'static>(value: &Value, at: &str) -> Result<T, Refusal> {
    reading::read(value).map_err(|fault| Problem::faults(vec![fault.under(at)]).into())
}

fn shown(visitor: &Visitor, opening: &Opening) -> Preview {
    let tree = &visitor.ruling.authority.tree;
    let budget = tree.effective(opening.zone_id).resource_scope.budget_limit.map(|limit| limit.0);
    let electorate = opening.electorate.iter().map(|elector| {
        let zone = elector.zone_id.map(|zone| format!(" {}", visitor.zone(zone))).unwrap_or_default();
        (visitor.person(elector.member_id), Html(format!("{}{zone}", words::selection(elector.reason))))
    });
    Preview {
        effect: effect(visitor, tree, opening.zone_id, opening.proposer_id, &opening.subject, Tense::Will),
        risk: words::risk(opening.risk_level),
        risk_why: risk::why(opening, budget),
        model: words::model_name(&opening.decision_model),
        model_words: words::model(&opening.decision_model),
        electorate: electorate.collect(),
        conflicts: kept_out(visitor, opening),
        auto_approved: opening.auto_approved,
        human_required: opening.human_required,
    }
}

fn options(pairs: &[(&str, &str)]) -> Vec<(String, String)> {
    pairs.iter().map(|(value, label)| ((*value).to_owned(), (*label).to_owned())).collect()
}

/// Whether a role is given or taken.
pub fn operations() -> Vec<(String, String)> {
    options(&[("add", "Give"), ("remove", "Take")])
}

/// What a zone may become.
pub fn statuses() -> Vec<(String, String)> {
    options(&[("", "as it is"), ("active", "Active"), ("suspended", "Suspended"), ("archived", "Archived")])
}

/// Spans of spending limits.
pub fn windows() -> Vec<(String, String)> {
    options(&[("day", "day"), ("week", "week"), ("month", "month"), ("total", "in all")])
}
