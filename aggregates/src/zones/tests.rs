//! The tree by cases: what may be written, and what the answer says of the zones below.

use serde_json::{Value, json};
use uuid::Uuid;

use super::*;
use crate::ids::ZoneId;
use crate::policy::Policies;
use crate::text::{Name, Prose};

fn id(number: u128) -> ZoneId {
    ZoneId(Uuid::from_u128(number))
}

fn now() -> crate::Moment {
    "2026-01-05T10:00:00Z".parse().expect("a moment")
}

fn made(number: u128, parent: Option<u128>, policies: &Value) -> Command {
    Command::Create {
        id: id(number),
        parent_zone_id: parent.map(id),
        name: Name::parse("zone").expect("a name"),
        slug: None,
        description: Prose::none(),
        status: Status::Active,
        policies: Box::new(serde_json::from_value::<Policies>(policies.clone()).expect("policies")),
        now: now(),
    }
}

fn changed(number: u128, changes: Value) -> Command {
    let Value::Object(keys) = changes else { panic!("a change is an object") };
    let changes = Box::new(Changes::read(keys).expect("a change"));
    Command::Change { zone_id: id(number), changes, by_proposal: None, now: now() }
}

/// The tree after these commands, all of which are accepted.
fn given(commands: Vec<Command>) -> Tree {
    let mut tree = Tree::default();
    for command in commands {
        for event in Zones::decide(&tree, command).expect("accepted") {
            Zones::evolve(&mut tree, &event);
        }
    }
    tree
}

fn blocking(actions: &[&str]) -> Value {
    json!({"constraints": {"blocked_actions": actions}})
}

#[test]
fn nobody_shuts_the_last_way_of_mending_a_root() {
    let tree = given(vec![made(1, None, &json!({}))]);
    for actions in
        [&["zone.write", "proposal.create"][..], &["zone.govern", "proposal.approve"], &["zone.*", "proposal.*", "work.*"]]
    {
        assert_eq!(Zones::decide(&tree, made(2, None, &blocking(actions))), Err(Rejection::Unmendable), "{actions:?}");
        assert_eq!(Zones::decide(&tree, changed(1, blocking(actions))), Err(Rejection::Unmendable), "{actions:?}");
    }
    for actions in [&["zone.*"][..], &["proposal.*"], &["zone.write", "proposal.reject"], &["*"]] {
        assert!(Zones::decide(&tree, changed(1, blocking(actions))).is_ok(), "{actions:?}");
    }
}

#[test]
fn what_is_mended_from_above_may_be_shut_but_not_cut_loose() {
    let tree = given(vec![made(1, None, &json!({})), made(2, Some(1), &blocking(&["zone.*", "proposal.*"]))]);
    assert_eq!(Zones::decide(&tree, changed(2, json!({"parent_zone_id": null}))), Err(Rejection::Unmendable));
}

#[test]
fn a_seal_binds_the_descendants_that_had_set_what_is_sealed() {
    let tasks = |max: u32| json!({"constraints": {"max_concurrent_tasks": max}});
    let tree = given(vec![
        made(1, None, &json!({})),
        made(2, Some(1), &tasks(9)),
        made(3, Some(2), &json!({"decision_model": {"model_type": "consensus"}})),
        changed(1, tasks(5)),
        changed(1, json!({"sealed": ["decision_model"]})),
    ]);
    let bound = |tree: &Tree| json!(tree.bound_below(id(1)));
    let third = json!({"zone_id": id(3), "keys": ["/decision_model"]});
    assert_eq!(bound(&tree), json!([{"zone_id": id(2), "keys": ["/constraints/max_concurrent_tasks"]}, third]));
    let mut sealed = tree;
    for event in Zones::decide(&sealed, changed(1, json!({"sealed": ["decision_model", "constraints"]}))).expect("accepted") {
        Zones::evolve(&mut sealed, &event);
    }
    assert_eq!(bound(&sealed), json!([{"zone_id": id(2), "keys": ["/constraints"]}, third]));
}

#[test]
fn a_status_leads_only_where_it_may() {
    use Status::{Active, Archived, Draft, Suspended};
    let allowed = [
        (Draft, Active),
        (Draft, Archived),
        (Active, Suspended),
        (Active, Archived),
        (Suspended, Active),
        (Suspended, Archived),
    ];
    let all = [Draft, Active, Suspended, Archived];
    for (from, to) in all.into_iter().flat_map(|from| all.map(|to| (from, to))) {
        assert_eq!(from.may_become(to), allowed.contains(&(from, to)), "{from} to {to}");
    }
}

#[test]
fn nothing_is_changed_in_or_put_under_an_archived_zone() {
    let archived = || vec![made(1, None, &json!({})), made(2, None, &json!({})), changed(1, json!({"status": "archived"}))];
    let tree = given(archived());
    let refused = Err(Rejection::ZoneArchived(id(1)));
    assert_eq!(Zones::decide(&tree, changed(1, json!({"name": "Another"}))), refused);
    assert_eq!(Zones::decide(&tree, changed(1, json!({"status": "active"}))), refused);
    assert_eq!(Zones::decide(&tree, made(3, Some(1), &json!({}))), refused);
    assert_eq!(Zones::decide(&tree, changed(2, json!({"parent_zone_id": id(1)}))), refused);
}

#[test]
fn zones_go_only_so_deep() {
    let path: Vec<Command> = (1..=32).map(|number| made(number, (number > 1).then(|| number - 1), &json!({}))).collect();
    let mut tree = given(path);
    assert!(matches!(Zones::decide(&tree, made(33, Some(32), &json!({}))), Err(Rejection::TooDeep { .. })));
    for event in Zones::decide(&tree, made(34, None, &json!({}))).expect("another root") {
        Zones::evolve(&mut tree, &event);
    }
    let moved = Zones::decide(&tree, changed(1, json!({"parent_zone_id": id(34)})));
    assert!(matches!(moved, Err(Rejection::TooDeep { .. })), "a subtree counts as a whole: {moved:?}");
}
