//! `POST /zones/{id}/{activate|suspend|archive}`.

use std::sync::Arc;

use aggregates::ids::ZoneId;
use aggregates::zones::{Changes, Status};
use axum::extract::{Path, State};

use super::ChangedZone;
use super::change::{change_zone, permit_governing};
use crate::api::request::{Command, Nothing, id_in_path};
use crate::engine::{App, Done, Problem, decision};

async fn switch(app: &Arc<App>, id: &str, command: Command<Nothing>, to: Status) -> Result<Done, Problem> {
    let id: ZoneId = id_in_path(id, "zone")?;
    app.command_with_consequences(
        &command.envelope,
        decision!(attempt, [] => {
            permit_governing(attempt, id)?;
            change_zone(attempt, id, Changes::to_status(to)).await
        }),
    )
    .await
}

/// Puts a zone to work.
#[utoipa::path(post, path = "/zones/{id}/activate", tag = "zones", params(("id" = String, Path)),
    responses((status = 200, body = ChangedZone), (status = "4XX", body = Problem)))]
pub async fn activate(State(app): State<Arc<App>>, Path(id): Path<String>, command: Command<Nothing>) -> Result<Done, Problem> {
    switch(&app, &id, command, Status::Active).await
}

/// Stops a zone and everything below it, for now.
#[utoipa::path(post, path = "/zones/{id}/suspend", tag = "zones", params(("id" = String, Path)),
    responses((status = 200, body = ChangedZone), (status = "4XX", body = Problem)))]
pub async fn suspend(State(app): State<Arc<App>>, Path(id): Path<String>, command: Command<Nothing>) -> Result<Done, Problem> {
    switch(&app, &id, command, Status::Suspended).await
}

/// Stops a zone and everything below it, for ever: open proposals are withdrawn, grants are void.
#[utoipa::path(post, path = "/zones/{id}/archive", tag = "zones", params(("id" = String, Path)),
    responses((status = 200, body = ChangedZone), (status = "4XX", body = Problem)))]
pub async fn archive(State(app): State<Arc<App>>, Path(id): Path<String>, command: Command<Nothing>) -> Result<Done, Problem> {
    switch(&app, &id, command, Status::Archived).await
}
