//! Grants: for one principal, zone, action and set of parameters; checked again when they are used.

use chrono::Duration;
use serde_json::{Value, json};

use super::{budget, reserves};
use crate::harness::{Person, TestApp};
use crate::on_both;

/// A zone that asks nobody, with a worker who has no role in it.
struct Scene {
    zone: String,
    worker: Person,
}

impl Scene {
    async fn of(app: &TestApp, zone: Value) -> Self {
        let mut body = json!({"name": "Zone", "resource_scope": {"budget_limit": "100"},
            "approval_policy": {"auto_approve": {"types": ["task_execution", "resource_allocation"]}}});
        for (key, value) in zone.as_object().expect("keys") {
            body[key] = value.clone();
        }
        let zone = app.owner.makes_zone(body).await;
        Self { zone, worker: app.human("Wendy", "member").await }
    }

    async fn granted(&self, app: &TestApp, kind: &str, payload: Value) -> String {
        let body = json!({"zone_id": self.zone, "type": kind, "title": "Work", "payload": payload});
        let done = app.owner.post("/proposals", body).await.expect(201);
        assert_eq!(done.text("/execution/status"), "succeeded", "{}", done.body);
        app.owner.get(&format!("/grants?limit=1&after={}", done.position())).await.expect(200).text("/items/0/id")
    }

    async fn task(&self, app: &TestApp, payload: Value) -> String {
        let mut payload = payload;
        payload["executor_id"] = json!(self.worker.id);
        self.granted(app, "task_execution", payload).await
    }

    async fn uses(&self, grant: &str, body: Value) -> crate::harness::Reply {
        self.worker.post(&format!("/grants/{grant}/use"), body).await
    }
}

on_both!(a_grant_is_used_once_by_its_principal_with_its_parameters, async |app: TestApp| {
    let scene = Scene::of(&app, json!({})).await;
    let params = json!({"to": "eu-1", "replicas": 3});
    let grant = scene
        .task(&app, json!({"action": "deploy.production", "amount": "40", "tool": "helm", "board_id": "b", "params": params}))
        .await;
    assert_eq!(budget(&app.owner, &scene.zone).await["reserved"], "40", "what is granted is set aside");
    // Key order is no difference, everything else is.
    let right = json!({"params": {"replicas": 3, "to": "eu-1"}, "tool": "helm", "board_id": "b"});
    app.owner.post(&format!("/grants/{grant}/use"), right.clone()).await.expect_problem(403, "not_your_grant");
    for wrong in [
        json!({"params": {"replicas": 4, "to": "eu-1"}, "tool": "helm", "board_id": "b"}),
        json!({"params": {"replicas": 3, "to": "eu-1"}, "tool": "helm"}),
        json!({"params": {"replicas": 3, "to": "eu-1"}, "tool": "kubectl", "board_id": "b"}),
        json!({}),
    ] {
        scene.uses(&grant, wrong).await.expect_problem(422, "other_parameters");
    }
    let mut dear = right.clone();
    dear["amount"] = json!("40.01");
    scene.uses(&grant, dear).await.expect_problem(422, "more_than_granted");
    let mut cheap = right.clone();
    cheap["amount"] = json!("39.5");
    let used = scene.uses(&grant, cheap).await.expect(200);
    assert_eq!((used.text("/status"), used.at("/used")), ("used".to_owned(), &json!(1)));
    scene.uses(&grant, right).await.expect_problem(409, "grant_used");
    let shown = budget(&app.owner, &scene.zone).await;
    assert_eq!((&shown["spent"], &shown["remaining"]), (&json!("39.5"), &json!("60.5")));
});

on_both!(an_allocation_is_used_until_it_is_used_up, async |app: TestApp| {
    let scene = Scene::of(&app, json!({})).await;
    let grant = scene.granted(&app, "resource_allocation", json!({"amount": "60", "beneficiary_id": scene.worker.id})).await;
    let more = json!({"zone_id": scene.zone, "type": "resource_allocation", "title": "More", "payload": {"amount": "40.01"}});
    let refused = app.owner.post("/proposals", more).await.expect(422);
    assert!(refused.text("/errors/0/message").contains("40.01 is more than the 40 left"), "{}", refused.body);
    scene.uses(&grant, json!({"amount": "25"})).await.expect(200);
    let shown = budget(&app.owner, &scene.zone).await;
    assert_eq!((&shown["reserved"], &shown["spent"]), (&json!("35"), &json!("25")));
    scene.uses(&grant, json!({"amount": "35.01"})).await.expect_problem(422, "more_than_granted");
    let path = format!("/grants/{grant}/use");
    let stale = scene.worker.post_with(&path, json!({"params": null}), &[("if-match", "\"99\"")]).await;
    stale.expect_problem(412, "stale_version");
    let last = scene.uses(&grant, json!({})).await.expect(200);
    assert_eq!((last.text("/status"), last.text("/spent")), ("used".to_owned(), "60".to_owned()));
    scene.uses(&grant, json!({"amount": "1"})).await.expect_problem(409, "grant_used");
});

on_both!(a_grant_ends_by_itself_and_frees_its_money, async |app: TestApp| {
    let scene = Scene::of(&app, json!({})).await;
    let grant = scene.task(&app, json!({"action": "work.do", "amount": "70"})).await;
    app.settled().await;
    app.clock.advance(Duration::hours(24));
    scene.uses(&grant, json!({})).await.expect_problem(409, "grant_expired");
    app.time_passes(Duration::zero()).await;
    let shown = app.owner.get("/grants").await.expect(200);
    assert_eq!(shown.text("/items/0/status"), "expired");
    let told = app.owner.get(&format!("/audit?aggregate_id={grant}&order=asc")).await.expect(200);
    let told: Vec<&str> = told.items().iter().filter_map(|event| event["type"].as_str()).collect();
    assert_eq!(told, ["grant.issued", "grant.expired"]);
    assert_eq!(budget(&app.owner, &scene.zone).await["remaining"], "100");
    reserves(&app.owner, &scene.zone, "100").await.expect(201);
});

on_both!(a_grant_is_checked_again_when_it_is_used, async |app: TestApp| {
    let scene = Scene::of(&app, json!({})).await;
    let path = format!("/zones/{}", scene.zone);
    let grant = scene.task(&app, json!({"action": "work.do", "amount": "50"})).await;
    for (narrower, status, code) in [
        (json!({"constraints": {"blocked_actions": ["work.*"]}}), 403, "action_blocked"),
        (json!({"constraints": {"allowed_actions": []}}), 403, "action_not_allowed"),
        (json!({"resource_scope": {"budget_limit": "49.99"}}), 422, "budget_exceeded"),
        (json!({"constraints": {"spending_limit": {"amount": "49", "window": "month"}}}), 422, "spending_limit_exceeded"),
        (json!({"constraints": {"rate_limits": [{"action": "*", "max": 0, "per_seconds": 5}]}}), 429, "rate_limited"),
        (json!({"agent_qualifications": {"kinds": ["agent"]}}), 403, "kind_not_allowed"),
    ] {
        app.owner.patch(&path, narrower.clone()).await.expect(200);
        scene.uses(&grant, json!({})).await.expect_problem(status, code);
        let wide = json!({"constraints": null, "agent_qualifications": null, "resource_scope": {"budget_limit": "100"}});
        app.owner.patch(&path, wide).await.expect(200);
    }
    scene.uses(&grant, json!({})).await.expect(200);
});

on_both!(archive_and_the_loss_of_a_role_void_grants_and_suspension_has_them_wait, async |app: TestApp| {
    let scene = Scene::of(&app, json!({})).await;
    let path = format!("/zones/{}", scene.zone);
    let status = async |grant: &str| {
        app.settled().await;
        let grants = app.owner.get("/grants").await.expect(200);
        let found = grants.items().iter().find(|item| item["id"] == grant).expect("the grant").clone();
        (found["status"].as_str().expect("a status").to_owned(), found["reason"].as_str().unwrap_or_default().to_owned())
    };
    let suspended = scene.task(&app, json!({"action": "work.do", "amount": "10"})).await;
    app.owner.post(&format!("{path}/suspend"), json!({})).await.expect(200);
    assert_eq!(status(&suspended).await.0, "issued");
    scene.uses(&suspended, json!({})).await.expect_problem(409, "zone_not_in_force");
    assert_eq!(budget(&app.owner, &scene.zone).await["reserved"], "10", "its money waits for it");
    app.owner.post(&format!("{path}/activate"), json!({})).await.expect(200);
    scene.uses(&suspended, json!({})).await.expect(200);

    let held = app.owner.assigns(&scene.zone, &scene.worker, "executor").await.expect(201).id();
    let by_role = scene.task(&app, json!({"action": "work.do", "amount": "10"})).await;
    app.owner.delete(&format!("{path}/assignments/{held}")).await.expect(204);
    assert_eq!(status(&by_role).await, ("voided".into(), "role_lost".into()));

    let without = scene.task(&app, json!({"action": "work.do"})).await;
    assert_eq!(status(&without).await.0, "issued", "the approval stands in for a role nobody had");
    app.owner.post(&format!("{path}/archive"), json!({})).await.expect(200);
    assert_eq!(status(&without).await, ("voided".into(), "zone_archived".into()));
    scene.uses(&without, json!({})).await.expect(409);
});

on_both!(a_grant_outlives_read_models_that_are_made_again, async |app: TestApp| {
    let scene = Scene::of(&app, json!({})).await;
    let elsewhere = app.owner.makes_zone(json!({"name": "Elsewhere"})).await;
    let grant = scene.task(&app, json!({"action": "work.do", "amount": "10"})).await;
    app.owner.post(&format!("/zones/{elsewhere}/suspend"), json!({})).await.expect(200);
    app.owner.post(&format!("/zones/{elsewhere}/activate"), json!({})).await.expect(200);
    app.settled().await;
    let below = json!({"parent_zone_id": elsewhere});
    app.owner.post(&format!("/zones/{}/move", scene.zone), below).await.expect(200);
    app.settled().await;
    let service = &app.service.app;
    trust_zones::processes::rebuild(&service.log, &service.views).await.expect("a rebuild");
    app.settled().await;
    let told = app.owner.get("/grants?limit=1").await.expect(200);
    assert_eq!((told.text("/items/0/id"), told.text("/items/0/status")), (grant.clone(), "issued".to_owned()), "{}", told.body);
    scene.uses(&grant, json!({})).await.expect(200);
});

on_both!(a_task_named_like_an_allocation_is_a_task, async |app: TestApp| {
    let scene = Scene::of(&app, json!({})).await;
    let grant = scene.task(&app, json!({"action": "resource.allocate", "amount": "5"})).await;
    let narrower = json!({"constraints": {"allowed_actions": ["task.*"]}});
    app.owner.patch(&format!("/zones/{}", scene.zone), narrower).await.expect(200);
    scene.uses(&grant, json!({})).await.expect_problem(403, "action_not_allowed");
});

on_both!(a_simulation_asks_what_a_grant_was_used_with, async |app: TestApp| {
    let scene = Scene::of(&app, json!({})).await;
    let grant = scene.task(&app, json!({"action": "deploy.site", "tool": "helm", "params": {"replicas": 9}})).await;
    scene.uses(&grant, json!({"tool": "helm", "params": {"replicas": 9}})).await.expect(200);
    for narrower in [json!({"allowed_tools": ["argo"]}), json!({"limits": {"replicas": 5}})] {
        let asked = json!({"changes": {"resource_scope": narrower}});
        let told = app.owner.post(&format!("/zones/{}/simulate", scene.zone), asked).await.expect(200);
        let types: Vec<&Value> = told.at("/differences").as_array().expect("a list").iter().map(|one| &one["type"]).collect();
        assert!(types.contains(&&json!("grant.used")), "{}", told.body);
    }
});
