//! A running service: opened, served, ended.

use std::sync::{Arc, OnceLock};
use std::time::Duration;

use aggregates::actor::Actor;
use aggregates::ids::OrganizationId;
use aggregates::text::Name;
use metrics_exporter_prometheus::{Matcher, PrometheusBuilder, PrometheusHandle};
use tokio::net::TcpListener;
use uuid::Uuid;

use crate::auth::{Limits, Secrets};
use crate::clock::Clock;
use crate::config::Config;
use crate::connections::{self, Terms};
use crate::door;
use crate::engine::{Answer, App, Caller, Envelope, Parts, Problem, Told};
use crate::entropy;
use crate::gardener::Gardener;
use crate::governance::{Founded, found};
use crate::processes::{
    Tasks, catch_up, choose_reviewers, follow_log, keep_house, project_log, react_to_log, review_work, watch_clock,
};
use crate::store::{Log, Place, Profile, StoreError, Views, Writer};

/// How long requests under way have to finish when the service is told to end.
const PATIENCE: Duration = Duration::from_secs(10);

/// A running service.
pub struct Service {
    /// Its parts.
    pub app: Arc<App>,
    /// What runs beside requests.
    pub tasks: Tasks,
}

/// Opens the log where the configuration says.
pub async fn open_log(config: &Config) -> Result<(Log, Place), StoreError> {
    if let Some(url) = &config.database_url {
        return Ok((Log::postgres(url).await?, Place::Url(url.clone())));
    }
    let folder = config.data_dir.clone();
    std::fs::create_dir_all(&folder).map_err(|error| StoreError::File(folder.display().to_string(), error))?;
    Ok((Log::sqlite(&folder.join("trust-zones.db")).await?, Place::Folder(folder)))
}

impl Service {
    /// Opens the store and starts everything but the door.
    pub async fn open(config: Config, clock: Clock) -> Result<Self, StoreError> {
        metrics_text();
        let (log, place) = open_log(&config).await?;
        let views = Views::open(place, &log).await?;
        // Whatever became of the process before this one: nobody is to see a part of them.
        if let Err(error) = catch_up(&log, &views.live().db, None).await {
            tracing::warn!(%error, "the read models cannot be brought up to date");
        }
        let parts = Arc::new(Parts::keeping(config.aggregates_in_memory));
        parts.begin_at(log.head().await?);
        let tasks = Tasks::default();
        let (writer, task, log_health) = Writer::new(log.writes().apart(), Arc::clone(&parts), entropy::new_id);
        tasks.spawn_to_write(log.db(), "writer", task.run());
        let limits = Limits::new(config.sign_ins_per_minute, config.requests_per_second);
        let secrets = Secrets::default();
        let ending = tasks.ending();
        let endpoint = config.gardener.endpoint().expect("settings are checked at the start");
        let gardener = endpoint.map(|endpoint| Gardener::new(endpoint, config.gardener.timeout()));
        let app = Arc::new(App { config, clock, log, writer, log_health, views, parts, limits, ending, gardener, secrets });
        tasks.keep_up("follower", &app, follow_log);
        tasks.keep_up_writing("projector", &app, project_log);
        tasks.keep_up("reactions", &app, react_to_log);
        tasks.keep_up("clock", &app, watch_clock);
        tasks.keep_up("housekeeping", &app, keep_house);
        if let Some(gardener) = app.gardener.clone() {
            tasks.spawn("gardener", choose_reviewers(Arc::clone(&app), gardener.clone(), tasks.clone()));
            tasks.spawn("critic", review_work(Arc::clone(&app), gardener, tasks.clone()));
        }
        Ok(Self { app, tasks })
    }

    /// On an empty store, founds the first organization; its owner's token is given once.
    pub async fn bootstrap(&self, name: &str, owner: &str) -> Result<Option<Founded>, Problem> {
        if self.app.log.first_organization().await?.is_some() {
            return Ok(None);
        }
        let name = Name::parse(name).map_err(|error| Problem::malformed(error.to_string()))?;
        let profile = Profile { member_id: aggregates::ids::MemberId::SYSTEM, display_name: owner.to_owned(), email: None };
        // Two processes may start at once: the first founding is kept under a key of its own.
        let nobody = Caller { organization_id: OrganizationId(Uuid::nil()), actor: Actor::SYSTEM, token_id: None, scope: None };
        let key = Some(("first start".to_owned(), "first start".to_owned()));
        let asked = Envelope {
            caller: nobody,
            answer_to: None,
            correlation_id: entropy::new_id(),
            key,
            if_match: None,
            dry_run: false,
        };
        let owner_id = |founded: &Founded| serde_json::json!({"owner_id": founded.owner_id});
        let (done, founded) =
            found(&self.app, name, None, &profile, None, Some(&asked), |_, founded| Answer::ok(owner_id(founded))).await?;
        Ok((done.answer.body == Told::Value(owner_id(&founded))).then_some(founded))
    }

    /// Serves HTTP on `listener` until told to end, then finishes what is under way.
    pub async fn serve(&self, listener: TcpListener) {
        let router = door::router(Arc::clone(&self.app));
        let head = Duration::from_millis(self.app.config.request_head_timeout_ms);
        let terms = Terms { router, head, patience: PATIENCE, ending: self.tasks.ending() };
        connections::serve(listener, terms).await;
    }

    /// Ends everything in order.
    pub async fn end(self) {
        self.tasks.ending().cancel();
        let Self { app, tasks } = self;
        // The writer ends when nobody can hand it anything any more.
        let log = app.log.clone();
        let views = app.views.clone();
        drop(app);
        if tokio::time::timeout(PATIENCE, tasks.end()).await.is_err() {
            tracing::warn!("some requests did not end in time");
        } else if let Err(error) = views.live().close().await {
            tracing::warn!(%error, "read models cannot be flushed and will be made again if the machine goes down");
        }
        for log in [log.writes(), log.db()] {
            if let Err(error) = log.close().await {
                tracing::warn!(%error, "the log could not be closed in order");
            }
        }
    }
}

/// Measurements so far, as Prometheus reads them.
pub fn metrics_text() -> String {
    METRICS.get_or_init(recorder).render()
}

/// Sums up what has been measured: single measurements do not pile up where nobody asks for them.
pub fn tidy_metrics() {
    METRICS.get_or_init(recorder).run_upkeep();
}

/// Between which lengths of time requests are told apart, and between which numbers of commands batches are.
const SECONDS: [f64; 12] = [0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 10.0];
const COMMANDS: [f64; 9] = [1.0, 2.0, 4.0, 8.0, 16.0, 32.0, 64.0, 128.0, 256.0];

static METRICS: OnceLock<PrometheusHandle> = OnceLock::new();

fn recorder() -> PrometheusHandle {
    let batch_size = Matcher::Full("trust_zones_append_batch_size".to_owned());
    let told_apart = PrometheusBuilder::new().set_buckets(&SECONDS);
    let told_apart = told_apart.and_then(|builder| builder.set_buckets_for_metric(batch_size, &COMMANDS));
    let builder = told_apart.unwrap_or_else(|_| PrometheusBuilder::new());
    builder.install_recorder().unwrap_or_else(|_| PrometheusBuilder::new().build_recorder().handle())
}
