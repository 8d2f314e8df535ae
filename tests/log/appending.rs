//! Appended once, in one order, whole commands or none.

use std::collections::BTreeMap;
use std::sync::Arc;

use aggregates::access;
use aggregates::actor::Actor;
use aggregates::ids::{OrganizationId, TokenId};
use futures::future::join_all;
use projections::{Recorded, Statement, audit};
use trust_zones::entropy::new_id;
use trust_zones::processes::Tasks;
use trust_zones::service::open_log;
use trust_zones::store::{Append, Db, Draft, DraftEvent, Expected, GivenAnswer, Link, OnCommit, Refused, Stream, Writer};
use uuid::Uuid;

use crate::harness::{Kind, TestApp, beginning, whole};
use crate::on_both;

pub async fn tried(db: &Db, sql: &[&'static str]) -> Result<(), String> {
    let mut tx = db.begin().await.map_err(|error| error.to_string())?;
    for statement in sql {
        tx.execute(Statement::new(statement)).await.map_err(|error| error.to_string())?;
    }
    tx.commit().await.map_err(|error| error.to_string())
}

on_both!(a_transaction_that_is_given_up_leaves_nothing_behind, async |app: TestApp| {
    let db = app.service.app.log.db();
    let secret = |prefix: &'static str| {
        Statement::new("INSERT INTO token_secrets (prefix, token_id, organization_id, secret_sha256) VALUES ($1, $2, $2, $1)")
            .bind(prefix)
            .bind(new_id())
    };
    let find =
        || Statement::new("SELECT prefix FROM token_secrets WHERE prefix IN ('given up', 'half', 'kept') ORDER BY prefix");
    let mut tx = db.begin().await.expect("a transaction");
    tx.execute(secret("given up")).await.expect("a row");
    assert_eq!(tx.rows(find()).await.expect("rows").len(), 1, "it sees what it has written");
    drop(tx);

    let mut tx = db.begin().await.expect("a transaction");
    tx.execute(secret("kept")).await.expect("a row");
    let refused = tx.all_or_none(vec![secret("half"), secret("kept")]).await.expect("a transaction that goes on");
    assert!(refused.is_err_and(|error| error.is_about_the_data()));
    tx.commit().await.expect("a commit");
    let found = db.rows(find()).await.expect("rows");
    let found: Vec<String> = found.iter().map(|row| row.text("prefix").expect("a text")).collect();
    assert_eq!(found, ["kept"]);
});

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
pub struct Silence;

impl OnCommit for Silence {
    fn committed(&self, _events: &Arc<Vec<Recorded>>) {}
}

fn fact(number: u64) -> DraftEvent {
    DraftEvent::of(&access::Event::LogExported { after_position: number, format: "ndjson".to_owned() })
}

fn stream(name: &str) -> Stream {
    Stream { aggregate_type: "access", aggregate_id: name.into() }
}

/// A command that adds `facts` to a stream.
pub fn append(organization: OrganizationId, name: &str, expected: Expected, facts: &[u64]) -> Append {
    Append {
        organization_id: organization,
        actor: Actor::SYSTEM,
        correlation_id: new_id(),
        causation_id: new_id(),
        occurred_at: beginning(),
        writes: vec![Draft { stream: stream(name), expected, events: facts.iter().map(|number| fact(*number)).collect() }],
        guards: Vec::new(),
        link: None,
        answer: None,
        beside: Vec::new(),
    }
}

/// An answer that is to be kept under a key of a caller.
fn answer_to(caller_id: Uuid) -> GivenAnswer {
    GivenAnswer {
        caller_id,
        key: "key".to_owned(),
        fingerprint: String::new(),
        status: 200,
        body: "{}".to_owned(),
        etag: None,
        location: None,
        position: 0,
        given_at: beginning(),
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
        let sequence = sequences.entry((event.aggregate_type.to_string(), event.aggregate_id.to_string())).or_default();
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
    let answer = answer_to(new_id());
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
            Err(Refused::Unknown(_)) => "unknown",
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
        .map(|event| {
            (event.aggregate_id.to_string(), event.sequence, event.data.value()["after_position"].as_u64().expect("a number"))
        })
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

on_both!(what_one_process_takes_for_new_and_another_has_begun_is_a_conflict_of_its_own, async |app: TestApp| {
    let log = app.service.app.log.clone();
    let tasks = Tasks::default();
    let (here, task, healthy) = Writer::new(log.db().clone(), Silence, new_id);
    tasks.spawn("one writer", task.run());
    let (there, task, _) = Writer::new(log.db().clone(), Silence, new_id);
    tasks.spawn("another writer", task.run());
    let organization = OrganizationId(new_id());
    let of = |name, facts: &[u64]| append(organization, name, Expected::At(0), facts);
    let answer = answer_to(new_id());
    let answered = |append: Append| Append { answer: Some(answer.clone()), ..append };
    there.append(answered(of("begun there", &[1]))).await.expect("an append");
    // From here on this writer knows where the log is, and the organization; of what has been begun there it has not heard.
    here.append(of("begun here", &[2])).await.expect("an append");
    let batch = [of("begun there", &[3, 4]), answered(of("under a key", &[5])), of("new", &[6])];
    let outcomes = join_all(batch.into_iter().map(|append| here.append(append))).await;
    assert!(matches!(outcomes[0], Err(Refused::Conflict)), "{:?}", outcomes[0].as_ref().map(|done| done.position));
    assert!(matches!(outcomes[1], Err(Refused::Answered)), "{:?}", outcomes[1].as_ref().map(|done| done.position));
    assert_eq!(outcomes[2].as_ref().expect("an append").position, 3);
    assert_eq!(log.organization_head(organization).await.expect("a head"), 3, "nothing of the others has leaked");
    assert!(*healthy.borrow(), "and the log is well");
    drop((here, there));
    tasks.end().await;
});

on_both!(what_builds_on_what_was_refused_is_refused_though_its_number_fits, async |app: TestApp| {
    let log = app.service.app.log.clone();
    let (writer, task, _) = Writer::new(log.db().clone(), Silence, new_id);
    let organization = OrganizationId(new_id());
    let link = |append: Append, ticket, builds_on| Append { link: Some(Link { ticket, builds_on }), ..append };
    let a = |expected, fact| append(organization, "a", Expected::At(expected), &[fact]);
    let refused = Append { guards: vec![(stream("b"), 7)], ..a(0, 1) };
    let batch = vec![
        link(refused, 1, None),
        // Another process, or a clerk who looked at the log, takes its place.
        link(a(0, 2), 2, None),
        link(a(1, 3), 3, Some(1)),
        link(a(1, 4), 4, Some(2)),
        link(a(2, 5), 5, Some(4)),
    ];
    let waiting = join_all(batch.into_iter().map(|append| writer.append(append)));
    let running = async {
        tokio::task::yield_now().await;
        let tasks = Tasks::default();
        tasks.spawn("writer", task.run());
        tasks
    };
    let (outcomes, tasks) = tokio::join!(waiting, running);
    assert_eq!(outcomes.iter().map(Result::is_ok).collect::<Vec<_>>(), [false, true, false, true, true]);
    // What was taken is remembered from one batch to the next.
    writer.append(link(a(3, 6), 6, Some(4))).await.expect_err("five came between");
    writer.append(link(a(3, 6), 7, Some(5))).await.expect("it builds on the last");
    drop(writer);
    tasks.end().await;
});
