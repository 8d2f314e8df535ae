//! Freshness: how far the read models have come, and waiting until they are far enough.

use std::sync::atomic::{AtomicU32, Ordering};
use std::time::Duration;

use tokio::sync::{Notify, watch};

/// How far the log and the read models have come, as global positions.
pub struct Freshness {
    log: watch::Sender<u64>,
    views: watch::Sender<u64>,
    wanted: Notify,
    failures: AtomicU32,
    reactions: watch::Sender<u64>,
}

impl Default for Freshness {
    fn default() -> Self {
        Self {
            log: watch::Sender::new(0),
            views: watch::Sender::new(0),
            wanted: Notify::new(),
            failures: AtomicU32::new(0),
            reactions: watch::Sender::new(0),
        }
    }
}

fn raise(sender: &watch::Sender<u64>, to: u64) {
    sender.send_if_modified(|position| {
        let higher = to > *position;
        *position = (*position).max(to);
        higher
    });
}

impl Freshness {
    /// The log has come this far. Whoever waits is told even if it had come further before: what lies between may have been written
    /// by another process, and be heard of only now.
    pub fn log_reached(&self, position: u64) {
        self.log.send_modify(|known| *known = (*known).max(position));
    }

    /// The read models have come this far.
    pub fn views_reached(&self, position: u64) {
        self.failures.store(0, Ordering::Relaxed);
        raise(&self.views, position);
    }

    /// The read models could not be brought up to date.
    pub fn views_failed(&self) {
        self.failures.fetch_add(1, Ordering::Relaxed);
    }

    /// Whether the read models go on: a single failure is tried again at once.
    pub fn views_advance(&self) -> bool {
        self.failures.load(Ordering::Relaxed) < 2
    }

    /// How far the log is known to have come.
    pub fn log_position(&self) -> u64 {
        *self.log.borrow()
    }

    /// How far the read models have come.
    pub fn views_position(&self) -> u64 {
        *self.views.borrow()
    }

    /// Everything up to this position has been reacted to.
    pub fn reactions_reached(&self, position: u64) {
        raise(&self.reactions, position);
    }

    /// Waits until everything in the log so far has been reacted to, or patience is at an end.
    pub async fn reactions_at_the_end(&self, patience: Duration) {
        let (end, mut reactions) = (self.log_position(), self.reactions.subscribe());
        let reached = reactions.wait_for(|reached| *reached >= end);
        drop(tokio::time::timeout(patience, reached).await);
    }

    /// Follows the log.
    pub fn watch_log(&self) -> watch::Receiver<u64> {
        self.log.subscribe()
    }

    /// Waits until somebody waits for the read models.
    pub async fn views_wanted(&self) {
        self.wanted.notified().await;
    }

    /// Waits until the read models have reached `position`; says whether they did in time.
    pub async fn views_at(&self, position: u64, patience: Duration) -> bool {
        if self.views_position() >= position {
            return true;
        }
        self.wanted.notify_one();
        let mut views = self.views.subscribe();
        let reached = views.wait_for(|reached| *reached >= position);
        tokio::time::timeout(patience, reached).await.is_ok_and(|reached| reached.is_ok())
    }
}

#[cfg(test)]
mod tests {
    use super::Freshness;

    #[test]
    fn whoever_waits_hears_of_what_lies_before_what_is_known() {
        let freshness = Freshness::default();
        freshness.log_reached(10);
        let mut log = freshness.watch_log();
        log.mark_unchanged();
        // Another process wrote it, and this one hears of it after its own.
        freshness.log_reached(9);
        assert!(log.has_changed().expect("somebody who tells"));
        assert_eq!(freshness.log_position(), 10);
    }
}
