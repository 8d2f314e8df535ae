//! Aggregates in memory: the latest known state of recently used streams. Never trusted for a refusal without a look at the
//! log, and never for an append: the log checks every sequence.

use std::any::Any;
use std::num::NonZeroUsize;
use std::sync::{Arc, Mutex};

use aggregates::Decider;
use lru::LruCache;

use crate::store::Stream;

/// How many aggregates are kept.
const KEPT: usize = 20_000;

type Kept = (u64, Arc<dyn Any + Send + Sync>);

/// Aggregates in memory.
pub struct Memory {
    kept: Mutex<LruCache<(String, String), Kept>>,
}

impl Default for Memory {
    fn default() -> Self {
        let kept = NonZeroUsize::new(KEPT).expect("more than none");
        Self { kept: Mutex::new(LruCache::new(kept)) }
    }
}

impl Memory {
    /// The state of a stream as last seen, and how long the stream was then.
    pub fn recall<D: Decider>(&self, stream: &Stream) -> Option<(Arc<D::State>, u64)> {
        let key = (stream.aggregate_type.to_owned(), stream.aggregate_id.clone());
        let (sequence, state) = self.lock().get(&key).cloned()?;
        Some((state.downcast::<D::State>().ok()?, sequence))
    }

    /// Remembers a state, unless a later one is known.
    pub fn remember<D: Decider>(&self, stream: &Stream, sequence: u64, state: Arc<D::State>) {
        let key = (stream.aggregate_type.to_owned(), stream.aggregate_id.clone());
        let mut kept = self.lock();
        if kept.peek(&key).is_none_or(|(known, _)| *known < sequence) {
            kept.put(key, (sequence, state));
        }
    }

    /// Forgets a stream that is known to be longer than remembered.
    pub fn forget_older(&self, aggregate_type: &str, aggregate_id: &str, sequence: u64) {
        let key = (aggregate_type.to_owned(), aggregate_id.to_owned());
        let mut kept = self.lock();
        if kept.peek(&key).is_some_and(|(known, _)| *known < sequence) {
            kept.pop(&key);
        }
    }

    fn lock(&self) -> std::sync::MutexGuard<'_, LruCache<(String, String), Kept>> {
        self.kept.lock().unwrap_or_else(std::sync::PoisonError::into_inner)
    }
}
