//! `/evaluations/{id}`.

use aggregates::Decider;
use aggregates::actor::PrincipalKind;
use aggregates::evaluation::{Evaluation, Given, Status, is_open_to_judging, must_be_impartial};
use aggregates::ids::EvaluationId;
use aggregates::policy::CriterionType;
use aggregates::proposal::Proposal;
use askama::Template;
use axum::extract::Path;
use axum::http::StatusCode;
use projections::audit;

use super::{signal, status};
use crate::web::form::{Faults, Fields};
use crate::web::frame::Frame;
use crate::web::page::{Shown, page_with};
use crate::web::proposals::{Happened, happened};
use crate::web::refusal::Refusal;
use crate::web::shown::{Badge, Id, Person, When, ZoneName};
use crate::web::visitor::Visitor;
use crate::web::words::{plain, sentence};

/// A score as shown.
struct ScoreLine {
    who: Option<Person>,
    by: String,
    score: String,
    rationale: String,
    when: When,
}

/// A criterion as shown.
struct CriterionLine {
    name: String,
    label: String,
    kind: &'static str,
    weight: String,
    human: bool,
    scores: Vec<ScoreLine>,
    wanting: u32,
    not_made: Option<String>,
    mean: Option<String>,
    mine: bool,
}

#[expect(clippy::struct_excessive_bools, reason = "each says whether the page has one thing or not")]
#[derive(Template)]
#[template(path = "evaluation.html")]
struct EvaluationPage {
    frame: Frame,
    id: String,
    id_shown: Id,
    title: String,
    proposal_id: String,
    status: Badge,
    zone: ZoneName,
    executor: Person,
    opened: When,
    criteria: Vec<CriterionLine>,
    result: Option<(String, Badge, When)>,
    may_judge: bool,
    may_score: bool,
    complete: bool,
    checks: bool,
    timeline: Vec<Happened>,
    fields: Fields,
    faults: Faults,
}

/// `GET /evaluations/{id}`.
pub async fn show(visitor: Visitor, Path(id): Path<String>) -> Shown {
    again(visitor, &id, Fields::default(), Faults::default(), StatusCode::OK).await
}

fn score(visitor: &Visitor, given: &Given) -> ScoreLine {
    let by = serde_json::to_value(given.by).ok().and_then(|by| by.as_str().map(plain)).unwrap_or_default();
    ScoreLine {
        who: given.evaluator_id.map(|id| visitor.person(id)),
        by,
        score: given.score.to_string(),
        rationale: given.rationale.to_string(),
        when: When { at: given.at, now: visitor.now() },
    }
}

/// The page with what was typed and what was wrong with it.
pub async fn again(visitor: Visitor, id: &str, fields: Fields, faults: Faults, http: StatusCode) -> Shown {
    let id: EvaluationId = id.parse().map_err(|_| Refusal::not_found("evaluation"))?;
    let loaded = visitor.app.load::<Evaluation>(id, false).await?;
    let state = &loaded.state;
    let opened = state.opened.as_ref().ok_or_else(|| Refusal::not_found("evaluation"))?;
    if visitor.ruling.authority.tree.zone(opened.zone_id).is_none() {
        return Err(Refusal::not_found("evaluation"));
    }
    visitor.must(opened.zone_id, "zone.read")?;
    let statement = audit::stream_until(visitor.caller.organization_id, Evaluation::TYPE, id.to_string(), u64::MAX >> 1);
    let events = visitor.app.log.events(statement).await?;
    let proposal = visitor.app.load::<Proposal>(opened.proposal_id, false).await?;
    let means = state.completion.as_ref().map(|completion| completion.means.as_slice()).unwrap_or_default();
    let criterion = |criterion: &aggregates::policy::Criterion| CriterionLine {
        name: criterion.name.to_string(),
        label: sentence(criterion.name.as_str()),
        kind: match criterion.kind {
            CriterionType::Human => "judged by people",
            CriterionType::AutomatedCheck => "checked by the system",
            CriterionType::LlmReview => "reviewed by a language model",
        },
        weight: criterion.weight.map_or_else(|| "1".to_owned(), |weight| weight.to_string()),
        human: criterion.kind == CriterionType::Human,
        scores: state.scores_of(&criterion.name).map(|given| score(&visitor, given)).collect(),
        wanting: state.wanting(criterion),
        not_made: state.not_made.get(&criterion.name).map(|(_, reason)| reason.clone()),
        mean: means.iter().find(|mean| mean.criterion == criterion.name).map(|mean| mean.mean.to_string()),
        mine: state.scores_of(&criterion.name).any(|given| given.evaluator_id == Some(visitor.caller.id())),
    };
    let criteria: Vec<CriterionLine> = opened.terms.criteria.iter().map(criterion).collect();
    let result = state.completion.as_ref().map(|completion| {
        let word =
            serde_json::to_value(completion.signal).ok().and_then(|word| word.as_str().map(str::to_owned)).unwrap_or_default();
        (completion.score.to_string(), signal(&word), When { at: completion.at, now: visitor.now() })
    });
    let (authority, asked) = (&visitor.ruling.authority, proposal.state.opening.as_deref());
    let impartial = must_be_impartial(&authority.organization, asked, opened.executor_id, visitor.caller.id()).is_ok();
    let may_judge = state.status != Status::Completed
        && impartial
        && is_open_to_judging(&authority.tree, opened.zone_id)
        && visitor.may(opened.zone_id, "evaluation.submit");
    page_with(
        http,
        &EvaluationPage {
            frame: visitor.frame("Evaluation", "evaluations"),
            id: id.to_string(),
            id_shown: Id(id.to_string()),
            title: proposal.state.opening.as_ref().map(|opening| opening.title.to_string()).unwrap_or_default(),
            proposal_id: opened.proposal_id.to_string(),
            status: status(&state.status.to_string()),
            zone: visitor.zone(opened.zone_id),
            executor: visitor.person(opened.executor_id),
            opened: When { at: opened.opened_at, now: visitor.now() },
            complete: criteria.iter().all(|criterion| criterion.wanting == 0),
            checks: criteria.iter().any(|criterion| !criterion.human && criterion.wanting > 0),
            criteria,
            result,
            may_judge,
            may_score: may_judge && visitor.caller.actor.kind == PrincipalKind::Human,
            timeline: events.iter().map(|event| happened(&visitor, event)).collect(),
            fields,
            faults,
        },
    )
}
