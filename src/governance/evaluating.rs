//! Judging finished work: what a judgement does to reputation and stakes is part of the append that completes it, so that it is
//! done once (SPEC V6).

use std::sync::Arc;

use aggregates::evaluation::{
    Command, Evaluation, NotMade, Opened, Record, State, check, executor_of, judgements, read_review, review_prompt, terms,
    unanswered, upheld,
};
use aggregates::gardener::{Consultation, Prompt};
use aggregates::grant::{self, Grant, Terms};
use aggregates::ids::{EvaluationId, GrantId, MemberId, OrganizationId, ProposalId};
use aggregates::organization::{Command as Membership, Judged, Organization, Signal};
use aggregates::policy::CriterionType;
use aggregates::proposal::{self, Command as Deciding, Proposal, Reviewer, Status, Subject};

use crate::engine::{Answer, App, Attempt, Envelope, Loaded, Plan, Problem, decision};
use crate::entropy;

/// Opens the judgement of what came of a proposal. There is one: the proposal's stream says so.
pub async fn open(
    attempt: &Attempt,
    plan: &mut Plan,
    proposal: &Loaded<Proposal>,
    evaluation_id: EvaluationId,
    claimed: Option<MemberId>,
    opened_by: Option<MemberId>,
) -> Result<Arc<State>, Problem> {
    let opening = proposal.state.opening.as_ref().ok_or_else(|| Problem::not_found("proposal"))?;
    let executor_id = executor_of(opening, claimed).map_err(|rejection| Problem::of(&rejection))?;
    plan.decide(proposal, Deciding::OpenEvaluation { id: evaluation_id, executor_id, now: attempt.now }).await?;
    let terms = terms(attempt.authority(), opening.zone_id).map_err(|rejection| Problem::of(&rejection))?;
    let evaluation = attempt.load::<Evaluation>(evaluation_id).await?;
    let opened = Opened {
        evaluation_id,
        proposal_id: opening.proposal_id,
        zone_id: opening.zone_id,
        executor_id,
        terms,
        opened_by,
        opened_at: attempt.now,
    };
    plan.decide(&evaluation, Command::Open(Box::new(opened))).await
}

/// Work whose grant has been used for the last time is reported finished: its judgement opens by itself where the zone says what
/// work is judged by (SPEC V1). Where nobody judges, what was at stake is free again.
pub async fn judge_finished_work(attempt: &Attempt, plan: &mut Plan, grant: &Terms) -> Result<(), Problem> {
    if terms(attempt.authority(), grant.zone_id).is_err() {
        return free_unjudged_stake(attempt, plan, grant).await;
    }
    let proposal = plan.load::<Proposal>(attempt, grant.proposal_id).await?;
    if !proposal.state.evaluations.is_empty() {
        return free_unjudged_stake(attempt, plan, grant).await;
    }
    let id = EvaluationId(entropy::new_id());
    open(attempt, plan, &proposal, id, Some(grant.principal_id), None).await.map(drop)
}

/// Frees what was put at stake for work that ends without a judgement. Once there is one, the stake waits for what it says.
pub async fn free_unjudged_stake(attempt: &Attempt, plan: &mut Plan, grant: &Terms) -> Result<(), Problem> {
    let proposal = plan.load::<Proposal>(attempt, grant.proposal_id).await?;
    if proposal.state.evaluations.iter().any(|(_, executor)| *executor == grant.principal_id) {
        return Ok(());
    }
    release_stake(attempt, plan, grant.principal_id, grant.proposal_id, false).await
}

/// Makes every automated check that has no score yet.
pub async fn check_automatically(
    attempt: &Attempt,
    plan: &mut Plan,
    mut evaluation: Loaded<Evaluation>,
) -> Result<Loaded<Evaluation>, Problem> {
    let Some(opened) = evaluation.state.opened.clone() else { return Err(Problem::not_found("evaluation")) };
    let proposal = plan.load::<Proposal>(attempt, opened.proposal_id).await?;
    let grant = match granted(&proposal.state) {
        Some(id) => Some(plan.load::<Grant>(attempt, id).await?.state),
        None => None,
    };
    let record = record_of(&proposal.state, grant.as_deref());
    let checks = opened.terms.criteria.iter().filter(|criterion| criterion.kind == CriterionType::AutomatedCheck);
    for criterion in checks {
        let check = check(criterion, &record);
        let command = Command::RecordCheck { criterion: criterion.name.clone(), check, now: attempt.now };
        evaluation.state = plan.decide(&evaluation, command).await?;
    }
    Ok(evaluation)
}

/// Has the language model asked about what it is to review; where there is none, that is on record. It is asked by a process of
/// its own, never here.
pub async fn ask_for_reviews(
    attempt: &Attempt,
    plan: &mut Plan,
    mut evaluation: Loaded<Evaluation>,
) -> Result<Loaded<Evaluation>, Problem> {
    let now = attempt.now;
    let timeout = attempt.app.gardener.as_ref().map(crate::gardener::Gardener::timeout);
    if let Some(timeout) = timeout.and_then(|timeout| chrono::Duration::from_std(timeout).ok()) {
        let request = Command::RequestReviews { due_at: now + timeout * 2, now };
        evaluation.state = plan.decide(&evaluation, request).await?;
        return Ok(evaluation);
    }
    let unreviewed: Vec<_> = evaluation.state.unreviewed().map(|criterion| criterion.name.clone()).collect();
    for criterion in unreviewed {
        let check = Err(NotMade { code: "no_model".to_owned(), reason: "no language model is configured".to_owned() });
        evaluation.state = plan.decide(&evaluation, Command::RecordReview { criterion, check, now }).await?;
    }
    Ok(evaluation)
}

/// What is to be asked about an evaluation that waits for a review, if anything still is.
pub async fn question_about(app: &App, id: EvaluationId) -> Result<Option<Prompt>, Problem> {
    let evaluation = app.load::<Evaluation>(id, false).await?;
    let Some(opened) = &evaluation.state.opened else { return Ok(None) };
    if evaluation.state.asked.is_empty() {
        return Ok(None);
    }
    let work = app.load::<Proposal>(opened.proposal_id, false).await?;
    let grant = match granted(&work.state) {
        Some(id) => Some(app.load::<Grant>(id, false).await?.state),
        None => None,
    };
    let record = record_of(&work.state, grant.as_deref());
    Ok(review_prompt(&evaluation.state, &work.state, &record))
}

/// Hands in what a language model answered, or that it did not.
pub async fn review(
    app: &Arc<App>,
    organization_id: OrganizationId,
    id: EvaluationId,
    answer: &Result<String, &'static str>,
    consultation: Option<&Consultation>,
) -> Result<(), Problem> {
    let envelope = Envelope::of_the_system(organization_id, entropy::new_id());
    app.command(
        &envelope,
        decision!(attempt, [answer, consultation] => {
            let loaded = attempt.load::<Evaluation>(id).await?;
            let asked = loaded.state.asked.keys();
            let checks = match answer {
                Ok(words) => read_review(words, asked),
                Err(code) => asked.map(|criterion| (criterion.clone(), Err(unanswered(code)))).collect(),
            };
            let mut plan = attempt.plan();
            let consultation = consultation.cloned().map(Box::new);
            plan.decide(&loaded, Command::RecordReviews { checks, consultation, now: attempt.now }).await?;
            Ok((plan, Answer::nothing()))
        }),
    )
    .await
    .map(drop)
}

/// Completes the judgement, and lets it have its effect.
pub async fn finalize(attempt: &Attempt, plan: &mut Plan, evaluation: &Loaded<Evaluation>) -> Result<Arc<State>, Problem> {
    let known = plan.added_to(&evaluation.stream);
    let state = plan.decide(evaluation, Command::Finalize { now: attempt.now }).await?;
    if plan.added_to(&evaluation.stream) == known {
        return Ok(state);
    }
    let (Some(opened), Some(completion)) = (&state.opened, &state.completion) else { return Ok(state) };
    let reviewers = deciders_of(attempt, plan, opened.proposal_id).await?;
    let (executor_id, burnt) = (opened.executor_id, completion.signal == Signal::Negative);
    have_effect(attempt, plan, judgements(&state, &reviewers)).await?;
    release_stake(attempt, plan, executor_id, opened.proposal_id, burnt).await?;
    Ok(state)
}

/// Applies judgements to those whom they are about.
pub async fn have_effect(attempt: &Attempt, plan: &mut Plan, judged: Vec<Judged>) -> Result<(), Problem> {
    for judged in judged {
        let organization = plan.as_planned(attempt.organization());
        plan.decide::<Organization>(&organization, Membership::Judge { judged, now: attempt.now }).await?;
    }
    Ok(())
}

/// What the zone above says of those who had voted below.
pub async fn tell_voters(attempt: &Attempt, plan: &mut Plan, source: &proposal::State, outcome: Status) -> Result<(), Problem> {
    let Some(went_up) = source.went_up else { return Ok(()) };
    have_effect(attempt, plan, upheld(source, outcome, went_up.escalation_id)).await
}

/// Frees what someone had put at stake for a proposal's work, or burns it.
async fn release_stake(
    attempt: &Attempt,
    plan: &mut Plan,
    member_id: MemberId,
    proposal_id: ProposalId,
    burnt: bool,
) -> Result<(), Problem> {
    let organization = plan.as_planned(attempt.organization());
    let release = Membership::ReleaseStake { member_id, proposal_id, burnt, now: attempt.now };
    plan.decide::<Organization>(&organization, release).await?;
    Ok(())
}

/// Who decided it: its reviewers, or those above where it was decided there.
async fn deciders_of(attempt: &Attempt, plan: &mut Plan, proposal_id: ProposalId) -> Result<Vec<Reviewer>, Problem> {
    let mut proposal = plan.load::<Proposal>(attempt, proposal_id).await?;
    while let Some(went_up) = proposal.state.went_up.filter(|_| was_decided_above(&proposal.state)) {
        proposal = plan.load::<Proposal>(attempt, went_up.parent_id).await?;
    }
    Ok(proposal.state.reviewers.clone())
}

fn was_decided_above(proposal: &proposal::State) -> bool {
    proposal.resolution.as_ref().is_some_and(|resolution| resolution.reason == proposal::ESCALATION)
}

fn granted(proposal: &proposal::State) -> Option<GrantId> {
    proposal.execution.as_ref().and_then(|execution| execution.grant_id)
}

/// What is on record about the work of a proposal, and the grant it was done under.
fn record_of(state: &proposal::State, grant: Option<&grant::State>) -> Record {
    let Some(opening) = &state.opening else { return Record::default() };
    let by_grant = grant.and_then(|grant| grant.finished_at);
    let done_by_us = matches!(opening.subject, Subject::ZoneChange(_) | Subject::MembershipChange(_));
    let overturned = was_decided_above(state)
        && state.went_up.is_some_and(|went_up| {
            upheld(state, state.status, went_up.escalation_id).iter().any(|judged| judged.signal == Signal::Overturned)
        });
    Record {
        approved_at: state.resolution.as_ref().map(|resolution| resolution.decided_at),
        finished_at: by_grant.or_else(|| state.execution.as_ref().filter(|_| done_by_us).map(|execution| execution.at)),
        approved_amount: opening.subject.amount(),
        spent_amount: grant.filter(|grant| grant.finished_at.is_some()).map(|grant| grant.spent),
        overturned,
    }
}
