//! `POST /zones/{id}/move`.

use std::sync::Arc;

use aggregates::ids::ZoneId;
use aggregates::zones::Changes;
use axum::extract::{Path, State};
use serde::Deserialize;
use utoipa::ToSchema;

use super::ChangedZone;
use super::change::{change_zone, permit_governing};
use crate::api::request::{Command, id_in_path};
use crate::engine::{App, Done, Problem, decision, permit};

/// Where to.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct Destination {
    /// The new parent; `null` makes it a root.
    #[serde(deserialize_with = "Option::deserialize")]
    parent_zone_id: Option<ZoneId>,
}

/// Moves a zone and everything below it to another parent. What is wider than the new parent allows is refused.
#[utoipa::path(post, path = "/zones/{id}/move", tag = "zones", params(("id" = String, Path)), request_body = Destination,
    responses((status = 200, body = ChangedZone), (status = "4XX", body = Problem)))]
pub async fn relocate(
    State(app): State<Arc<App>>,
    Path(id): Path<String>,
    command: Command<Destination>,
) -> Result<Done, Problem> {
    let Command { envelope, body } = command;
    let id: ZoneId = id_in_path(&id, "zone")?;
    app.command_with_consequences(
        &envelope,
        decision!(attempt, [body] => {
            permit_governing(attempt, id)?;
            match body.parent_zone_id {
                Some(parent) if attempt.authority().tree.zone(parent).is_some() => attempt.permit(parent, "zone.govern")?,
                Some(_) => {}
                None => permit(&attempt.ruling, &attempt.caller, "zone.create")?,
            }
            change_zone(attempt, id, Changes::to_parent(body.parent_zone_id)).await
        }),
    )
    .await
}
