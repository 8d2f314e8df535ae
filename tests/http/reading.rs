//! Reading: whole lists page by page, fresh enough, as it was, and filtered (SPEC H1, H4, L7, R2).

use serde_json::{Value, json};

use crate::harness::Reply;
use crate::harness::{Person, TestApp};
use crate::on_both;

/// All ids of a list, page by page.
async fn all(person: &Person, path: &str, limit: usize) -> Vec<String> {
    let mut ids = Vec::new();
    let mut next = String::new();
    loop {
        let joint = if path.contains('?') { '&' } else { '?' };
        let page = person.get(&format!("{path}{joint}limit={limit}{next}")).await.expect(200);
        let items = page.items();
        assert!(items.len() <= limit, "a page is no longer than asked: {path}");
        ids.extend(items.iter().map(|item| item["id"].as_str().expect("an id").to_owned()));
        match page.at("/next") {
            Value::String(cursor) => {
                assert_eq!(items.len(), limit, "only a full page has a next one: {path}");
                next = format!("&cursor={cursor}");
            }
            _ => return ids,
        }
    }
}

/// Whether a filter keeps an event.
type Keeps<'a> = Box<dyn Fn(&Value) -> bool + 'a>;

on_both!(cursors_page_through_lists_completely, async |app: TestApp| {
    let root = app.owner.makes_zone(json!({"name": "Root"})).await;
    for number in 0..5 {
        let ann = app.human(&format!("Ann {number}"), "member").await;
        app.owner.makes_zone(json!({"name": "Child", "parent_zone_id": root})).await;
        app.owner.assigns(&root, &ann, "approver").await.expect(201);
        app.owner.post("/invites", json!({"role": "member"})).await.expect(201);
        let proposal = app.owner.proposes_work(&root).await;
        ann.votes(&proposal, "approve").await.expect(if number == 0 { 200 } else { 403 });
    }
    app.settled().await;
    let lists = [
        ("/members".to_owned(), 6),
        ("/tokens".to_owned(), 6),
        ("/invites".to_owned(), 5),
        ("/zones".to_owned(), 6),
        (format!("/zones/{root}/children"), 5),
        (format!("/zones/{root}/assignments"), 5),
        ("/proposals".to_owned(), 5),
        ("/grants".to_owned(), 1),
    ];
    for (path, number) in lists {
        let whole = all(&app.owner, &path, 200).await;
        assert_eq!(whole.len(), number, "{path}");
        for limit in 1..=number {
            assert_eq!(all(&app.owner, &path, limit).await, whole, "{path} by {limit}");
        }
    }
    let whole = all(&app.owner, "/audit?order=asc", 200).await;
    let mut backwards = all(&app.owner, "/audit", 7).await;
    assert!(whole.len() > 30);
    assert_eq!(all(&app.owner, "/audit?order=asc", 7).await, whole);
    backwards.reverse();
    assert_eq!(backwards, whole);
});

on_both!(a_page_that_was_begun_does_not_shift_under_new_arrivals, async |app: TestApp| {
    let ann = app.human("Ann", "member").await;
    let zone = app.owner.makes_zone(json!({"name": "Zone"})).await;
    let mut opened = Vec::new();
    for _ in 0..4 {
        opened.push(ann.proposes_work(&zone).await);
    }
    let first = ann.get("/proposals?limit=2").await.expect(200);
    ann.proposes_work(&zone).await;
    let second = ann.get(&format!("/proposals?limit=2&cursor={}", first.text("/next"))).await.expect(200);
    let ids = |page: &crate::harness::Reply| [page.text("/items/0/id"), page.text("/items/1/id")];
    assert_eq!(ids(&first), [opened[3].clone(), opened[2].clone()], "newest first");
    assert_eq!(ids(&second), [opened[1].clone(), opened[0].clone()]);
});

on_both!(a_page_goes_on_after_its_last_item_even_if_that_has_gone, async |app: TestApp| {
    let owner = &app.owner;
    let root = owner.makes_zone(json!({"name": "Root"})).await;
    let (mut children, mut held) = (Vec::new(), Vec::new());
    let mut people = vec![owner.clone()];
    for number in 0..4 {
        let ann = app.human(&format!("Ann {number}"), "member").await;
        children.push(owner.makes_zone(json!({"name": "Child", "parent_zone_id": root})).await);
        held.push(owner.assigns(&root, &ann, "executor").await.expect(201).id());
        people.push(ann);
    }
    let half = async |path: &str| {
        let page = owner.get(&format!("{path}limit=2")).await.expect(200);
        format!("{path}limit=2&cursor={}", page.text("/next"))
    };
    let members = half("/members?").await;
    let zones = half(&format!("/zones/{root}/children?")).await;
    let roles = half(&format!("/zones/{root}/assignments?")).await;
    let able = half(&format!("/zones/{root}/who-can?action=work.do&")).await;
    owner.delete(&format!("/zones/{root}/assignments/{}", held[1])).await.expect(204);
    owner.post(&format!("/zones/{}/move", children[0]), json!({"parent_zone_id": null})).await.expect(200);
    owner.delete(&format!("/members/{}", people[1].id)).await.expect(204);
    for (path, key, expected) in [
        (members, "id", &people[2].id),
        (zones, "id", &children[2]),
        (roles, "id", &held[2]),
        (able, "principal_id", &people[3].id),
    ] {
        assert_eq!(owner.get(&path).await.expect(200).items()[0][key], expected.as_str(), "{path}");
    }
    for list in ["/members", "/zones", "/organizations", "/proposals"] {
        owner.get(&format!("{list}?cursor=c%2B5")).await.expect_problem(400, "malformed");
    }
});

on_both!(organizations_are_listed_page_by_page, async |app: TestApp| {
    for number in 0..3 {
        app.other_organization(&format!("Daughter {number}")).await;
    }
    app.settled().await;
    let whole = all(&app.owner, "/organizations", 200).await;
    assert_eq!(whole.len(), 4);
    assert_eq!(whole[0], app.owner.get("/me").await.expect(200).text("/organization_id"));
    for limit in 1..=4 {
        assert_eq!(all(&app.owner, "/organizations", limit).await, whole, "by {limit}");
    }
    app.owner.get("/organizations?colour=blue").await.expect_problem(400, "malformed");
});

on_both!(whoever_reads_the_log_reads_its_part_of_any_zone, async |app: TestApp| {
    let zone = app.owner.makes_zone(json!({"name": "Shut", "constraints": {"blocked_actions": ["zone.read"]}})).await;
    let ann = app.human("Ann", "member").await;
    let path = format!("/audit?zone_id={zone}");
    assert_eq!(app.owner.get(&path).await.expect(200).text("/items/0/type"), "zone.created");
    ann.get(&path).await.expect_problem(403, "action_blocked");
    app.owner.get(&format!("/audit?zone_id={}", app.owner.id)).await.expect_problem(404, "not_found");
});

on_both!(a_read_after_a_position_sees_what_was_written_there, async |app: TestApp| {
    let ann = app.human("Ann", "member").await;
    let zone = app.owner.makes_zone(json!({"name": "Zone"})).await;
    let body = json!({"zone_id": zone, "type": "task_execution", "title": "Work", "payload": {"action": "work.do"}});
    for number in 1..=20 {
        let made = ann.post("/proposals", body.clone()).await.expect(201);
        let listed = ann.get(&format!("/proposals?after={}", made.position())).await.expect(200);
        assert_eq!(listed.text("/items/0/id"), made.id());
        assert_eq!(listed.items().len(), number);
    }
    let head = app.owner.get("/audit?limit=1").await.expect(200).at("/items/0/position").as_u64().expect("a position");
    let me = format!("/members/{}", app.owner.id);
    let single = ["/me", "/organizations", "/organizations/current", &me];
    let lists = ["/zones", "/members", "/proposals", "/tokens", "/invites", "/grants", "/audit", "/zones/tree"];
    for path in lists.into_iter().chain(single) {
        app.owner.get(&format!("{path}?after={head}")).await.expect(200);
        app.owner.get(&format!("{path}?after={}", head + 1000)).await.expect_problem(412, "position_ahead");
    }
});

on_both!(a_zone_can_be_read_as_it_was, async |app: TestApp| {
    let made = app.owner.post("/zones", json!({"name": "First", "constraints": {"max_concurrent_tasks": 1}})).await.expect(201);
    let zone = format!("/zones/{}", made.id());
    app.clock.advance(chrono::Duration::hours(1));
    let renamed = app.owner.patch(&zone, json!({"name": "Second", "constraints": null})).await.expect(200);
    app.clock.advance(chrono::Duration::hours(1));
    let suspended = app.owner.post(&format!("{zone}/suspend"), json!({})).await.expect(200);

    let before = made.position() - 1;
    app.owner.get(&format!("{zone}?as_of={before}")).await.expect_problem(404, "not_found");
    app.owner.get(&format!("{zone}?as_of=2026-01-05T09:59:59Z")).await.expect_problem(404, "not_found");
    let moments = [
        (made.position().to_string(), "First", "active", "\"1\""),
        ("2026-01-05T10:00:00Z".to_owned(), "First", "active", "\"1\""),
        ("2026-01-05T10:59:59Z".to_owned(), "First", "active", "\"1\""),
        (renamed.position().to_string(), "Second", "active", "\"2\""),
        ("2026-01-05T11:00:00Z".to_owned(), "Second", "active", "\"2\""),
        ("2026-01-05T12:30:00%2B01:00".to_owned(), "Second", "active", "\"2\""),
        (suspended.position().to_string(), "Second", "suspended", "\"3\""),
        ("2026-01-05T12:00:00Z".to_owned(), "Second", "suspended", "\"3\""),
    ];
    let beyond = suspended.position() + 1000;
    app.owner.get(&format!("{zone}?as_of={beyond}")).await.expect_problem(412, "position_ahead");
    for (as_of, name, status, tag) in moments {
        let then = app.owner.get(&format!("{zone}?as_of={as_of}")).await.expect(200);
        assert_eq!((then.text("/name").as_str(), then.text("/status").as_str()), (name, status), "{as_of}");
        assert_eq!(then.header("etag"), tag, "{as_of}");
        assert_eq!(then.at("/constraints").is_null(), name == "Second", "{as_of}");
    }
});

/// A proposal as commands answer it, and how many events its history tells.
fn without_history(mut read: Reply) -> (Value, usize) {
    let history = read.body.as_object_mut().and_then(|shown| shown.remove("history")).expect("a history");
    (read.body, history.as_array().map_or(0, Vec::len))
}

on_both!(a_proposal_can_be_read_as_it_was, async |app: TestApp| {
    let ann = app.human("Ann", "member").await;
    let zone = app.owner.makes_zone(json!({"name": "Zone"})).await;
    app.owner.assigns(&zone, &ann, "approver").await.expect(201);
    let body = json!({"zone_id": zone, "type": "task_execution", "title": "Work", "payload": {"action": "work.do"}});
    let opened = app.owner.post("/proposals", body).await.expect(201);
    let path = format!("/proposals/{}", opened.id());
    app.clock.advance(chrono::Duration::hours(1));
    let decided = ann.votes(&opened.id(), "approve").await.expect(200);
    for as_of in [opened.position().to_string(), "2026-01-05T10:30:00Z".to_owned()] {
        let then = ann.get(&format!("{path}?as_of={as_of}")).await.expect(200);
        assert_eq!(without_history(then), (opened.body.clone(), 1), "{as_of}");
    }
    for as_of in [decided.position().to_string(), "2026-01-05T11:00:00Z".to_owned()] {
        let then = ann.get(&format!("{path}?as_of={as_of}")).await.expect(200);
        assert_eq!(without_history(then), (decided.body.clone(), 4), "{as_of}");
    }
    ann.get(&format!("{path}?as_of={}", opened.position() - 1)).await.expect_problem(404, "not_found");
    ann.get(&format!("{path}?as_of=2026-01-05T09:00:00Z")).await.expect_problem(404, "not_found");
});

on_both!(each_filter_of_the_log_keeps_to_itself, async |app: TestApp| {
    let ann = app.human("Ann", "member").await;
    let zone = app.owner.makes_zone(json!({"name": "Zone"})).await;
    let other = app.owner.makes_zone(json!({"name": "Other"})).await;
    app.owner.assigns(&zone, &ann, "approver").await.expect(201);
    app.clock.advance(chrono::Duration::hours(1));
    let proposal = app.owner.proposes_work(&zone).await;
    app.clock.advance(chrono::Duration::hours(1));
    ann.votes(&proposal, "approve").await.expect(200);
    let whole = app.owner.get("/audit?limit=200").await.expect(200).items().clone();
    let correlation = whole[0]["correlation_id"].as_str().expect("a correlation").to_owned();
    let (noon, eleven) = ("2026-01-05T12:00:00Z", "2026-01-05T11:00:00Z");
    let since = |event: &Value, moment: &str| event["occurred_at"].as_str().expect("a moment") >= moment;
    let filters: Vec<(String, Keeps<'_>)> = vec![
        (format!("actor_id={}", ann.id), Box::new(|event| event["actor"]["id"] == ann.id.as_str())),
        ("type=zone.created".to_owned(), Box::new(|event| event["type"] == "zone.created")),
        (format!("zone_id={zone}"), Box::new(|event| event["zone_id"] == zone.as_str())),
        (format!("zone_id={other}"), Box::new(|event| event["zone_id"] == other.as_str())),
        (format!("aggregate_id={proposal}"), Box::new(|event| event["aggregate_id"] == proposal.as_str())),
        (format!("from={eleven}"), Box::new(|event| since(event, eleven))),
        (format!("from={noon}"), Box::new(|event| since(event, noon))),
        (format!("correlation_id={correlation}"), Box::new(|event| event["correlation_id"] == correlation.as_str())),
        (
            format!("zone_id={zone}&actor_id={}&from={eleven}", app.owner.id),
            Box::new(|event| {
                event["zone_id"] == zone.as_str() && event["actor"]["id"] == app.owner.id.as_str() && since(event, eleven)
            }),
        ),
    ];
    for (filter, keeps) in filters {
        let found = app.owner.get(&format!("/audit?limit=200&{filter}")).await.expect(200).items().clone();
        let expected: Vec<Value> = whole.iter().filter(|event| keeps(event)).cloned().collect();
        assert!(!expected.is_empty() && expected.len() < whole.len(), "{filter} tells something apart");
        assert_eq!(found, expected, "{filter}");
    }
    let until = app.owner.get(&format!("/audit?limit=200&to={eleven}")).await.expect(200).items().clone();
    let (early, late) = ("2026-01-05T10:00:00Z", noon);
    assert!(until.iter().any(|event| event["occurred_at"] == early));
    assert!(!until.iter().any(|event| event["occurred_at"] == late));
});

on_both!(the_whole_log_is_for_auditors_and_a_zones_history_for_those_who_read_it, async |app: TestApp| {
    let ann = app.human("Ann", "member").await;
    let zone = app.owner.makes_zone(json!({"name": "Zone"})).await;
    ann.get("/audit").await.expect_problem(403, "forbidden");
    ann.get("/events").await.expect_problem(403, "forbidden");
    let history = ann.get(&format!("/audit?zone_id={zone}")).await.expect(200);
    assert_eq!(history.text("/items/0/type"), "zone.created");
    // Somebody who can decide what the owner proposes.
    app.human("Bob", "owner").await;
    let proposal = app.owner.proposes_work(&zone).await;
    let history = ann.get(&format!("/audit?aggregate_id={proposal}&order=asc")).await.expect(200);
    assert_eq!(history.text("/items/0/type"), "proposal.opened", "the history of a proposal is for whoever reads its zone");
    ann.get(&format!("/audit?aggregate_id={}", ann.id)).await.expect_problem(403, "forbidden");
    ann.get("/audit?aggregate_id=nothing").await.expect_problem(403, "forbidden");
    let shut = json!({"constraints": {"blocked_actions": ["zone.read"]}});
    app.owner.patch(&format!("/zones/{zone}"), shut).await.expect(200);
    ann.get(&format!("/audit?aggregate_id={proposal}")).await.expect_problem(403, "action_blocked");
});

on_both!(what_blocks_being_read_is_in_no_list, async |app: TestApp| {
    let owner = &app.owner;
    // Somebody who can decide what the owner proposes.
    app.human("Ann", "owner").await;
    let budget = json!({"budget_limit": "10"});
    let [open, shut] = [owner.makes_zone(json!({"name": "Open"})).await, owner.makes_zone(json!({"name": "Shut"})).await];
    let below = json!({"name": "Below", "parent_zone_id": shut, "resource_scope": budget});
    let below = owner.makes_zone(below).await;
    let seen = owner.proposes_work(&open).await;
    for zone in [&shut, &below, &shut, &below] {
        owner.proposes_work(zone).await;
    }
    let last = owner.proposes_work(&open).await;
    let blocks = json!({"constraints": {"blocked_actions": ["zone.read"]}});
    owner.patch(&format!("/zones/{shut}"), blocks).await.expect(200);
    app.settled().await;

    let mended = owner.patch(&format!("/zones/{shut}"), json!({"description": "Shut."})).await.expect(200);
    let told: Vec<&String> = mended.body.as_object().expect("an object").keys().collect();
    assert_eq!(told, ["id", "now_bound", "version"], "what is written there is not told either");

    for path in ["/zones", "/zones/tree", "/proposals", "/overview", "/escalations", "/evaluations", "/grants"] {
        let said = owner.get(path).await.expect(200).body.to_string();
        assert!(!said.contains(&shut) && !said.contains(&below), "{path}: {said}");
    }
    assert_eq!(owner.get("/overview").await.expect(200).at("/open/total"), &json!(2));
    let first = owner.get("/proposals?limit=1").await.expect(200);
    assert_eq!(first.text("/items/0/id"), last);
    let second = owner.get(&format!("/proposals?limit=1&cursor={}", first.text("/next"))).await.expect(200);
    assert_eq!((second.text("/items/0/id"), second.at("/next")), (seen, &Value::Null));
});

on_both!(what_waits_in_a_hidden_zone_is_not_told_by_the_inbox, async |app: TestApp| {
    let ann = app.human("Ann", "member").await;
    let zone = app.owner.makes_zone(json!({"name": "Shut"})).await;
    app.owner.assigns(&zone, &ann, "approver").await.expect(201);
    let proposal = app.owner.proposes_work(&zone).await;
    app.settled().await;
    let inbox = ann.get("/me/inbox").await.expect(200);
    assert_eq!(inbox.text("/waiting/reviews/0/proposal_id"), proposal);
    let blocks = json!({"constraints": {"blocked_actions": ["zone.read"]}});
    app.owner.patch(&format!("/zones/{zone}"), blocks).await.expect(200);
    let inbox = ann.get("/me/inbox").await.expect(200);
    assert_eq!(inbox.at("/waiting/reviews"), &json!([]), "its title is nothing to be read here either");
});

on_both!(whoever_was_removed_from_what_they_founded_is_told_nothing_of_it, async |app: TestApp| {
    let founder = app.other_organization("Mine once").await;
    let listed = app.owner.get("/organizations").await.expect(200);
    let names = |list: &crate::harness::Reply| -> Vec<String> {
        list.items().iter().map(|item| item["name"].as_str().expect("a name").to_owned()).collect()
    };
    assert_eq!(names(&listed), ["Acme", "Mine once"]);
    let heir = json!({"kind": "human", "display_name": "Heir", "role": "owner"});
    let heir = founder.takes_in(heir).await;
    heir.delete(&format!("/members/{}", founder.id)).await.expect(204);
    heir.patch("/organizations/current", json!({"name": "A secret"})).await.expect(200);
    assert_eq!(names(&app.owner.get("/organizations").await.expect(200)), ["Acme"]);
    for limit in [1, 2, 200] {
        let page = app.owner.get(&format!("/organizations?limit={limit}")).await.expect(200);
        assert_eq!((names(&page), page.at("/next")), (vec!["Acme".to_owned()], &serde_json::Value::Null));
    }
});
