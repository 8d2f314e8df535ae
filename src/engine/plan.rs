//! What an attempt has decided: facts for the log, the streams they rest on, and what is remembered once they are in it.

use std::any::Any;
use std::collections::HashMap;
use std::sync::Arc;

use aggregates::Decider;
use cqrs_es::Aggregate;
use cqrs_es::event_sink::EventSink;
use projections::Statement;

use super::app::App;
use super::attempt::{Attempt, Loaded};
use super::booking::PlannedTurn;
use super::problem::Problem;
use crate::store::{Draft, DraftEvent, Expected, Hosted, StoreError, Stream};

/// What memory keeps of an aggregate once its events are in the log.
type Remember = Box<dyn FnOnce(&App) + Send>;

/// What one attempt has decided: facts, what they rest on, and what belongs beside them.
pub struct Plan {
    pub(super) writes: Vec<Draft>,
    pub(super) guards: Vec<(Stream, u64)>,
    pub(super) beside: Vec<Statement>,
    pub(super) remember: Vec<Remember>,
    states: HashMap<Stream, Arc<dyn Any + Send + Sync>>,
    /// A turn at the ledger.
    pub(super) turn: Option<PlannedTurn>,
}

impl Plan {
    /// A plan of nothing yet that rests on these streams.
    pub(super) fn resting_on(guards: Vec<(Stream, u64)>) -> Self {
        Self { writes: Vec::new(), guards, beside: Vec::new(), remember: Vec::new(), states: HashMap::new(), turn: None }
    }

    /// Decides `command` on an aggregate and adds what follows to the plan; says what the aggregate is then.
    pub async fn decide<D>(&mut self, loaded: &Loaded<D>, command: D::Command) -> Result<Arc<D::State>, Problem>
    where
        D: Decider + Send + Sync + 'static,
        D::Command: Send,
        D::Rejection: Send + Sync + 'static,
    {
        let mut hosted = Hosted::<D> { state: (*loaded.state).clone() };
        let sink = EventSink::<Hosted<D>>::default();
        hosted.handle(command, &(), &sink).await.map_err(|rejection| Problem::of(&rejection))?;
        let facts: Vec<D::Event> = sink.collect().await.into_iter().map(|fact| fact.0).collect();
        let state = Arc::new(hosted.state);
        self.add(loaded, &facts, &state);
        Ok(state)
    }

    /// Adds facts that have been decided to the plan, with the state they lead to.
    pub fn add<D: Decider + 'static>(&mut self, loaded: &Loaded<D>, facts: &[D::Event], state: &Arc<D::State>) {
        if facts.is_empty() {
            return;
        }
        let before = self
            .writes
            .iter()
            .filter(|draft| draft.stream == loaded.stream)
            .map(|draft| draft.events.len() as u64)
            .sum::<u64>();
        self.guards.retain(|(stream, _)| *stream != loaded.stream);
        let events: Vec<DraftEvent> = facts.iter().map(DraftEvent::of).collect();
        let after = loaded.sequence + before + events.len() as u64;
        let (stream, state) = (loaded.stream.clone(), Arc::clone(state));
        let known: Arc<dyn Any + Send + Sync> = Arc::<D::State>::clone(&state);
        self.states.insert(stream.clone(), known);
        match self.writes.iter_mut().find(|draft| draft.stream == loaded.stream) {
            Some(draft) => draft.events.extend(events),
            None => self.writes.push(Draft { stream: stream.clone(), expected: Expected::At(loaded.sequence), events }),
        }
        self.remember.push(Box::new(move |app| app.parts.memory.remember::<D>(&stream, after, state)));
    }

    /// An aggregate as this plan leaves it. The plan rests on it from now on, even if nothing is written there: what was
    /// decided by it must not be outdated when it is appended.
    pub async fn load<D>(&mut self, attempt: &Attempt, id: impl ToString) -> Result<Loaded<D>, StoreError>
    where
        Hosted<D>: Aggregate,
        D: Decider + Send + Sync + 'static,
    {
        let mut loaded = attempt.load::<D>(id).await?;
        let planned = self.states.get(&loaded.stream).cloned();
        if let Some(state) = planned.and_then(|state| state.downcast::<D::State>().ok()) {
            loaded.state = state;
        } else if !self.guards.iter().any(|(stream, _)| *stream == loaded.stream) {
            self.guards.push((loaded.stream.clone(), loaded.sequence));
        }
        Ok(loaded)
    }

    /// An aggregate as this plan leaves it, given how it was before.
    pub fn as_planned<D: Decider>(&self, mut loaded: Loaded<D>) -> Loaded<D> {
        let planned = self.states.get(&loaded.stream).cloned();
        if let Some(state) = planned.and_then(|state| state.downcast::<D::State>().ok()) {
            loaded.state = state;
        }
        loaded
    }

    /// How many facts it adds to a stream.
    pub fn added_to(&self, stream: &Stream) -> usize {
        self.writes.iter().filter(|draft| draft.stream == *stream).map(|draft| draft.events.len()).sum()
    }

    /// How long a stream that was `before` long is after this plan.
    pub fn sequence_after<D: Decider>(&self, id: impl ToString, before: u64) -> u64 {
        let stream = Stream::of::<D>(id);
        let added = self.writes.iter().filter(|draft| draft.stream == stream).map(|draft| draft.events.len() as u64);
        before + added.sum::<u64>()
    }

    /// Adds a row outside the log.
    pub fn beside(&mut self, statement: Statement) {
        self.beside.push(statement);
    }

    /// Whether it changes nothing.
    pub fn is_empty(&self) -> bool {
        self.writes.is_empty() && self.beside.is_empty()
    }
}
