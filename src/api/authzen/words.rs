//! Subject, action, resource, context: what they are here.

use aggregates::action::Action;
use aggregates::amount::Amount;
use aggregates::ids::{MemberId, ZoneId};
use aggregates::organization::Member;
use aggregates::permission::{Answer, Ask, Authority, Decision, Via};
use aggregates::slug::Slug;
use aggregates::text::Label;
use aggregates::{Fault, Moment, reading};
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
    pub properties: Option<Map<String, Value>>,
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
pub fn read<T: DeserializeOwned + 'static>(value: &Value, at: &str) -> Result<T, Problem> {
    reading::read(value).map_err(|fault| unfit(fault.under(at)))
}

fn unfit(fault: Fault) -> Problem {
    Problem { errors: vec![fault.clone()], ..Problem::new(StatusCode::BAD_REQUEST, &fault.code, fault.message) }
}

/// A part of a request that must be there.
pub fn part<T: DeserializeOwned + 'static>(body: &Map<String, Value>, key: &str) -> Result<T, Problem> {
    let at = format!("/{key}");
    match body.get(key) {
        Some(value) => read(value, &at),
        None => Err(Problem::at(StatusCode::BAD_REQUEST, &at, "missing_key", &format!("`{key}` is missing"))),
    }
}

/// What is said around a question.
pub fn context_of(body: &Map<String, Value>) -> Result<Option<Map<String, Value>>, Problem> {
    body.get("context").map(|_| part(body, "context")).transpose()
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

/// Particulars that bind wherever they are said.
const BINDING: [&str; 5] = ["amount", "board_id", "agent_type", "tool", "params"];

/// What is said of a deed: by itself, of the resource, or around it. Of the latter two only particulars and numbers are taken, which may be
/// limited: everything else there is the asker's own affair, and is not kept. What is said twice must be the same.
#[derive(Clone, Copy, Debug)]
pub struct Said<'a> {
    pub deed: &'a Deed,
    pub resource: Option<&'a Entity>,
    pub context: Option<&'a Map<String, Value>>,
}

impl Said<'_> {
    fn places(&self) -> [(&'static str, Option<&Map<String, Value>>); 3] {
        let of_resource = self.resource.and_then(|resource| resource.properties.as_ref());
        [("/action/properties", Some(&self.deed.properties)), ("/resource/properties", of_resource), ("/context", self.context)]
    }

    fn particulars(&self) -> Result<Particulars, Problem> {
        let mut all = Map::new();
        for (place, said) in self.places() {
            let of_the_deed = place == "/action/properties";
            let binds = |key: &str, value: &Value| of_the_deed || BINDING.contains(&key) || value.is_number();
            for (key, value) in said.into_iter().flatten().filter(|(key, value)| binds(key, value)) {
                if all.insert(key.clone(), value.clone()).is_some_and(|before| before != *value) {
                    return Err(said_otherwise(&format!("{place}/{key}")));
                }
            }
        }
        let params = all.get("params").and_then(Value::as_object);
        if let Some((key, _)) =
            params.into_iter().flatten().find(|(key, value)| all.get(*key).is_some_and(|loose| loose != *value))
        {
            return Err(said_otherwise(&format!("/action/properties/params/{key}")));
        }
        reading::read(&Value::Object(all)).map_err(|fault| {
            let key = fault.pointer.split('/').nth(1).unwrap_or_default();
            let holds = |said: Option<&Map<String, Value>>| said.is_some_and(|said| said.contains_key(key));
            let place =
                self.places().into_iter().find(|(_, said)| holds(*said)).map_or("/action/properties", |(place, _)| place);
            unfit(fault.under(place))
        })
    }
}

fn said_otherwise(pointer: &str) -> Problem {
    Problem::at(StatusCode::BAD_REQUEST, pointer, "invalid", "is said to be something else in another place")
}

/// The question whether a member may do a deed.
pub fn asking(caller: &Caller, principal: MemberId, about: Said<'_>, now: Moment) -> Result<Ask, Problem> {
    let said = about.particulars()?;
    let mut params = said.params;
    params.extend(said.others);
    let via = if principal == caller.id() { caller.via() } else { Via::Itself };
    let (amount, board_id, agent_type, tool) = (said.amount, said.board_id, said.agent_type, said.tool);
    Ok(Ask { amount, board_id, agent_type, tool, params, via, ..Ask::plain(principal, action_of(about.deed)?, now) })
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
