//! The group-commit writer: commands in flight are collected and written in one transaction that holds the head of the
//! log, so global order is commit order. A conflict fails alone; the rest of its batch commits.

use std::collections::{BTreeMap, HashMap};
use std::ops::Range;
use std::sync::Arc;

use aggregates::ids::OrganizationId;
use projections::{Recorded, audit};
use tokio::sync::{mpsc, oneshot, watch};
use uuid::Uuid;

use super::append::{Append, Committed, DraftEvent, Expected, GivenAnswer, Part, Refused, Stream};
use super::db::Db;
use super::error::StoreError;
use super::heads::{Asked, Heads, Known, key_of};

/// The most commands in one transaction.
const LARGEST_BATCH: usize = 256;
/// The most commands waiting; beyond that callers wait to hand theirs in.
const QUEUE: usize = 1024;

/// How often those who are ready to hand something in are let ahead before a batch is closed: a larger one costs little more.
const COURTESIES: usize = 2;

/// How often it is tried to find out what became of a commit.
const ENQUIRIES: usize = 3;

/// The last link of each organization that the log took.
type Links = HashMap<OrganizationId, u64>;

struct Pending {
    append: Append,
    reply: oneshot::Sender<Result<Committed, Refused>>,
}

/// Hands appends to the one task that writes.
#[derive(Clone)]
pub struct Writer {
    queue: mpsc::Sender<Pending>,
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
        (Self { queue: sender }, WriterTask { db, queue: receiver, on_commit, healthy, new_id, links, known }, health)
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
                tokio::task::yield_now().await;
            }
            while waiting.len() < LARGEST_BATCH
                && let Ok(late) = self.queue.try_recv()
            {
                waiting.push(late);
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

    async fn commit(&mut self, appends: Vec<Append>) -> Result<(Vec<Outcome>, Arc<Vec<Recorded>>, Links), StoreError> {
        let mut tx = self.db.begin().await?;
        let heads = tx.heads(Asked::by(&appends), &mut self.known).await?;
        let mut batch = Batch {
            heads,
            links: &self.links,
            linked: Links::new(),
            events: Vec::new(),
            touched: BTreeMap::new(),
            answers: Vec::new(),
            beside: Vec::new(),
        };
        let outcomes: Vec<Outcome> = appends.into_iter().map(|append| batch.admit(append, self.new_id)).collect();
        let Batch { heads, linked, events, touched, answers, beside, .. } = batch;
        let events = Arc::new(events);
        if outcomes.iter().any(Result::is_ok) {
            tx.insert(&events, heads.log, &touched, answers).await?;
            for statement in beside {
                tx.execute(statement).await?;
            }
            if let Err(unanswered) = tx.commit().await {
                self.must_hold(&events, unanswered).await?;
            }
        }
        self.known.learn(heads);
        Ok((outcomes, events, linked))
    }

    /// Finds out whether a commit that failed or was not answered has happened: whoever holds the head of the log next can tell,
    /// because whatever is left of that transaction has let go of it.
    async fn must_hold(&self, events: &[Recorded], unanswered: StoreError) -> Result<(), StoreError> {
        let Some(first) = events.first() else { return Err(StoreError::Unanswered(unanswered.to_string())) };
        for _ in 0..ENQUIRIES {
            match self.holds(first).await {
                Ok(true) => return Ok(()),
                Ok(false) => return Err(unanswered),
                Err(error) => tracing::warn!(%error, "what became of a commit cannot be found out yet"),
            }
        }
        Err(StoreError::Unanswered(unanswered.to_string()))
    }

    async fn holds(&self, event: &Recorded) -> Result<bool, StoreError> {
        let mut tx = self.db.begin().await?;
        tx.heads(Asked::default(), &mut Known::default()).await?;
        let found = tx.rows(audit::id_at(event.global_position)).await?;
        Ok(found.first().map(|row| row.id("event_id")).transpose()? == Some(event.id))
    }
}

/// What becomes of an append: the organization's position after it, and which of the batch's events are its own.
type Outcome = Result<(u64, Range<usize>), Refused>;

/// A batch as it fills: each append is held against the log as the appends before it leave it.
struct Batch<'a> {
    heads: Heads,
    /// Before the batch.
    links: &'a Links,
    /// Since.
    linked: Links,
    events: Vec<Recorded>,
    touched: BTreeMap<Uuid, u64>,
    answers: Vec<GivenAnswer>,
    beside: Vec<projections::Statement>,
}

impl Batch<'_> {
    fn admit(&mut self, mut append: Append, new_id: fn() -> Uuid) -> Outcome {
        if let Some(answer) = &append.answer
            && self.heads.answered.contains(&key_of(answer))
        {
            return Err(Refused::Answered);
        }
        let moved = |stream: &Stream, expected: u64| self.heads.streams.get(stream).copied().unwrap_or(0) != expected;
        let stale_write = append.writes.iter().any(|draft| match draft.expected {
            Expected::At(expected) => moved(&draft.stream, expected),
            Expected::Anywhere => false,
        });
        let last = self.linked.get(&append.organization_id).or_else(|| self.links.get(&append.organization_id)).copied();
        let unlinked = append.link.is_some_and(|link| link.builds_on.is_some() && link.builds_on != last);
        if stale_write || unlinked || append.guards.iter().any(|(stream, expected)| moved(stream, *expected)) {
            return Err(Refused::Conflict);
        }
        if let Some(link) = append.link {
            self.linked.insert(append.organization_id, link.ticket);
        }
        let first = self.events.len();
        let organization = append.organization_id;
        for draft in std::mem::take(&mut append.writes) {
            for event in draft.events {
                let recorded = self.record(&append, organization, &draft.stream, event, new_id());
                self.events.push(recorded);
            }
        }
        let position = self.heads.organizations.get(&organization.0).copied().unwrap_or(0);
        if let Some(answer) = append.answer {
            self.heads.answered.insert(key_of(&answer));
            self.answers.push(GivenAnswer { position, ..answer });
        }
        self.beside.extend(append.beside);
        Ok((position, first..self.events.len()))
    }

    fn record(
        &mut self,
        append: &Append,
        organization: OrganizationId,
        stream: &Stream,
        event: DraftEvent,
        id: Uuid,
    ) -> Recorded {
        self.heads.log += 1;
        let position = self.heads.organizations.entry(organization.0).or_insert(0);
        *position += 1;
        self.touched.insert(organization.0, *position);
        let sequence = self.heads.streams.entry(stream.clone()).or_insert(0);
        *sequence += 1;
        Recorded {
            global_position: self.heads.log,
            position: *position,
            id,
            organization_id: organization,
            aggregate_type: stream.aggregate_type.to_owned(),
            aggregate_id: stream.aggregate_id.clone(),
            sequence: *sequence,
            event_type: event.event_type.to_owned(),
            version: "1".to_owned(),
            occurred_at: append.occurred_at,
            actor: append.actor,
            zone_id: event.zone_id,
            correlation_id: append.correlation_id,
            causation_id: append.causation_id,
            data: event.data,
        }
    }
}
