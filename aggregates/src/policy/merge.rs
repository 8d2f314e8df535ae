//! Changing policies: a change is a JSON Merge Patch (RFC 7396) over what the zone writes, so that dropping a limit takes
//! an explicit `null` and forgetting a key drops nothing.

use std::collections::BTreeSet;

use serde_json::{Map, Value};

use super::approval::ReviewerSelection;
use super::sections::Policies;
use crate::amount::Quantity;
use crate::decision_model::{MAX_REVIEWERS, longest_timeout};
use crate::reading;
use crate::rejection::Fault;

/// What is replaced as a whole, never mixed with what was there: a decision model is a choice of one of five, hours are one span.
pub const REPLACED_WHOLE: [&str; 3] = ["decision_model", "sealed", "active_hours"];

/// The most entries of a list or a map of a policy: every check goes through them.
const MOST_ENTRIES: usize = 1_000;

/// The policies after `patch` (an object of sections), valid in themselves.
///
/// # Errors
/// The faults in what would be written: keys that are unknown or do not fit, lists that are too long, bounds between keys.
pub fn apply_patch(own: &Policies, patch: &Map<String, Value>) -> Result<Policies, Vec<Fault>> {
    refuse_unknown_nulls(patch)?;
    let before = serde_json::to_value(own).expect("policies are plain data");
    let mut merged = before.clone();
    for (key, change) in patch {
        merge_key(&mut merged, key, change);
        // Dropping what a section does not say does not make the zone say it: an empty section would cut off what comes from above.
        if before.get(key).is_none_or(Value::is_null)
            && says_nothing(change)
            && let Some(sections) = merged.as_object_mut()
        {
            sections.remove(key);
        }
    }
    let crowded: Vec<Fault> =
        patch.keys().filter_map(|key| Some(too_many(merged.get(key)?, &format!("/{key}")))).flatten().collect();
    if !crowded.is_empty() {
        return Err(crowded);
    }
    let policies: Policies = reading::read(&merged).map_err(|fault| vec![fault])?;
    let mut faults = validate(&policies);
    // What stands there from before this was refused is not the fault of whoever changes something else.
    faults.retain(|fault| fault.code != "not_work" || patch.contains_key("constraints"));
    if faults.is_empty() { Ok(policies) } else { Err(faults) }
}

/// Whether a change only drops keys.
fn says_nothing(change: &Value) -> bool {
    matches!(change, Value::Object(keys) if !keys.is_empty() && keys.values().all(|key| key.is_null() || says_nothing(key)))
}

/// The lists and maps that are too long, wherever they stand.
fn too_many(value: &Value, pointer: &str) -> Vec<Fault> {
    let (entries, within): (usize, Vec<Fault>) = match value {
        Value::Array(items) => (items.len(), Vec::new()),
        Value::Object(keys) => (
            keys.len(),
            keys.iter().flat_map(|(key, inner)| too_many(inner, &format!("{pointer}{}", reading::below(key, "")))).collect(),
        ),
        _ => return Vec::new(),
    };
    if entries > MOST_ENTRIES { vec![invalid(pointer, "must have at most 1,000 entries")] } else { within }
}

/// A `null` drops its key before anyone reads it: a misspelt one would drop nothing, silently. Each is read by itself, since reading
/// ends with the first that is no value of its key.
fn refuse_unknown_nulls(patch: &Map<String, Value>) -> Result<(), Vec<Fault>> {
    let unknown = |alone: Map<String, Value>| {
        let fault = reading::read::<Policies>(&Value::Object(alone)).err()?;
        (fault.code == "unknown_key").then_some(fault)
    };
    match each_null(patch).into_iter().find_map(unknown) {
        Some(fault) => Err(vec![fault]),
        None => Ok(()),
    }
}

/// For each `null` in a patch, the patch of it alone.
fn each_null(patch: &Map<String, Value>) -> Vec<Map<String, Value>> {
    let within = |(key, change): (&String, &Value)| {
        let alone = |value: Value| Map::from_iter([(key.clone(), value)]);
        match change {
            Value::Null => vec![alone(Value::Null)],
            Value::Object(keys) if !REPLACED_WHOLE.contains(&key.as_str()) => {
                each_null(keys).into_iter().map(|keys| alone(Value::Object(keys))).collect()
            }
            _ => Vec::new(),
        }
    };
    patch.iter().flat_map(within).collect()
}

fn merge_key(target: &mut Value, key: &str, change: &Value) {
    if !target.is_object() {
        *target = Value::Object(Map::new());
    }
    let Some(object) = target.as_object_mut() else { return };
    match change {
        Value::Null => {
            object.remove(key);
        }
        Value::Object(keys) if !REPLACED_WHOLE.contains(&key) => {
            let inner = object.entry(key).or_insert_with(|| Value::Object(Map::new()));
            for (inner_key, inner_change) in keys {
                merge_key(inner, inner_key, inner_change);
            }
            if !inner.is_object() {
                *inner = Value::Object(Map::new());
            }
        }
        other => {
            object.insert(key.to_owned(), other.clone());
        }
    }
}

/// What no type can say: bounds between keys.
pub fn validate(policies: &Policies) -> Vec<Fault> {
    [
        constraints_faults(policies),
        approval_faults(policies),
        escalation_faults(policies),
        evaluation_faults(policies),
        incentive_faults(policies),
    ]
    .concat()
}

fn invalid(pointer: impl Into<String>, message: &str) -> Fault {
    Fault::new(pointer, "invalid", message)
}

fn out_of_reviewers(number: Option<u32>) -> bool {
    number.is_some_and(|number| number == 0 || number > MAX_REVIEWERS)
}

fn constraints_faults(policies: &Policies) -> Vec<Fault> {
    let Some(constraints) = &policies.constraints else { return Vec::new() };
    let mut faults = Vec::new();
    if let (Some(from), Some(until)) = (constraints.valid_from, constraints.valid_until)
        && from.0 >= until.0
    {
        faults.push(invalid("/constraints/valid_until", "must be after valid_from"));
    }
    for (index, rate) in constraints.rate_limits.iter().flat_map(|rates| &rates.0).enumerate() {
        let at = format!("/constraints/rate_limits/{index}");
        if rate.action.is_of_governing() {
            faults.push(Fault::new(format!("{at}/action"), "not_work", NOT_WORK));
        }
        if rate.max > 1_000_000 {
            faults.push(invalid(format!("{at}/max"), "must be at most 1,000,000"));
        }
        if rate.per_seconds == 0 || rate.per_seconds > 31_536_000 {
            faults.push(invalid(format!("{at}/per_seconds"), "must be from 1 to 31,536,000"));
        }
    }
    let demanded = constraints.approval_required_actions.iter().flat_map(|list| &list.0);
    for (index, _) in demanded.enumerate().filter(|(_, pattern)| pattern.is_of_governing()) {
        faults.push(Fault::new(format!("/constraints/approval_required_actions/{index}"), "not_work", NOT_WORK));
    }
    faults
}

/// What is said of a limit that would never bind.
const NOT_WORK: &str = "speaks of governing, which is refused only where it is blocked by name";

fn approval_faults(policies: &Policies) -> Vec<Fault> {
    let Some(approval) = &policies.approval_policy else { return Vec::new() };
    let mut faults = Vec::new();
    let by_risk = approval.reviewers_by_risk.clone().unwrap_or_default();
    for (risk, number) in
        [("low", by_risk.low), ("medium", by_risk.medium), ("high", by_risk.high), ("critical", by_risk.critical)]
    {
        if out_of_reviewers(number) {
            faults.push(invalid(format!("/approval_policy/reviewers_by_risk/{risk}"), "must be from 1 to 1,000"));
        }
    }
    let lists_nobody = approval.static_reviewers.as_ref().is_none_or(BTreeSet::is_empty);
    if approval.selection() == ReviewerSelection::Static && lists_nobody {
        faults.push(invalid(
            "/approval_policy/static_reviewers",
            "must name at least one member when reviewer_selection is static",
        ));
    }
    if approval.veto_window_minutes.is_some_and(|minutes| minutes > 525_600) {
        faults.push(invalid("/approval_policy/veto_window_minutes", "must be at most 525,600"));
    }
    faults
}

fn escalation_faults(policies: &Policies) -> Vec<Fault> {
    let Some(escalation) = &policies.escalation_policy else { return Vec::new() };
    let mut faults = Vec::new();
    if out_of_reviewers(escalation.cosigner_threshold) {
        faults.push(invalid("/escalation_policy/cosigner_threshold", "must be from 1 to 1,000"));
    }
    if escalation.auto_escalate_after_hours.is_some_and(|hours| hours == Quantity::ZERO || hours > longest_timeout()) {
        faults.push(invalid("/escalation_policy/auto_escalate_after_hours", "must be more than 0 and at most 87,600"));
    }
    faults
}

fn evaluation_faults(policies: &Policies) -> Vec<Fault> {
    let Some(evaluation) = &policies.evaluation_criteria else { return Vec::new() };
    let mut faults = Vec::new();
    let criteria = evaluation.criteria.as_deref().unwrap_or_default();
    let mut names = BTreeSet::new();
    for (index, criterion) in criteria.iter().enumerate() {
        let at = format!("/evaluation_criteria/criteria/{index}");
        if !names.insert(&criterion.name) {
            faults.push(invalid(format!("{at}/name"), "must be unique among the criteria"));
        }
        if criterion.weight == Some(Quantity::ZERO) {
            faults.push(invalid(format!("{at}/weight"), "must be more than 0"));
        }
    }
    if out_of_reviewers(evaluation.evaluators_required) {
        faults.push(invalid("/evaluation_criteria/evaluators_required", "must be from 1 to 1,000"));
    }
    faults
}

fn incentive_faults(policies: &Policies) -> Vec<Fault> {
    let Some(incentives) = &policies.incentive_model else { return Vec::new() };
    if incentives.neutral_threshold() > incentives.positive_threshold() {
        return vec![invalid("/incentive_model/neutral_threshold", "must not be above positive_threshold")];
    }
    Vec::new()
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn patched(patch: Value) -> Result<Policies, Vec<Fault>> {
        let Value::Object(patch) = patch else { panic!("a patch is an object") };
        apply_patch(&Policies::default(), &patch)
    }

    #[test]
    fn a_misspelt_null_is_refused_whatever_stands_before_it() {
        for patch in [
            json!({"resource_scope": {"limits": {"rows": null}, "max_budget": null}}),
            json!({"approval_policy": {"auto_approve": {"types": null}, "vetoes": null}}),
            json!({"alignment_requirements": null, "constraints": {"spending_limit": {"amount": null}, "wrong": {"deep": null}}}),
        ] {
            let faults = patched(patch.clone()).expect_err("a refusal");
            assert_eq!(faults[0].code, "unknown_key", "{patch}");
        }
        assert!(patched(json!({"resource_scope": {"limits": {"rows": null}, "budget_limit": null}, "sealed": null})).is_ok());
    }

    #[test]
    fn dropping_what_was_never_said_says_nothing() {
        let nothing =
            [json!({"approval_policy": {"auto_approve": null}}), json!({"resource_scope": {"limits": {"rows": null}}})];
        for patch in nothing {
            assert_eq!(patched(patch.clone()), Ok(Policies::default()), "{patch}");
        }
        let empty = patched(json!({"approval_policy": {}})).expect("an empty section, on purpose");
        assert!(empty.approval_policy.is_some());
        let Value::Object(dropped) = json!({"approval_policy": {"veto_window_minutes": null}}) else { panic!("an object") };
        let own = patched(json!({"approval_policy": {"veto_window_minutes": 5}})).expect("a policy");
        assert!(
            apply_patch(&own, &dropped).expect("a policy").approval_policy.is_some(),
            "the zone has said it, and still does"
        );
    }

    #[test]
    fn a_list_that_every_check_would_go_through_is_short() {
        let many = |number: usize| (0..number).map(|name| format!("a.n{name}")).collect::<Vec<_>>();
        let listed = |number| json!({"constraints": {"allowed_actions": many(number)}});
        assert!(patched(listed(1_000)).is_ok());
        let faults = patched(listed(1_001)).expect_err("a refusal");
        assert_eq!((faults[0].pointer.as_str(), faults[0].code.as_str()), ("/constraints/allowed_actions", "invalid"));
        let limits: Map<String, Value> = many(1_001).into_iter().map(|name| (name, json!(1))).collect();
        let faults = patched(json!({"resource_scope": {"limits": limits}})).expect_err("a refusal");
        assert_eq!(faults[0].pointer, "/resource_scope/limits");
    }

    #[test]
    fn a_named_limit_is_written_in_one_way() {
        for name in ["rows ", " rows", "\trows"] {
            let faults = patched(json!({"resource_scope": {"limits": {"rows": 5, name: 9}}})).expect_err("a refusal");
            assert!(faults[0].pointer.starts_with("/resource_scope/limits"), "{faults:?}");
        }
        assert!(patched(json!({"resource_scope": {"limits": {"rows": 5, "rows a day": 9}}})).is_ok());
    }

    #[test]
    fn what_stands_there_from_before_it_was_refused_is_nobodys_fault() {
        let old: Policies =
            serde_json::from_value(json!({"constraints": {"approval_required_actions": ["zone.write"]}})).expect("a policy");
        let patch = |patch: Value| patch.as_object().expect("a patch").clone();
        assert!(apply_patch(&old, &patch(json!({"agent_qualifications": {"kinds": ["human"]}}))).is_ok());
        assert!(apply_patch(&old, &patch(json!({}))).is_ok());
        let refused = apply_patch(&old, &patch(json!({"constraints": {"max_concurrent_tasks": 1}}))).expect_err("a refusal");
        assert_eq!(refused[0].code, "not_work");
        assert!(apply_patch(&old, &patch(json!({"constraints": {"approval_required_actions": null}}))).is_ok());
    }
}
