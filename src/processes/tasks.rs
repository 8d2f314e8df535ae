//! Tasks: started here and nowhere else, with a name, a token that tells them to end, and a join.

use tokio_util::sync::CancellationToken;
use tokio_util::task::TaskTracker;
use tracing::Instrument;

use crate::store::Db;

/// The tasks of a process.
#[derive(Clone, Default)]
pub struct Tasks {
    tracker: TaskTracker,
    ending: CancellationToken,
}

impl Tasks {
    /// Starts a task.
    pub fn spawn(&self, name: &'static str, task: impl Future<Output = ()> + Send + 'static) {
        let span = tracing::info_span!("task", name);
        self.tracker.spawn(task.instrument(span));
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
