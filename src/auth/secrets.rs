//! Secrets of tokens in memory. What is kept for a prefix never changes, so it is read once; whether the token still holds is
//! asked of the token every time.

use std::num::NonZeroUsize;
use std::sync::{Mutex, PoisonError};

use lru::LruCache;

use crate::store::{KeptSecret, Log, StoreError};

/// How many are kept.
const KEPT: usize = 20_000;

/// Secrets of tokens, by prefix.
pub struct Secrets {
    known: Mutex<LruCache<String, KeptSecret>>,
}

impl Default for Secrets {
    fn default() -> Self {
        Self { known: Mutex::new(LruCache::new(NonZeroUsize::new(KEPT).expect("more than none"))) }
    }
}

impl Secrets {
    /// What is kept for a prefix. A prefix that nobody has is asked for again each time: it may be given out at any moment.
    pub async fn of(&self, log: &Log, prefix: &str) -> Result<Option<KeptSecret>, StoreError> {
        let known = self.known.lock().unwrap_or_else(PoisonError::into_inner).get(prefix).cloned();
        if known.is_some() {
            return Ok(known);
        }
        let kept = log.token_secret(prefix).await?;
        if let Some(kept) = &kept {
            self.known.lock().unwrap_or_else(PoisonError::into_inner).put(prefix.to_owned(), kept.clone());
        }
        Ok(kept)
    }
}
