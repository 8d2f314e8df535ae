//! Deciders as aggregates of cqrs-es: loading a stream and deciding a command go through the framework, appending through
//! the group-commit writer.

use std::error::Error;

use aggregates::Decider;
use aggregates::decider::DomainEvent;
use cqrs_es::event_sink::EventSink;
use cqrs_es::persist::{
    PersistedEventRepository, PersistedEventStore, PersistenceError, ReplayStream, SerializedEvent, SerializedSnapshot,
};
use cqrs_es::{Aggregate, AggregateError, EventStore};
use postgres_es::PostgresEventRepository;
use serde::{Deserialize, Deserializer, Serialize, Serializer};
use serde_json::Value;
use sqlite_es::SqliteEventRepository;

use super::db::Db;
use super::error::StoreError;

/// A decider's state, hosted.
#[derive(Clone, Debug)]
pub struct Hosted<D: Decider> {
    /// The state.
    pub state: D::State,
}

impl<D: Decider> Default for Hosted<D> {
    fn default() -> Self {
        Self { state: D::State::default() }
    }
}

impl<D: Decider> Serialize for Hosted<D> {
    fn serialize<S: Serializer>(&self, _serializer: S) -> Result<S::Ok, S::Error> {
        Err(serde::ser::Error::custom("snapshots are not kept"))
    }
}

impl<'de, D: Decider> Deserialize<'de> for Hosted<D> {
    fn deserialize<T: Deserializer<'de>>(_deserializer: T) -> Result<Self, T::Error> {
        Err(serde::de::Error::custom("snapshots are not kept"))
    }
}

/// An event as cqrs-es wants it.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(transparent, bound = "E: DomainEvent")]
pub struct Fact<E: DomainEvent>(pub E);

impl<E: DomainEvent> cqrs_es::DomainEvent for Fact<E> {
    fn event_type(&self) -> String {
        self.0.event_type().to_owned()
    }

    fn event_version(&self) -> String {
        "1".to_owned()
    }
}

impl<D> Aggregate for Hosted<D>
where
    D: Decider + Send + Sync + 'static,
    D::Command: Send,
    D::Rejection: Send + Sync + 'static,
{
    const TYPE: &'static str = D::TYPE;
    type Command = D::Command;
    type Event = Fact<D::Event>;
    type Error = D::Rejection;
    type Services = ();

    async fn handle(&mut self, command: D::Command, (): &(), sink: &EventSink<Self>) -> Result<(), D::Rejection> {
        for event in D::decide(&self.state, command)? {
            sink.write(Fact(event), self).await;
        }
        Ok(())
    }

    fn apply(&mut self, event: Self::Event) {
        D::evolve(&mut self.state, &event.0);
    }
}

/// Either database's repository. The log keeps a fact's name in a column; events read it inside the fact.
enum Repository {
    Sqlite(SqliteEventRepository),
    Postgres(PostgresEventRepository),
}

fn named(mut events: Vec<SerializedEvent>) -> Vec<SerializedEvent> {
    for event in &mut events {
        if let Value::Object(keys) = &mut event.payload {
            keys.insert("type".to_owned(), Value::String(event.event_type.clone()));
        }
    }
    events
}

fn not_here<T>() -> Result<T, PersistenceError> {
    Err(PersistenceError::UnknownError("the group-commit writer appends, followers read the log".into()))
}

impl PersistedEventRepository for Repository {
    async fn get_events<A: Aggregate>(&self, id: &str) -> Result<Vec<SerializedEvent>, PersistenceError> {
        match self {
            Self::Sqlite(repository) => repository.get_events::<A>(id).await.map(named),
            Self::Postgres(repository) => repository.get_events::<A>(id).await.map(named),
        }
    }

    async fn get_last_events<A: Aggregate>(&self, id: &str, after: usize) -> Result<Vec<SerializedEvent>, PersistenceError> {
        match self {
            Self::Sqlite(repository) => repository.get_last_events::<A>(id, after).await.map(named),
            Self::Postgres(repository) => repository.get_last_events::<A>(id, after).await.map(named),
        }
    }

    async fn get_snapshot<A: Aggregate>(&self, _id: &str) -> Result<Option<SerializedSnapshot>, PersistenceError> {
        Ok(None)
    }

    async fn persist<A: Aggregate>(
        &self,
        _events: &[SerializedEvent],
        _snapshot: Option<(String, Value, usize)>,
    ) -> Result<(), PersistenceError> {
        not_here()
    }

    async fn stream_events<A: Aggregate>(&self, _id: &str) -> Result<ReplayStream, PersistenceError> {
        not_here()
    }

    async fn stream_all_events<A: Aggregate>(&self) -> Result<ReplayStream, PersistenceError> {
        not_here()
    }
}

fn repository(db: &Db) -> Repository {
    match db {
        Db::Sqlite { read, .. } => Repository::Sqlite(SqliteEventRepository::new(read.clone())),
        Db::Postgres(pool) => Repository::Postgres(PostgresEventRepository::new(pool.clone())),
    }
}

/// What kept a stream from being read: the database itself, or what it holds.
fn failed(stream: &str, cause: Box<dyn Error + Send + Sync>) -> StoreError {
    match cause.downcast::<sqlx::Error>() {
        Ok(database) => StoreError::Database(*database),
        Err(other) => StoreError::UnreadableStream(stream.to_owned(), other.to_string()),
    }
}

fn not_loaded<E: Error>(stream: &str, error: AggregateError<E>) -> StoreError {
    match error {
        AggregateError::DatabaseConnectionError(cause)
        | AggregateError::DeserializationError(cause)
        | AggregateError::UnexpectedError(cause) => failed(stream, cause),
        refused @ (AggregateError::UserError(_) | AggregateError::AggregateConflict) => {
            failed(stream, refused.to_string().into())
        }
    }
}

fn not_read(stream: &str, error: PersistenceError) -> StoreError {
    match error {
        PersistenceError::ConnectionError(cause)
        | PersistenceError::DeserializationError(cause)
        | PersistenceError::UnknownError(cause) => failed(stream, cause),
        PersistenceError::OptimisticLockError => failed(stream, error.into()),
    }
}

/// The state of one aggregate and the length of its stream.
pub async fn load<D>(db: &Db, id: &str) -> Result<(D::State, u64), StoreError>
where
    Hosted<D>: Aggregate,
    D: Decider + Send + Sync + 'static,
{
    let store = PersistedEventStore::<Repository, Hosted<D>>::new_event_store(repository(db));
    let context = store.load_aggregate(id).await.map_err(|error| not_loaded(id, error))?;
    Ok((context.aggregate.state, context.current_sequence as u64))
}

/// The facts of one aggregate after `sequence`.
pub async fn tail<D>(db: &Db, id: &str, sequence: u64) -> Result<Vec<D::Event>, StoreError>
where
    Hosted<D>: Aggregate,
    D: Decider + Send + Sync + 'static,
{
    let after = usize::try_from(sequence).unwrap_or(usize::MAX);
    let events = repository(db).get_last_events::<Hosted<D>>(id, after).await.map_err(|error| not_read(id, error))?;
    let fact = |event: SerializedEvent| serde_json::from_value(event.payload).map_err(|error| failed(id, error.into()));
    events.into_iter().map(fact).collect()
}
