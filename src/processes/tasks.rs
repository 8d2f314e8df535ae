//! Tasks: started here and nowhere else, with a name, a token that tells them to end, and a join.

use tokio_util::sync::CancellationToken;
use tokio_util::task::TaskTracker;
use tracing::Instrument;

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
