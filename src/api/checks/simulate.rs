//! `POST /zones/{id}/simulate`: what a policy would have changed.

use std::sync::Arc;

use aggregates::Moment;
use aggregates::action::Pattern;
use aggregates::ids::{MemberId, ZoneId};
use aggregates::permission::{Ask, Authority, Decision, check, speakable};
use aggregates::zones::Changes;
use axum::Json;
use axum::extract::{Path, State};
use axum::http::StatusCode;
use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};
use utoipa::{IntoParams, ToSchema};

use super::imagined::{changed, must_see_parent};
use crate::api::request::{Command, Query, id_in_path};
use crate::engine::{App, Problem, permit_in_zone};
use crate::governance::{Difference, Replay};

/// The most differences that are listed.
const MOST: usize = 1_000;

/// A policy that is thought of, and the period to try it on.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct Proposed {
    /// What would be written to the zone, as a `PATCH` of it would.
    #[schema(value_type = Object)]
    changes: Map<String, Value>,
    /// From when on; from the beginning when absent.
    from: Option<DateTime<Utc>>,
    /// Until when; until now when absent.
    to: Option<DateTime<Utc>>,
}

/// What a policy would have changed.
#[derive(Debug, Serialize, ToSchema)]
pub struct SimulationView {
    zone_id: ZoneId,
    from: DateTime<Utc>,
    to: DateTime<Utc>,
    /// How many decisions were asked for once more.
    replayed: u64,
    /// How many of them would have been others.
    differing: u64,
    /// The first 1,000 of those.
    differences: Vec<Difference>,
    /// Who could do more now.
    gains: Vec<Shift>,
    /// Who could do less now.
    losses: Vec<Shift>,
    /// The position of the log that it rests on.
    position: u64,
}

/// What would be decided otherwise now.
#[derive(Debug, Serialize, ToSchema)]
pub struct Shift {
    principal_id: MemberId,
    /// The action, or a pattern that stands for every other action it covers.
    action: Pattern,
    was: Decision,
    would_be: Decision,
}

/// How fresh.
#[derive(Debug, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
#[serde(deny_unknown_fields)]
pub struct Which {
    after: Option<u64>,
    /// Makes no difference: a simulation only asks.
    #[serde(default)]
    #[expect(dead_code, reason = "accepted like on every command")]
    dry_run: bool,
}

/// Asks everything that was asked in the zone and below it during a period once more, under a policy that is thought of: recorded
/// checks, reservations, uses of grants, and proposals to do work or use up something. Lists what would have been decided
/// otherwise, and who would gain or lose which action now.
#[utoipa::path(post, path = "/zones/{id}/simulate", tag = "checks", params(("id" = String, Path), Which), request_body = Proposed,
    responses((status = 200, body = SimulationView), (status = "4XX", body = Problem)))]
pub async fn simulate(
    State(app): State<Arc<App>>,
    Path(id): Path<String>,
    Query(which): Query<Which>,
    command: Command<Proposed>,
) -> Result<Json<SimulationView>, Problem> {
    let caller = &command.envelope.caller;
    let zone: ZoneId = id_in_path(&id, "zone")?;
    app.fresh_memory(caller.organization_id, which.after).await?;
    let ruling = app.ruling(caller.organization_id).await?;
    let now = app.clock.now();
    permit_in_zone(&ruling, caller, zone, "zone.read", now)?;
    let body = command.body;
    let (from, to) = (body.from.unwrap_or_default(), body.to.unwrap_or(now));
    if from > to {
        let message = "must not lie before `from`";
        return Err(Problem::at(StatusCode::UNPROCESSABLE_ENTITY, "/to", "invalid", message));
    }
    must_see_parent(&ruling, caller, &body.changes, now)?;
    let proposed = changed(&ruling.authority, zone, body.changes.clone(), now)?;
    let changes = Changes::read(body.changes).map_err(|fault| Problem::faults(vec![fault.under("/changes")]))?;
    let mut replay = Replay::under(changes, zone, from, to, MOST);
    app.replay(caller.organization_id, &mut replay).await?;
    let (gains, losses) = moved(&ruling.authority, &proposed, zone, now).await;
    Ok(Json(SimulationView {
        zone_id: zone,
        from,
        to,
        replayed: replay.replayed,
        differing: replay.differing,
        differences: replay.differences,
        gains,
        losses,
        position: ruling.position,
    }))
}

/// Who would gain and who would lose what. Between two members others have their turn.
async fn moved(before: &Authority, after: &Authority, zone: ZoneId, now: Moment) -> (Vec<Shift>, Vec<Shift>) {
    let (mut gains, mut losses) = (Vec::new(), Vec::new());
    let universe: std::collections::BTreeSet<_> = speakable(before, zone).into_iter().chain(speakable(after, zone)).collect();
    let members: Vec<MemberId> = before.organization.members().map(|member| member.id).collect();
    for principal in members {
        for spoken in &universe {
            let asked =
                |authority: &Authority| check(authority, zone, &Ask::plain(principal, spoken.example.clone(), now)).decision;
            let (was, would_be) = (asked(before), asked(after));
            let told = || Shift { principal_id: principal, action: spoken.pattern.clone(), was, would_be };
            match would_be.cmp(&was) {
                std::cmp::Ordering::Greater => gains.push(told()),
                std::cmp::Ordering::Less => losses.push(told()),
                std::cmp::Ordering::Equal => {}
            }
        }
        tokio::task::yield_now().await;
    }
    (gains, losses)
}
