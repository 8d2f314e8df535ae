//! Between policies and form fields: what a policy says as fields, and what fields say as a policy.

use aggregates::policy::{REPLACED_WHOLE, Section};
use serde_json::{Map, Value, json};

use super::keys::{Key, Kind, is_settled_whole, keys};
use super::model;
use crate::web::form::Fields;

/// Rows of a table that a form offers beyond those that are filled.
pub const SPARE_ROWS: usize = 2;
/// The most rows a form has; more than anyone types, so that what a table holds is never cut off.
pub const MOST_ROWS: usize = 1_000;
/// Levels of risk, from the least.
pub const RISKS: [&str; 4] = ["low", "medium", "high", "critical"];

/// Where something typed cannot be read, as a pointer into the policies, and why.
pub type Unreadable = (String, String);

/// A field's name and what stands in it.
pub type Pair = (String, String);

/// A number where it looks like one; the rule book says what is wrong with anything else.
pub fn number(text: &str) -> Value {
    match serde_json::from_str::<Value>(text) {
        Ok(value @ Value::Number(_)) => value,
        Ok(_) | Err(_) => json!(text),
    }
}

/// A value as it stands in a field.
pub fn plain(value: &Value) -> String {
    match value {
        Value::String(text) => text.clone(),
        Value::Null => String::new(),
        other => other.to_string(),
    }
}

/// Browsers send `2026-01-05T10:00`, some with seconds; forms say that it is read as UTC.
pub fn moment(text: &str) -> String {
    match text.len() {
        16 => format!("{text}:00Z"),
        19 => format!("{text}Z"),
        _ => text.to_owned(),
    }
}

/// A moment as a field for moments wants it.
fn local(value: &Value) -> String {
    let text = plain(value);
    let text = text.trim_end_matches('Z');
    text.strip_suffix(":00").unwrap_or(text).to_owned()
}

fn lines_of(value: &Value) -> String {
    let items: Vec<String> = value.as_array().into_iter().flatten().map(plain).collect();
    items.join("\n")
}

fn named_lines(value: &Value) -> String {
    let lines: Vec<String> =
        value.as_object().into_iter().flatten().map(|(name, value)| format!("{name}: {}", plain(value))).collect();
    lines.join("\n")
}

/// Lines of `name: value`.
pub fn named(fields: &Fields, field: &str, pointer: &str) -> Result<Map<String, Value>, Unreadable> {
    let mut found = Map::new();
    for line in fields.lines(field) {
        let Some((name, value)) = line.split_once(':') else {
            return Err((pointer.to_owned(), format!("write each as `name: value`; `{line}` has no colon")));
        };
        found.insert(name.trim().to_owned(), number(value.trim()));
    }
    Ok(found)
}

fn object(pairs: impl IntoIterator<Item = (&'static str, Option<Value>)>) -> Option<Value> {
    let keys: Map<String, Value> = pairs.into_iter().filter_map(|(name, value)| Some((name.to_owned(), value?))).collect();
    (!keys.is_empty()).then_some(Value::Object(keys))
}

fn rows(fields: &Fields, name: &str, columns: &[&str]) -> Vec<usize> {
    let filled = |row: &usize| columns.iter().any(|column| fields.given(&format!("{name}-{row}-{column}")).is_some());
    (0..MOST_ROWS).filter(filled).collect()
}

/// What the fields say of a key; nothing where they say nothing.
fn read_key(key: &Key, fields: &Fields, at: &str) -> Result<Option<Value>, Unreadable> {
    let name = key.name;
    let part = |part: &str| fields.given(&format!("{name}-{part}")).map(str::to_owned);
    Ok(match key.kind {
        Kind::Added => Some(json!(fields.lines(name))).filter(|_| !fields.lines(name).is_empty()),
        Kind::Only => fields.is(&format!("{name}-set"), "set").then(|| json!(fields.lines(name))),
        Kind::OnlyKinds => fields.is(&format!("{name}-set"), "set").then(|| json!(fields.all(name))),
        Kind::Money | Kind::Selection => fields.given(name).map(|text| json!(text)),
        Kind::Number => fields.given(name).map(number),
        Kind::YesOrNo => fields.given(name).map(|said| json!(said == "yes")),
        Kind::Moment => fields.given(name).map(|text| json!(moment(text))),
        Kind::Ceilings => Some(named(fields, name, at)?).filter(|found| !found.is_empty()).map(Value::Object),
        Kind::Spending => part("amount").map(|amount| json!({"amount": amount, "window": part("window")})),
        Kind::Rates => {
            let row = |row: usize| {
                let column = |column: &str| fields.given(&format!("{name}-{row}-{column}"));
                json!({"action": column("action").unwrap_or_default(), "max": column("max").map(number),
                    "per_seconds": column("per_seconds").map(number)})
            };
            let rates: Vec<Value> = rows(fields, name, &["action", "max", "per_seconds"]).into_iter().map(row).collect();
            Some(json!(rates)).filter(|_| !rates.is_empty())
        }
        Kind::Hours => fields.is(&format!("{name}-set"), "set").then(|| {
            json!({"timezone": part("timezone").unwrap_or_default(), "days": fields.all(&format!("{name}-days")),
                "from": part("from").unwrap_or_default(), "to": part("to").unwrap_or_default()})
        }),
        Kind::ByRisk => object(RISKS.map(|risk| (risk, part(risk).as_deref().map(number)))),
        Kind::AutoApprove => {
            let types = fields.all(&format!("{name}-types"));
            let types = (!types.is_empty()).then(|| json!(types));
            object([("types", types), ("below", part("below").map(|below| json!(below)))])
        }
        Kind::People => Some(json!(fields.all(name))).filter(|_| !fields.all(name).is_empty()),
        Kind::Criteria => {
            let mut criteria = Vec::new();
            for row in rows(fields, name, &["name", "weight", "config"]) {
                let column = |column: &str| format!("{name}-{row}-{column}");
                let config = named(fields, &column("config"), at)?;
                let text = |name: &str| fields.given(&column(name));
                let criterion = [
                    ("name", Some(json!(text("name").unwrap_or_default()))),
                    ("type", Some(json!(text("type").unwrap_or("human")))),
                    ("weight", text("weight").map(number)),
                    ("config", Some(Value::Object(config.clone())).filter(|_| !config.is_empty())),
                ];
                criteria.extend(object(criterion));
            }
            Some(json!(criteria)).filter(|_| !criteria.is_empty())
        }
    })
}

/// What a key says, as fields.
fn fill_key(key: &Key, value: &Value) -> Vec<Pair> {
    let name = key.name;
    let pair = |part: &str, value: String| (format!("{name}-{part}"), value);
    let each = |field: String, value: &Value| -> Vec<Pair> {
        value.as_array().into_iter().flatten().map(|item| (field.clone(), plain(item))).collect()
    };
    let table = |columns: &[&str]| -> Vec<Pair> {
        let rows = value.as_array().into_iter().flatten().enumerate();
        let cell = |row: usize, column: &str, value: &Value| (format!("{name}-{row}-{column}"), plain(value));
        rows.flat_map(|(row, value)| columns.iter().map(|column| cell(row, column, &value[*column])).collect::<Vec<_>>())
            .collect()
    };
    match key.kind {
        Kind::Added => vec![(name.to_owned(), lines_of(value))],
        Kind::Only => vec![pair("set", "set".to_owned()), (name.to_owned(), lines_of(value))],
        Kind::OnlyKinds => [vec![pair("set", "set".to_owned())], each(name.to_owned(), value)].concat(),
        Kind::Money | Kind::Selection | Kind::Number => vec![(name.to_owned(), plain(value))],
        Kind::YesOrNo => vec![(name.to_owned(), if *value == json!(true) { "yes" } else { "no" }.to_owned())],
        Kind::Moment => vec![(name.to_owned(), local(value))],
        Kind::Ceilings => vec![(name.to_owned(), named_lines(value))],
        Kind::Spending => vec![pair("amount", plain(&value["amount"])), pair("window", plain(&value["window"]))],
        Kind::Rates => table(&["action", "max", "per_seconds"]),
        Kind::Hours => {
            let parts = ["timezone", "from", "to"].map(|part| pair(part, plain(&value[part])));
            [vec![pair("set", "set".to_owned())], parts.to_vec(), each(format!("{name}-days"), &value["days"])].concat()
        }
        Kind::ByRisk => RISKS.map(|risk| pair(risk, plain(&value[risk]))).to_vec(),
        Kind::AutoApprove => {
            [each(format!("{name}-types"), &value["types"]), vec![pair("below", plain(&value["below"]))]].concat()
        }
        Kind::People => each(name.to_owned(), value),
        Kind::Criteria => {
            let rows = value.as_array().into_iter().flatten().enumerate();
            let configs = rows.map(|(row, value)| (format!("{name}-{row}-config"), named_lines(&value["config"])));
            table(&["name", "type", "weight"]).into_iter().chain(configs).collect()
        }
    }
}

/// What the fields say of a section: nothing, `null`, where the zone is to say nothing of its own.
pub fn read(section: Section, fields: &Fields) -> Result<Value, Unreadable> {
    if is_settled_whole(section) && !fields.is("own", "own") {
        return Ok(Value::Null);
    }
    if section == Section::DecisionModel {
        return Ok(model::read(fields));
    }
    let mut said = Map::new();
    for key in keys(section) {
        if let Some(value) = read_key(key, fields, &format!("/{section}/{}", key.name))? {
            said.insert(key.name.to_owned(), value);
        }
    }
    if said.is_empty() && !is_settled_whole(section) { Ok(Value::Null) } else { Ok(Value::Object(said)) }
}

/// What a section says, as fields.
pub fn fill(section: Section, own: &Value) -> Vec<Pair> {
    let mut pairs = Vec::new();
    if own.is_null() {
        return pairs;
    }
    pairs.push(("own".to_owned(), "own".to_owned()));
    if section == Section::DecisionModel {
        pairs.extend(model::fill(own));
        return pairs;
    }
    for key in keys(section) {
        if let Some(value) = own.get(key.name).filter(|value| !value.is_null()) {
            pairs.extend(fill_key(key, value));
        }
    }
    pairs
}

/// How many rows a table of the form shows.
pub fn rows_of(fields: &Fields, name: &str, columns: &[&str]) -> Vec<usize> {
    let last = rows(fields, name, columns).last().map_or(0, |row| row + 1);
    (0..(last + SPARE_ROWS).min(MOST_ROWS)).collect()
}

/// The merge patch that makes `after` of `before`; nothing where they are the same.
pub fn patch(key: &str, before: &Value, after: &Value) -> Option<Value> {
    if before == after {
        return None;
    }
    let (Value::Object(old), Value::Object(new)) = (before, after) else { return Some(after.clone()) };
    if REPLACED_WHOLE.contains(&key) {
        return Some(after.clone());
    }
    let none = Value::Null;
    let mut changes = Map::new();
    for name in old.keys().chain(new.keys()) {
        if let Some(change) = patch(name, old.get(name).unwrap_or(&none), new.get(name).unwrap_or(&none)) {
            changes.insert(name.clone(), change);
        }
    }
    Some(Value::Object(changes))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_a_policy_says_survives_the_form() {
        let policies = [
            (Section::Responsibilities, json!({"outcomes": ["Light"], "expectations": ["Say why"]})),
            (Section::ResourceScope, json!({"budget_limit": "10.50", "allowed_tools": [], "limits": {"rows": 3}})),
            (Section::AgentQualifications, json!({"kinds": ["agent"], "min_reputation": 1.5, "required_skills": ["rust"]})),
            (Section::AlignmentRequirements, json!({"stake_required": 2, "sponsor_required": true})),
            (Section::IncentiveModel, json!({})),
            (
                Section::Constraints,
                json!({"allowed_actions": ["a.*"], "spending_limit": {"amount": "5", "window": "week"},
                    "rate_limits": [{"action": "a.b", "max": 2, "per_seconds": 60}], "valid_until": "2040-01-01T00:00:00Z",
                    "active_hours": {"timezone": "UTC", "days": ["mon"], "from": "08:00", "to": "24:00"},
                    "require_human_review": false}),
            ),
            (
                Section::DecisionModel,
                json!({"model_type": "weighted", "weights": {"owner": 3}, "approval_ratio": 0.5, "quorum": 0.4}),
            ),
            (
                Section::DecisionModel,
                json!({"model_type": "consensus", "fallback_model": "threshold", "threshold": 2, "timeout_hours": 72}),
            ),
            (
                Section::ApprovalPolicy,
                json!({"reviewer_selection": "gardener", "reviewers_by_risk": {"low": 2}, "auto_approve": {"types": ["zone_change"], "below": "9"},
                    "allow_vote_change": true}),
            ),
            (Section::EscalationPolicy, json!({"cosigner_threshold": 3})),
            (
                Section::EvaluationCriteria,
                json!({"criteria": [{"name": "benefit", "type": "automated_check", "weight": 2, "config": {"within_hours": 8}}]}),
            ),
        ];
        for (section, policy) in policies {
            let fields = Fields::of(fill(section, &policy));
            assert_eq!(read(section, &fields), Ok(policy), "{section}");
        }
    }

    #[test]
    fn a_patch_speaks_of_what_differs_only() {
        let before = json!({"limits": {"a": 1, "b": 2}, "budget_limit": "5", "active_hours": {"from": "1", "to": "2"}});
        let after = json!({"limits": {"a": 1, "c": 3}, "budget_limit": "5", "active_hours": {"from": "1", "to": "3"}});
        let expected = json!({"limits": {"b": null, "c": 3}, "active_hours": {"from": "1", "to": "3"}});
        assert_eq!(patch("resource_scope", &before, &after), Some(expected));
        assert_eq!(patch("resource_scope", &before, &Value::Null), Some(Value::Null));
        assert_eq!(patch("resource_scope", &before, &before), None);
    }
}
