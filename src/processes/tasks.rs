//! Tasks: started here and nowhere else, with a name, a token that tells them to end, and a join.

use std::panic::AssertUnwindSafe;
use std::sync::Arc;
use std::time::Duration;

use futures::FutureExt as _;
use tokio_util::sync::CancellationToken;
use tokio_util::task::TaskTracker;
use tracing::Instrument;

use crate::engine::App;
use crate::store::Db;

/// How long a task that has panicked is left alone: what it fell over may have gone.
const PAUSE: Duration = Duration::from_secs(1);

/// Runs a task again and again until it ends by itself.
async fn until_it_ends<F: Future<Output = ()>>(
    name: &'static str,
    app: Arc<App>,
    ending: CancellationToken,
    task: fn(Arc<App>, CancellationToken) -> F,
) {
    while AssertUnwindSafe(task(Arc::clone(&app), ending.clone())).catch_unwind().await.is_err() {
        tracing::error!(name, "a task has panicked and begins again");
        metrics::counter!("trust_zones_tasks_begun_again_total", "task" => name).increment(1);
        tokio::time::sleep(PAUSE).await;
    }
}

/// The tasks of a process.
#[derive(Clone, Default)]
pub struct Tasks {
    tracker: TaskTracker,
    ending: CancellationToken,
}

impl Tasks {
    /// Starts a task that goes on until it is told to end: where it panics it begins again, and says so.
    pub fn keep_up<F>(&self, name: &'static str, app: &Arc<App>, task: fn(Arc<App>, CancellationToken) -> F)
    where
        F: Future<Output = ()> + Send + 'static,
    {
        self.spawn(name, until_it_ends(name, Arc::clone(app), self.ending(), task));
    }

    /// Starts a task.
    pub fn spawn(&self, name: &'static str, task: impl Future<Output = ()> + Send + 'static) {
        let span = tracing::info_span!("task", name);
        self.tracker.spawn(task.instrument(span));
    }

    /// The same for one that writes to the read models.
    pub fn keep_up_writing<F>(&self, name: &'static str, app: &Arc<App>, task: fn(Arc<App>, CancellationToken) -> F)
    where
        F: Future<Output = ()> + Send + 'static,
    {
        self.spawn_to_write(app.log.db(), name, until_it_ends(name, Arc::clone(app), self.ending(), task));
    }

    /// Starts a task that writes `db`: on a thread of its own if it blocks while it does.
    pub fn spawn_to_write(&self, db: &Db, name: &'static str, task: impl Future<Output = ()> + Send + 'static) {
        if !db.is_file() {
            return self.spawn(name, task);
        }
        let (span, under_way) = (tracing::info_span!("task", name), self.tracker.token());
        let work = move || {
            let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build();
            match runtime {
                Ok(runtime) => runtime.block_on(task.instrument(span)),
                Err(error) => tracing::error!(name, %error, "a task cannot be started"),
            }
            drop(under_way);
        };
        if let Err(error) = std::thread::Builder::new().name(name.to_owned()).spawn(work) {
            tracing::error!(name, %error, "a task cannot be started");
        }
    }

    /// Is cancelled when tasks are to end.
    pub fn ending(&self) -> CancellationToken {
        self.ending.clone()
    }

    /// Tells all tasks to end and waits for them.
    pub async fn end(&self) {
        self.ending.cancel();
        self.tracker.close();
        self.tracker.wait().await;
    }
}
