//! What an evaluation amounts to.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};
use strum::{Display, EnumString, IntoStaticStr};
use utoipa::ToSchema;

use super::event::{Event, Mean, Opened, ScoredBy};
use super::score::Score;
use crate::Moment;
use crate::actor::PrincipalKind;
use crate::ids::MemberId;
use crate::organization::Signal;
use crate::policy::{Criterion, CriterionType};
use crate::text::{Label, Prose};

/// Where an evaluation stands (SPEC V1).
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, ToSchema, Display, IntoStaticStr, EnumString)]
#[serde(rename_all = "snake_case")]
#[strum(serialize_all = "snake_case")]
#[schema(as = EvaluationStatus)]
pub enum Status {
    /// Nobody has scored yet.
    #[default]
    Pending,
    /// Being scored.
    InReview,
    /// Finished.
    Completed,
}

/// A score that was given.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Given {
    /// For what.
    pub criterion: Label,
    /// How much.
    pub score: Score,
    /// Why.
    pub rationale: Prose,
    /// By what.
    pub by: ScoredBy,
    /// By whom, where it was someone.
    pub evaluator_id: Option<MemberId>,
    /// When.
    pub at: Moment,
}

/// What was made of the scores.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Completion {
    /// Of each criterion.
    pub means: Vec<Mean>,
    /// Of all.
    pub score: Score,
    /// What it says of the executor.
    pub signal: Signal,
    /// When.
    pub at: Moment,
}

/// The evaluation.
#[derive(Clone, Debug, Default)]
pub struct State {
    /// What it opened with, once it did.
    pub opened: Option<Opened>,
    /// Where it stands.
    pub status: Status,
    /// The scores, in the order in which they were given.
    pub scores: Vec<Given>,
    /// Why a check could not be made, the last time it was tried.
    pub not_made: BTreeMap<Label, (String, String)>,
    /// Which criteria a language model is being asked about, and until when.
    pub asked: BTreeMap<Label, Moment>,
    /// How it ended.
    pub completion: Option<Completion>,
    /// When it last changed.
    pub updated_at: Option<Moment>,
}

impl State {
    /// The criterion with this name.
    pub fn criterion(&self, name: &Label) -> Option<&Criterion> {
        self.opened.as_ref()?.terms.criteria.iter().find(|criterion| criterion.name == *name)
    }

    /// The scores of a criterion.
    pub fn scores_of<'a>(&'a self, name: &'a Label) -> impl Iterator<Item = &'a Given> {
        self.scores.iter().filter(move |given| given.criterion == *name)
    }

    /// How many more scores a criterion needs: one of the system's for what the system scores, else one of each evaluator
    /// that is asked for (SPEC V3). What the system could not score is left to evaluators (SPEC V4).
    pub fn wanting(&self, criterion: &Criterion) -> u32 {
        let required = self.opened.as_ref().map_or(1, |opened| opened.terms.evaluators_required);
        let by_system = self.scores_of(&criterion.name).any(|given| given.evaluator_id.is_none());
        let by_people = self.scores_of(&criterion.name).filter(|given| given.evaluator_id.is_some()).count();
        let wanting = required.saturating_sub(u32::try_from(by_people).unwrap_or(u32::MAX));
        match criterion.kind {
            CriterionType::Human => wanting,
            CriterionType::AutomatedCheck | CriterionType::LlmReview if by_system => 0,
            CriterionType::AutomatedCheck | CriterionType::LlmReview => wanting.max(u32::from(by_people == 0)),
        }
    }

    /// Whether people score a criterion: by its kind, or because a check that was tried could not be made (SPEC V4).
    pub fn is_left_to_people(&self, criterion: &Criterion) -> bool {
        let scored_by_people = || self.scores_of(&criterion.name).any(|given| given.evaluator_id.is_some());
        criterion.kind == CriterionType::Human || self.not_made.contains_key(&criterion.name) || scored_by_people()
    }

    /// Whether it waits for something that `evaluator` can do: a score the evaluator has not given, which humans give, or, once
    /// all are there, to be finished.
    pub fn waits_for(&self, evaluator: MemberId, kind: PrincipalKind) -> bool {
        let Some(opened) = self.opened.as_ref().filter(|_| self.status != Status::Completed) else { return false };
        let mut wanting = opened.terms.criteria.iter().filter(|criterion| self.wanting(criterion) > 0).peekable();
        let has_scored =
            |criterion: &Criterion| self.scores_of(&criterion.name).any(|given| given.evaluator_id == Some(evaluator));
        let may_score = |criterion: &Criterion| self.is_left_to_people(criterion) && !has_scored(criterion);
        wanting.peek().is_none() || kind == PrincipalKind::Human && wanting.any(may_score)
    }

    /// Criteria that a language model is to score and has not.
    pub fn unreviewed(&self) -> impl Iterator<Item = &Criterion> {
        let criteria = self.opened.iter().flat_map(|opened| &opened.terms.criteria);
        criteria.filter(|criterion| criterion.kind == CriterionType::LlmReview && self.wanting(criterion) > 0)
    }

    pub(super) fn evolve(&mut self, event: &Event) {
        match event {
            Event::Opened(opened) => {
                self.updated_at = Some(opened.opened_at);
                self.opened = Some((**opened).clone());
            }
            Event::Scored { criterion, score, rationale, by, evaluator_id, scored_at, .. } => {
                self.updated_at = Some(*scored_at);
                self.status = Status::InReview;
                self.not_made.remove(criterion);
                self.scores.push(Given {
                    criterion: criterion.clone(),
                    score: *score,
                    rationale: rationale.clone(),
                    by: *by,
                    evaluator_id: *evaluator_id,
                    at: *scored_at,
                });
            }
            Event::CheckNotMade { criterion, code, reason, checked_at, .. } => {
                self.updated_at = Some(*checked_at);
                self.not_made.insert(criterion.clone(), (code.clone(), reason.clone()));
            }
            Event::ReviewRequested { criteria, due_at, requested_at, .. } => {
                self.updated_at = Some(*requested_at);
                self.asked.extend(criteria.iter().map(|criterion| (criterion.clone(), *due_at)));
            }
            Event::Reviewed { reviewed_at, .. } => {
                self.updated_at = Some(*reviewed_at);
                self.asked.clear();
            }
            Event::Completed { means, score, signal, completed_at, .. } => {
                self.updated_at = Some(*completed_at);
                self.status = Status::Completed;
                self.asked.clear();
                self.completion = Some(Completion { means: means.clone(), score: *score, signal: *signal, at: *completed_at });
            }
        }
    }
}
