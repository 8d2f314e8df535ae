//! The way to PostgreSQL breaks while a commit is on it: what is answered is what became of it.

use std::path::PathBuf;
use std::sync::{Arc, Mutex};

use aggregates::ids::OrganizationId;
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

/// A way to the server that breaks at a commit when it is told to.
struct Bridge {
    url: String,
    breaks: Arc<Mutex<Option<Breaks>>>,
    _folder: TempDir,
    _tasks: Tasks,
}

impl Bridge {
    fn to(url: &str) -> Self {
        let (before, rest) = url.split_once("host=").expect("a socket");
        let (host, after) = rest.split_once('&').expect("a user");
        let folder = tempfile::tempdir().expect("a folder");
        let listener = UnixListener::bind(folder.path().join(SOCKET)).expect("a socket");
        let breaks: Arc<Mutex<Option<Breaks>>> = Arc::default();
        let server = PathBuf::from(host).join(SOCKET);
        let tasks = Tasks::default();
        let shared = Arc::clone(&breaks);
        tasks.spawn("a bridge", async move {
            let mut ways = tokio::task::JoinSet::new();
            while let Ok((client, _)) = listener.accept().await {
                if *shared.lock().expect("a lock") != Some(Breaks::ForGood) {
                    let server = UnixStream::connect(&server).await.expect("the server");
                    ways.spawn(carry(client, server, Arc::clone(&shared)));
                }
            }
        });
        Self { url: format!("{before}host={}&{after}", folder.path().display()), breaks, _folder: folder, _tasks: tasks }
    }

    fn breaks(&self, how: Breaks) {
        *self.breaks.lock().expect("a lock") = Some(how);
    }
}

/// What happens to a commit that comes by now.
fn next(breaks: &Mutex<Option<Breaks>>) -> Option<Breaks> {
    let mut breaks = breaks.lock().expect("a lock");
    if *breaks == Some(Breaks::ForGood) { *breaks } else { breaks.take() }
}

/// Carries what both sides say until one of them has gone, or the way breaks.
async fn carry(mut client: UnixStream, mut server: UnixStream, breaks: Arc<Mutex<Option<Breaks>>>) {
    let (mut asked, mut answered) = (vec![0; 65_536], vec![0; 65_536]);
    loop {
        tokio::select! {
            Ok(length) = client.read(&mut asked) => {
                let asked = &asked[..length];
                let commits = asked.windows(6).any(|window| window == b"COMMIT");
                let armed = if commits { next(&breaks) } else { None };
                if length == 0 || armed == Some(Breaks::BeforeItIsHeard) {
                    return;
                }
                server.write_all(asked).await.expect("the server hears");
                if armed.is_some() {
                    server.read(&mut answered).await.expect("the server answers");
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

    bridge.breaks(Breaks::BeforeItIsHeard);
    assert!(matches!(tried(1).await, Err(Refused::Unavailable(_))));
    assert_eq!(position().await.expect("a position"), 0);

    bridge.breaks(Breaks::BeforeItIsAnswered);
    assert_eq!(tried(2).await.expect("it is in the log").position, 1);
    assert_eq!(tried(3).await.expect("the writer goes on").position, 2);
    assert_eq!(position().await.expect("a position"), 2);

    bridge.breaks(Breaks::ForGood);
    assert!(matches!(tried(4).await, Err(Refused::Unknown(_))));
    assert_eq!(position().await.expect("a position"), 3, "it was in the log, and nobody could say so");
}
