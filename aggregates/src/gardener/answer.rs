//! A language model's answer: found, read, and held against what was asked (SPEC G3). Every refusal has a stable code.

use std::collections::BTreeSet;

use serde::Deserialize;
use serde_json::Value;
use strum::IntoStaticStr;

use super::Question;
use crate::decision_model::{DecisionModel, is_stricter_or_equal};
use crate::ids::MemberId;
use crate::policy::Risk;

/// What an answer may change.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Advice {
    /// Whom it names, in its order; candidates, each once, at least one and at most as many as are asked for.
    pub reviewers: Vec<MemberId>,
    /// A higher level of risk than the rules say.
    pub raised_risk: Option<Risk>,
    /// A stricter model than the proposal's.
    pub stricter_model: Option<DecisionModel>,
}

/// Why an answer is of no use; rules choose then.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error, IntoStaticStr)]
#[strum(serialize_all = "snake_case")]
pub enum Unusable {
    /// Nothing in it is a JSON object.
    #[error("there is no JSON object in the answer")]
    NoJson,
    /// More than one object: which is meant cannot be known.
    #[error("there is more than one JSON object in the answer")]
    AmbiguousAnswer,
    /// The object has other keys or types than asked for.
    #[error("the answer is not what was asked for: {0}")]
    UnreadableAnswer(String),
    /// Nobody is named.
    #[error("the answer names no reviewer")]
    NoReviewers,
    /// Someone is named who is no candidate.
    #[error("{0} is not a candidate")]
    NotACandidate(String),
    /// Someone is named twice.
    #[error("{0} is named more than once")]
    DuplicateReviewer(MemberId),
    /// More are named than asked for: with a bigger electorate a fixed number of approvals would be easier to get.
    #[error("{named} reviewers are named, at most {asked} are asked for")]
    TooManyReviewers {
        /// How many.
        named: usize,
        /// How many were asked for.
        asked: usize,
    },
    /// The risk would sink.
    #[error("the risk is {0} and may only be raised")]
    LowerRisk(Risk),
    /// The model would be laxer, or neither stricter nor the same.
    #[error("the decision model may only be a stricter one")]
    LaxerModel,
    /// The model could not be met by all candidates together.
    #[error("the decision model needs {0} reviewers, more than there are candidates")]
    UnattainableModel(usize),
    /// The model approves nothing, however many agree.
    #[error("the decision model asks for more than everyone")]
    UnapprovableModel,
}

impl Unusable {
    /// Stable code in snake case.
    pub fn code(&self) -> &'static str {
        self.into()
    }
}

/// The answer as it is written.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct Written {
    reviewers: Vec<String>,
    #[serde(default)]
    risk_level: Option<Risk>,
    #[serde(default)]
    decision_model: Option<DecisionModel>,
    #[serde(default, rename = "reason")]
    _reason: Option<String>,
}

/// Reads a model's `text` as an answer to `question`. JSON may stand in prose or in a code fence, but only one object.
///
/// # Errors
/// [`Unusable`]: the whole answer is refused; nothing of it is taken.
pub fn read_answer(text: &str, question: &Question) -> Result<Advice, Unusable> {
    let object = the_object_in(text)?;
    let written: Written = serde_json::from_str(object).map_err(|error| Unusable::UnreadableAnswer(error.to_string()))?;
    let raised_risk = match written.risk_level {
        Some(risk) if risk < question.risk_level => return Err(Unusable::LowerRisk(question.risk_level)),
        risk => risk.filter(|risk| *risk > question.risk_level),
    };
    let own_deadline =
        |model: &DecisionModel| model.timeout_hours.is_some_and(|own| Some(own) != question.decision_model.timeout_hours);
    let stricter_model = match written.decision_model {
        // The proposal is open, and its deadline is set.
        Some(model) if own_deadline(&model) => return Err(Unusable::LaxerModel),
        Some(model) if !is_stricter_or_equal(&model, &question.decision_model) => return Err(Unusable::LaxerModel),
        model => model
            .map(|model| DecisionModel { timeout_hours: question.decision_model.timeout_hours, ..model })
            .filter(|model| *model != question.decision_model),
    };
    let candidates = question.candidates.len();
    let least = stricter_model.as_ref().map_or(0, |model| model.rule.least_electorate());
    if least > candidates {
        return Err(Unusable::UnattainableModel(least));
    }
    if stricter_model.as_ref().is_some_and(|model| !model.rule.can_approve()) {
        return Err(Unusable::UnapprovableModel);
    }
    let risk = raised_risk.unwrap_or(question.risk_level);
    let asked = question.numbers.at(risk).max(question.least).max(least);
    let reviewers = candidates_named(&written.reviewers, question)?;
    if reviewers.len() > asked {
        return Err(Unusable::TooManyReviewers { named: reviewers.len(), asked });
    }
    Ok(Advice { reviewers, raised_risk, stricter_model })
}

fn candidates_named(named: &[String], question: &Question) -> Result<Vec<MemberId>, Unusable> {
    if named.is_empty() {
        return Err(Unusable::NoReviewers);
    }
    let mut seen = BTreeSet::new();
    let mut reviewers = Vec::new();
    for name in named {
        let id = name.parse::<MemberId>().ok();
        let candidate = question.candidates.iter().find(|candidate| Some(candidate.member_id) == id);
        let candidate = candidate.ok_or_else(|| Unusable::NotACandidate(name.chars().take(60).collect()))?;
        if !seen.insert(candidate.member_id) {
            return Err(Unusable::DuplicateReviewer(candidate.member_id));
        }
        reviewers.push(candidate.member_id);
    }
    Ok(reviewers)
}

/// The one JSON object in a text; objects inside it are part of it.
pub fn the_object_in(text: &str) -> Result<&str, Unusable> {
    let mut found = None;
    let mut at = 0;
    while let Some(start) = text[at..].find('{').map(|offset| at + offset) {
        let mut objects = serde_json::Deserializer::from_str(&text[start..]).into_iter::<Value>();
        match objects.next() {
            Some(Ok(_)) => {
                let end = start + objects.byte_offset();
                if found.replace(&text[start..end]).is_some() {
                    return Err(Unusable::AmbiguousAnswer);
                }
                at = end;
            }
            // What breaks off has begun an object that was meant: nothing after its beginning stands on its own.
            Some(Err(error)) if error.is_eof() => break,
            Some(Err(_)) | None => at = start + 1,
        }
    }
    found.ok_or(Unusable::NoJson)
}

#[cfg(test)]
#[path = "answer_tests.rs"]
mod tests;
