//! A child can only narrow what its ancestors allow (SPEC Z4–Z6): key by key, by every door.

mod limits;
mod nearest;
mod seals;
mod unknown_keys;

use serde_json::{Value, json};

use crate::harness::{Person, Reply, TestApp};
use crate::on_both;
use limits::Limit;

/// What really holds in a zone.
async fn effective(person: &Person, zone: &str) -> Reply {
    person.get(&format!("/zones/{zone}/effective-policy")).await.expect(200)
}

/// Changes a zone, which must succeed.
async fn change(person: &Person, zone: &str, changes: Value) -> Reply {
    person.patch(&format!("/zones/{zone}"), changes).await.expect(200)
}

/// A proposal to change the zone in which it is decided.
fn proposal_to_change(zone: &str, changes: &Value) -> Value {
    json!({"zone_id": zone, "type": "zone_change", "title": "Another policy", "payload": {"changes": changes}})
}

/// The fault names the key, the zone that binds and both values.
#[track_caller]
fn names_the_widening(reply: &Reply, under: &str, limit: &Limit, binder: &str) {
    let pointer = format!("{under}{}", limit.part());
    let faults = reply.at("/errors").as_array().expect("faults");
    let fault = faults.iter().find(|fault| fault["pointer"] == pointer.as_str());
    let fault = fault.unwrap_or_else(|| panic!("no fault at {pointer} in {}", reply.body));
    assert_eq!(fault["code"], "wider_than_parent", "{fault}");
    assert_eq!(fault["zone_id"], binder, "{fault}");
    assert_eq!(fault["limit"], *limit.in_part(&limit.parent), "{fault}");
    assert_eq!(fault["requested"], *limit.in_part(&limit.wider.as_ref().expect("something wider").0), "{fault}");
}

on_both!(what_a_child_writes_meets_what_its_parent_allows, async |app: TestApp| {
    for limit in limits::all() {
        let root = app.owner.makes_zone(json!({"name": "Root"})).await;
        let parent = app.owner.makes_zone(limit.zone("Parent", Some(&root), Some(&limit.parent))).await;
        let written = format!("{}: {}", limit.pointer, limit.parent);

        let silent = app.owner.makes_zone(limit.zone("Silent", Some(&parent), None)).await;
        let held = effective(&app.owner, &silent).await;
        assert_eq!(*held.at(limit.pointer), limit.parent, "a key that is left out leaves the parent's: {written}");
        assert_eq!(held.at("/bound_by")[limit.pointer], parent.as_str(), "{written}");

        let narrow = app.owner.makes_zone(limit.zone("Narrow", Some(&parent), Some(&limit.narrower.0))).await;
        let held = effective(&app.owner, &narrow).await;
        assert_eq!(*held.at(limit.pointer), limit.narrower.1, "a narrower key holds: {written}");
        let below = app.owner.makes_zone(limit.zone("Below", Some(&narrow), None)).await;
        let held = effective(&app.owner, &below).await;
        assert_eq!(*held.at(limit.pointer), limit.narrower.1, "and reaches down: {written}");

        let Some(left) = &limit.emptied else { continue };
        let nothing = if limit.parent.is_object() { json!({}) } else { json!([]) };
        let empty = app.owner.makes_zone(limit.zone("Empty", Some(&parent), Some(&nothing))).await;
        let held = effective(&app.owner, &empty).await;
        assert_eq!(held.at(limit.pointer), left, "an emptied list: {written}");
    }
});

on_both!(a_wider_key_is_refused_when_a_zone_is_made_changed_or_moved, async |app: TestApp| {
    for limit in limits::all() {
        let Some((wider, _)) = &limit.wider else { continue };
        let parent = app.owner.makes_zone(limit.zone("Parent", None, Some(&limit.parent))).await;
        let between = app.owner.makes_zone(limit.zone("Between", Some(&parent), None)).await;

        let made = app.owner.post("/zones", limit.zone("Wide", Some(&between), Some(wider))).await;
        names_the_widening(&made.expect_problem(422, "wider_than_parent"), "", &limit, &parent);

        let child = app.owner.makes_zone(limit.zone("Child", Some(&between), None)).await;
        let changed = app.owner.patch(&format!("/zones/{child}"), limit.set_to(wider)).await;
        names_the_widening(&changed.expect_problem(422, "wider_than_parent"), "", &limit, &parent);
        let after = app.owner.get(&format!("/zones/{child}")).await.expect(200);
        assert_eq!(after.at("/version"), 1, "nothing changed: {}", limit.pointer);

        let free = app.owner.makes_zone(limit.zone("Free", None, Some(wider))).await;
        let moved = app.owner.post(&format!("/zones/{free}/move"), json!({"parent_zone_id": between})).await;
        names_the_widening(&moved.expect_problem(422, "wider_than_parent"), "", &limit, &parent);
        let after = app.owner.get(&format!("/zones/{free}")).await.expect(200);
        assert_eq!(*after.at("/parent_zone_id"), Value::Null, "nothing moved: {}", limit.pointer);
    }
});

on_both!(a_proposal_to_widen_is_refused_when_submitted_and_fails_when_overtaken, async |app: TestApp| {
    let ann = app.human("Ann", "member").await;
    for limit in limits::all() {
        let Some((wider, _)) = &limit.wider else { continue };
        let parent = app.owner.makes_zone(limit.zone("Parent", None, None)).await;
        let child = app.owner.makes_zone(limit.zone("Child", Some(&parent), None)).await;
        let body = proposal_to_change(&child, &limit.set_to(wider));
        let proposal = ann.post("/proposals", body.clone()).await.expect(201).id();

        change(&app.owner, &parent, limit.set_to(&limit.parent)).await;
        let refused = ann.post("/proposals", body).await.expect_problem(422, "not_executable");
        names_the_widening(&refused, "/payload/changes", &limit, &parent);

        let decided = app.owner.votes(&proposal, "approve").await.expect(200);
        assert_eq!(decided.text("/status"), "approved", "{}", limit.pointer);
        assert_eq!(decided.text("/execution/status"), "failed", "{}", limit.pointer);
        assert_eq!(decided.text("/execution/code"), "wider_than_parent", "{}", limit.pointer);
        assert!(!decided.text("/execution/reason").is_empty(), "a failure has a reason");
        let after = app.owner.get(&format!("/zones/{child}")).await.expect(200);
        assert_eq!(after.at("/version"), 1, "nothing changed: {}", limit.pointer);
        assert_eq!(*effective(&app.owner, &child).await.at(limit.pointer), limit.parent);
    }
});

on_both!(narrowing_a_parent_below_its_children_binds_them_and_says_so, async |app: TestApp| {
    for limit in limits::all() {
        let Some((wider, held)) = &limit.wider else { continue };
        let parent = app.owner.makes_zone(limit.zone("Parent", None, None)).await;
        let between = app.owner.makes_zone(limit.zone("Between", Some(&parent), None)).await;
        let child = app.owner.makes_zone(limit.zone("Child", Some(&between), Some(wider))).await;
        app.owner.makes_zone(limit.zone("Fitting", Some(&between), Some(&limit.narrower.0))).await;

        let narrowed = change(&app.owner, &parent, limit.set_to(&limit.parent)).await;
        assert_eq!(*narrowed.at("/now_bound"), json!([{"zone_id": child, "keys": [limit.part()]}]));
        assert_eq!(effective(&app.owner, &child).await.at(limit.pointer), held, "the parent's limit stands");
        let own = app.owner.get(&format!("/zones/{child}")).await.expect(200);
        assert_eq!(own.at(limit.pointer), wider, "what the child wrote stays written: {}", limit.pointer);

        let (section, key) = limit.pointer[1..].split_once('/').expect("a section and a key");
        change(&app.owner, &parent, json!({section: {key: null}})).await;
        assert_eq!(effective(&app.owner, &child).await.at(limit.pointer), wider, "and holds again: {}", limit.pointer);
    }
});

on_both!(a_bound_child_may_still_change_what_is_not_bound, async |app: TestApp| {
    let parent = app.owner.makes_zone(json!({"name": "Parent"})).await;
    let zone = json!({"name": "Child", "parent_zone_id": parent, "constraints": {"max_concurrent_tasks": 9}});
    let child = app.owner.makes_zone(zone).await;
    change(&app.owner, &parent, json!({"constraints": {"max_concurrent_tasks": 2}})).await;
    let changed = change(&app.owner, &child, json!({"constraints": {"blocked_actions": ["work.harm"]}})).await;
    assert_eq!(changed.at("/constraints/max_concurrent_tasks"), 9);
    let again = json!({"constraints": {"max_concurrent_tasks": 9}});
    app.owner.patch(&format!("/zones/{child}"), again).await.expect_problem(422, "wider_than_parent");
});

on_both!(the_tightest_of_several_ancestors_binds, async |app: TestApp| {
    let limited = |name: &str, parent: Option<&str>, tasks: u32| json!({"name": name, "parent_zone_id": parent, "constraints": {"max_concurrent_tasks": tasks}});
    let root = app.owner.makes_zone(limited("Root", None, 5)).await;
    let middle = app.owner.makes_zone(limited("Middle", Some(&root), 3)).await;
    let refused = app.owner.post("/zones", limited("Leaf", Some(&middle), 9)).await.expect_problem(422, "wider_than_parent");
    assert_eq!(refused.text("/errors/0/zone_id"), middle);
    assert_eq!(*refused.at("/errors/0/limit"), json!(3));
    let refused = app.owner.post("/zones", limited("Leaf", Some(&middle), 4)).await.expect_problem(422, "wider_than_parent");
    assert_eq!(refused.text("/errors/0/zone_id"), middle);
    app.owner.post("/zones", limited("Leaf", Some(&middle), 3)).await.expect(201);
});
