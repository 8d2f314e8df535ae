//! `/organizations`: founding, listing, the current one.

use std::collections::BTreeMap;
use std::sync::Arc;

use aggregates::ids::{MemberId, OrganizationId};
use aggregates::organization::{Command as Ask, Organization, State as OrganizationState};
use aggregates::slug::Slug;
use aggregates::text::Name;
use aggregates::token::Token;
use axum::Json;
use axum::extract::{Path, State};
use axum::http::StatusCode;
use axum::response::{IntoResponse, Response};
use chrono::{DateTime, Utc};
use projections::organizations;
use serde::{Deserialize, Serialize};
use serde_json::json;
use utoipa::{IntoParams, ToSchema};
use uuid::Uuid;

use super::page::{Page, WantedById};
use super::request::{Command, Fresh, Query, Reader, id_in_path};
use crate::engine::{Answer, App, Caller, Done, Problem, decision, permit};
use crate::governance::found;
use crate::store::{Profile, Row};

/// A new organization.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct NewOrganization {
    name: Name,
    slug: Option<Slug>,
}

/// Another name.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct Renamed {
    name: Option<Name>,
    slug: Option<Slug>,
}

/// An organization.
#[derive(Debug, Serialize, ToSchema)]
pub struct OrganizationView {
    id: OrganizationId,
    name: String,
    slug: String,
    created_at: DateTime<Utc>,
    version: u64,
}

/// An organization of the caller's: where they are, or what they founded.
#[derive(Debug, Serialize, ToSchema)]
pub struct Listed {
    id: OrganizationId,
    name: String,
    slug: String,
    created_at: DateTime<Utc>,
    /// Its version; only where the caller is.
    #[serde(skip_serializing_if = "Option::is_none")]
    version: Option<u64>,
}

impl From<OrganizationView> for Listed {
    fn from(own: OrganizationView) -> Self {
        Self { id: own.id, name: own.name, slug: own.slug, created_at: own.created_at, version: Some(own.version) }
    }
}

/// An organization that was just founded.
#[derive(Debug, Serialize, ToSchema)]
pub struct Founded {
    #[serde(flatten)]
    organization: OrganizationView,
    owner_id: MemberId,
    /// The owner's token; `null` when the answer is repeated.
    token: Option<String>,
}

fn view(organization: &OrganizationState) -> Option<OrganizationView> {
    Some(OrganizationView {
        id: organization.id?,
        name: organization.name.as_ref()?.to_string(),
        slug: organization.slug.as_ref()?.to_string(),
        created_at: organization.founded_at?,
        version: organization.version,
    })
}

/// Founds another organization; the caller owns it and gets a token for it, shown once.
#[utoipa::path(post, path = "/organizations", tag = "organizations", request_body = NewOrganization,
    responses((status = 201, body = Founded, description = "Founded; `token` is shown once"), (status = "4XX", body = Problem)))]
pub async fn create(State(app): State<Arc<App>>, command: Command<NewOrganization>) -> Result<Done, Problem> {
    let Command { envelope, body } = command;
    let founder_id = envelope.caller.id();
    app.permitted(&envelope.caller, "organization.create").await?;
    no_wider_than_token(&app, &envelope.caller).await?;
    let profiles = app.log.profiles(envelope.caller.organization_id, Some(founder_id)).await?;
    let unnamed = Profile { member_id: founder_id, display_name: "Owner".to_owned(), email: None };
    let owner = profiles.into_iter().next().unwrap_or(unnamed);
    let slug = body.slug.clone();
    found(&app, body.name, slug, &owner, Some(founder_id), Some(&envelope), |organization, founded| {
        let shown = view(organization).map(|organization| Founded {
            organization,
            owner_id: founded.owner_id,
            token: Some(founded.token.clone()),
        });
        Answer::created(json!(shown), format!("/api/v1/organizations/{}", founded.organization_id))
            .at_version(1)
            .showing_once("token")
    })
    .await
    .map(|(done, _)| done)
}

/// A founder gets a token for everything and without an end: one for less, or for a while, does not found (SPEC A4).
async fn no_wider_than_token(app: &App, caller: &Caller) -> Result<(), Problem> {
    let Some(id) = caller.token_id else { return Ok(()) };
    let ends = app.load::<Token>(id, false).await?.state.issued.as_ref().is_some_and(|issued| issued.expires_at.is_some());
    if caller.scope.is_none() && !ends {
        return Ok(());
    }
    let detail = "a token that is not for everything, or ends one day, cannot found an organization";
    Err(Problem::new(StatusCode::FORBIDDEN, "wider_than_token", detail))
}

/// Which page.
#[derive(Debug, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
#[serde(deny_unknown_fields)]
pub struct Which {
    limit: Option<u64>,
    cursor: Option<String>,
    after: Option<u64>,
}

/// The caller's organization and those the caller founded, in the order of founding.
#[utoipa::path(get, path = "/organizations", tag = "organizations", params(Which), responses((status = 200, body = Page<Listed>)))]
pub async fn list(
    State(app): State<Arc<App>>,
    Reader(caller): Reader,
    Query(page): Query<Which>,
) -> Result<Json<Page<Listed>>, Problem> {
    let wanted = WantedById::read(page.limit, page.cursor.as_deref())?;
    app.fresh_memory(caller.organization_id, page.after).await?;
    let ruling = app.ruling(caller.organization_id).await?;
    app.latest_views().await;
    let views = app.views.live();
    let own = view(&ruling.authority.organization).map(|own| (caller.organization_id.0, own.into()));
    let mut items: BTreeMap<Uuid, Listed> = own.into_iter().collect();
    let mut after = wanted.after();
    loop {
        let next = organizations::founded_by(caller.id(), OrganizationId(after), wanted.one_more());
        let rows = views.db.rows(next).await?;
        for row in &rows {
            after = row.id("organization_id")?;
            if let Some(founded) = founded(&app, row).await? {
                items.insert(after, founded);
            }
        }
        if (rows.len() as u64) < wanted.one_more() || items.len() as u64 > wanted.one_more() {
            return Ok(Json(wanted.page(items, |item| item)));
        }
    }
}

/// An organization as its founder sees it from elsewhere. Who has been removed from what they founded is told nothing of it.
async fn founded(app: &App, row: &Row) -> Result<Option<Listed>, Problem> {
    let id = OrganizationId(row.id("organization_id")?);
    let ruling = app.ruling(id).await?;
    let (name, slug) = (row.text("name")?, row.text("slug")?);
    let shown = Listed { id, name, slug, created_at: row.time("founded_at")?, version: None };
    Ok(ruling.authority.organization.founder().map(|_| shown))
}

/// The caller's organization, or one that the caller founded.
#[utoipa::path(get, path = "/organizations/{id}", tag = "organizations", params(("id" = String, Path), Fresh),
    responses((status = 200, body = Listed), (status = "4XX", body = Problem)))]
pub async fn read_by_id(
    State(app): State<Arc<App>>,
    Reader(caller): Reader,
    Path(id): Path<String>,
    Query(fresh): Query<Fresh>,
) -> Result<Response, Problem> {
    let id: OrganizationId = id_in_path(&id, "organization")?;
    if id == caller.organization_id {
        return read(State(app), Reader(caller), Query(fresh)).await;
    }
    app.fresh_memory(caller.organization_id, fresh.after).await?;
    app.latest_views().await;
    let row = app.views.live().db.row(organizations::founded(id, caller.id())).await?;
    let shown = match row {
        Some(row) => founded(&app, &row).await?,
        None => None,
    };
    shown.map(|shown| Json(shown).into_response()).ok_or_else(|| Problem::not_found("organization"))
}

/// The caller's organization.
#[utoipa::path(get, path = "/organizations/current", tag = "organizations", params(Fresh), responses((status = 200, body = OrganizationView)))]
pub async fn read(
    State(app): State<Arc<App>>,
    Reader(caller): Reader,
    Query(fresh): Query<Fresh>,
) -> Result<Response, Problem> {
    app.fresh_memory(caller.organization_id, fresh.after).await?;
    let ruling = app.ruling(caller.organization_id).await?;
    let organization = &ruling.authority.organization;
    Ok(Answer::ok(json!(view(organization))).at_version(organization.version).into_response())
}

/// Gives the caller's organization another name.
#[utoipa::path(patch, path = "/organizations/current", tag = "organizations", request_body = Renamed,
    responses((status = 200, body = OrganizationView), (status = "4XX", body = Problem)))]
pub async fn change(State(app): State<Arc<App>>, command: Command<Renamed>) -> Result<Done, Problem> {
    let Command { envelope, body } = command;
    app.command(
        &envelope,
        decision!(attempt, [body] => {
            permit(&attempt.ruling, &attempt.caller, "organization.write")?;
            attempt.must_match(attempt.ruling.authority.organization.version)?;
            let mut plan = attempt.plan();
            let ask = Ask::Rename { name: body.name.clone(), slug: body.slug.clone(), now: attempt.now };
            let renamed = plan.decide::<Organization>(&attempt.organization(), ask).await?;
            Ok((plan, Answer::ok(json!(view(&renamed))).at_version(renamed.version)))
        }),
    )
    .await
}
