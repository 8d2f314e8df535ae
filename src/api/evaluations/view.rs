//! An evaluation as clients see it.

use aggregates::amount::Quantity;
use aggregates::evaluation::{Evaluation, Mean, Score, ScoredBy, State, Status};
use aggregates::ids::{EvaluationId, MemberId, ProposalId, ZoneId};
use aggregates::organization::Signal;
use aggregates::policy::{CriterionType, IncentiveModel};
use chrono::{DateTime, Utc};
use serde::Serialize;
use serde_json::{Value, json};
use utoipa::ToSchema;

use crate::engine::{Answer, Attempt, Loaded, Problem};

/// A score.
#[derive(Debug, Serialize, ToSchema)]
pub struct ScoreView {
    score: Score,
    rationale: String,
    by: ScoredBy,
    evaluator_id: Option<MemberId>,
    scored_at: DateTime<Utc>,
}

/// A criterion and its scores.
#[derive(Debug, Serialize, ToSchema)]
pub struct CriterionView {
    name: String,
    r#type: CriterionType,
    weight: Quantity,
    scores: Vec<ScoreView>,
    /// How many more scores it needs.
    wanting: u32,
    /// Why the system could not score it, the last time it was tried.
    not_made: Option<NotMadeView>,
    /// Until when a language model is being asked.
    asked_until: Option<DateTime<Utc>>,
}

/// Why there is no score.
#[derive(Debug, Serialize, ToSchema)]
pub struct NotMadeView {
    code: String,
    reason: String,
}

/// What was made of the scores.
#[derive(Debug, Serialize, ToSchema)]
pub struct ResultView {
    score: Score,
    means: Vec<Mean>,
    signal: Signal,
    completed_at: DateTime<Utc>,
}

/// An evaluation.
#[derive(Debug, Serialize, ToSchema)]
pub struct EvaluationView {
    id: EvaluationId,
    status: Status,
    proposal_id: ProposalId,
    zone_id: ZoneId,
    executor_id: MemberId,
    opened_by: Option<MemberId>,
    evaluators_required: u32,
    criteria: Vec<CriterionView>,
    incentives: IncentiveModel,
    result: Option<ResultView>,
    version: u64,
    created_at: DateTime<Utc>,
    updated_at: DateTime<Utc>,
    /// Where its events are.
    events: String,
}

/// An evaluation as JSON.
pub fn view(state: &State, version: u64) -> Result<Value, Problem> {
    let opened = state.opened.as_ref().ok_or_else(|| Problem::not_found("evaluation"))?;
    let criterion = |criterion: &aggregates::policy::Criterion| CriterionView {
        name: criterion.name.to_string(),
        r#type: criterion.kind,
        weight: criterion.weight.unwrap_or_else(Quantity::one),
        scores: state.scores_of(&criterion.name).map(score).collect(),
        wanting: state.wanting(criterion),
        not_made: state
            .not_made
            .get(&criterion.name)
            .map(|(code, reason)| NotMadeView { code: code.clone(), reason: reason.clone() }),
        asked_until: state.asked.get(&criterion.name).copied(),
    };
    let shown = EvaluationView {
        id: opened.evaluation_id,
        status: state.status,
        proposal_id: opened.proposal_id,
        zone_id: opened.zone_id,
        executor_id: opened.executor_id,
        opened_by: opened.opened_by,
        evaluators_required: opened.terms.evaluators_required,
        criteria: opened.terms.criteria.iter().map(criterion).collect(),
        incentives: opened.terms.incentives.clone(),
        result: state.completion.as_ref().map(|completion| ResultView {
            score: completion.score,
            means: completion.means.clone(),
            signal: completion.signal,
            completed_at: completion.at,
        }),
        version,
        created_at: opened.opened_at,
        updated_at: state.updated_at.unwrap_or(opened.opened_at),
        events: format!("/api/v1/audit?zone_id={}&aggregate_id={}&order=asc", opened.zone_id, opened.evaluation_id),
    };
    Ok(json!(shown))
}

fn score(given: &aggregates::evaluation::Given) -> ScoreView {
    ScoreView {
        score: given.score,
        rationale: given.rationale.to_string(),
        by: given.by,
        evaluator_id: given.evaluator_id,
        scored_at: given.at,
    }
}

/// The evaluation, if it is in the caller's organization; elsewhere it does not exist.
pub async fn in_organization(attempt: &Attempt, id: EvaluationId) -> Result<(Loaded<Evaluation>, ZoneId), Problem> {
    let loaded = attempt.load::<Evaluation>(id).await?;
    let zone = loaded.state.opened.as_ref().map(|opened| opened.zone_id);
    let zone = zone.filter(|zone| attempt.authority().tree.zone(*zone).is_some());
    let zone = zone.ok_or_else(|| Problem::not_found("evaluation"))?;
    Ok((loaded, zone))
}

/// The answer that shows an evaluation after a plan.
pub fn answer(state: &State, version: u64) -> Result<Answer, Problem> {
    Ok(Answer::ok(view(state, version)?).at_version(version))
}

/// The answer that shows a new evaluation.
pub fn created(state: &State, id: EvaluationId, version: u64) -> Result<Answer, Problem> {
    Ok(Answer::created(view(state, version)?, format!("/api/v1/evaluations/{id}")).at_version(version))
}
