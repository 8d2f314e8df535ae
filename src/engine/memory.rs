//! Aggregates in memory: the latest known state of recently used streams. Never trusted for a refusal without a look at the
//! log, and never for an append: the log checks every sequence.

use std::any::Any;
use std::borrow::Cow;
use std::num::NonZeroUsize;
use std::sync::{Arc, Mutex};

use aggregates::Decider;
use lru::LruCache;
use projections::Recorded;

use crate::store::Stream;

/// The type of an aggregate, and which one.
type Key = (Cow<'static, str>, Arc<str>);

/// How long a stream is known to be, and its state if that is known too.
type Kept = (u64, Option<Arc<dyn Any + Send + Sync>>);

fn key_of(stream: &Stream) -> Key {
    (Cow::Borrowed(stream.aggregate_type), Arc::clone(&stream.aggregate_id))
}

/// Aggregates in memory.
pub struct Memory {
    kept: Mutex<LruCache<Key, Kept>>,
}

impl Memory {
    /// A memory of the `most` aggregates that have been used last, and of one at least.
    pub fn of(most: u32) -> Self {
        let most = usize::try_from(most).ok().and_then(NonZeroUsize::new).unwrap_or(NonZeroUsize::MIN);
        Self { kept: Mutex::new(LruCache::new(most)) }
    }

    /// The state of a stream as last seen, and how long the stream was then.
    pub fn recall<D: Decider>(&self, stream: &Stream) -> Option<(Arc<D::State>, u64)> {
        let key = key_of(stream);
        let (sequence, state) = self.lock().get(&key).cloned()?;
        Some((state?.downcast::<D::State>().ok()?, sequence))
    }

    /// Remembers a state, unless the stream is known to be longer.
    pub fn remember<D: Decider>(&self, stream: &Stream, sequence: u64, state: Arc<D::State>) {
        let key = key_of(stream);
        let mut kept = self.lock();
        if kept.peek(&key).is_none_or(|(known, _)| *known <= sequence) {
            kept.put(key, (sequence, Some(state)));
        }
    }

    /// Forgets the state of a stream that is longer than remembered, and how long it is at least: what is read meanwhile and is
    /// shorter is not remembered.
    pub fn forget_older(&self, event: &Recorded) {
        let (key, sequence) = ((event.aggregate_type.clone(), Arc::clone(&event.aggregate_id)), event.sequence);
        let mut kept = self.lock();
        if kept.peek(&key).is_none_or(|(known, _)| *known < sequence) {
            kept.put(key, (sequence, None));
        }
    }

    fn lock(&self) -> std::sync::MutexGuard<'_, LruCache<Key, Kept>> {
        self.kept.lock().unwrap_or_else(std::sync::PoisonError::into_inner)
    }
}
