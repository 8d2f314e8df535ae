//! An escalation as clients see it.

use aggregates::escalation::{Contest, DismissalReason, Escalation, State, Status};
use aggregates::ids::{EscalationId, MemberId, ProposalId, ZoneId};
use aggregates::proposal::{StallReason, Status as Outcome};
use chrono::{DateTime, Utc};
use serde::Serialize;
use serde_json::{Map, Value, json};
use utoipa::ToSchema;

use crate::engine::{Answer, Attempt, Loaded, Problem};

/// A signature.
#[derive(Debug, Serialize, ToSchema)]
pub struct SignatureView {
    member_id: MemberId,
    /// Who stands behind the account: persons are counted.
    person_id: MemberId,
    signed_at: DateTime<Utc>,
}

/// How it ended.
#[derive(Debug, Serialize, ToSchema)]
pub struct EndView {
    /// What the proposal above became.
    outcome: Option<Outcome>,
    /// Why it came to nothing, if it did.
    reason: Option<DismissalReason>,
    by: Option<MemberId>,
    note: Option<String>,
    at: DateTime<Utc>,
}

/// An escalation.
#[derive(Debug, Serialize, ToSchema)]
pub struct EscalationView {
    id: EscalationId,
    /// `action` contests a decision, `governance` contests who decides.
    kind: &'static str,
    status: Status,
    zone_id: ZoneId,
    /// Where it is decided; the zone itself where that is a root, whose questions go to the owners.
    to_zone_id: ZoneId,
    /// Who raised it; nobody did where it is automatic.
    escalator_id: Option<MemberId>,
    reason: String,
    /// Why it went up by itself, if nobody raised it.
    automatic: Option<StallReason>,
    /// The contested proposal.
    proposal_id: Option<ProposalId>,
    /// The change that is asked for.
    #[schema(value_type = Option<Object>)]
    change: Option<Map<String, Value>>,
    cosigner_threshold: Option<u32>,
    cosigners: Vec<SignatureView>,
    /// The proposal that decides it in the zone above.
    parent_proposal_id: Option<ProposalId>,
    resolution: Option<EndView>,
    version: u64,
    created_at: DateTime<Utc>,
    updated_at: DateTime<Utc>,
    /// Where its events are.
    events: String,
}

/// An escalation as JSON.
pub fn view(state: &State, version: u64) -> Result<Value, Problem> {
    let raised = state.raised.as_ref().ok_or_else(|| Problem::not_found("escalation"))?;
    let (kind, proposal_id, automatic, change, cosigner_threshold) = match &raised.contest {
        Contest::Action { proposal_id, automatic } => ("action", Some(*proposal_id), *automatic, None, None),
        Contest::Governance { change, cosigner_threshold, .. } => {
            ("governance", None, None, Some(change.clone()), Some(*cosigner_threshold))
        }
    };
    let updated_at = state.updated_at.unwrap_or(raised.raised_at);
    let ended = matches!(state.status, Status::Resolved | Status::Dismissed);
    let dismissal = state.dismissal.as_ref();
    let shown = EscalationView {
        id: raised.escalation_id,
        kind,
        status: state.status,
        zone_id: raised.zone_id,
        to_zone_id: raised.to_zone_id,
        escalator_id: automatic.is_none().then_some(raised.escalator_id),
        reason: raised.reason.to_string(),
        automatic,
        proposal_id,
        change,
        cosigner_threshold,
        cosigners: state.signatures.iter().map(signature).collect(),
        parent_proposal_id: state.proposal_id,
        resolution: ended.then(|| EndView {
            outcome: state.outcome,
            reason: dismissal.map(|dismissal| dismissal.reason),
            by: dismissal.and_then(|dismissal| dismissal.by),
            note: dismissal.and_then(|dismissal| dismissal.note.as_ref()).map(ToString::to_string),
            at: updated_at,
        }),
        version,
        created_at: raised.raised_at,
        updated_at,
        events: format!("/api/v1/audit?zone_id={}&aggregate_id={}&order=asc", raised.zone_id, raised.escalation_id),
    };
    Ok(json!(shown))
}

fn signature(signature: &aggregates::escalation::Signature) -> SignatureView {
    SignatureView { member_id: signature.member_id, person_id: signature.person_id, signed_at: signature.at }
}

/// The escalation, if it is in the caller's organization; elsewhere it does not exist.
pub async fn in_organization(attempt: &Attempt, id: EscalationId) -> Result<(Loaded<Escalation>, ZoneId), Problem> {
    let loaded = attempt.load::<Escalation>(id).await?;
    let zone = loaded.state.raised.as_ref().map(|raised| raised.zone_id);
    let zone = zone.filter(|zone| attempt.authority().tree.zone(*zone).is_some());
    let zone = zone.ok_or_else(|| Problem::not_found("escalation"))?;
    Ok((loaded, zone))
}

/// The answer that shows an escalation after a plan.
pub fn answer(state: &State, version: u64) -> Result<Answer, Problem> {
    Ok(Answer::ok(view(state, version)?).at_version(version))
}

/// The answer that shows a new escalation.
pub fn created(state: &State, version: u64) -> Result<Answer, Problem> {
    let id = state.raised.as_ref().map(|raised| raised.escalation_id).ok_or_else(|| Problem::not_found("escalation"))?;
    Ok(Answer::created(view(state, version)?, format!("/api/v1/escalations/{id}")).at_version(version))
}
