//! What has been appended lately, kept for those who follow the log in this process: they need not read again what has just
//! been written here. Whatever is not here is in the log.

use std::collections::VecDeque;
use std::sync::{Arc, Mutex, PoisonError};

use projections::Recorded;

/// How many events are kept at least, as far as there are as many.
const KEPT: usize = 2_000;

/// Batches of events, in order; there may be gaps where others have written.
#[derive(Default)]
pub struct Recent {
    batches: Mutex<VecDeque<Arc<Vec<Recorded>>>>,
}

impl Recent {
    /// Keeps a batch that has been committed.
    pub fn keep(&self, batch: &Arc<Vec<Recorded>>) {
        if batch.is_empty() {
            return;
        }
        let mut batches = self.batches.lock().unwrap_or_else(PoisonError::into_inner);
        batches.push_back(Arc::clone(batch));
        let mut kept: usize = batches.iter().map(|batch| batch.len()).sum();
        while let Some(first) = batches.front().map(|first| first.len()).filter(|first| kept - first >= KEPT) {
            batches.pop_front();
            kept -= first;
        }
    }

    /// The batches that go on right after a global position without a gap, at most about `limit` events; the first may begin
    /// before it. Nothing if the log must be asked.
    pub fn after(&self, position: u64, limit: usize) -> Vec<Arc<Vec<Recorded>>> {
        let batches = self.batches.lock().unwrap_or_else(PoisonError::into_inner);
        let (mut found, mut at, mut number): (Vec<Arc<Vec<Recorded>>>, _, _) = (Vec::new(), position, 0);
        for batch in batches.iter() {
            let (Some(first), Some(last)) = (batch.first(), batch.last()) else { continue };
            if last.global_position <= at {
                continue;
            }
            if first.global_position > at + 1 || number >= limit {
                break;
            }
            at = last.global_position;
            number += batch.len();
            found.push(Arc::clone(batch));
        }
        found
    }
}
