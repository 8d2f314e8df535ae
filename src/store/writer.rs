//! The group-commit writer: commands in flight are collected and written in one transaction that holds the head of the
//! log, so global order is commit order. A conflict fails alone; the rest of its batch commits.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use projections::{Recorded, audit};
use tokio::sync::{mpsc, oneshot, watch};
use uuid::Uuid;

use super::append::{Append, Committed, Part, Refused};
use super::batch::{Batch, Links, Outcome};
use super::db::Db;
use super::error::StoreError;
use super::heads::{Asked, Known};
use super::insert::Way;

/// The most commands in one transaction.
const LARGEST_BATCH: usize = 256;
/// The most commands waiting; beyond that callers wait to hand theirs in.
const QUEUE: usize = 1024;

/// How often those who are about to hand something in are let ahead, at most, before a batch is closed.
const COURTESIES: usize = 8;

/// How often it is tried to find out what became of a commit.
const ENQUIRIES: usize = 20;
/// How long to wait in between: a server that starts again needs a moment.
const PAUSE: Duration = Duration::from_millis(100);

/// What became of each append of a batch, the events of all, and their last links.
type Written = (Vec<Outcome>, Arc<Vec<Recorded>>, Links);

struct Pending {
    append: Append,
    reply: oneshot::Sender<Result<Committed, Refused>>,
}

/// Hands appends to the one task that writes.
#[derive(Clone)]
pub struct Writer {
    queue: mpsc::Sender<Pending>,
    deciding: Arc<AtomicUsize>,
}

/// Says, as long as it is there, that a command is being decided that may be handed in soon.
pub struct Deciding(Arc<AtomicUsize>);

impl Drop for Deciding {
    fn drop(&mut self) {
        self.0.fetch_sub(1, Ordering::Relaxed);
    }
}

/// What the writer tells the rest of the process after each commit, before it answers.
pub trait OnCommit: Send + Sync + 'static {
    /// These events have been committed, in this order.
    fn committed(&self, events: &Arc<Vec<Recorded>>);
}

/// The task that writes, to be spawned once.
pub struct WriterTask<C> {
    db: Db,
    queue: mpsc::Receiver<Pending>,
    deciding: Arc<AtomicUsize>,
    on_commit: C,
    healthy: watch::Sender<bool>,
    new_id: fn() -> Uuid,
    links: Links,
    known: Known,
}

impl Writer {
    /// A writer and its task. `healthy` tells whether the last write succeeded.
    pub fn new<C: OnCommit>(db: Db, on_commit: C, new_id: fn() -> Uuid) -> (Self, WriterTask<C>, watch::Receiver<bool>) {
        let (sender, receiver) = mpsc::channel(QUEUE);
        let (healthy, health) = watch::channel(true);
        let (links, known) = (Links::new(), Known::default());
        let deciding = Arc::new(AtomicUsize::new(0));
        let writer = Self { queue: sender, deciding: Arc::clone(&deciding) };
        (writer, WriterTask { db, queue: receiver, deciding, on_commit, healthy, new_id, links, known }, health)
    }

    /// Announces a command that is about to be decided.
    pub fn deciding(&self) -> Deciding {
        self.deciding.fetch_add(1, Ordering::Relaxed);
        Deciding(Arc::clone(&self.deciding))
    }

    /// Appends, durably, all or nothing.
    pub async fn append(&self, append: Append) -> Result<Committed, Refused> {
        self.hand_in(append).await?.await
    }

    /// Hands in what is to be appended after everything handed in before; what it returns waits until it is.
    pub async fn hand_in(&self, append: Append) -> Result<impl Future<Output = Result<Committed, Refused>> + Send, Refused> {
        let (reply, answer) = oneshot::channel();
        self.queue.send(Pending { append, reply }).await.map_err(|_| StoreError::Closed)?;
        Ok(async move { answer.await.map_err(|_| Refused::Unknown(StoreError::Closed.to_string()))? })
    }
}

impl<C: OnCommit> WriterTask<C> {
    /// Writes until every [`Writer`] is gone.
    pub async fn run(mut self) {
        let mut waiting = Vec::with_capacity(LARGEST_BATCH);
        while self.queue.recv_many(&mut waiting, LARGEST_BATCH).await > 0 {
            for _ in 0..COURTESIES {
                // A larger batch costs little more; but while it is written, the others must have something to do.
                if waiting.len() >= self.deciding.load(Ordering::Relaxed) {
                    break;
                }
                tokio::task::yield_now().await;
                if self.db.is_file() {
                    std::thread::yield_now();
                }
                while waiting.len() < LARGEST_BATCH
                    && let Ok(late) = self.queue.try_recv()
                {
                    waiting.push(late);
                }
            }
            let batch: Vec<Pending> = std::mem::take(&mut waiting);
            metrics::histogram!("trust_zones_append_batch_size").record(u32::try_from(batch.len()).unwrap_or(u32::MAX));
            let (appends, replies): (Vec<Append>, Vec<_>) =
                batch.into_iter().map(|pending| (pending.append, pending.reply)).unzip();
            let outcomes = self.write(appends).await;
            for (reply, outcome) in replies.into_iter().zip(outcomes) {
                // A caller that has gone away does not need its answer.
                drop(reply.send(outcome));
            }
        }
    }

    async fn write(&mut self, appends: Vec<Append>) -> Vec<Result<Committed, Refused>> {
        let number = appends.len();
        match self.commit(appends).await {
            Ok((outcomes, batch, links)) => {
                self.links.extend(links);
                self.healthy.send_replace(true);
                self.on_commit.committed(&batch);
                let committed = |(position, place)| {
                    let batch = Arc::clone(&batch);
                    Committed { position, events: Part { batch, place } }
                };
                outcomes.into_iter().map(|outcome| outcome.map(committed)).collect()
            }
            Err(error) => {
                tracing::error!(%error, "the log cannot be written");
                self.known.forget();
                self.healthy.send_replace(false);
                vec![Err(error.into()); number]
            }
        }
    }

    async fn commit(&mut self, appends: Vec<Append>) -> Result<Written, StoreError> {
        if let Some(written) = self.commit_on_trust(&appends).await? {
            return Ok(written);
        }
        let mut tx = self.db.begin().await?;
        let heads = tx.heads(Asked::by(&appends), &mut self.known).await?;
        let from = heads.log;
        let batch = Batch::admit(&appends, heads, &self.links, self.new_id);
        let events = Arc::new(batch.events);
        if batch.outcomes.iter().any(Result::is_ok) {
            let way = Way { from, to: batch.heads.log };
            tx.insert(way, &events, &batch.touched, batch.answers).await?;
            let taken = appends.into_iter().zip(&batch.outcomes).filter(|(_, outcome)| outcome.is_ok());
            for statement in taken.flat_map(|(append, _)| append.beside) {
                tx.execute(statement).await?;
            }
            if let Err(unanswered) = tx.commit().await {
                self.find_out(&events, unanswered.to_string()).await?;
            }
        }
        self.known.learn(batch.heads);
        Ok((batch.outcomes, events, batch.linked))
    }

    /// Admits a batch by what is known of the log, and has it written at one go if the log is where it was: one way to the server and
    /// back instead of five, one visit to the file, and nothing is looked up. Nothing where more has to be known first, and where the
    /// log turns out to be elsewhere.
    async fn commit_on_trust(&mut self, appends: &[Append]) -> Result<Option<Written>, StoreError> {
        let Some(heads) = self.known.trusted(appends) else { return Ok(None) };
        let from = heads.log;
        let batch = Batch::admit(appends, heads, &self.links, self.new_id);
        if appends.iter().any(|append| !append.beside.is_empty()) || batch.outcomes.iter().any(Result::is_err) {
            return Ok(None);
        }
        let events = Arc::new(batch.events);
        let way = Way { from, to: batch.heads.log };
        match self.db.insert_on_trust(way, &events, &batch.touched, batch.answers).await {
            Ok(true) => {}
            Ok(false) => return Ok(None),
            // What was believed to be new is not: the log is asked which.
            Err(refused) if refused.is_about_the_data() => return Ok(None),
            Err(StoreError::Unanswered(why)) => match self.find_out(&events, why).await {
                // A statement that a server has not heard yet holds nothing: that it is not there now does not say that it will not be.
                Err(StoreError::Lost(why)) if !self.db.is_file() => return Err(StoreError::Unanswered(why)),
                known => known?,
            },
            Err(refused) => return Err(refused),
        }
        self.known.learn(batch.heads);
        Ok(Some((batch.outcomes, events, batch.linked)))
    }

    /// Finds out whether a commit that failed or was not answered has happened: whoever holds the head of the log next can tell,
    /// because whatever is left of that transaction has let go of it.
    async fn find_out(&self, events: &[Recorded], unanswered: String) -> Result<(), StoreError> {
        let Some(first) = events.first() else { return Err(StoreError::Unanswered(unanswered)) };
        self.healthy.send_replace(false);
        for _ in 0..ENQUIRIES {
            match self.holds(first).await {
                Ok(true) => return Ok(()),
                Ok(false) => return Err(StoreError::Lost(unanswered)),
                Err(error) => tracing::warn!(%error, "what became of a commit cannot be found out yet"),
            }
            tokio::time::sleep(PAUSE).await;
        }
        Err(StoreError::Unanswered(unanswered))
    }

    async fn holds(&self, event: &Recorded) -> Result<bool, StoreError> {
        let mut tx = self.db.begin().await?;
        tx.heads(Asked::default(), &mut Known::default()).await?;
        let found = tx.rows(audit::id_at(event.global_position)).await?;
        Ok(found.first().map(|row| row.id("event_id")).transpose()? == Some(event.id))
    }
}
