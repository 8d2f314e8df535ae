//! `POST /proposals/{id}/escalate` and `POST /zones/{id}/escalations`.

use std::sync::Arc;

use aggregates::escalation::{Escalation, instance_above, may_escalate};
use aggregates::ids::{EscalationId, ProposalId, ZoneId};
use aggregates::proposal::{self, Subject, ZoneChange, could_be_executed};
use aggregates::text::Prose;
use aggregates::{Fault, Rejected};
use axum::extract::{Path, State};
use serde::Deserialize;
use serde_json::{Map, Value};
use utoipa::ToSchema;

use super::EscalationView;
use super::view::created;
use crate::api::proposals;
use crate::api::request::{Command, id_in_path};
use crate::engine::{Answer, App, Attempt, Done, Plan, Problem, decision};
use crate::governance::escalating::{contest_deciders, contest_decision};

/// Why a decision is contested.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct Objection {
    reason: Prose,
}

/// Why the deciders are contested, and what should be done.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct Petition {
    reason: Prose,
    /// Keys of the zone as a `PATCH` has them (`status`, policies), and `assignments: {remove, add: [{member_id, role}]}`.
    #[schema(value_type = Object)]
    change: Map<String, Value>,
}

fn must_have_words(reason: &Prose) -> Result<(), Problem> {
    if reason.is_empty() { Err(Problem::faults(vec![Fault::new("/reason", "invalid", "must not be empty")])) } else { Ok(()) }
}

fn raised(plan: Plan, state: &aggregates::escalation::State) -> Result<(Plan, Answer), Problem> {
    let id = state.raised.as_ref().map_or(EscalationId(uuid::Uuid::nil()), |raised| raised.escalation_id);
    let version = plan.sequence_after::<Escalation>(id, 0);
    Ok((plan, created(state, version)?))
}

/// Contests a decision: its question moves to the zone above, which decides it, and whose answer settles it here.
#[utoipa::path(post, path = "/proposals/{id}/escalate", tag = "escalations", params(("id" = String, Path)), request_body = Objection,
    responses((status = 201, body = EscalationView), (status = "4XX", body = Problem)))]
pub async fn escalate(
    State(app): State<Arc<App>>,
    Path(id): Path<String>,
    command: Command<Objection>,
) -> Result<Done, Problem> {
    let Command { envelope, body } = command;
    let id: ProposalId = id_in_path(&id, "proposal")?;
    must_have_words(&body.reason)?;
    app.command(
        &envelope,
        decision!(attempt, [body] => {
            let (source, zone) = proposals::in_organization(attempt, id).await?;
            attempt.must_see(zone)?;
            attempt.refuse_auditors("escalation.trigger")?;
            attempt.token_must_cover("escalation.trigger")?;
            attempt.not_blocked(zone, "escalation.trigger")?;
            may_escalate(attempt.authority(), &source.state, attempt.caller.id()).map_err(|rejection| Problem::of(&rejection))?;
            attempt.must_match(source.sequence)?;
            let mut plan = attempt.plan();
            let state = contest_decision(attempt, &mut plan, &source, body.reason.clone()).await?;
            raised(plan, &state)
        }),
    )
    .await
}

/// What could not be done even if everybody agreed is refused at once.
fn could_be_done(attempt: &Attempt, zone: ZoneId, change: &Map<String, Value>) -> Result<(), Problem> {
    let subject = Subject::ZoneChange(ZoneChange { zone_id: Some(zone), changes: change.clone() });
    let decided_in = instance_above(attempt.authority(), zone).zone_id;
    let refused = could_be_executed(attempt.authority(), decided_in, attempt.caller.id(), &subject, attempt.now);
    refused.map_err(|rejection: proposal::Rejection| {
        let faults = rejection.faults().into_iter().map(|fault| {
            let below = fault.pointer.strip_prefix("/payload/changes").or(fault.pointer.strip_prefix("/payload"));
            Fault { pointer: format!("/change{}", below.unwrap_or_default()), ..fault }
        });
        Problem { errors: faults.collect(), ..Problem::of(&rejection) }
    })
}

/// Contests who decides in a zone. Whoever raises it signs first; with enough signatures it becomes a proposal above, which
/// neither the signers nor those whom it is about decide.
#[utoipa::path(post, path = "/zones/{id}/escalations", tag = "escalations", params(("id" = String, Path)), request_body = Petition,
    responses((status = 201, body = EscalationView), (status = "4XX", body = Problem)))]
pub async fn petition(
    State(app): State<Arc<App>>,
    Path(id): Path<String>,
    command: Command<Petition>,
) -> Result<Done, Problem> {
    let Command { envelope, body } = command;
    let zone: ZoneId = id_in_path(&id, "zone")?;
    must_have_words(&body.reason)?;
    app.command(
        &envelope,
        decision!(attempt, [body] => {
            attempt.permit(zone, "escalation.trigger")?;
            could_be_done(attempt, zone, &body.change)?;
            let mut plan = attempt.plan();
            let state = contest_deciders(attempt, &mut plan, zone, body.change.clone(), body.reason.clone()).await?;
            raised(plan, &state)
        }),
    )
    .await
}
