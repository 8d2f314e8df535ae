//! A proposal as clients see it.

use aggregates::decision_model::{Choice, DecisionModel, Needed, Tally, needed};
use aggregates::gardener::Consultation;
use aggregates::ids::{CommentId, EscalationId, EvaluationId, GrantId, MemberId, ProposalId, ZoneId};
use aggregates::policy::Risk;
use aggregates::proposal::{
    Chooser, ChosenBy, Comment, Conflict, Elector, ExecutionStatus, Payload, Proposal, ProposalType, RecusalReason, Reviewer,
    SelectionReason, State, Status,
};
use aggregates::text::{Name, Prose};
use chrono::{DateTime, SecondsFormat, Utc};
use projections::EventView;
use serde::Serialize;
use utoipa::ToSchema;

use crate::engine::{Answer, Attempt, Loaded, Problem};

/// A vote.
#[derive(Debug, Serialize, ToSchema)]
pub struct VoteView<'a> {
    choice: Choice,
    #[schema(value_type = String)]
    rationale: &'a Prose,
    cast_at: DateTime<Utc>,
}

/// A reviewer and their vote.
#[derive(Debug, Serialize, ToSchema)]
pub struct ElectorView<'a> {
    member_id: MemberId,
    weight: u64,
    reason: SelectionReason,
    zone_id: Option<ZoneId>,
    chosen_by: ChosenBy,
    vote: Option<VoteView<'a>>,
    /// Why they left the electorate, if they did.
    left: Option<RecusalReason>,
    /// Whose seat it was, if it was handed to them.
    delegated_by: Option<MemberId>,
}

/// How its reviewers are chosen, where its zone leaves that to the gardener.
#[derive(Debug, Serialize, ToSchema)]
pub struct SelectionView<'a> {
    /// Among whom, in the order of the rules.
    candidates: Vec<MemberId>,
    /// When rules choose if the gardener has not.
    until: DateTime<Utc>,
    /// Who chose; nobody yet while it is null.
    chosen_by: Option<Chooser>,
    chosen_at: Option<DateTime<Utc>>,
    /// Why rules chose although the gardener was to.
    fallback: Option<&'a str>,
    /// What the model was asked, and what it said.
    #[schema(value_type = Option<Consultation>)]
    consultation: Option<&'a Consultation>,
}

/// How it ended.
#[derive(Debug, Serialize, ToSchema)]
pub struct ResolutionView<'a> {
    outcome: Status,
    reason: &'a str,
    decided_at: DateTime<Utc>,
    /// Whether the proposer decided alone.
    solo: bool,
}

/// Its execution.
#[derive(Debug, Serialize, ToSchema)]
pub struct ExecutionView<'a> {
    status: ExecutionStatus,
    reason: Option<&'a str>,
    code: Option<&'a str>,
    held_until: Option<DateTime<Utc>>,
    grant_id: Option<GrantId>,
    at: DateTime<Utc>,
}

/// Something said about it.
#[derive(Debug, Serialize, ToSchema)]
pub struct CommentView<'a> {
    id: CommentId,
    author_id: MemberId,
    #[schema(value_type = String)]
    text: &'a Prose,
    created_at: DateTime<Utc>,
}

/// Where its question went.
#[derive(Debug, Serialize, ToSchema)]
#[expect(clippy::struct_field_names, reason = "the names clients read")]
pub struct WentUpView {
    escalation_id: EscalationId,
    /// The proposal that decides it there.
    parent_proposal_id: ProposalId,
    to_zone_id: ZoneId,
}

/// What it was opened for.
#[derive(Debug, Serialize, ToSchema)]
pub struct LineageView {
    escalation_id: EscalationId,
    /// The proposal whose question it decides; none where it decides who decides.
    proposal_id: Option<ProposalId>,
    /// Whether the owners decide, above whom there is nobody.
    last_instance: bool,
}

/// A proposal.
#[derive(Debug, Serialize, ToSchema)]
pub struct ProposalView<'a> {
    id: ProposalId,
    zone_id: ZoneId,
    r#type: ProposalType,
    #[schema(value_type = String)]
    title: &'a Name,
    #[schema(value_type = String)]
    description: &'a Prose,
    #[schema(value_type = Object)]
    payload: Payload<'a>,
    status: Status,
    risk_level: Risk,
    proposer_id: MemberId,
    #[schema(value_type = DecisionModel)]
    decision_model: &'a DecisionModel,
    electorate: Vec<ElectorView<'a>>,
    selection: Option<SelectionView<'a>>,
    #[schema(value_type = Vec<Conflict>)]
    conflicts: &'a [Conflict],
    human_review_required: bool,
    votes_may_change: bool,
    tally: Tally,
    /// What an approval still needs; nothing is once it is decided.
    needed: Needed,
    deadline: Option<DateTime<Utc>>,
    expires_at: Option<DateTime<Utc>>,
    resolution: Option<ResolutionView<'a>>,
    execution: Option<ExecutionView<'a>>,
    comments: Vec<CommentView<'a>>,
    /// Where its question went, the last time it did.
    escalation: Option<WentUpView>,
    /// The escalation it decides, if it was opened for one.
    escalated_from: Option<LineageView>,
    /// When it goes up by itself, if nobody has decided by then.
    auto_escalates_at: Option<DateTime<Utc>>,
    /// Judgements of what came of it.
    evaluations: Vec<EvaluationId>,
    policy_position: u64,
    version: u64,
    created_at: DateTime<Utc>,
    updated_at: DateTime<Utc>,
    /// Where its events are.
    events: String,
    /// Everything that happened to it, in order; when it is read on its own.
    #[serde(skip_serializing_if = "Option::is_none")]
    history: Option<Vec<EventView>>,
}

/// What is still needed, in a sentence; that it is over, once it is.
pub fn needed_now(
    status: Status,
    model: &DecisionModel,
    tally: &Tally,
    human_missing: bool,
    deadline: Option<DateTime<Utc>>,
) -> Needed {
    if status != Status::PendingReview {
        return Needed { summary: format!("nothing: it is {status}"), approvals: None, may_still_vote: 0 };
    }
    let nobody_asked = tally.approve + tally.reject + tally.abstain + tally.outstanding == 0;
    if nobody_asked {
        return Needed { summary: "its reviewers are being chosen".to_owned(), approvals: None, may_still_vote: 0 };
    }
    let mut needed = needed(&model.rule, tally, human_missing);
    if let Some(deadline) = deadline {
        needed.summary = format!("{}; until {}", needed.summary, deadline.to_rfc3339_opts(SecondsFormat::AutoSi, true));
    }
    needed
}

/// A proposal as it is shown.
fn view(state: &State, version: u64) -> Result<ProposalView<'_>, Problem> {
    let opening = state.opening.as_ref().ok_or_else(|| Problem::not_found("proposal"))?;
    let tally = state.tally();
    Ok(ProposalView {
        id: opening.proposal_id,
        zone_id: opening.zone_id,
        r#type: opening.subject.proposal_type(),
        title: &opening.title,
        description: &opening.description,
        payload: Payload(&opening.subject),
        status: state.status,
        risk_level: opening.risk_level,
        proposer_id: opening.proposer_id,
        electorate: state.reviewers.iter().map(elector).collect(),
        selection: selection(state),
        conflicts: &opening.conflicts,
        human_review_required: opening.human_required,
        votes_may_change: opening.votes_may_change,
        needed: needed_now(state.status, &opening.decision_model, &tally, state.is_human_missing(), state.due_at()),
        decision_model: &opening.decision_model,
        tally,
        deadline: opening.deadline,
        expires_at: opening.expires_at,
        resolution: state.resolution.as_ref().map(|resolution| ResolutionView {
            outcome: resolution.outcome,
            reason: &resolution.reason,
            decided_at: resolution.decided_at,
            solo: state.is_solo(),
        }),
        execution: state.execution.as_ref().map(|execution| ExecutionView {
            status: execution.status,
            reason: execution.reason.as_deref(),
            code: execution.code.as_deref(),
            held_until: execution.held_until,
            grant_id: execution.grant_id,
            at: execution.at,
        }),
        comments: state.comments.iter().map(comment).collect(),
        escalation: state.went_up.map(|went_up| WentUpView {
            escalation_id: went_up.escalation_id,
            parent_proposal_id: went_up.parent_id,
            to_zone_id: went_up.to_zone_id,
        }),
        escalated_from: opening.lineage.map(|lineage| LineageView {
            escalation_id: lineage.escalation_id,
            proposal_id: lineage.source_id,
            last_instance: lineage.last_instance,
        }),
        auto_escalates_at: opening.way_up.at,
        evaluations: state.evaluations.iter().map(|(id, _)| *id).collect(),
        policy_position: opening.policy_position,
        version,
        created_at: opening.opened_at,
        updated_at: state.updated_at.unwrap_or(opening.opened_at),
        events: format!("/api/v1/audit?zone_id={}&aggregate_id={}&order=asc", opening.zone_id, opening.proposal_id),
        history: None,
    })
}

fn elector(reviewer: &Reviewer) -> ElectorView<'_> {
    let Elector { member_id, weight, reason, zone_id, chosen_by, .. } = reviewer.elector;
    let vote = reviewer.vote.as_ref();
    ElectorView {
        member_id,
        weight,
        reason,
        zone_id,
        chosen_by,
        vote: vote.map(|vote| VoteView { choice: vote.choice, rationale: &vote.rationale, cast_at: vote.cast_at }),
        left: reviewer.left,
        delegated_by: reviewer.seat_of,
    }
}

fn selection(state: &State) -> Option<SelectionView<'_>> {
    let awaited = state.opening.as_ref()?.to_be_chosen.as_ref()?;
    let made = state.selection.as_ref();
    Some(SelectionView {
        candidates: awaited.candidates.iter().map(|nominee| nominee.elector.member_id).collect(),
        until: awaited.until,
        chosen_by: made.map(|made| made.chosen_by),
        chosen_at: made.map(|made| made.at),
        fallback: made.and_then(|made| made.fallback.as_deref()),
        consultation: made.and_then(|made| made.consultation.as_ref()),
    })
}

fn comment(comment: &Comment) -> CommentView<'_> {
    CommentView { id: comment.id, author_id: comment.author_id, text: &comment.text, created_at: comment.at }
}

/// The proposal, if it is in the caller's organization; elsewhere it does not exist.
pub async fn in_organization(attempt: &Attempt, id: ProposalId) -> Result<(Loaded<Proposal>, ZoneId), Problem> {
    let loaded = attempt.load::<Proposal>(id).await?;
    let zone = loaded.state.opening.as_ref().map(|opening| opening.zone_id);
    let zone = zone.filter(|zone| attempt.authority().tree.zone(*zone).is_some());
    let zone = zone.ok_or_else(|| Problem::not_found("proposal"))?;
    Ok((loaded, zone))
}

/// The answer that shows a proposal after a plan.
pub fn answer(state: &State, version: u64) -> Result<Answer, Problem> {
    Ok(Answer::written(&view(state, version)?).at_version(version))
}

/// The answer that shows a proposal with everything that happened to it.
pub fn answer_with_history(state: &State, version: u64, history: Vec<EventView>) -> Result<Answer, Problem> {
    let shown = ProposalView { history: Some(history), ..view(state, version)? };
    Ok(Answer::written(&shown).at_version(version))
}
