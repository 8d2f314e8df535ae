//! Writing twice and writing at once: idempotency keys, versions, places and positions (SPEC H3, H4).

use reqwest::Method;
use serde_json::{Value, json};
use trust_zones::processes::forget_answers;

use crate::harness::{Kind, Store, TestApp};
use crate::on_both;

fn key(text: &str) -> [(&'static str, &str); 1] {
    [("idempotency-key", text)]
}

/// A story on a store that outlives a service.
async fn answers_again_after_a_restart(kind: Kind) {
    let mut app = TestApp::on(Store::create(kind).await, &[]).await;
    let owner = app.owner.clone();
    let zone = json!({"name": "Zone"});
    let made = owner.post_with("/zones", zone.clone(), &key("one")).await.expect(201);
    let token = owner.post_with("/tokens", json!({"name": "mine"}), &key("two")).await.expect(201);
    assert!(token.text("/token").starts_with("tz_"));

    let unused = Store::create(Kind::Sqlite).await;
    let store = std::mem::replace(&mut app.store, unused);
    app.service.end().await;
    let app = TestApp::on(store, &[]).await;
    let owner = app.person(&owner.id, &owner.token);
    let again = owner.post_with("/zones", zone, &key("one")).await.expect(201);
    assert_eq!(again.body, made.body);
    assert_eq!(again.position(), made.position());
    assert_eq!((again.header("location"), again.header("etag")), (made.header("location"), made.header("etag")));
    assert_eq!(owner.get("/zones").await.expect(200).items().len(), 1, "made once");
    owner.post_with("/zones", json!({"name": "Other"}), &key("one")).await.expect_problem(422, "idempotency_key_reused");

    let replayed = owner.post_with("/tokens", json!({"name": "mine"}), &key("two")).await.expect(201);
    assert_eq!(*replayed.at("/token"), Value::Null, "a secret is shown once and never kept");
    assert_eq!(replayed.id(), token.id());
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_key_is_answered_again_after_a_restart_on_sqlite() {
    answers_again_after_a_restart(Kind::Sqlite).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_key_is_answered_again_after_a_restart_on_postgres() {
    answers_again_after_a_restart(Kind::Postgres).await;
}

on_both!(the_same_key_gives_the_same_answer_and_does_it_once, async |app: TestApp| {
    let ann = app.human("Ann", "admin").await;
    let zone = json!({"name": "Zone"});
    let made = app.owner.post_with("/zones", zone.clone(), &key("one")).await.expect(201);
    let again = app.owner.post_with("/zones", zone.clone(), &key("one")).await.expect(201);
    assert_eq!((again.id(), again.position()), (made.id(), made.position()));
    let others = ann.post_with("/zones", zone.clone(), &key("one")).await.expect(201);
    assert_ne!(others.id(), made.id(), "a key belongs to whoever sends it");
    assert_eq!(app.owner.get("/zones").await.expect(200).items().len(), 2);

    app.owner.post_with("/zones", json!({"name": "Other"}), &key("one")).await.expect_problem(422, "idempotency_key_reused");
    app.owner.post_with("/organizations", zone.clone(), &key("one")).await.expect_problem(422, "idempotency_key_reused");
    let refused = json!({"name": "Zone", "slug": "zone"});
    app.owner.post_with("/zones", refused.clone(), &key("two")).await.expect_problem(409, "slug_taken");
    let renamed = json!({"slug": "another"});
    app.owner.patch(&format!("/zones/{}", made.id()), renamed).await.expect(200);
    app.owner.post_with("/zones", refused, &key("two")).await.expect(201);
});

on_both!(many_at_once_under_one_key_do_it_once, async |app: TestApp| {
    let requests = (0..8).map(|_| app.owner.post_with("/zones", json!({"name": "Zone"}), &[("idempotency-key", "one")]));
    let answers = futures::future::join_all(requests).await;
    let ids: std::collections::BTreeSet<String> = answers.into_iter().map(|answer| answer.expect(201).id()).collect();
    assert_eq!(ids.len(), 1);
    assert_eq!(app.owner.get("/zones").await.expect(200).items().len(), 1);
});

on_both!(secrets_are_shown_once_and_never_kept, async |app: TestApp| {
    let cases = [
        ("/tokens", json!({"name": "mine"}), "/token"),
        ("/invites", json!({"role": "member"}), "/code"),
        ("/organizations", json!({"name": "Another"}), "/token"),
    ];
    for (path, body, secret) in cases {
        let first = app.owner.post_with(path, body.clone(), &key(path)).await.expect(201);
        let shown = first.text(secret);
        let again = app.owner.post_with(path, body, &key(path)).await.expect(201);
        assert_eq!(*again.at(secret), Value::Null, "{path}");
        assert_eq!(again.id(), first.id(), "{path}");
        let log = app.owner.get("/audit?limit=200").await.expect(200);
        let hidden = shown.rsplit('_').next().expect("a secret").to_owned();
        assert!(!log.body.to_string().contains(&hidden), "no secret in the log: {path}");
    }
});

on_both!(creating_says_where_and_changing_says_which_version, async |app: TestApp| {
    let zone = app.owner.post("/zones", json!({"name": "Zone"})).await.expect(201);
    let place = zone.header("location");
    assert_eq!(place, format!("/api/v1/zones/{}", zone.id()));
    assert_eq!(zone.header("etag"), "\"1\"");
    let read = app.owner.get(place.trim_start_matches("/api/v1")).await.expect(200);
    assert_eq!((read.id(), read.header("etag")), (zone.id(), "\"1\"".to_owned()));
    let member =
        app.owner.post("/members", json!({"kind": "human", "display_name": "Ann", "role": "member"})).await.expect(201);
    assert!(member.position() > zone.position());
    app.owner.get(member.header("location").trim_start_matches("/api/v1")).await.expect(200);
});

on_both!(whatever_is_created_is_where_its_answer_says, async |app: TestApp| {
    let owner = &app.owner;
    let ann = app.human("Ann", "member").await;
    app.human("Olga", "owner").await;
    let root = json!({"name": "Root", "constraints": {"spending_limit": {"amount": "10", "window": "total"}}});
    let root = owner.makes_zone(root).await;
    let criteria = json!({"criteria": [{"name": "quality", "type": "human"}]});
    let zone = json!({"name": "Zone", "parent_zone_id": root, "evaluation_criteria": criteria});
    let zone = owner.makes_zone(zone).await;
    owner.assigns(&zone, &ann, "approver").await.expect(201);
    let work =
        |zone: &str| json!({"zone_id": zone, "type": "task_execution", "title": "Work", "payload": {"action": "work.do"}});
    let contested = owner.post("/proposals", work(&zone)).await.expect(201).id();
    let done = owner.post("/proposals", work(&zone)).await.expect(201).id();
    ann.votes(&done, "approve").await.expect(200);
    for (path, body) in [
        ("/organizations".to_owned(), json!({"name": "Another"})),
        ("/members".to_owned(), json!({"kind": "human", "display_name": "Bob", "role": "member"})),
        ("/tokens".to_owned(), json!({"name": "mine"})),
        ("/tokens".to_owned(), json!({"name": "hers", "member_id": ann.id})),
        ("/invites".to_owned(), json!({"role": "member"})),
        ("/zones".to_owned(), json!({"name": "Third"})),
        (format!("/zones/{zone}/assignments"), json!({"member_id": ann.id, "role": "executor"})),
        (format!("/zones/{root}/reservations"), json!({"action": "work.do", "amount": "1"})),
        ("/proposals".to_owned(), work(&zone)),
        (format!("/proposals/{contested}/escalate"), json!({"reason": "No."})),
        (format!("/zones/{zone}/escalations"), json!({"reason": "Stop.", "change": {"status": "suspended"}})),
        ("/evaluations".to_owned(), json!({"proposal_id": done})),
    ] {
        let made = owner.post(&path, body).await.expect(201);
        let place = made.header("location");
        assert!(place.ends_with(&made.id()), "{path}: {place}");
        let read = owner.get(place.trim_start_matches("/api/v1")).await.expect(200);
        assert_eq!(read.id(), made.id(), "{path}");
        if path != "/organizations" {
            assert_eq!(read.header("etag"), made.header("etag"), "{path}");
        }
        assert!(!read.body.to_string().contains("tz_"), "{path}: a secret is shown once");
        let elsewhere = place.replace(&made.id(), "0199b1c2-7a4e-7c3d-8e6f-1a2b3c4d5e6f");
        owner.get(elsewhere.trim_start_matches("/api/v1")).await.expect_problem(404, "not_found");
        let fresh = format!("{}?after={}", place.trim_start_matches("/api/v1"), made.position());
        if path != "/organizations" {
            owner.get(&fresh).await.expect(200);
        }
    }
});

on_both!(a_token_is_read_by_its_member_and_by_those_who_may, async |app: TestApp| {
    let (ann, bob) = (app.human("Ann", "member").await, app.human("Bob", "member").await);
    let token = ann.post("/tokens", json!({"name": "mine", "actions": ["zone.read"]})).await.expect(201).id();
    let place = format!("/tokens/{token}");
    let read = ann.get(&place).await.expect(200);
    assert_eq!((read.text("/name"), read.at("/actions")), ("mine".to_owned(), &json!(["zone.read"])));
    app.owner.get(&place).await.expect(200);
    bob.get(&place).await.expect_problem(403, "forbidden");
    ann.delete(&place).await.expect(204);
    assert_ne!(*ann.get(&place).await.expect(200).at("/revoked_at"), Value::Null);
    let invite = app.owner.post("/invites", json!({"role": "member"})).await.expect(201).id();
    bob.get(&format!("/invites/{invite}")).await.expect_problem(403, "forbidden");
});

on_both!(a_change_to_something_newer_than_was_seen_is_refused, async |app: TestApp| {
    let ann = app.human("Ann", "member").await;
    let zone = app.owner.makes_zone(json!({"name": "Zone"})).await;
    let proposal = ann.proposes_work(&zone).await;
    let things = [
        (Method::PATCH, format!("/zones/{zone}"), format!("/zones/{zone}"), json!({"name": "Seen"}), json!({"name": "Unseen"})),
        (
            Method::PATCH,
            format!("/members/{}", ann.id),
            format!("/members/{}", ann.id),
            json!({"skills": ["reading"]}),
            json!({"skills": []}),
        ),
        (
            Method::PATCH,
            "/organizations/current".to_owned(),
            "/organizations/current".to_owned(),
            json!({"name": "Seen"}),
            json!({"name": "Unseen"}),
        ),
        (Method::POST, format!("/zones/{zone}"), format!("/zones/{zone}/suspend"), json!({}), json!({})),
    ];
    for (method, read, write, first, second) in things {
        let seen = app.owner.get(&read).await.expect(200).header("etag");
        let bytes = |body: &Value| Some(body.to_string().into_bytes());
        let done = app.owner.send(method.clone(), &write, &[("if-match", &seen)], bytes(&first)).await.expect(200);
        assert_ne!(done.header("etag"), seen, "{write}");
        let stale = app.owner.send(method.clone(), &write, &[("if-match", &seen)], bytes(&second)).await;
        stale.expect_problem(412, "stale_version");
        let garbled = app.owner.send(method.clone(), &write, &[("if-match", "\"abc\"")], bytes(&second)).await;
        garbled.expect_problem(412, "stale_version");
        app.owner.send(method, &write, &[("if-match", "*")], bytes(&second)).await.expect(200);
    }
    let withdraw = format!("/proposals/{proposal}/withdraw");
    let stale = ann.post_with(&withdraw, json!({}), &[("if-match", "\"9\"")]).await;
    stale.expect_problem(412, "stale_version");
    let seen = ann.get(&format!("/proposals/{proposal}")).await.expect(200).header("etag");
    for others in ["\"8\", \"9\"", "\"abc\", \"9\""] {
        ann.post_with(&withdraw, json!({}), &[("if-match", others)]).await.expect_problem(412, "stale_version");
    }
    ann.post_with(&withdraw, json!({}), &[("if-match", &format!("\"9\", {seen}"))]).await.expect(200);
});

on_both!(an_answer_is_forgotten_after_a_day, async |app: TestApp| {
    let zone = json!({"name": "Zone"});
    let made = app.owner.post_with("/zones", zone.clone(), &key("one")).await.expect(201);
    app.clock.advance(chrono::Duration::hours(23));
    let newer = app.owner.post_with("/zones", json!({"name": "Newer"}), &key("two")).await.expect(201);
    let service = &app.service.app;
    assert_eq!(forget_answers(service).await.expect("the log"), 0);
    let again = app.owner.post_with("/zones", zone.clone(), &key("one")).await.expect(201);
    assert_eq!(again.id(), made.id(), "within a day");

    app.clock.advance(chrono::Duration::hours(2));
    forget_answers(service).await.expect("the log");
    let anew = app.owner.post_with("/zones", json!({"name": "Another"}), &key("one")).await.expect(201);
    assert_ne!(anew.id(), made.id(), "the key can be used for something else");
    let again = app.owner.post_with("/zones", json!({"name": "Newer"}), &key("two")).await.expect(201);
    assert_eq!(again.id(), newer.id(), "what is younger is kept");
});

on_both!(nothing_newer_than_was_seen_is_decided_or_closed, async |app: TestApp| {
    let owner = &app.owner;
    let [ann, bob] = [app.human("Ann", "member").await, app.human("Bob", "member").await];
    let criteria = json!({"criteria": [{"name": "quality", "type": "human"}]});
    let root = owner.makes_zone(json!({"name": "Root"})).await;
    let zone = json!({"name": "Zone", "parent_zone_id": root, "evaluation_criteria": criteria});
    let zone = owner.makes_zone(zone).await;
    for reviewer in [&ann, &bob] {
        owner.assigns(&zone, reviewer, "approver").await.expect(201);
    }
    owner.assigns(&zone, owner, "executor").await.expect(201);
    let proposal = format!("/proposals/{}", owner.proposes_work(&zone).await);
    let judged = bob.proposes_work(&zone).await;
    ann.votes(&judged, "approve").await.expect(200);
    let judged = owner.post("/evaluations", json!({"proposal_id": judged, "executor_id": bob.id})).await.expect(201).id();
    let petition = json!({"reason": "Stop.", "change": {"status": "suspended"}});
    let petition = owner.post(&format!("/zones/{zone}/escalations"), petition).await.expect(201).id();
    let held = json!({"action": "work.do", "amount": "1"});
    let held = owner.post(&format!("/zones/{zone}/reservations"), held).await.expect(201);
    assert_eq!(held.header("etag"), "\"1\"");
    let held = format!("/reservations/{}", held.id());
    let roles = format!("/zones/{zone}/assignments");
    let score = json!({"criterion": "quality", "score": 1, "rationale": "I looked."});
    let stale = [("if-match", "\"9999\"")];
    for (who, path, body) in [
        (&ann, format!("{proposal}/votes"), json!({"choice": "approve"})),
        (&ann, format!("{proposal}/recuse"), json!({})),
        (&ann, format!("{proposal}/delegate"), json!({"member_id": owner.id})),
        (&ann, format!("{proposal}/comments"), json!({"text": "Hm."})),
        (owner, format!("{proposal}/escalate"), json!({"reason": "No."})),
        (owner, roles.clone(), json!({"member_id": ann.id, "role": "executor"})),
        (&ann, format!("/escalations/{petition}/cosign"), json!({})),
        (owner, format!("/escalations/{petition}/withdraw"), json!({})),
        (owner, format!("/evaluations/{judged}/scores"), score),
        (owner, format!("/evaluations/{judged}/auto-evaluate"), json!({})),
        (owner, format!("/evaluations/{judged}/finalize"), json!({})),
        (owner, format!("{held}/commit"), json!({})),
        (owner, format!("{held}/release"), json!({})),
    ] {
        let reply = who.post_with(&path, body, &stale).await;
        assert_eq!((reply.status, reply.body["code"].as_str()), (412, Some("stale_version")), "{path}: {}", reply.body);
    }
    let role = owner.assigns(&zone, &ann, "executor").await.expect(201);
    let path = format!("{roles}/{}", role.id());
    owner.send(Method::DELETE, &path, &stale, None).await.expect_problem(412, "stale_version");
    owner.send(Method::DELETE, &path, &[("if-match", &role.header("etag"))], None).await.expect(204);
    let seen = ann.get(&proposal).await.expect(200).header("etag");
    let vote = json!({"choice": "approve"});
    ann.post_with(&format!("{proposal}/votes"), vote, &[("if-match", &seen)]).await.expect(200);
    let seen = owner.get(&held).await.expect(200).header("etag");
    let closed = owner.post_with(&format!("{held}/release"), json!({}), &[("if-match", &seen)]).await.expect(200);
    assert_eq!(closed.header("etag"), "\"2\"");
});

on_both!(a_profile_is_changed_on_record_key_by_key, async |app: TestApp| {
    let owner = &app.owner;
    let ann = json!({"kind": "human", "display_name": "Ann", "role": "member", "email": "ann@example.org"});
    let ann = owner.post("/members", ann).await.expect(201).id();
    let path = format!("/members/{ann}");
    let seen = owner.get(&path).await.expect(200).header("etag");
    let renamed = owner.patch(&path, json!({"display_name": "Anna"})).await.expect(200);
    assert_ne!(renamed.header("etag"), seen);
    let stale = Some(json!({"email": null}).to_string().into_bytes());
    owner.send(Method::PATCH, &path, &[("if-match", &seen)], stale).await.expect_problem(412, "stale_version");
    let again = owner.patch(&path, json!({"display_name": "Anna"})).await.expect(200);
    assert_eq!(again.header("etag"), renamed.header("etag"), "the same once more changes nothing");
    let both = [json!({"display_name": "Anne"}), json!({"email": "anne@example.org"})];
    futures::future::join_all(both.into_iter().map(|change| owner.patch(&path, change))).await;
    let shown = owner.get(&path).await.expect(200);
    assert_eq!((shown.text("/display_name"), shown.text("/email")), ("Anne".to_owned(), "anne@example.org".to_owned()));
    let log = owner.get("/audit?type=member.profile_changed").await.expect(200);
    assert_eq!(log.items().len(), 3);
    assert!(!log.body.to_string().contains("anne@"), "values stay out of the log");

    owner.patch(&path, json!({"display_name": null})).await.expect_problem(422, "name_needed");
    owner.delete(&path).await.expect(204);
    owner.patch(&path, json!({"role": "admin"})).await.expect_problem(404, "not_found");
    let erased = owner.patch(&path, json!({"display_name": null, "email": null})).await.expect(200);
    assert_eq!((erased.at("/display_name"), erased.at("/email")), (&Value::Null, &Value::Null));
});

on_both!(an_erased_name_is_not_told_again, async |app: TestApp| {
    let new = json!({"kind": "human", "display_name": "Anna Secret", "role": "member", "email": "anna@acme.example"});
    let added = app.owner.post_with("/members", new.clone(), &key("anna")).await.expect(201);
    let again = app.owner.post_with("/members", new.clone(), &key("anna")).await.expect(201);
    assert_eq!(again.body, added.body, "the same answer");
    assert_eq!((again.header("location"), again.position()), (added.header("location"), added.position()));
    let path = format!("/members/{}", added.id());
    let rename = async || {
        let body = json!({"display_name": "Anna Known"}).to_string().into_bytes();
        app.owner.send(Method::PATCH, &path, &key("known"), Some(body)).await.expect(200)
    };
    let renamed = rename().await;
    assert_eq!(renamed.text("/display_name"), "Anna Known");
    app.owner.delete(&path).await.expect(204);
    app.owner.patch(&path, json!({"display_name": null, "email": null})).await.expect(200);
    let again = app.owner.post_with("/members", new, &key("anna")).await.expect(201);
    assert_eq!((again.at("/display_name"), again.at("/email")), (&Value::Null, &Value::Null));
    assert_eq!((again.id(), again.position()), (added.id(), added.position()), "and nobody else was taken in");
    let again = rename().await;
    assert_eq!(again.at("/display_name"), &Value::Null);
});

on_both!(a_misspelt_dry_run_is_not_carried_out, async |app: TestApp| {
    let ann = app.human("Ann", "member").await;
    for query in ["dry-run=true", "dryrun=true", "dry_run=yes"] {
        app.owner.delete(&format!("/members/{}?{query}", ann.id)).await.expect(400);
        app.owner.post(&format!("/zones?{query}"), json!({"name": "Zone"})).await.expect_problem(400, "malformed");
    }
    ann.get("/me").await.expect(200);
    assert!(app.owner.get("/zones").await.expect(200).items().is_empty());
});
