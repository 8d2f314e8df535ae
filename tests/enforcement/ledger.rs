//! Reservations: debited from every zone above or from none, spent, given back, or lapsed.

use chrono::Duration;
use serde_json::{Value, json};

use super::{budget, executor, reserves};
use crate::harness::TestApp;
use crate::on_both;

on_both!(a_reservation_debits_every_zone_above_and_frees_what_is_not_spent, async |app: TestApp| {
    let parent = json!({"name": "Parent", "resource_scope": {"budget_limit": "100.00"}});
    let parent = app.owner.makes_zone(parent).await;
    let below = |name: &str| json!({"name": name, "parent_zone_id": parent, "resource_scope": {"budget_limit": "80"}});
    let [one, other] = [app.owner.makes_zone(below("One")).await, app.owner.makes_zone(below("Other")).await];
    let worker = executor(&app, &parent).await;

    let first = reserves(&worker, &one, "70.10").await.expect(201);
    assert_eq!((first.text("/status"), first.text("/amount")), ("reserved".to_owned(), "70.10".to_owned()));
    assert_eq!(first.header("location"), format!("/api/v1/reservations/{}", first.id()));
    let refused = reserves(&worker, &other, "29.91").await.expect_problem(422, "budget_exceeded");
    assert_eq!(refused.text("/reasons/0/zone_id"), parent, "the parent binds");
    assert_eq!((refused.text("/reasons/0/limit"), refused.text("/reasons/0/requested")), ("100.00".into(), "29.91".into()));
    let refused = reserves(&worker, &one, "9.91").await.expect_problem(422, "budget_exceeded");
    assert_eq!(refused.text("/reasons/0/zone_id"), one, "the zone itself binds");
    assert_eq!(budget(&app.owner, &other).await["reserved"], "0", "nothing was debited for what was refused");

    let path = format!("/reservations/{}", first.id());
    worker.post(&format!("{path}/commit"), json!({"actual": "70.11"})).await.expect_problem(422, "more_than_reserved");
    let spent = worker.post(&format!("{path}/commit"), json!({"actual": "50.05"})).await.expect(200);
    assert_eq!((spent.text("/status"), spent.text("/actual")), ("committed".to_owned(), "50.05".to_owned()));
    let shown = budget(&app.owner, &other).await;
    assert_eq!(
        (&shown["limit"], &shown["remaining"], &shown["binding_zone_id"]),
        (&json!("80"), &json!("49.95"), &json!(parent))
    );
    let shown = budget(&app.owner, &parent).await;
    assert_eq!((&shown["reserved"], &shown["spent"]), (&json!("0.00"), &json!("50.05")));
    reserves(&worker, &other, "49.95").await.expect(201);

    app.settled().await;
    let again = worker.post(&format!("{path}/commit"), json!({"actual": "50.05"})).await.expect(200);
    assert_eq!(again.text("/status"), "committed", "the same once more changes nothing");
    worker.post(&format!("{path}/commit"), json!({})).await.expect_problem(409, "reservation_closed");
    worker.post(&format!("{path}/release"), json!({})).await.expect_problem(409, "reservation_closed");
    assert_eq!(budget(&app.owner, &parent).await["spent"], "50.05");
});

on_both!(what_is_not_spent_in_time_lapses_by_itself, async |app: TestApp| {
    let zone = app.owner.makes_zone(json!({"name": "Zone", "resource_scope": {"budget_limit": "10"}})).await;
    let worker = executor(&app, &zone).await;
    let body = json!({"action": "work.do", "amount": "10", "expires_in_seconds": 60});
    let held = worker.post(&format!("/zones/{zone}/reservations"), body).await.expect(201);
    assert_eq!(held.text("/expires_at"), "2026-01-05T10:01:00Z");
    reserves(&worker, &zone, "0.01").await.expect_problem(422, "budget_exceeded");
    app.settled().await;
    app.clock.advance(Duration::seconds(60));
    let late = worker.post(&format!("/reservations/{}/commit", held.id()), json!({})).await.expect(409);
    assert_eq!(late.text("/code"), "reservation_lapsed");
    app.time_passes(Duration::zero()).await;
    let shown = worker.get(&format!("/reservations/{}", held.id())).await.expect(200);
    assert_eq!((shown.text("/status"), shown.text("/closed_at")), ("lapsed".to_owned(), "2026-01-05T10:01:00Z".to_owned()));
    reserves(&worker, &zone, "10").await.expect(201);
    let listed = worker.get(&format!("/zones/{zone}/reservations?limit=1")).await.expect(200);
    assert_eq!((listed.items().len(), listed.text("/items/0/status")), (1, "reserved".to_owned()));
    assert!(listed.at("/next").is_string());
});

on_both!(reservations_are_ones_own_and_need_a_role, async |app: TestApp| {
    let zone = app.owner.makes_zone(json!({"name": "Zone"})).await;
    let worker = executor(&app, &zone).await;
    let bystander = app.human("Bea", "member").await;
    reserves(&bystander, &zone, "1").await.expect_problem(403, "no_role");
    let held = reserves(&worker, &zone, "1").await.expect(201);
    for act in ["commit", "release"] {
        bystander.post(&format!("/reservations/{}/{act}", held.id()), json!({})).await.expect(403);
    }
    let for_her = json!({"action": "work.do", "amount": "1", "principal_id": worker.id});
    bystander.post(&format!("/zones/{zone}/reservations"), for_her.clone()).await.expect(403);
    let for_her = app.owner.post(&format!("/zones/{zone}/reservations"), for_her).await.expect(201);
    assert_eq!((for_her.text("/principal_id"), for_her.text("/reserved_by")), (worker.id.clone(), app.owner.id.clone()));
    worker.post(&format!("/reservations/{}/release", for_her.id()), json!({})).await.expect(200);
    for (key, value) in [("amount", json!("-1")), ("expires_in_seconds", json!(0)), ("expires_in_seconds", json!(2_592_001))] {
        let mut body = json!({"action": "work.do", "amount": "1"});
        body[key] = value;
        worker.post(&format!("/zones/{zone}/reservations"), body).await.expect(422);
    }
});

on_both!(spending_is_bounded_by_the_days_of_the_zones_own_clock, async |app: TestApp| {
    // In Auckland the Tuesday begins at 11 in the morning of Monday, 5 January, in UTC.
    let hours = json!({"timezone": "Pacific/Auckland", "from": "00:00", "to": "24:00"});
    let constraints = json!({"active_hours": hours, "spending_limit": {"amount": "10", "window": "day"}});
    let zone = app.owner.makes_zone(json!({"name": "Zone", "constraints": constraints})).await;
    let child = app.owner.makes_zone(json!({"name": "Child", "parent_zone_id": zone})).await;
    let worker = executor(&app, &zone).await;
    reserves(&worker, &child, "6").await.expect(201);
    let refused = reserves(&worker, &zone, "5").await.expect_problem(422, "spending_limit_exceeded");
    assert_eq!(refused.text("/reasons/0/zone_id"), zone);
    assert_eq!(*refused.at("/retry_after_seconds"), 3_600);
    let never = reserves(&worker, &zone, "11").await.expect_problem(422, "spending_limit_exceeded");
    assert_eq!(never.body["retry_after_seconds"], Value::Null, "no other day would do");
    let shown = budget(&app.owner, &child).await;
    assert_eq!(shown["limits"][0]["window_began_at"], "2026-01-04T11:00:00Z");
    assert_eq!((&shown["remaining"], &shown["limits"][0]["own"]), (&json!("4"), &json!(false)));
    app.time_passes(Duration::minutes(59)).await;
    reserves(&worker, &zone, "5").await.expect_problem(422, "spending_limit_exceeded");
    app.time_passes(Duration::minutes(1)).await;
    reserves(&worker, &zone, "10").await.expect(201);
});

on_both!(rates_count_over_the_subtree_in_any_span_and_survive_a_restart, async |app: TestApp| {
    let rates = json!({"rate_limits": [{"action": "work.*", "max": 3, "per_seconds": 60}]});
    let zone = app.owner.makes_zone(json!({"name": "Zone", "constraints": rates})).await;
    let child = app.owner.makes_zone(json!({"name": "Child", "parent_zone_id": zone})).await;
    let worker = executor(&app, &zone).await;
    let check = format!("/zones/{child}/check");
    reserves(&worker, &zone, "0").await.expect(201);
    app.time_passes(Duration::seconds(30)).await;
    for _ in 0..2 {
        assert_eq!(worker.post(&check, json!({"action": "work.do"})).await.expect(200).text("/decision"), "allow");
    }
    assert_eq!(worker.post(&check, json!({"action": "other.do"})).await.expect(200).text("/decision"), "allow");
    let limited = async |person: &crate::harness::Person| {
        let refused = person.post(&check, json!({"action": "work.do"})).await.expect(200);
        assert_eq!((refused.text("/decision"), refused.text("/reasons/0/code")), ("deny".into(), "rate_limited".into()));
        assert_eq!(refused.text("/reasons/0/zone_id"), zone);
        refused.at("/reasons/0/retry_after_seconds").as_u64().expect("seconds")
    };
    assert_eq!(limited(&worker).await, 30);
    let refused = reserves(&worker, &child, "0").await.expect_problem(429, "rate_limited");
    assert_eq!(refused.header("retry-after"), "30");
    let TestApp { service, clock, store, .. } = app;
    service.end().await;
    let app = TestApp::on_with(store, &[], clock).await;
    let worker = app.person(&worker.id, &worker.token);
    assert_eq!(limited(&worker).await, 30);
    app.clock.advance(Duration::seconds(30));
    assert_eq!(worker.post(&check, json!({"action": "work.do"})).await.expect(200).text("/decision"), "allow");
    assert_eq!(limited(&worker).await, 30, "the two of the middle still count");
});

on_both!(only_so_many_tasks_are_under_way_at_once, async |app: TestApp| {
    let zone = app.owner.makes_zone(json!({"name": "Zone", "constraints": {"max_concurrent_tasks": 2}})).await;
    let worker = executor(&app, &zone).await;
    let first = reserves(&worker, &zone, "0").await.expect(201).id();
    reserves(&worker, &zone, "0").await.expect(201);
    let refused = reserves(&worker, &zone, "0").await.expect_problem(422, "too_many_concurrent_tasks");
    assert_eq!(refused.text("/reasons/0/zone_id"), zone);
    assert_eq!(budget(&worker, &zone).await["concurrent_tasks"], 2);
    worker.post(&format!("/reservations/{first}/release"), json!({})).await.expect(200);
    reserves(&worker, &zone, "0").await.expect(201);
});

on_both!(an_approved_task_takes_a_place_until_it_is_done, async |app: TestApp| {
    let limited =
        json!({"constraints": {"max_concurrent_tasks": 1}, "approval_policy": {"auto_approve": {"types": ["task_execution"]}}});
    let upper = app.owner.makes_zone(json!({"name": "Upper", "constraints": {"max_concurrent_tasks": 2}})).await;
    let mut zone = limited.clone();
    zone["name"] = json!("Zone");
    zone["parent_zone_id"] = json!(upper);
    let zone = app.owner.makes_zone(zone).await;
    let worker = executor(&app, &zone).await;
    let work = |amount: Option<&str>| json!({"zone_id": zone, "type": "task_execution", "title": "Work", "payload": {"action": "work.do", "amount": amount}});
    for amount in [None, Some("5")] {
        let first = worker.post("/proposals", work(amount)).await.expect(201);
        assert_eq!(first.text("/execution/status"), "succeeded");
        assert_eq!(budget(&worker, &zone).await["concurrent_tasks"], 1);
        assert_eq!(budget(&worker, &upper).await["concurrent_tasks"], 1);
        let checked = worker.post(&format!("/zones/{zone}/check"), json!({"action": "work.do"})).await.expect(200);
        assert_eq!(checked.text("/reasons/0/code"), "too_many_concurrent_tasks");
        reserves(&worker, &zone, "1").await.expect_problem(422, "too_many_concurrent_tasks");
        let refused = worker.post("/proposals", work(amount)).await.expect(422);
        assert_eq!(refused.text("/errors/0/code"), "too_many_concurrent_tasks");
        let grant = worker.get(&format!("/grants?after={}", first.position())).await.expect(200).text("/items/0/id");
        let used = worker.post(&format!("/grants/{grant}/use"), json!({})).await.expect(200);
        assert_eq!(used.text("/status"), "used", "its own place does not stand in its way");
        assert_eq!(budget(&worker, &zone).await["concurrent_tasks"], 0);
    }
    // One that was submitted while there was room, and approved when there was none any more.
    let reviewer = app.human("Reviewer", "member").await;
    app.owner.assigns(&zone, &reviewer, "approver").await.expect(201);
    app.owner.patch(&format!("/zones/{zone}"), json!({"approval_policy": null})).await.expect(200);
    let waiting = worker.post("/proposals", work(None)).await.expect(201).id();
    let held = reserves(&worker, &zone, "1").await.expect(201).id();
    let failed = reviewer.votes(&waiting, "approve").await.expect(200);
    assert_eq!(
        (failed.text("/execution/status"), failed.text("/execution/code")),
        ("failed".to_owned(), "too_many_concurrent_tasks".to_owned())
    );
    worker.post(&format!("/reservations/{held}/release"), json!({})).await.expect(200);
    let retried = app.owner.post(&format!("/proposals/{waiting}/retry-execution"), json!({})).await.expect(200);
    assert_eq!(retried.text("/execution/status"), "succeeded");
    // A grant that ends unused frees its place.
    app.settled().await;
    app.time_passes(Duration::hours(25)).await;
    assert_eq!(budget(&worker, &zone).await["concurrent_tasks"], 0);
});

on_both!(governing_takes_no_place_among_tasks, async |app: TestApp| {
    let policy = json!({"name": "Zone", "constraints": {"max_concurrent_tasks": 1}, "approval_policy": {"auto_approve": {"types": ["task_execution"]}}});
    let zone = app.owner.makes_zone(policy).await;
    let worker = executor(&app, &zone).await;
    for _ in 0..3 {
        let read = json!({"zone_id": zone, "type": "task_execution", "title": "Look", "payload": {"action": "zone.read"}});
        let looked = worker.post("/proposals", read).await.expect(201);
        assert_eq!(looked.text("/execution/status"), "succeeded");
    }
    assert_eq!(budget(&worker, &zone).await["concurrent_tasks"], 0);
    reserves(&worker, &zone, "1").await.expect(201);
});

on_both!(of_many_approved_at_once_no_more_are_under_way_than_may_be, async |app: TestApp| {
    let zone = json!({"name": "Zone", "constraints": {"max_concurrent_tasks": 3}});
    let zone = app.owner.makes_zone(zone).await;
    let worker = executor(&app, &zone).await;
    let reviewer = app.human("Reviewer", "member").await;
    app.owner.assigns(&zone, &reviewer, "approver").await.expect(201);
    let mut proposals = Vec::new();
    for _ in 0..12 {
        proposals.push(worker.proposes_work(&zone).await);
    }
    let approved = futures::future::join_all(proposals.iter().map(|proposal| reviewer.votes(proposal, "approve"))).await;
    let executed: Vec<String> = approved.into_iter().map(|reply| reply.expect(200).text("/execution/status")).collect();
    let succeeded = executed.iter().filter(|status| *status == "succeeded").count();
    assert_eq!((succeeded, executed.len()), (3, 12), "{executed:?}");
    assert_eq!(budget(&worker, &zone).await["concurrent_tasks"], 3);
});

on_both!(what_the_books_have_no_room_for_is_not_proposed, async |app: TestApp| {
    let zone = json!({"name": "Zone", "resource_scope": {"budget_limit": "100"}});
    let zone = app.owner.makes_zone(zone).await;
    let worker = executor(&app, &zone).await;
    let reviewer = app.human("Reviewer", "member").await;
    app.owner.assigns(&zone, &reviewer, "approver").await.expect(201);
    let held = reserves(&worker, &zone, "90").await.expect(201).id();
    let work =
        json!({"zone_id": zone, "type": "task_execution", "title": "Work", "payload": {"action": "work.do", "amount": "20"}});
    let refused = worker.post("/proposals", work.clone()).await.expect(422);
    assert_eq!(
        (refused.text("/errors/0/code"), refused.text("/errors/0/zone_id")),
        ("budget_exceeded".to_owned(), zone.clone())
    );
    worker.post(&format!("/reservations/{held}/release"), json!({})).await.expect(200);
    worker.post("/proposals", work).await.expect(201);
});

on_both!(what_was_set_aside_for_another_is_not_told_to_a_token_for_something_else, async |app: TestApp| {
    let zone = app.owner.makes_zone(json!({"name": "Zone"})).await;
    let worker = executor(&app, &zone).await;
    let held = reserves(&worker, &zone, "7").await.expect(201).id();
    let release = format!("/reservations/{held}/release");
    worker.post(&release, json!({})).await.expect(200);
    let narrow = async |person: &crate::harness::Person, action: &str| {
        let token = person.post("/tokens", json!({"name": "narrow", "actions": [action]})).await.expect(201);
        person.with_token(&token.text("/token"))
    };
    let bob = app.human("Bob", "member").await;
    narrow(&bob, "proposal.comment").await.post(&release, json!({})).await.expect_problem(403, "outside_token_scope");
    let again = narrow(&worker, "work.do").await.post(&release, json!({})).await.expect(200);
    assert_eq!(again.text("/status"), "released", "one's own is, however narrow the token");
});
