//! `GET /zones/{id}/who-can` and `/what-can`: the check, asked the other way round.

use std::collections::BTreeSet;
use std::sync::Arc;

use aggregates::Moment;
use aggregates::action::{Action, Pattern};
use aggregates::amount::Amount;
use aggregates::ids::{MemberId, ZoneId};
use aggregates::permission::{Ask, Authority, Decision, Reason, check, speakable};
use axum::Json;
use axum::extract::{Path, State};
use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};

use super::imagined::Grounds;
use crate::api::page::{Page, WantedById, refused};
use crate::api::request::{Query, Reader, id_in_path};
use crate::engine::{App, Caller, Problem, permit_in_zone};

/// Who can do what.
#[derive(Debug, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
#[serde(deny_unknown_fields)]
pub struct Who {
    /// What is to be done.
    action: String,
    /// For how much.
    amount: Option<String>,
    /// As it was at this position of the log.
    at_position: Option<u64>,
    limit: Option<u64>,
    cursor: Option<String>,
    after: Option<u64>,
}

/// What whoever can do.
#[derive(Debug, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
#[serde(deny_unknown_fields)]
pub struct What {
    /// Who; the caller when absent.
    principal_id: Option<MemberId>,
    /// As it was at this position of the log.
    at_position: Option<u64>,
    after: Option<u64>,
}

/// Who can.
#[derive(Debug, Serialize, ToSchema)]
pub struct Able {
    #[serde(flatten)]
    page: Page<AbleMember>,
    /// The position of the log that it rests on.
    position: u64,
}

/// Someone who can, or could with an approval.
#[derive(Debug, Serialize, ToSchema)]
pub struct AbleMember {
    principal_id: MemberId,
    decision: Decision,
}

/// What somebody can.
#[derive(Debug, Serialize, ToSchema)]
pub struct Abilities {
    principal_id: MemberId,
    #[serde(flatten)]
    all: Page<Ability>,
    /// The position of the log that it rests on.
    position: u64,
}

/// An action, or a pattern that stands for every other action it covers, and what would be decided.
#[derive(Debug, Serialize, ToSchema)]
pub struct Ability {
    action: Pattern,
    decision: Decision,
    reasons: Vec<Reason>,
}

async fn grounds(
    app: &App,
    caller: &Caller,
    zone: ZoneId,
    after: Option<u64>,
    at_position: Option<u64>,
) -> Result<Grounds, Problem> {
    app.fresh_memory(caller.organization_id, after).await?;
    let ruling = app.ruling(caller.organization_id).await?;
    permit_in_zone(&ruling, caller, zone, "zone.read", app.clock.now())?;
    let grounds = Grounds::at(app, caller, at_position, None).await?;
    if grounds.authority.tree.zone(zone).is_none() {
        return Err(Problem::not_found("zone"));
    }
    Ok(grounds)
}

/// Everyone who may do an action in a zone now, in person, and everyone who may with an approval.
#[utoipa::path(get, path = "/zones/{id}/who-can", tag = "checks", params(("id" = String, Path), Who),
    responses((status = 200, body = Able), (status = "4XX", body = Problem)))]
pub async fn who_can(
    State(app): State<Arc<App>>,
    Reader(caller): Reader,
    Path(id): Path<String>,
    Query(who): Query<Who>,
) -> Result<Json<Able>, Problem> {
    let zone: ZoneId = id_in_path(&id, "zone")?;
    let action = Action::parse(&who.action).map_err(|error| refused("action", &error.to_string()))?;
    let amount = who.amount.as_deref().map(Amount::parse).transpose().map_err(|error| refused("amount", &error.to_string()))?;
    let wanted = WantedById::read(who.limit, who.cursor.as_deref())?;
    let grounds = grounds(&app, &caller, zone, who.after, who.at_position).await?;
    let items = able(&grounds.authority, zone, &action, amount, grounds.now);
    let items = items.into_iter().map(|(principal, decision)| (principal.0, (principal, decision)));
    let page = wanted.page(items, |(principal_id, decision)| AbleMember { principal_id, decision });
    Ok(Json(Able { page, position: grounds.position }))
}

/// Everyone who is not denied, in order of joining.
pub fn able(
    authority: &Authority,
    zone: ZoneId,
    action: &Action,
    amount: Option<Amount>,
    now: Moment,
) -> Vec<(MemberId, Decision)> {
    let members = authority.organization.members().map(|member| member.id);
    let decided = members.map(|member| {
        let ask = Ask { amount, ..Ask::plain(member, action.clone(), now) };
        (member, check(authority, zone, &ask).decision)
    });
    decided.filter(|(_, decision)| *decision != Decision::Deny).collect()
}

/// What a principal may do in a zone, of everything that its policies and roles speak of; the caller, by the token they come with. A
/// pattern stands for every other action it covers.
#[utoipa::path(get, path = "/zones/{id}/what-can", tag = "checks", params(("id" = String, Path), What),
    responses((status = 200, body = Abilities), (status = "4XX", body = Problem)))]
pub async fn what_can(
    State(app): State<Arc<App>>,
    Reader(caller): Reader,
    Path(id): Path<String>,
    Query(what): Query<What>,
) -> Result<Json<Abilities>, Problem> {
    let zone: ZoneId = id_in_path(&id, "zone")?;
    let grounds = grounds(&app, &caller, zone, what.after, what.at_position).await?;
    let principal = what.principal_id.unwrap_or(caller.id());
    if grounds.authority.organization.member(principal).is_none() {
        return Err(Problem::not_found("member"));
    }
    let universe: BTreeSet<_> = speakable(&grounds.authority, zone);
    let items = universe.into_iter().map(|spoken| {
        let via = caller.via_of(principal);
        let answer = check(&grounds.authority, zone, &Ask { via, ..Ask::plain(principal, spoken.example, grounds.now) });
        Ability { action: spoken.pattern, decision: answer.decision, reasons: answer.reasons }
    });
    Ok(Json(Abilities { principal_id: principal, all: Page::whole(items.collect()), position: grounds.position }))
}
