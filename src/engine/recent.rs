//! What has been appended lately, kept for those who follow the log in this process: they need not read again what has just
//! been written here. Whatever is not here is in the log.

use std::collections::VecDeque;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use projections::Recorded;

/// How many events are kept at least, as far as there are as many.
const KEPT: usize = 2_000;

/// Batches of events, in order; there may be gaps where others have written.
#[derive(Default)]
pub struct Recent(Mutex<Kept>);

#[derive(Default)]
struct Kept {
    batches: VecDeque<Batch>,
    /// How many events they hold together.
    number: usize,
}

/// A batch and where it lies in the global order, so that it can be found without a look at its events.
struct Batch {
    first: u64,
    last: u64,
    events: Arc<Vec<Recorded>>,
}

impl Recent {
    /// Keeps a batch that has been committed.
    pub fn keep(&self, events: &Arc<Vec<Recorded>>) {
        let (Some(first), Some(last)) = (events.first(), events.last()) else { return };
        let batch = Batch { first: first.global_position, last: last.global_position, events: Arc::clone(events) };
        let mut kept = self.kept();
        kept.number += events.len();
        kept.batches.push_back(batch);
        while let Some(oldest) = kept.batches.front().map(|oldest| oldest.events.len())
            && kept.number - oldest >= KEPT
        {
            kept.batches.pop_front();
            kept.number -= oldest;
        }
    }

    /// The batches that go on right after a global position without a gap, at most about `limit` events; the first may begin
    /// before it. Nothing if the log must be asked.
    pub fn after(&self, position: u64, limit: usize) -> Vec<Arc<Vec<Recorded>>> {
        let kept = self.kept();
        let (mut found, mut at, mut number): (Vec<Arc<Vec<Recorded>>>, _, _) = (Vec::new(), position, 0);
        let beyond = kept.batches.partition_point(|batch| batch.last <= position);
        for batch in kept.batches.range(beyond..) {
            if batch.first > at + 1 || number >= limit {
                break;
            }
            at = batch.last;
            number += batch.events.len();
            found.push(Arc::clone(&batch.events));
        }
        found
    }

    fn kept(&self) -> MutexGuard<'_, Kept> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
