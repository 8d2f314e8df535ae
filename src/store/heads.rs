//! Where the log stands: what a batch has to know before it is admitted, and what the writer knows already. What it knows holds as
//! long as nobody else has appended, which the head of the log tells.

use std::collections::{BTreeMap, BTreeSet};
use std::num::NonZeroUsize;

use lru::LruCache;
use uuid::Uuid;

use super::append::{Append, Expected, GivenAnswer, Stream};

/// How many streams and organizations are known at most: more than memory usually holds aggregates of, at some hundred bytes each.
const KEPT: usize = 100_000;

/// What a batch needs to know of the log once it holds the head.
#[derive(Debug, Default)]
pub struct Heads {
    /// The last global position.
    pub log: u64,
    /// The last position of each organization.
    pub organizations: BTreeMap<Uuid, u64>,
    /// The last sequence of each stream.
    pub streams: BTreeMap<Stream, u64>,
    /// Keys that have an answer.
    pub answered: BTreeSet<(Uuid, String)>,
}

/// Whose heads are asked for.
#[derive(Clone, Debug, Default)]
pub struct Asked {
    /// Organizations.
    pub organizations: BTreeSet<Uuid>,
    /// Streams.
    pub streams: BTreeSet<Stream>,
    /// Keys under which an answer may have been given.
    pub keys: BTreeSet<(Uuid, String)>,
}

impl Asked {
    /// All that `appends` rest on.
    pub fn by(appends: &[Append]) -> Self {
        Self {
            organizations: appends.iter().map(|append| append.organization_id.0).collect(),
            streams: appends.iter().flat_map(streams_of).cloned().collect(),
            keys: appends.iter().filter_map(|append| append.answer.as_ref()).map(key_of).collect(),
        }
    }

    /// Whether nothing is asked for.
    pub fn is_empty(&self) -> bool {
        self.organizations.is_empty() && self.streams.is_empty() && self.keys.is_empty()
    }
}

fn streams_of(append: &Append) -> impl Iterator<Item = &Stream> {
    append.writes.iter().map(|draft| &draft.stream).chain(append.guards.iter().map(|(stream, _)| stream))
}

/// Who asked, and under which key.
pub fn key_of(answer: &GivenAnswer) -> (Uuid, String) {
    (answer.caller_id, answer.key.clone())
}

/// What this process knows of the log, from having written or asked.
#[derive(Debug)]
pub struct Known {
    log: u64,
    organizations: LruCache<Uuid, u64>,
    streams: LruCache<Stream, u64>,
}

impl Default for Known {
    fn default() -> Self {
        let kept = NonZeroUsize::new(KEPT).expect("more than none");
        Self { log: 0, organizations: LruCache::new(kept), streams: LruCache::new(kept) }
    }
}

impl Known {
    /// The head of the log at which all of this is known.
    pub fn log(&self) -> u64 {
        self.log
    }

    /// What remains to be asked for, if the log has not moved since. Keys are always asked for.
    pub fn missing(&self, asked: &Asked) -> Asked {
        Asked {
            organizations: asked.organizations.iter().filter(|id| !self.organizations.contains(id)).copied().collect(),
            streams: asked.streams.iter().filter(|stream| !self.streams.contains(stream)).cloned().collect(),
            keys: asked.keys.clone(),
        }
    }

    /// Where `appends` will find the log if nobody else has appended; nothing if more than that has to be known. A stream that is to
    /// begin is taken for new, and a key for unanswered: the log holds neither twice.
    pub fn trusted(&mut self, appends: &[Append]) -> Option<Heads> {
        let mut heads = Heads { log: self.log, ..Heads::default() };
        for append in appends {
            let id = append.organization_id.0;
            heads.organizations.insert(id, *self.organizations.get(&id)?);
            let guards = append.guards.iter().map(|(stream, _)| (stream, false));
            let writes = append.writes.iter().map(|draft| (&draft.stream, draft.expected == Expected::At(0)));
            for (stream, begins) in guards.chain(writes) {
                match self.streams.get(stream) {
                    Some(sequence) => drop(heads.streams.insert(stream.clone(), *sequence)),
                    None if begins => {}
                    None => return None,
                }
            }
        }
        Some(heads)
    }

    /// Forgets everything, unless the log is where it was.
    pub fn holds_at(&mut self, log: u64) {
        if self.log != log {
            self.forget();
            self.log = log;
        }
    }

    /// Adds to `found` what was not asked for because it was known.
    pub fn complete(&mut self, found: &mut Heads, asked: &Asked) {
        for id in &asked.organizations {
            if let Some(position) = self.organizations.get(id) {
                found.organizations.entry(*id).or_insert(*position);
            }
        }
        for stream in &asked.streams {
            if let Some(sequence) = self.streams.get(stream) {
                found.streams.entry(stream.clone()).or_insert(*sequence);
            }
        }
    }

    /// The log is now as these heads say.
    pub fn learn(&mut self, heads: Heads) {
        self.log = heads.log;
        for (id, position) in heads.organizations {
            self.organizations.put(id, position);
        }
        for (stream, sequence) in heads.streams {
            self.streams.put(stream, sequence);
        }
    }

    /// Forgets everything: nobody knows what has become of the log.
    pub fn forget(&mut self) {
        self.log = 0;
        self.organizations.clear();
        self.streams.clear();
    }
}
