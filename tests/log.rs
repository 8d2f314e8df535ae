//! The log and what is worked out from it (SPEC L1–L3, L6, R1, R2): appended once and in one order, whole commands or none,
//! and everything else can be thrown away and made again.

use std::collections::BTreeMap;
use std::sync::atomic::{AtomicBool, Ordering};

use aggregates::Decider;
use aggregates::access;
use aggregates::action::Action;
use aggregates::actor::Actor;
use aggregates::ids::{OrganizationId, TokenId};
use aggregates::organization::Organization;
use aggregates::permission::{Ask, Authority, check};
use aggregates::proposal::Proposal;
use aggregates::zones::Zones;
use futures::future::join_all;
use projections::{Recorded, Statement, TABLES, audit};
use serde_json::{Value, json};
use trust_zones::entropy::new_id;
use trust_zones::processes::{Tasks, rebuild};
use trust_zones::service::open_log;
use trust_zones::store::{Append, Db, Draft, DraftEvent, Expected, GivenAnswer, Log, OnCommit, Refused, Stream, Writer};

use crate::harness::{Kind, Person, Store, TestApp, beginning};
use crate::on_both;

async fn whole(log: &Log) -> Vec<Recorded> {
    let mut all: Vec<Recorded> = Vec::new();
    loop {
        let after = all.last().map_or(0, |event| event.global_position);
        let more = log.events(audit::following(after, 1_000)).await.expect("the log");
        if more.is_empty() {
            return all;
        }
        all.extend(more);
    }
}

async fn tried(db: &Db, sql: &[&'static str]) -> Result<(), String> {
    let mut tx = db.begin().await.map_err(|error| error.to_string())?;
    for statement in sql {
        tx.execute(Statement::new(statement)).await.map_err(|error| error.to_string())?;
    }
    tx.commit().await.map_err(|error| error.to_string())
}

on_both!(the_database_itself_refuses_to_change_events, async |app: TestApp| {
    let log = &app.service.app.log;
    app.human("Ann", "member").await;
    let before = whole(log).await;
    let mut attempts: Vec<Vec<&str>> = vec![
        vec!["UPDATE events SET payload = '{}'"],
        vec!["UPDATE events SET position = position + 100 WHERE global_position = 1"],
        vec!["DELETE FROM events"],
        vec!["DELETE FROM events WHERE global_position = 2"],
    ];
    match app.store.kind() {
        Kind::Sqlite => attempts.extend([
            vec!["INSERT OR REPLACE INTO events SELECT * FROM events WHERE global_position = 1"],
            vec!["REPLACE INTO events SELECT * FROM events"],
            vec!["UPDATE OR REPLACE events SET sequence = 1"],
        ]),
        Kind::Postgres => attempts.extend([
            vec!["TRUNCATE events"],
            vec!["TRUNCATE events CASCADE"],
            // Not even where triggers are usually left out.
            vec!["SET LOCAL session_replication_role = replica", "UPDATE events SET payload = '{}'"],
            vec!["SET LOCAL session_replication_role = replica", "DELETE FROM events"],
            vec!["SET LOCAL session_replication_role = replica", "TRUNCATE events"],
        ]),
    }
    for attempt in attempts {
        let refused = tried(log.db(), &attempt).await.expect_err(attempt[attempt.len() - 1]);
        assert!(refused.contains("appended, never changed"), "{attempt:?}: {refused}");
    }
    assert_eq!(whole(log).await, before);
});

/// Nobody listens.
struct Silence;

impl OnCommit for Silence {
    fn committed(&self, _events: &[Recorded]) {}
}

fn fact(number: u64) -> DraftEvent {
    DraftEvent::of(&access::Event::LogExported { after_position: number, format: "ndjson".to_owned() })
}

fn stream(name: &str) -> Stream {
    Stream { aggregate_type: "access", aggregate_id: name.to_owned() }
}

/// A command that adds `facts` to a stream.
fn append(organization: OrganizationId, name: &str, expected: Expected, facts: &[u64]) -> Append {
    Append {
        organization_id: organization,
        actor: Actor::SYSTEM,
        correlation_id: new_id(),
        causation_id: new_id(),
        occurred_at: beginning(),
        writes: vec![Draft { stream: stream(name), expected, events: facts.iter().map(|number| fact(*number)).collect() }],
        guards: Vec::new(),
        answer: None,
        beside: Vec::new(),
    }
}

on_both!(positions_are_dense_and_global_order_is_commit_order_under_64_writers, async |app: TestApp| {
    const WRITERS: usize = 64;
    const EACH: u64 = 10;
    // Two processes write; a reader follows meanwhile.
    let (here, _) = open_log(&app.service.app.config).await.expect("the log");
    let (there, _) = open_log(&app.service.app.config).await.expect("the log");
    let tasks = Tasks::default();
    let (one, task, _) = Writer::new(here.db().clone(), Silence, new_id);
    tasks.spawn("one writer", task.run());
    let (other, task, _) = Writer::new(there.db().clone(), Silence, new_id);
    tasks.spawn("another writer", task.run());
    let first = here.head().await.expect("a head");
    let last = first + WRITERS as u64 * EACH;
    let organizations: Vec<OrganizationId> = (0..4).map(|_| OrganizationId(new_id())).collect();

    let write = async |number: usize| {
        let writer = if number.is_multiple_of(2) { &one } else { &other };
        let log = if number.is_multiple_of(2) { &there } else { &here };
        for fact in 0..EACH {
            let append = append(organizations[number % 4], &format!("writer {number}"), Expected::At(fact), &[fact]);
            let committed = writer.append(append).await.expect("an append");
            let at = committed.events[0].global_position;
            assert_eq!(committed.position, committed.events[0].position);
            // What has been committed before it is there for everyone, without a gap.
            let below = Statement::new("SELECT COUNT(*) AS number FROM events WHERE global_position <= $1").bind(at);
            assert_eq!(log.number(below, "number").await.expect("a count"), Some(at));
        }
    };
    let follow = async {
        let mut seen = first;
        while seen < last {
            for event in there.events(audit::following(seen, 100)).await.expect("the log") {
                assert_eq!(event.global_position, seen + 1, "a reader never skips");
                seen = event.global_position;
            }
            tokio::task::yield_now().await;
        }
    };
    tokio::join!(join_all((0..WRITERS).map(write)), follow);

    let log = whole(&here).await;
    assert_eq!(log.len() as u64, last);
    let mut heads: BTreeMap<OrganizationId, u64> = BTreeMap::new();
    let mut sequences: BTreeMap<(String, String), u64> = BTreeMap::new();
    for (index, event) in log.iter().enumerate() {
        assert_eq!(event.global_position, index as u64 + 1);
        let head = heads.entry(event.organization_id).or_default();
        *head += 1;
        assert_eq!(event.position, *head, "positions of an organization have no gaps");
        let sequence = sequences.entry((event.aggregate_type.clone(), event.aggregate_id.clone())).or_default();
        *sequence += 1;
        assert_eq!(event.sequence, *sequence);
    }
    for organization in organizations {
        assert_eq!(heads[&organization], WRITERS as u64 / 4 * EACH);
        assert_eq!(here.organization_head(organization).await.expect("a head"), heads[&organization]);
    }
    drop((one, other));
    tasks.end().await;
});

on_both!(a_conflict_in_a_batch_fails_alone_and_leaks_nothing, async |app: TestApp| {
    let (log, _) = open_log(&app.service.app.config).await.expect("the log");
    let (writer, task, healthy) = Writer::new(log.db().clone(), Silence, new_id);
    let organization = OrganizationId(new_id());
    let before = log.head().await.expect("a head");

    let guarded = Append { guards: vec![(stream("a"), 7)], ..append(organization, "guarded", Expected::At(0), &[1]) };
    let answer = GivenAnswer {
        caller_id: new_id(),
        key: "key".to_owned(),
        fingerprint: String::new(),
        status: 200,
        body: "{}".to_owned(),
        etag: None,
        location: None,
        position: 0,
    };
    let answered = |append: Append| Append { answer: Some(answer.clone()), ..append };
    let beside = |append: Append, prefix: &str| {
        let secret = trust_zones::store::KeptSecret {
            organization_id: organization,
            token_id: TokenId(new_id()).0,
            secret_sha256: String::new(),
        };
        Append { beside: vec![trust_zones::store::keep_token_secret(prefix, &secret)], ..append }
    };
    let two_streams = {
        let mut both = append(organization, "fresh", Expected::At(0), &[1, 2]);
        both.writes.extend(append(organization, "a", Expected::At(0), &[3]).writes);
        both
    };
    let batch = vec![
        append(organization, "a", Expected::At(0), &[1, 2]),
        // Stale since the one before: its first events would fit nowhere, its last ones would.
        beside(answered(append(organization, "a", Expected::At(0), &[10, 11, 12, 13])), "leaked"),
        append(organization, "a", Expected::At(1), &[20, 21, 22]),
        append(organization, "a", Expected::At(9), &[30]),
        guarded,
        two_streams,
        beside(answered(append(organization, "b", Expected::At(0), &[40])), "kept"),
        answered(append(organization, "c", Expected::At(0), &[50])),
        append(organization, "a", Expected::At(2), &[60]),
        append(organization, "b", Expected::Anywhere, &[70]),
    ];
    let number = batch.len();
    let waiting = join_all(batch.into_iter().map(|append| writer.append(append)));
    // All are waiting before the writer begins: it takes them as one batch.
    let running = async {
        tokio::task::yield_now().await;
        let tasks = Tasks::default();
        tasks.spawn("writer", task.run());
        tasks
    };
    let (outcomes, tasks) = tokio::join!(waiting, running);
    assert_eq!(outcomes.len(), number);
    let told: Vec<&str> = outcomes
        .iter()
        .map(|outcome| match outcome {
            Ok(_) => "committed",
            Err(Refused::Conflict) => "conflict",
            Err(Refused::Answered) => "answered",
            Err(Refused::Unavailable(_)) => "unavailable",
        })
        .collect();
    let expected = [
        "committed",
        "conflict",
        "conflict",
        "conflict",
        "conflict",
        "conflict",
        "committed",
        "answered",
        "committed",
        "committed",
    ];
    assert_eq!(told, expected);

    let added: Vec<(String, u64, u64)> = whole(&log).await[usize::try_from(before).expect("small")..]
        .iter()
        .map(|event| (event.aggregate_id.clone(), event.sequence, event.data["after_position"].as_u64().expect("a number")))
        .collect();
    let in_full =
        [("a", 1, 1), ("a", 2, 2), ("b", 1, 40), ("a", 3, 60), ("b", 2, 70)].map(|(id, at, data)| (id.to_owned(), at, data));
    assert_eq!(added, in_full, "nothing of a stale command has leaked");
    assert_eq!(log.head().await.expect("a head"), before + 5);
    assert_eq!(log.organization_head(organization).await.expect("a head"), 5);
    assert!(log.token_secret("leaked").await.expect("a look").is_none(), "nor anything beside it");
    assert!(log.token_secret("kept").await.expect("a look").is_some());
    let given = log.answer(answer.caller_id, "key").await.expect("a look").expect("an answer");
    assert_eq!(given.position, 3, "the answer is that of the command that was committed");
    assert!(*healthy.borrow(), "conflicts are no failure of the log");
    drop(writer);
    tasks.end().await;
});

/// A story with a row in every table of the read models.
async fn story(app: &TestApp) -> (String, Person, Person) {
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
        let proposal = owner.proposes_work(&zone).await;
        match round % 3 {
            0 => drop(ann.votes(&proposal, "approve").await.expect(200)),
            1 => drop(bob.votes(&proposal, "reject").await.expect(200)),
            _ => drop(owner.post(&format!("/proposals/{proposal}/withdraw"), json!({})).await.expect(200)),
        }
    }
    (zone, ann, bob)
}

/// Every row of every read model, as text.
async fn rows(views: &Db) -> BTreeMap<&'static str, Vec<String>> {
    let mut tables = BTreeMap::new();
    for table in TABLES {
        let rows: Vec<String> = match views {
            Db::Sqlite { read, .. } => {
                let columns = sqlx::query_scalar::<_, String>("SELECT name FROM pragma_table_info($1) ORDER BY cid");
                let columns = columns.bind(table).fetch_all(read).await.expect("columns").join(", ");
                let sql = format!("SELECT json_array({columns}) AS line FROM {table} ORDER BY line");
                sqlx::query_scalar(&sql).fetch_all(read).await.expect(table)
            }
            Db::Postgres(pool) => {
                let sql = format!("SELECT to_jsonb(t)::text AS line FROM {table} t ORDER BY line");
                sqlx::query_scalar(&sql).fetch_all(pool).await.expect(table)
            }
        };
        assert!(!rows.is_empty(), "the story has something in {table}");
        tables.insert(table, rows);
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
    assert_eq!(after["proposals"].len(), 6 + decided.len());
    assert_eq!(after["grants"].len(), 2 + decided.len());
    rebuild(&service.log, &service.views).await.expect("a rebuild");
    assert_eq!(rows(&service.views.live().db).await, after, "what was projected meanwhile is what a rebuild gives");
});

on_both!(a_replay_of_the_log_answers_as_the_service_does, async |app: TestApp| {
    let (zone, ann, bob) = story(&app).await;
    let log = whole(&app.service.app.log).await;
    let mine = log[0].organization_id;
    let of = |kind: &str| {
        log.iter().filter(move |event| event.organization_id == mine && event.aggregate_type == kind).collect::<Vec<_>>()
    };
    fn replayed<D: Decider>(events: &[&Recorded]) -> D::State {
        let events: Vec<D::Event> = events.iter().map(|event| event.read().expect("an event")).collect();
        D::replay(&events)
    }

    let organization = replayed::<Organization>(&of(Organization::TYPE));
    let authority = Authority { organization, tree: replayed::<Zones>(&of(Zones::TYPE)) };
    let members = app.owner.get("/members").await.expect(200);
    let ids: Vec<Value> = authority.organization.members().map(|member| json!(member.id)).collect();
    assert_eq!(members.items().iter().map(|member| member["id"].clone()).collect::<Vec<_>>(), ids);

    let policy = log.iter().filter(|event| [Organization::TYPE, Zones::TYPE].contains(&event.aggregate_type.as_str()));
    let rests_on = policy.filter(|event| event.organization_id == mine).map(|event| event.position).max();
    for place in authority.tree.zones() {
        let shown = app.owner.get(&format!("/zones/{}/effective-policy", place.id)).await.expect(200);
        let mut effective = json!(authority.tree.effective(place.id));
        effective["zone_id"] = json!(place.id);
        effective["in_force"] = json!(true);
        effective["position"] = json!(rests_on);
        assert_eq!(shown.body, effective);
        for person in [&app.owner, &ann, &bob] {
            for action in ["work.do", "work.never", "zone.write", "proposal.approve", "zone.read"] {
                let asked = json!({"action": action, "principal_id": person.id});
                let live = app.owner.post(&format!("/zones/{}/check", place.id), asked).await.expect(200);
                let principal = person.id.parse().map(aggregates::ids::MemberId).expect("an id");
                let ask = Ask::plain(principal, Action::parse(action).expect("an action"), beginning());
                let answer = check(&authority, place.id, &ask);
                let told = json!({"decision": answer.decision, "reasons": answer.reasons, "position": rests_on});
                assert_eq!(live.body, told);
            }
        }
    }

    let mut streams: BTreeMap<String, Vec<&Recorded>> = BTreeMap::new();
    of(Proposal::TYPE).into_iter().for_each(|event| streams.entry(event.aggregate_id.clone()).or_default().push(event));
    assert_eq!(streams.len(), 6);
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
            views.iter().for_each(|path| std::fs::remove_file(path).expect("a file to remove"));
        }
        Some(url) => {
            let pool = sqlx::PgPool::connect(&url).await.expect("PostgreSQL");
            sqlx::query("DROP SCHEMA projections_1 CASCADE").execute(&pool).await.expect("a schema to drop");
            pool.close().await;
        }
    })
    .await;
    app.settled().await;
    for ((path, was), (_, is)) in before.0.iter().zip(answers(&owner, &zone).await) {
        assert_eq!(is, *was, "{path}");
    }
    assert_eq!(rows(&app.service.app.views.live().db).await, before.1);
});

/// Makes the log unwritable, and writable again.
fn breaking(kind: Kind) -> (&'static str, &'static str) {
    match kind {
        Kind::Sqlite => (
            "CREATE TRIGGER broken BEFORE UPDATE ON log_head BEGIN SELECT RAISE(ABORT, 'the disk is full'); END",
            "DROP TRIGGER broken",
        ),
        Kind::Postgres => ("ALTER TABLE events RENAME TO events_elsewhere", "ALTER TABLE events_elsewhere RENAME TO events"),
    }
}

on_both!(while_the_log_cannot_be_written_nothing_is_answered_as_done, async |app: TestApp| {
    let (zone, ann, _) = story(&app).await;
    let proposal = app.owner.proposes_work(&zone).await;
    app.settled().await;
    app.stranger().get("/readyz").await.expect(200);
    let head = app.service.app.log.head().await.expect("a head");
    let (breaks, mends) = breaking(app.store.kind());

    for _ in 0..2 {
        tried(app.service.app.log.db(), &[breaks]).await.expect("broken");
        let keyed = [("idempotency-key", "while broken")];
        let refused = app.owner.post_with("/zones", json!({"name": "Lost"}), &keyed).await;
        let refused = refused.expect(503);
        assert!(!refused.header("retry-after").is_empty());
        ann.votes(&proposal, "approve").await.expect(503);
        app.owner.post("/members", json!({"kind": "human", "display_name": "Lost", "role": "member"})).await.expect(503);
        app.stranger().get("/healthz").await.expect(200);
        let ready = app.stranger().get("/readyz").await.expect(503);
        assert_eq!((ready.at("/ready"), ready.at("/log/writes")), (&json!(false), &json!(false)));

        tried(app.service.app.log.db(), &[mends]).await.expect("mended");
        app.stranger().get("/readyz").await.expect(200);
        assert_eq!(app.service.app.log.head().await.expect("a head"), head, "nothing was written");
        assert_eq!(app.owner.get(&format!("/proposals/{proposal}")).await.expect(200).text("/status"), "pending_review");
        let zones = app.owner.get("/zones").await.expect(200);
        assert!(zones.items().iter().all(|zone| zone["name"] != "Lost"));
    }
    let keyed = [("idempotency-key", "while broken")];
    app.owner.post_with("/zones", json!({"name": "Lost"}), &keyed).await.expect(201);
    assert_eq!(ann.votes(&proposal, "approve").await.expect(200).text("/execution/status"), "succeeded");
    let events = whole(&app.service.app.log).await;
    assert_eq!(events.len() as u64, head + 5, "a zone; a vote, its outcome, its grant, its execution");
});

on_both!(a_read_is_as_fresh_as_it_is_asked_to_be, async |app: TestApp| {
    let (zone, ann, _) = story(&app).await;
    for _ in 0..50 {
        let made = app.owner.post("/invites", json!({"role": "member"})).await.expect(201);
        let after = made.position();
        let newest = app.owner.get(&format!("/invites?limit=1&after={after}")).await.expect(200);
        assert_eq!(newest.text("/items/0/id"), made.id());
        let proposal = app.owner.proposes_work(&zone).await;
        let voted = ann.votes(&proposal, "approve").await.expect(200);
        let listed = app.owner.get(&format!("/proposals?limit=1&after={}", voted.position())).await.expect(200);
        assert_eq!((listed.text("/items/0/id"), listed.text("/items/0/status")), (proposal, "approved".to_owned()));
    }
    let head =
        app.service.app.log.organization_head(whole(&app.service.app.log).await[0].organization_id).await.expect("a head");
    for path in ["/invites", "/proposals", "/zones", "/members", "/grants", "/tokens"] {
        app.owner.get(&format!("{path}?after={head}")).await.expect(200);
        app.owner.get(&format!("{path}?after={}", head + 1)).await.expect_problem(412, "position_ahead");
    }
});
