//! `PATCH /zones/{id}`.

use std::sync::Arc;

use aggregates::ids::ZoneId;
use aggregates::policy::apply_patch;
use aggregates::text::Name;
use aggregates::zones::{Changes, Command as Ask, Zones};
use axum::extract::{Path, State};
use serde_json::{Map, Value, json};

use super::{ChangedZone, people_named};
use crate::api::request::{Command, id_in_path};
use crate::engine::{Answer, App, Attempt, Done, Plan, Problem, decision};

/// What a change of a zone may carry: a merge patch (RFC 7396) over what the zone writes.
#[derive(Debug, serde::Deserialize, utoipa::ToSchema)]
#[expect(dead_code, reason = "describes the body; the keys are read by the rule book")]
pub struct ZonePatch {
    name: Option<Name>,
    slug: Option<String>,
    description: Option<String>,
    #[serde(flatten)]
    policies: aggregates::policy::Policies,
}

/// Changes a zone. Absent keys stay, `null` drops a limit of one's own. What decides who decides needs `zone.govern`.
#[utoipa::path(patch, path = "/zones/{id}", tag = "zones", params(("id" = String, Path)), request_body = ZonePatch,
    responses((status = 200, body = ChangedZone), (status = "4XX", body = Problem)))]
pub async fn change(
    State(app): State<Arc<App>>,
    Path(id): Path<String>,
    command: Command<Map<String, Value>>,
) -> Result<Done, Problem> {
    let Command { envelope, body } = command;
    let id: ZoneId = id_in_path(&id, "zone")?;
    app.command(
        &envelope,
        decision!(attempt, [body] => {
            let zone = attempt.authority().tree.zone(id).ok_or_else(|| Problem::not_found("zone"))?;
            let changes = Changes::read(body.clone()).map_err(|fault| Problem::faults(vec![fault]))?;
            if changes.status.is_some() || changes.parent_zone_id.is_some() {
                let key = if changes.status.is_some() { "status" } else { "parent_zone_id" };
                let reason = format!("`{key}` is changed by its own command");
                return Err(Problem::faults(vec![aggregates::Fault::new(format!("/{key}"), "unknown_key", reason)]));
            }
            permit_change(attempt, id, &changes)?;
            let after = apply_patch(&zone.policies, &changes.policies).map_err(Problem::faults)?;
            if after.governing_blocks() != zone.policies.governing_blocks() {
                permit_governing(attempt, id)?;
            }
            people_named(attempt.authority(), &after, &zone.policies)?;
            change_zone(attempt, id, changes).await
        }),
    )
    .await
}

/// Tending needs `zone.write`, governing `zone.govern`; a zone that blocks `zone.write` is changed only by a proposal (SPEC Z9).
fn permit_change(attempt: &Attempt, id: ZoneId, changes: &Changes) -> Result<(), Problem> {
    if changes.governs() {
        permit_governing(attempt, id)?;
    }
    if changes.tends() || !changes.governs() {
        attempt.permit(id, "zone.write")?;
    }
    Ok(())
}

/// Governing needs `zone.govern`, and a zone that does not block `zone.write`, whatever token the caller comes with.
pub fn permit_governing(attempt: &Attempt, id: ZoneId) -> Result<(), Problem> {
    attempt.permit(id, "zone.govern")?;
    attempt.not_blocked(id, "zone.write")
}

/// A plan that changes a zone, and the answer: the zone, and which descendants are bound now.
pub async fn change_zone(attempt: &Attempt, id: ZoneId, changes: Changes) -> Result<(Plan, Answer), Problem> {
    if let Some(zone) = attempt.authority().tree.zone(id) {
        attempt.must_match(zone.version)?;
    }
    let ask = Ask::Change { zone_id: id, changes: Box::new(changes), by_proposal: None, now: attempt.now };
    let mut plan = attempt.plan();
    let tree = plan.decide::<Zones>(&attempt.zone_tree(), ask).await?;
    let after = attempt.with_tree(&tree);
    let zone = tree.zone(id).ok_or_else(|| Problem::not_found("zone"))?;
    Ok((plan, Answer::ok(json!(ChangedZone::seen_by(attempt, &after, zone))).at_version(zone.version)))
}
