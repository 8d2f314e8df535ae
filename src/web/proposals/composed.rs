//! From the fields of the composer to the command that opens a proposal.

use aggregates::decision_model::DecisionModel;
use aggregates::proposal::ProposalType;
use serde_json::{Map, Value, json};

use crate::web::form::Fields;

/// Which fields a type has, by name.
pub fn kind(fields: &Fields) -> ProposalType {
    serde_json::from_value(json!(fields.text("type"))).unwrap_or(ProposalType::TaskExecution)
}

/// A value as typed: numbers, `true` and `false` are what they look like, everything else is text.
fn typed(text: &str) -> Value {
    match serde_json::from_str::<Value>(text) {
        Ok(value @ (Value::Number(_) | Value::Bool(_))) => value,
        Ok(_) | Err(_) => json!(text),
    }
}

/// Lines of `name: value`.
fn pairs(fields: &Fields, name: &str) -> Result<Map<String, Value>, String> {
    let mut keys = Map::new();
    for line in fields.lines(name) {
        let (key, value) = line.split_once(':').ok_or_else(|| format!("write each as `name: value`; `{line}` has no colon"))?;
        keys.insert(key.trim().to_owned(), typed(value.trim()));
    }
    Ok(keys)
}

/// Lines of text, where there are some; none at all, where the box that says so is ticked.
fn list(fields: &Fields, emptied: &str, name: &str) -> Option<Value> {
    let lines = fields.lines(name);
    (!lines.is_empty() || fields.is(emptied, "set")).then(|| json!(lines))
}

fn put(keys: &mut Map<String, Value>, section: &str, key: &str, value: Option<Value>) {
    let Some(value) = value else { return };
    let section = keys.entry(section).or_insert_with(|| json!({}));
    if let Value::Object(section) = section {
        section.insert(key.to_owned(), value);
    }
}

/// The change of a zone that the composer can ask for. Everything else is changed on the zone's own page, which can propose it.
fn changes(fields: &Fields) -> Map<String, Value> {
    let mut keys = fields.object(&["name"]);
    if let Some(status) = fields.given("status") {
        keys.insert("status".to_owned(), json!(status));
    }
    put(&mut keys, "resource_scope", "budget_limit", fields.given("budget_limit").map(|text| json!(text)));
    if let Some(amount) = fields.given("spending_amount") {
        let limit = json!({"amount": amount, "window": fields.given("spending_window").unwrap_or("day")});
        put(&mut keys, "constraints", "spending_limit", Some(limit));
    }
    put(&mut keys, "constraints", "allowed_actions", list(fields, "set_allowed", "allowed_actions"));
    put(&mut keys, "constraints", "blocked_actions", list(fields, "set_blocked", "blocked_actions"));
    put(&mut keys, "constraints", "approval_required_actions", list(fields, "set_approval", "approval_required_actions"));
    keys
}

/// The payload.
fn payload(fields: &Fields) -> Result<Value, (&'static str, String)> {
    Ok(match kind(fields) {
        ProposalType::TaskExecution => {
            let mut keys = fields.object(&["action", "amount", "board_id", "tool", "executor_id"]);
            let params = pairs(fields, "params").map_err(|fault| ("/payload/params", fault))?;
            if !params.is_empty() {
                keys.insert("params".to_owned(), Value::Object(params));
            }
            Value::Object(keys)
        }
        ProposalType::ResourceAllocation => {
            Value::Object(fields.object(&["amount", "board_id", "agent_type", "beneficiary_id"]))
        }
        ProposalType::ZoneChange => json!({"changes": changes(fields)}),
        ProposalType::MembershipChange => Value::Object(fields.object(&["operation", "member_id", "role"])),
    })
}

/// A stricter model than the zone's, if one is chosen.
fn model(fields: &Fields, zone: &DecisionModel) -> Option<Value> {
    match fields.text("stricter") {
        "consensus" => Some(json!({"model_type": "consensus"})),
        "threshold" => Some(
            json!({"model_type": "threshold", "threshold": fields.given("threshold").and_then(|text| text.parse::<i64>().ok())}),
        ),
        "higher_quorum" => {
            let mut keys = json!(zone);
            keys["quorum"] = fields.given("quorum").map_or(Value::Null, typed);
            Some(keys)
        }
        _ => None,
    }
}

/// The command's body, or what is wrong with what was typed before it can be one.
pub fn body(fields: &Fields, zone: &DecisionModel) -> Result<Value, (&'static str, String)> {
    let mut body = json!({
        "zone_id": fields.text("zone_id"), "type": kind(fields).to_string(), "title": fields.text("title"), "payload": payload(fields)?,
    });
    if let Some(description) = fields.given("description") {
        body["description"] = json!(description);
    }
    if let Some(model) = model(fields, zone) {
        body["decision_model"] = model;
    }
    if let Some(expires) = fields.given("expires_at") {
        // Browsers send `2026-01-05T10:00`, some with seconds; the form says that it is read as UTC.
        let text = match expires.len() {
            16 => format!("{expires}:00Z"),
            19 => format!("{expires}Z"),
            _ => expires.to_owned(),
        };
        body["expires_at"] = json!(text);
    }
    Ok(body)
}
