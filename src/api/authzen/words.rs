//! Subject, action, resource, context: what they are here.

use aggregates::action::Action;
use aggregates::amount::Amount;
use aggregates::ids::{MemberId, ZoneId};
use aggregates::organization::Member;
use aggregates::permission::{Answer, Ask, Authority, Decision, Via};
use aggregates::slug::Slug;
use aggregates::text::Label;
use aggregates::{Moment, reading};
use axum::http::StatusCode;
use serde::Deserialize;
use serde::de::DeserializeOwned;
use serde_json::{Map, Value, json};

use crate::engine::{Caller, Problem};

/// Something with a type and an id: a subject or a resource.
#[derive(Clone, Debug, Deserialize)]
pub struct Entity {
    pub r#type: String,
    pub id: String,
}

/// Something of which only the type is said.
#[derive(Clone, Debug, Deserialize)]
pub struct Kind {
    pub r#type: String,
}

/// An action, with particulars.
#[derive(Clone, Debug, Deserialize)]
pub struct Deed {
    pub name: String,
    #[serde(default)]
    pub properties: Map<String, Value>,
}

/// The particulars of an action that have a place of their own; all others are `params`.
#[derive(Debug, Default, Deserialize)]
struct Particulars {
    amount: Option<Amount>,
    board_id: Option<Label>,
    agent_type: Option<Label>,
    tool: Option<Label>,
    #[serde(default)]
    params: Map<String, Value>,
    #[serde(flatten)]
    others: Map<String, Value>,
}

/// Reads a part of a request; this interface answers what does not fit with 400.
pub fn read<T: DeserializeOwned + 'static>(value: Value, at: &str) -> Result<T, Problem> {
    reading::read(&value).map_err(|fault| {
        let fault = fault.under(at);
        Problem { errors: vec![fault.clone()], ..Problem::new(StatusCode::BAD_REQUEST, &fault.code, fault.message) }
    })
}

/// A part of a request that must be there.
pub fn part<T: DeserializeOwned + 'static>(body: &Map<String, Value>, key: &str) -> Result<T, Problem> {
    let at = format!("/{key}");
    match body.get(key) {
        Some(value) => read(value.clone(), &at),
        None => Err(Problem::at(StatusCode::BAD_REQUEST, &at, "missing_key", &format!("`{key}` is missing"))),
    }
}

/// Whether a member is a subject of this type: its kind, or any word for all of them.
pub fn is_of_type(member: &Member, kind: &str) -> bool {
    matches!(kind, "member" | "principal" | "user") || member.kind.to_string() == kind
}

/// The zone that a resource is: by id, or by slug.
pub fn zone_of(authority: &Authority, resource: &Entity) -> Option<ZoneId> {
    if resource.r#type != "zone" {
        return None;
    }
    let by_slug = || Slug::parse(&resource.id).ok().and_then(|slug| authority.tree.by_slug(&slug)).map(|zone| zone.id);
    let by_id = resource.id.parse().ok().filter(|id| authority.tree.zone(*id).is_some());
    by_id.or_else(by_slug)
}

/// The member that a subject is.
pub fn member_of(authority: &Authority, subject: &Entity) -> Option<MemberId> {
    let member = authority.organization.member(subject.id.parse().ok()?)?;
    is_of_type(member, &subject.r#type).then_some(member.id)
}

/// The action of a deed.
pub fn action_of(deed: &Deed) -> Result<Action, Problem> {
    Action::parse(&deed.name)
        .map_err(|error| Problem::at(StatusCode::BAD_REQUEST, "/action/name", "invalid", &error.to_string()))
}

/// The question whether a member may do a deed.
pub fn asking(caller: &Caller, principal: MemberId, deed: &Deed, now: Moment) -> Result<Ask, Problem> {
    let said: Particulars = read(Value::Object(deed.properties.clone()), "/action/properties")?;
    let mut params = said.params;
    params.extend(said.others);
    let via = if principal == caller.id() { caller.via() } else { Via::Itself };
    let (amount, board_id, agent_type, tool) = (said.amount, said.board_id, said.agent_type, said.tool);
    Ok(Ask { amount, board_id, agent_type, tool, params, via, ..Ask::plain(principal, action_of(deed)?, now) })
}

/// An answer: yes or no, with the reasons beside it.
pub fn told(answer: &Answer, position: u64) -> Value {
    let allowed = answer.decision == Decision::Allow;
    json!({"decision": allowed, "context": {"decision": answer.decision, "reasons": answer.reasons, "position": position}})
}

/// A no because what was named is not here.
pub fn not_here(code: &str, message: &str, position: u64) -> Value {
    let reason = aggregates::permission::Reason::new(code, message);
    told(&Answer { decision: Decision::Deny, reasons: vec![reason] }, position)
}
