//! A service to tell stories about: its own store, a real socket, a clock that tests move, and people who speak HTTP.

mod described;
pub mod golden;
mod log;
mod people;
mod reply;
mod rows;
mod store;

use std::net::SocketAddr;
use std::time::Duration;

use chrono::{DateTime, Utc};
use clap::Parser;
use tokio::net::TcpListener;
use trust_zones::clock::Clock;
use trust_zones::config::Config;
use trust_zones::service::Service;

pub use log::{log_of, whole};
pub use people::Person;
pub use reply::Reply;
pub use rows::rows_of;
pub use store::{Kind, Store};

/// Runs a story on both databases: `on_both!(a_sentence_about_it, async |app| { ... });`
#[macro_export]
macro_rules! on_both {
    ($name:ident, $story:expr) => {
        mod $name {
            use super::*;

            #[tokio::test(flavor = "multi_thread", worker_threads = 2)]
            async fn on_sqlite() {
                let app = $crate::harness::TestApp::start($crate::harness::Kind::Sqlite).await;
                let story = $story;
                story(app).await;
            }

            #[tokio::test(flavor = "multi_thread", worker_threads = 2)]
            async fn on_postgres() {
                let app = $crate::harness::TestApp::start($crate::harness::Kind::Postgres).await;
                let story = $story;
                story(app).await;
            }
        }
    };
}

/// A configuration from flags alone.
#[derive(Debug, Parser)]
struct Flags {
    #[command(flatten)]
    config: Config,
}

/// When every story begins.
pub fn beginning() -> DateTime<Utc> {
    "2026-01-05T10:00:00Z".parse().expect("a moment")
}

/// A running service with one organization and its owner.
pub struct TestApp {
    pub service: Service,
    pub clock: Clock,
    pub owner: Person,
    pub store: Store,
    pub address: SocketAddr,
    http: reqwest::Client,
}

/// A client that, told how long connections may be idle, does not send anything on one that is about to end.
fn client() -> reqwest::Client {
    let builder = reqwest::Client::builder().pool_max_idle_per_host(128).pool_idle_timeout(Duration::from_secs(5));
    builder.build().expect("a client")
}

impl TestApp {
    pub async fn start(kind: Kind) -> Self {
        Self::on(Store::create(kind).await, &[]).await
    }

    /// Starts on a store that may hold something already, with extra flags.
    pub async fn on(store: Store, flags: &[&str]) -> Self {
        Self::on_with(store, flags, Clock::standing_at(beginning())).await
    }

    /// Starts on a store with a clock that may have moved.
    pub async fn on_with(store: Store, flags: &[&str], clock: Clock) -> Self {
        let (service, address) = serve(&store, flags, clock.clone()).await;
        let http = client();
        let founded = service.bootstrap("Acme", "Olivia Owner").await.expect("a bootstrap");
        let (id, token) = founded.map_or_else(Default::default, |founded| (founded.owner_id.to_string(), founded.token));
        let owner = Person::new(http.clone(), address, id, token);
        Self { service, clock, owner, store, address, http }
    }

    /// The story goes on with a service that has been opened on its store.
    pub fn resumed(service: Service, clock: Clock, owner: &Person, store: Store, address: SocketAddr) -> Self {
        let http = client();
        let owner = owner.speaking_to(address);
        Self { service, clock, owner, store, address, http }
    }

    /// Every row of every read model.
    pub async fn rows(&self) -> std::collections::BTreeMap<&'static str, Vec<String>> {
        rows_of(&self.service.app.views.live().db).await
    }

    /// Another process on the same store: its own memory, projector and socket.
    pub async fn second_process(&self) -> (Service, SocketAddr) {
        serve(&self.store, &[], self.clock.clone()).await
    }

    /// Someone with a token, speaking to this service.
    pub fn person(&self, id: &str, token: &str) -> Person {
        Person::new(self.http.clone(), self.address, id.to_owned(), token.to_owned())
    }

    /// Someone without a token.
    pub fn stranger(&self) -> Person {
        self.person("", "")
    }

    /// A human member with a token.
    pub async fn human(&self, name: &str, role: &str) -> Person {
        self.owner.takes_in(serde_json::json!({"kind": "human", "display_name": name, "role": role})).await
    }

    /// An agent with a token; sponsored where a sponsor is given.
    pub async fn agent(&self, name: &str, sponsor: Option<&Person>) -> Person {
        let sponsor_id = sponsor.map(|sponsor| sponsor.id.clone());
        let body = serde_json::json!({"kind": "agent", "display_name": name, "role": "member", "sponsor_id": sponsor_id, "agent_type": "coder"});
        self.owner.takes_in(body).await
    }

    /// The owner of another organization in the same service.
    pub async fn other_organization(&self, name: &str) -> Person {
        let founded = self.owner.post("/organizations", serde_json::json!({"name": name})).await.expect(201);
        self.person(founded.text("/owner_id").as_str(), founded.text("/token").as_str())
    }

    /// Moves the clock on and waits until everything that is due by then is done.
    pub async fn time_passes(&self, by: chrono::Duration) {
        self.settled().await;
        self.clock.advance(by);
        trust_zones::processes::do_what_is_due(&self.service.app).await.expect("the clock");
        self.settled().await;
    }

    /// Waits until every event so far has been projected and reacted to.
    pub async fn settled(&self) {
        let app = &self.service.app;
        let head = app.log.head().await.expect("a head");
        assert!(app.parts.freshness.views_at(head, std::time::Duration::from_secs(20)).await, "the read models come up");
        let ending = tokio_util::sync::CancellationToken::new();
        trust_zones::processes::react_until(app, &ending).await.expect("reactions");
        let head = app.log.head().await.expect("a head");
        assert!(app.parts.freshness.views_at(head, std::time::Duration::from_secs(20)).await, "the read models come up");
    }
}

/// Opens a service on a store and serves it on a socket.
pub async fn serve(store: &Store, flags: &[&str], clock: Clock) -> (Service, SocketAddr) {
    let given = store.flags();
    let arguments = ["test".to_owned()].into_iter().chain(given).chain(flags.iter().map(|flag| (*flag).to_owned()));
    let config = Flags::parse_from(arguments).config;
    let service = Service::open(config, clock).await.expect("a service");
    let listener = TcpListener::bind("127.0.0.1:0").await.expect("a listener");
    let address = listener.local_addr().expect("an address");
    let tasks = service.tasks.clone();
    let door = Service { app: std::sync::Arc::clone(&service.app), tasks: tasks.clone() };
    tasks.spawn("door", async move { door.serve(listener).await });
    (service, address)
}
