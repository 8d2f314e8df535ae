//! For those who run the service: is it alive, is it ready, what does it measure.

use std::sync::Arc;

use aggregates::actor::Actor;
use aggregates::ids::OrganizationId;
use axum::extract::State;
use axum::http::{StatusCode, header};
use axum::response::{IntoResponse, Response};
use serde::Serialize;
use utoipa::ToSchema;
use uuid::Uuid;

use crate::engine::{App, Problem};
use crate::entropy;
use crate::service::metrics_text;
use crate::store::{Append, Row, trials};

/// Whether the process is alive.
#[utoipa::path(get, path = "/healthz", tag = "operations", responses((status = 200, description = "It is alive", body = String, content_type = "text/plain")))]
pub async fn healthz() -> &'static str {
    "ok"
}

/// Whether commands can be taken and reads are kept up to date.
#[derive(Debug, Serialize, ToSchema)]
pub struct Readiness {
    ready: bool,
    log: OfTheLog,
    projections: OfProjections,
}

/// Whether the log can be used.
#[derive(Debug, Serialize, ToSchema)]
pub struct OfTheLog {
    reads: bool,
    writes: bool,
    /// How far it is, in the one order that followers read.
    position: u64,
}

/// Whether read models are kept up to date.
#[derive(Debug, Serialize, ToSchema)]
pub struct OfProjections {
    /// How far they are, in the one order that followers read.
    position: u64,
    advancing: bool,
    failed: Vec<FailedProjection>,
}

/// A read model that an event made fail.
#[derive(Debug, Serialize, ToSchema)]
pub struct FailedProjection {
    projection: String,
    /// At which event, in the one order that followers read.
    position: u64,
    reason: String,
}

/// Whether commands can be taken and reads are kept up to date.
#[utoipa::path(get, path = "/readyz", tag = "operations",
    responses((status = 200, body = Readiness, description = "It is ready"), (status = 503, body = Readiness, description = "It is not, and why")))]
pub async fn readyz(State(app): State<Arc<App>>) -> Response {
    let failed = failed_projections(&app).await;
    let log_reads = app.log.head().await.is_ok();
    let log_writes = log_writes(&app).await;
    let advancing = app.parts.freshness.views_advance();
    let projections = advancing && failed.as_ref().is_ok_and(Vec::is_empty);
    let ready = log_reads && log_writes && projections;
    let status = if ready { StatusCode::OK } else { StatusCode::SERVICE_UNAVAILABLE };
    let body = Readiness {
        ready,
        log: OfTheLog { reads: log_reads, writes: log_writes, position: app.parts.freshness.log_position() },
        projections: OfProjections {
            position: app.parts.freshness.views_position(),
            advancing,
            failed: failed.unwrap_or_default(),
        },
    };
    (status, axum::Json(body)).into_response()
}

/// What is written to find out whether the log can be written again, in bytes: as much as the largest command. Less might still
/// find room on a disk that is full.
const TRIAL: usize = 2 * 1024 * 1024;

/// Whether the last write of the log succeeded. After one that did not, a trial is written: nobody sends commands to a process that
/// is not ready, so it must find out by itself that the log is back (SPEC L6).
async fn log_writes(app: &App) -> bool {
    // Whoever writes may have come to an end: nobody says anything any more then.
    let written = app.log_health.has_changed().is_ok();
    if !written || *app.log_health.borrow() {
        return written;
    }
    let Ok(_alone) = app.parts.trial.try_lock() else { return false };
    // Apart from what others have handed in: what would fit must not fail for this.
    let filling = entropy::secret(64).repeat(TRIAL / 64);
    if app.log.db().execute(trials::write(&filling)).await.is_err() {
        return false;
    }
    let nothing = Append {
        organization_id: OrganizationId(Uuid::nil()),
        actor: Actor::SYSTEM,
        correlation_id: Uuid::nil(),
        causation_id: Uuid::nil(),
        occurred_at: app.clock.now(),
        writes: Vec::new(),
        guards: Vec::new(),
        link: None,
        answer: None,
        beside: Vec::new(),
    };
    app.writer.append(nothing).await.is_ok()
}

async fn failed_projections(app: &App) -> Result<Vec<FailedProjection>, Problem> {
    let statement = projections::checkpoints::failed();
    let rows = app.views.live().db.rows(statement).await?;
    let read = |row: &Row| {
        let (projection, reason) = (row.text("projection")?, row.text("failure")?);
        Ok(FailedProjection { projection, position: row.number("failed_at")?, reason })
    };
    rows.iter().map(read).collect()
}

/// Measurements, for Prometheus.
#[utoipa::path(get, path = "/metrics", tag = "operations", responses((status = 200, description = "Measurements", body = String, content_type = "text/plain")))]
pub async fn metrics() -> Response {
    ([(header::CONTENT_TYPE, "text/plain; version=0.0.4")], metrics_text()).into_response()
}

/// A path nobody serves.
pub async fn nowhere() -> Problem {
    Problem::not_found("path")
}

/// A path that is served in another way.
pub async fn not_that_way() -> Problem {
    Problem::new(StatusCode::METHOD_NOT_ALLOWED, "method_not_allowed", "this path does not take that method")
}
