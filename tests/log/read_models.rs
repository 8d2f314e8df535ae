//! Everything else is worked out from the log and can be made again.

use std::collections::BTreeMap;
use std::path::Path;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use aggregates::Decider;
use aggregates::action::Action;
use aggregates::ledger::Ledger;
use aggregates::organization::Organization;
use aggregates::permission::{Ask, Authority, check};
use aggregates::proposal::Proposal;
use aggregates::zones::Zones;
use projections::Recorded;
use serde_json::{Value, json};
use trust_zones::processes::{catch_up, rebuild};
use trust_zones::store::Db;

use crate::harness::{Kind, Person, Store, TestApp, beginning, rows_of, whole};
use crate::on_both;

use super::appending::tried;

/// A story with a row in every table of the read models.
pub async fn story(app: &TestApp) -> (String, Person, Person) {
    let owner = &app.owner;
    let (ann, bob) = (app.human("Ann", "member").await, app.human("Bob", "member").await);
    let zone = json!({"name": "Platform", "decision_model": {"model_type": "threshold", "threshold": 1},
        "approval_policy": {"reviewers_by_risk": {"low": 2}}, "resource_scope": {"budget_limit": "100"}});
    let zone = owner.makes_zone(zone).await;
    let child = json!({"name": "Child", "parent_zone_id": zone, "constraints": {"blocked_actions": ["work.never"]}});
    owner.makes_zone(child).await;
    for approver in [&ann, &bob] {
        owner.assigns(&zone, approver, "approver").await.expect(201);
    }
    app.other_organization("Elsewhere").await;
    let code = owner.post("/invites", json!({"role": "member"})).await.expect(201).text("/code");
    app.stranger().post("/invites/accept", json!({"code": code, "display_name": "Guest"})).await.expect(201);
    owner.post("/invites", json!({"role": "auditor"})).await.expect(201);
    let token = owner.post("/tokens", json!({"name": "short", "actions": ["zone.read"]})).await.expect(201).id();
    owner.delete(&format!("/tokens/{token}")).await.expect(204);
    for round in 0..6 {
        let proposal = if round % 3 == 0 { &bob } else { owner }.proposes_work(&zone).await;
        match round % 3 {
            0 => drop(ann.votes(&proposal, "approve").await.expect(200)),
            1 => drop(bob.votes(&proposal, "reject").await.expect(200)),
            _ => drop(owner.post(&format!("/proposals/{proposal}/withdraw"), json!({})).await.expect(200)),
        }
    }
    let criteria = json!({"evaluation_criteria": {"criteria": [{"name": "quality", "type": "human"}]}});
    owner.patch(&format!("/zones/{zone}"), criteria).await.expect(200);
    let judged = owner.get("/proposals?status=approved").await.expect(200).text("/items/0/id");
    let judgement = owner.post("/evaluations", json!({"proposal_id": judged, "executor_id": bob.id})).await.expect(201).id();
    let score = json!({"criterion": "quality", "score": 1, "rationale": "I looked."});
    owner.post(&format!("/evaluations/{judgement}/scores"), score).await.expect(200);
    owner.post(&format!("/evaluations/{judgement}/finalize"), json!({})).await.expect(200);
    ann.post("/me/inbox/read", json!({"up_to": 1, "positions": [2, 3]})).await.expect(204);
    let contested = ann.proposes_work(&zone).await;
    ann.post(&format!("/proposals/{contested}/escalate"), json!({"reason": "Up."})).await.expect(201);
    let due = json!({"zone_id": zone, "type": "task_execution", "title": "Soon", "payload": {"action": "work.do"},
        "expires_at": "2026-02-01T00:00:00Z"});
    owner.post("/proposals", due).await.expect(201);
    let held = json!({"action": "work.do", "amount": "10"});
    owner.post(&format!("/zones/{zone}/reservations"), held).await.expect(201);
    (zone, ann, bob)
}

/// Every row of every read model, of which the story has filled each.
async fn rows(views: &Db) -> BTreeMap<&'static str, Vec<String>> {
    let tables = rows_of(views).await;
    for (table, rows) in &tables {
        assert!(!rows.is_empty(), "the story has something in {table}");
    }
    tables
}

on_both!(a_rebuild_gives_the_same_rows_while_reads_and_writes_go_on, async |app: TestApp| {
    let (zone, ann, bob) = story(&app).await;
    app.settled().await;
    let service = &app.service.app;
    let live = rows(&service.views.live().db).await;

    let read = rebuild(&service.log, &service.views).await.expect("a rebuild");
    assert_eq!(read, service.log.head().await.expect("a head"), "it reads everything");
    assert_eq!(service.views.live().number, 2);
    assert_eq!(rows(&service.views.live().db).await, live, "a rebuild gives the same rows");

    let over = AtomicBool::new(false);
    let write = async {
        let mut decided = Vec::new();
        while !over.load(Ordering::SeqCst) || decided.len() < 20 {
            let proposal = app.owner.proposes_work(&zone).await;
            let (one, other) = tokio::join!(ann.votes(&proposal, "approve"), bob.votes(&proposal, "reject"));
            one.expect(200);
            assert!(matches!(other.status, 200 | 409), "{}", other.body);
            decided.push(proposal);
        }
        decided
    };
    let look = async {
        let mut looks = 0;
        while !over.load(Ordering::SeqCst) || looks < 20 {
            let head = app.owner.get("/proposals?limit=1").await.expect(200);
            assert_eq!(head.items().len(), 1);
            app.owner.get("/grants").await.expect(200);
            app.owner.get("/tokens").await.expect(200);
            app.stranger().get("/readyz").await.expect(200);
            looks += 1;
        }
    };
    let again = async {
        for _ in 0..3 {
            rebuild(&service.log, &service.views).await.expect("a rebuild");
        }
        over.store(true, Ordering::SeqCst);
    };
    let (decided, (), ()) = tokio::join!(write, look, again);
    app.settled().await;
    assert_eq!(service.views.live().number, 5);
    let after = rows(&service.views.live().db).await;
    assert_eq!(after["proposals"].len(), 9 + decided.len());
    assert_eq!(after["grants"].len(), 2 + decided.len());
    rebuild(&service.log, &service.views).await.expect("a rebuild");
    assert_eq!(rows(&service.views.live().db).await, after, "what was projected meanwhile is what a rebuild gives");
});

/// Holds what a list says of something against what it says of itself, where both speak of the same.
fn told_alike(listed: &Value, whole: &Value, at: &str) {
    let Some(keys) = listed.as_object() else { return assert_eq!(listed, whole, "{at}") };
    for (key, value) in keys {
        // A list does not know whether a human is missing among those who approved.
        if let Some(same) = whole.get(key).filter(|_| key != "needed") {
            told_alike(value, same, &format!("{at}/{key}"));
        }
    }
}

on_both!(a_list_says_what_the_thing_says_of_itself, async |app: TestApp| {
    let (zone, ann, bob) = story(&app).await;
    app.clock.advance(chrono::Duration::minutes(1));
    let approved = app.owner.get("/proposals?status=approved").await.expect(200);
    for proposal in approved.items().iter().map(|item| item["id"].as_str().expect("an id")) {
        let judged = app.owner.post("/evaluations", json!({"proposal_id": proposal, "executor_id": bob.id})).await;
        assert!(judged.status == 201 || judged.status == 409, "{}", judged.body);
    }
    app.clock.advance(chrono::Duration::minutes(1));
    let last =
        ann.post(&format!("/zones/{zone}/escalations"), json!({"reason": "Stop.", "change": {"status": "suspended"}})).await;
    let after = last.position();
    for list in ["proposals", "grants", "escalations", "evaluations", "tokens", "invites", "members", "zones"] {
        let page = app.owner.get(&format!("/{list}?limit=200&after={after}")).await.expect(200);
        assert!(!page.items().is_empty(), "{list}");
        for item in page.items() {
            let id = item["id"].as_str().expect("an id");
            let whole = app.owner.get(&format!("/{list}/{id}")).await.expect(200);
            told_alike(item, &whole.body, &format!("{list}/{id}"));
        }
    }
});

on_both!(a_long_log_is_caught_up_with_stretch_by_stretch_by_two_at_once, async |app: TestApp| {
    let app = TestApp::on(Store::create(app.store.kind()).await, &["--requests-per-second", "1000000"]).await;
    let (zone, ann, _) = story(&app).await;
    let check = format!("/zones/{zone}/check");
    for _ in 0..42 {
        let asked = || ann.post(&check, json!({"action": "work.never", "record": true}));
        futures::future::join_all((0..50).map(|_| asked())).await.into_iter().for_each(|reply| drop(reply.expect(200)));
    }
    let proposal = app.owner.proposes_work(&zone).await;
    ann.votes(&proposal, "approve").await.expect(200);
    app.settled().await;
    let service = &app.service.app;
    let head = service.log.head().await.expect("a head");
    assert!(head > 2_100, "more than two stretches: {head}");
    let live = rows(&service.views.live().db).await;
    let next = service.views.next(&service.log).await.expect("a generation");
    let (one, other) = tokio::join!(catch_up(&service.log, &next.db, None), catch_up(&service.log, &next.db, None));
    assert_eq!((one.expect("the end"), other.expect("the end")), (head, head));
    assert_eq!(rows(&next.db).await, live);
});

/// The state of an aggregate after its events.
fn replayed<D: Decider>(events: &[&Recorded]) -> D::State {
    let events: Vec<D::Event> = events.iter().map(|event| event.read().expect("an event")).collect();
    D::replay(&events)
}

on_both!(a_replay_of_the_log_answers_as_the_service_does, async |app: TestApp| {
    let (zone, ann, bob) = story(&app).await;
    let log = whole(&app.service.app.log).await;
    let mine = log[0].organization_id;
    let of = |kind: &str| {
        log.iter().filter(move |event| event.organization_id == mine && event.aggregate_type == kind).collect::<Vec<_>>()
    };

    let organization = replayed::<Organization>(&of(Organization::TYPE));
    let authority = Authority::new(organization, replayed::<Zones>(&of(Zones::TYPE)));
    let authority = Authority { ledger: replayed::<Ledger>(&of(Ledger::TYPE)).into(), ..authority };
    let members = app.owner.get("/members").await.expect(200);
    let ids: Vec<Value> = authority.organization.members().map(|member| json!(member.id)).collect();
    assert_eq!(members.items().iter().map(|member| member["id"].clone()).collect::<Vec<_>>(), ids);

    let policy =
        log.iter().filter(|event| [Organization::TYPE, Zones::TYPE, Ledger::TYPE].contains(&event.aggregate_type.as_ref()));
    let rests_on = policy.filter(|event| event.organization_id == mine).map(|event| event.position).max();
    for place in authority.tree.zones() {
        let shown = app.owner.get(&format!("/zones/{}/effective-policy", place.id)).await.expect(200);
        let mut effective = json!(authority.tree.effective(place.id));
        effective["zone_id"] = json!(place.id);
        effective["in_force"] = json!(true);
        effective["spending_limits"] = json!([]);
        effective["position"] = json!(rests_on);
        assert_eq!(shown.body, effective);
        for person in [&app.owner, &ann, &bob] {
            for action in ["work.do", "work.never", "zone.write", "proposal.approve", "zone.read"] {
                let asked = json!({"action": action, "principal_id": person.id});
                let live = app.owner.post(&format!("/zones/{}/check", place.id), asked).await.expect(200);
                let principal = person.id.parse().map(aggregates::ids::MemberId).expect("an id");
                let ask = Ask::plain(principal, Action::parse(action).expect("an action"), beginning());
                let answer = check(&authority, place.id, &ask);
                let told = json!({"decision": answer.decision, "reasons": answer.reasons, "position": rests_on,
                    "decided_at": beginning()});
                assert_eq!(live.body, told);
            }
        }
    }

    let mut streams: BTreeMap<String, Vec<&Recorded>> = BTreeMap::new();
    for event in of(Proposal::TYPE) {
        streams.entry(event.aggregate_id.to_string()).or_default().push(event);
    }
    assert_eq!(streams.len(), 9);
    let head = log.iter().filter(|event| event.organization_id == mine).map(|event| event.position).max().expect("a head");
    for (id, events) in streams {
        let state = replayed::<Proposal>(&events);
        let live = app.owner.get(&format!("/proposals/{id}")).await.expect(200);
        assert_eq!(live.at("/zone_id"), &json!(zone));
        assert_eq!(live.at("/status"), &json!(state.status));
        assert_eq!(live.at("/tally"), &json!(state.tally()));
        assert_eq!(live.at("/version"), &json!(events.len()));
        let votes = state.reviewers.iter().map(|reviewer| json!(reviewer.vote.as_ref().map(|vote| vote.choice)));
        let shown = live.at("/electorate").as_array().expect("reviewers");
        let shown = shown.iter().map(|reviewer| reviewer["vote"].get("choice").cloned().unwrap_or(Value::Null));
        assert_eq!(shown.collect::<Vec<_>>(), votes.collect::<Vec<_>>());
        let then = app.owner.get(&format!("/proposals/{id}?as_of={head}")).await.expect(200);
        assert_eq!(then.body, live.body, "as of now is now");
    }
});

/// What a service says about everything in it.
async fn answers(person: &Person, zone: &str) -> Vec<(String, Value)> {
    let mut paths: Vec<String> = [
        "/me",
        "/organizations",
        "/organizations/current",
        "/members",
        "/tokens",
        "/invites",
        "/zones",
        "/zones/tree",
        "/proposals",
        "/proposals/pending-reviews",
        "/grants",
        "/audit?limit=200&order=asc",
    ]
    .map(str::to_owned)
    .to_vec();
    paths.extend(["", "/children", "/ancestry", "/effective-policy", "/assignments"].map(|of| format!("/zones/{zone}{of}")));
    let proposals = person.get("/proposals").await.expect(200);
    paths.extend(proposals.items().iter().map(|item| format!("/proposals/{}", item["id"].as_str().expect("an id"))));
    let mut all = Vec::new();
    for path in paths {
        let body = person.get(&path).await.expect(200).body;
        all.push((path, body));
    }
    all
}

/// Ends the service in order and starts another on the same store; the owner speaks to that one.
async fn restarted(app: TestApp, between: impl AsyncFnOnce(&Store)) -> (TestApp, Person) {
    let TestApp { service, owner, store, .. } = app;
    service.end().await;
    between(&store).await;
    let app = TestApp::on(store, &[]).await;
    let owner = app.person(&owner.id, &owner.token);
    (app, owner)
}

on_both!(a_service_restarted_on_the_same_store_answers_the_same, async |app: TestApp| {
    let (zone, ..) = story(&app).await;
    let keyed = [("idempotency-key", "across")];
    let once = app.owner.post_with("/zones", json!({"name": "Once"}), &keyed).await.expect(201);
    app.owner.proposes_work(&zone).await;
    app.settled().await;
    let before = answers(&app.owner, &zone).await;
    let (app, owner) = restarted(app, async |_| {}).await;
    let again = owner.post_with("/zones", json!({"name": "Once"}), &keyed).await.expect(201);
    assert_eq!((again.id(), again.position()), (once.id(), once.position()), "a key is answered the same after a restart");
    for ((path, was), (_, is)) in before.iter().zip(answers(&owner, &zone).await) {
        assert_eq!(is, *was, "{path}");
    }
    let more = app.service.app.log.head().await.expect("a head");
    owner.makes_zone(json!({"name": "Next"})).await;
    assert_eq!(app.service.app.log.head().await.expect("a head"), more + 1, "and it goes on");
});

on_both!(read_models_that_are_gone_are_made_again_at_the_start, async |app: TestApp| {
    let (zone, ..) = story(&app).await;
    app.settled().await;
    let before = (answers(&app.owner, &zone).await, rows(&app.service.app.views.live().db).await);
    let (app, owner) = restarted(app, async |store| match store.url() {
        None => {
            let folder = store.flags()[1].clone();
            let files = std::fs::read_dir(folder).expect("the folder").map(|entry| entry.expect("an entry").path());
            let views: Vec<_> = files.filter(|path| path.to_string_lossy().contains("projections-")).collect();
            assert!(!views.is_empty());
            for path in &views {
                std::fs::remove_file(path).expect("a file to remove");
            }
        }
        Some(url) => {
            let pool = sqlx::PgPool::connect(&url).await.expect("PostgreSQL");
            sqlx::query("DROP SCHEMA projections_1 CASCADE").execute(&pool).await.expect("a schema to drop");
            pool.close().await;
        }
    })
    .await;
    assert_eq!(rows(&app.service.app.views.live().db).await, before.1, "all of them are there when the door opens");
    for ((path, was), (_, is)) in before.0.iter().zip(answers(&owner, &zone).await) {
        assert_eq!(is, *was, "{path}");
    }
});

on_both!(requests_for_reviews_told_in_rows_of_their_own_are_told_by_the_seats_after_an_upgrade, async |app: TestApp| {
    story(&app).await;
    app.settled().await;
    let views = &app.service.app.views.live().db;
    let now = rows(views).await;
    let before = [
        "INSERT INTO notifications (organization_id, member_id, position, kind, subject_type, subject_id, zone_id, at)
         SELECT r.organization_id, r.member_id, r.asked_position, 'review_requested', 'proposal', r.proposal_id, p.zone_id, r.told_at
         FROM reviewers r JOIN proposals p ON p.proposal_id = r.proposal_id WHERE r.told_at IS NOT NULL",
        "UPDATE reviewers SET told_at = NULL",
    ];
    tried(views, &before).await.expect("rows as they were");
    assert_ne!(rows(views).await, now);
    let migration = match app.store.kind() {
        Kind::Sqlite => include_str!("../../migrations/sqlite/projections/0035_asked.sql"),
        Kind::Postgres => include_str!("../../migrations/postgres/projections/0035_asked.sql"),
    };
    let moves: Vec<&str> = migration.split(';').filter(|part| part.contains("UPDATE ") || part.contains("DELETE ")).collect();
    assert_eq!(moves.len(), 2);
    tried(views, &moves).await.expect("an upgrade");
    assert_eq!(rows(views).await, now);
});

on_both!(when_nothing_can_be_projected_any_more_it_is_not_tried_for_ever, async |app: TestApp| {
    story(&app).await;
    app.settled().await;
    let service = &app.service.app;
    let views = &service.views.live().db;
    tried(views, &["UPDATE checkpoints SET failed_at = 1, failure = 'meddled with'"]).await.expect("failures");
    app.owner.makes_zone(json!({"name": "Later"})).await;
    let ends = tokio::time::timeout(Duration::from_secs(20), catch_up(&service.log, views, None)).await;
    ends.expect("an end").expect("no error");
});

#[tokio::test]
async fn read_models_that_a_loss_of_power_may_have_torn_are_made_again_before_the_door_opens() {
    let app = TestApp::start(Kind::Sqlite).await;
    let (zone, ..) = story(&app).await;
    app.settled().await;
    let before = (answers(&app.owner, &zone).await, rows(&app.service.app.views.live().db).await);
    let (app, owner) = restarted(app, async |store| {
        let views = Path::new(&store.flags()[1]).join("projections-1.db");
        let mark = views.with_extension("db-unflushed");
        assert_eq!(std::fs::read_to_string(&mark).expect("a mark"), "", "ended in order, it is flushed");
        let mut torn = std::fs::read(&views).expect("the file");
        torn[8_192..].fill(0x5a);
        std::fs::write(&views, torn).expect("the file, torn");
        std::fs::write(&mark, "a start of the machine before this one").expect("a mark");
    })
    .await;
    assert_eq!(rows(&app.service.app.views.live().db).await, before.1);
    for ((path, was), (_, is)) in before.0.iter().zip(answers(&owner, &zone).await) {
        assert_eq!(is, *was, "{path}");
    }
}

on_both!(a_statement_that_is_refused_stops_its_projection_and_no_other, async |app: TestApp| {
    let (zone, ann, _) = story(&app).await;
    app.settled().await;
    let service = &app.service.app;
    // Someone has meddled with one of the tables.
    tried(&service.views.live().db, &["ALTER TABLE grants RENAME TO meddled_with"]).await.expect("a table to rename");
    let proposal = app.owner.proposes_work(&zone).await;
    let voted = ann.votes(&proposal, "approve").await.expect(200);
    let later = app.owner.proposes_work(&zone).await;
    let last = voted.position() + 1;
    let listed = app.owner.get(&format!("/proposals?after={last}")).await.expect(200);
    let shown: Vec<&str> = listed.items().iter().take(2).map(|item| item["id"].as_str().expect("an id")).collect();
    assert_eq!(shown, [later.as_str(), proposal.as_str()], "the others go on");
    assert_eq!(listed.items()[1]["status"], "approved");

    let told = app.stranger().get("/readyz").await.expect(503);
    let failed = told.at("/projections/failed").as_array().expect("projections");
    assert_eq!(failed.len(), 1, "{failed:?}");
    assert_eq!(failed[0]["projection"], "grants");
    let issued = whole(&service.log).await.into_iter().rfind(|event| event.event_type == "grant.issued").expect("a grant");
    assert_eq!(failed[0]["position"], json!(issued.global_position), "it says where");
    assert!(failed[0]["reason"].as_str().expect("a reason").contains("grants"), "and why: {failed:?}");

    rebuild(&service.log, &service.views).await.expect("a rebuild");
    app.stranger().get("/readyz").await.expect(200);
    assert_eq!(app.owner.get("/grants").await.expect(200).items().len(), 3);
});
