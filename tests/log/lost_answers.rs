//! The way to PostgreSQL breaks while a commit is on it: what is answered is what became of it.

use std::path::PathBuf;
use std::sync::{Arc, Mutex};

use aggregates::ids::OrganizationId;
use serde_json::json;
use sqlx::PgPool;
use tempfile::TempDir;
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::{UnixListener, UnixStream};
use trust_zones::entropy::new_id;
use trust_zones::processes::Tasks;
use trust_zones::store::{Expected, Log, Refused, Writer};

use super::appending::{Silence, append};
use crate::harness::{Kind, TestApp};

const SOCKET: &str = ".s.PGSQL.5432";

/// Where the way breaks.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Breaks {
    /// The server never hears of the commit.
    BeforeItIsHeard,
    /// The server commits; its answer gets lost.
    BeforeItIsAnswered,
    /// The same, and from then on nobody gets through.
    ForGood,
}

/// Where the way breaks, and at which words.
type Orders = Arc<Mutex<Option<(Breaks, &'static [u8])>>>;

/// A way to the server that breaks when it is told to.
struct Bridge {
    url: String,
    orders: Orders,
    _folder: TempDir,
    _tasks: Tasks,
}

impl Bridge {
    fn to(url: &str) -> Self {
        let (before, rest) = url.split_once("host=").expect("a socket");
        let (host, after) = rest.split_once('&').expect("a user");
        let folder = tempfile::tempdir().expect("a folder");
        let listener = UnixListener::bind(folder.path().join(SOCKET)).expect("a socket");
        let orders = Orders::default();
        let server = PathBuf::from(host).join(SOCKET);
        let tasks = Tasks::default();
        let shared = Arc::clone(&orders);
        tasks.spawn("a bridge", async move {
            let mut ways = tokio::task::JoinSet::new();
            while let Ok((client, _)) = listener.accept().await {
                let server = UnixStream::connect(&server).await.expect("the server");
                ways.spawn(carry(client, server, Arc::clone(&shared)));
            }
        });
        Self { url: format!("{before}host={}&{after}", folder.path().display()), orders, _folder: folder, _tasks: tasks }
    }

    /// Breaks when the next one to say `words` comes by.
    fn breaks(&self, how: Breaks, words: &'static [u8]) {
        *self.orders.lock().expect("a lock") = Some((how, words));
    }
}

/// What happens to those who say `asked`.
fn ordered(orders: &Orders, asked: &[u8]) -> Option<Breaks> {
    let mut orders = orders.lock().expect("a lock");
    if *orders == Some((Breaks::ForGood, b"")) {
        return Some(Breaks::BeforeItIsHeard);
    }
    let (how, _) = orders.filter(|(_, words)| !words.is_empty() && asked.windows(words.len()).any(|said| said == *words))?;
    *orders = (how == Breaks::ForGood).then_some((how, b""));
    Some(how)
}

/// Carries what both sides say until one of them has gone, or the way breaks.
async fn carry(mut client: UnixStream, mut server: UnixStream, orders: Orders) {
    let (mut asked, mut answered) = (vec![0; 65_536], vec![0; 65_536]);
    loop {
        tokio::select! {
            Ok(length) = client.read(&mut asked) => {
                let asked = &asked[..length];
                let broken = ordered(&orders, asked);
                if length == 0 || broken == Some(Breaks::BeforeItIsHeard) {
                    return;
                }
                server.write_all(asked).await.expect("the server hears");
                if broken.is_some() {
                    server.readable().await.expect("the server answers");
                    return;
                }
            }
            Ok(length) = server.read(&mut answered) => {
                if length == 0 || client.write_all(&answered[..length]).await.is_err() {
                    return;
                }
            }
            else => return,
        }
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_server_that_goes_down_over_a_command_is_not_taken_for_one_that_refuses_it() {
    let app = TestApp::start(Kind::Postgres).await;
    app.owner.makes_zone(json!({"name": "Before"})).await;
    let pool = PgPool::connect(&app.store.url().expect("an address")).await.expect("PostgreSQL");
    let mut held = pool.begin().await.expect("a transaction");
    sqlx::query("SELECT position FROM log_head FOR UPDATE").execute(&mut *held).await.expect("the head");
    let waiting = "SELECT pid FROM pg_stat_activity
        WHERE datname = current_database() AND wait_event_type = 'Lock' AND query LIKE 'WITH head%'";
    let cut_off = async {
        let pid: i32 = loop {
            if let Some(pid) = sqlx::query_scalar(waiting).fetch_optional(&pool).await.expect("who waits") {
                break pid;
            }
        };
        sqlx::query("SELECT pg_terminate_backend($1)").bind(pid).execute(&pool).await.expect("an end");
        held.rollback().await.expect("an end");
    };
    let (answer, ()) = tokio::join!(app.owner.post("/zones", json!({"name": "Lost"})), cut_off);
    answer.expect_problem(503, "outcome_unknown");
    let zones = app.owner.get("/zones").await.expect(200);
    assert!(zones.items().iter().all(|zone| zone["name"] != "Lost"));
    app.owner.makes_zone(json!({"name": "After"})).await;
    pool.close().await;
}

#[tokio::test]
async fn what_became_of_a_commit_is_found_out_when_its_answer_is_lost() {
    let app = TestApp::start(Kind::Postgres).await;
    let bridge = Bridge::to(&app.store.url().expect("a server"));
    let log = Log::postgres(&bridge.url).await.expect("the log");
    let (writer, task, _) = Writer::new(log.db().clone(), Silence, new_id);
    let tasks = Tasks::default();
    tasks.spawn("a writer", task.run());
    let organization = OrganizationId(new_id());
    let position = || app.service.app.log.organization_head(organization);
    let tried = async |fact| writer.append(append(organization, "a stream", Expected::Anywhere, &[fact])).await;

    // The first time the log is asked where everything stands; from then on a batch is one statement that commits by itself.
    let (commit, fact) = (&b"COMMIT"[..], &b"ndjson"[..]);
    bridge.breaks(Breaks::BeforeItIsHeard, commit);
    assert!(matches!(tried(1).await, Err(Refused::Unavailable(_))));
    assert_eq!(position().await.expect("a position"), 0);

    bridge.breaks(Breaks::BeforeItIsAnswered, commit);
    assert_eq!(tried(2).await.expect("it is in the log").position, 1);
    assert_eq!(tried(3).await.expect("the writer goes on").position, 2);

    // What commits by itself may still be under way when nothing of it is found.
    bridge.breaks(Breaks::BeforeItIsHeard, fact);
    assert!(matches!(tried(4).await, Err(Refused::Unknown(_))));
    assert_eq!(position().await.expect("a position"), 2);
    assert_eq!(tried(5).await.expect("the writer goes on").position, 3);

    bridge.breaks(Breaks::BeforeItIsAnswered, fact);
    assert_eq!(tried(6).await.expect("it is in the log").position, 4);

    bridge.breaks(Breaks::ForGood, fact);
    assert!(matches!(tried(7).await, Err(Refused::Unknown(_))));
    assert_eq!(position().await.expect("a position"), 5, "it is in the log, and nobody could say so");
}
