//! Rules of evaluations (SPEC V1–V4).

use std::collections::BTreeMap;

use super::checks::{Check, NotMade};
use super::command::Command;
use super::event::{Event, Opened, ScoredBy};
use super::rejection::Rejection;
use super::result::{signal_of, weighted_mean};
use super::score::Score;
use super::state::{State, Status};
use crate::Moment;
use crate::gardener::Consultation;
use crate::ids::MemberId;
use crate::text::{Label, Prose};

type Decision = Result<Vec<Event>, Rejection>;

pub(super) fn decide(state: &State, command: Command) -> Decision {
    let Some(opened) = &state.opened else {
        return match command {
            Command::Open(opened) => Ok(vec![Event::Opened(opened)]),
            _ => Err(Rejection::NeverOpened),
        };
    };
    let judging = Judging { state, opened };
    match command {
        Command::Open(_) => Err(Rejection::AlreadyOpen),
        Command::Score { evaluator_id, criterion, score, rationale, now } => {
            judging.score(evaluator_id, criterion, score, rationale, now)
        }
        Command::RecordCheck { criterion, check, now } => judging.record(criterion, check, ScoredBy::AutomatedCheck, now),
        Command::RecordReview { criterion, check, now } => judging.record(criterion, check, ScoredBy::LlmReview, now),
        Command::RecordReviews { checks, consultation, now } => {
            judging.record_reviews(checks, consultation.map(|kept| *kept), now)
        }
        Command::RequestReviews { due_at, now } => Ok(judging.request_reviews(due_at, now)),
        Command::Finalize { now } => judging.finalize(now),
    }
}

struct Judging<'a> {
    state: &'a State,
    opened: &'a Opened,
}

impl Judging<'_> {
    fn must_be_unfinished(&self) -> Result<(), Rejection> {
        if self.state.status == Status::Completed { Err(Rejection::Completed) } else { Ok(()) }
    }

    /// One score for each evaluator and criterion; the same again changes nothing.
    fn score(&self, evaluator: MemberId, name: Label, score: Score, rationale: Prose, now: Moment) -> Decision {
        let given = self.state.scores_of(&name).find(|given| given.evaluator_id == Some(evaluator)).cloned();
        if given.as_ref().is_some_and(|given| given.score == score && given.rationale == rationale) {
            return Ok(vec![]);
        }
        self.must_be_unfinished()?;
        let criterion = self.state.criterion(&name).ok_or_else(|| Rejection::NoSuchCriterion(name.clone()))?;
        if !self.state.is_left_to_people(criterion) {
            return Err(Rejection::ScoredBySystem(name));
        }
        if rationale.is_empty() {
            return Err(Rejection::NoRationale);
        }
        if given.is_some() {
            return Err(Rejection::AlreadyScored(name));
        }
        Ok(vec![self.scored(name, score, rationale, ScoredBy::Evaluator, Some(evaluator), now)])
    }

    /// The system scores once; why it could not is told again only when it is another reason.
    fn record(&self, name: Label, check: Check, by: ScoredBy, now: Moment) -> Decision {
        let criterion = self.state.criterion(&name).ok_or_else(|| Rejection::NoSuchCriterion(name.clone()))?;
        if self.state.status == Status::Completed || self.state.wanting(criterion) == 0 {
            return Ok(vec![]);
        }
        match check {
            Ok((score, told)) => {
                let rationale = Prose::parse(&told).unwrap_or_else(|_| Prose::none());
                Ok(vec![self.scored(name, score, rationale, by, None, now)])
            }
            Err(NotMade { code, reason }) => {
                let known = self.state.not_made.get(&name).is_some_and(|known| *known == (code.clone(), reason.clone()));
                if known && !self.state.asked.contains_key(&name) {
                    return Ok(vec![]);
                }
                let (evaluation_id, zone_id) = (self.opened.evaluation_id, self.opened.zone_id);
                Ok(vec![Event::CheckNotMade { evaluation_id, zone_id, criterion: name, code, reason, checked_at: now }])
            }
        }
    }

    fn scored(
        &self,
        criterion: Label,
        score: Score,
        rationale: Prose,
        by: ScoredBy,
        evaluator_id: Option<MemberId>,
        now: Moment,
    ) -> Event {
        let (evaluation_id, zone_id) = (self.opened.evaluation_id, self.opened.zone_id);
        Event::Scored { evaluation_id, zone_id, criterion, score, rationale, by, evaluator_id, scored_at: now }
    }

    fn request_reviews(&self, due_at: Moment, now: Moment) -> Vec<Event> {
        if self.state.status == Status::Completed {
            return vec![];
        }
        let waiting = |name: &Label| self.state.asked.get(name).is_some_and(|until| *until > now);
        let unasked = self.state.unreviewed().filter(|criterion| !waiting(&criterion.name));
        let criteria: Vec<Label> = unasked.map(|criterion| criterion.name.clone()).collect();
        if criteria.is_empty() {
            return vec![];
        }
        let (evaluation_id, zone_id) = (self.opened.evaluation_id, self.opened.zone_id);
        vec![Event::ReviewRequested { evaluation_id, zone_id, criteria, due_at, requested_at: now }]
    }

    /// The first answer counts; whoever comes later with another changes nothing.
    fn record_reviews(&self, checks: BTreeMap<Label, Check>, consultation: Option<Consultation>, now: Moment) -> Decision {
        if self.state.asked.is_empty() {
            return Ok(vec![]);
        }
        let mut events = Vec::new();
        for (criterion, check) in checks {
            if self.state.asked.contains_key(&criterion) {
                events.extend(self.record(criterion, check, ScoredBy::LlmReview, now)?);
            }
        }
        let (evaluation_id, zone_id) = (self.opened.evaluation_id, self.opened.zone_id);
        events.push(Event::Reviewed { evaluation_id, zone_id, consultation, reviewed_at: now });
        Ok(events)
    }

    /// Needs every criterion, and happens once (SPEC V3).
    fn finalize(&self, now: Moment) -> Decision {
        if self.state.status == Status::Completed {
            return Ok(vec![]);
        }
        let wanting = self.opened.terms.criteria.iter().map(|criterion| (criterion, self.state.wanting(criterion)));
        let wanting: Vec<String> = wanting
            .filter(|(_, wanting)| *wanting > 0)
            .map(|(criterion, wanting)| format!("{wanting} more of `{}`", criterion.name))
            .collect();
        if !wanting.is_empty() {
            return Err(Rejection::Incomplete(wanting.join(", ")));
        }
        let (means, score) = weighted_mean(self.state, self.opened);
        let (signal, _) = signal_of(score, &self.opened.terms.incentives);
        Ok(vec![Event::Completed {
            evaluation_id: self.opened.evaluation_id,
            zone_id: self.opened.zone_id,
            proposal_id: self.opened.proposal_id,
            executor_id: self.opened.executor_id,
            means,
            score,
            signal,
            completed_at: now,
        }])
    }
}
