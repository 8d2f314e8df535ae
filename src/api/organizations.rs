//! `/organizations`: founding, listing, the current one.

use std::collections::BTreeMap;
use std::sync::Arc;

use aggregates::ids::OrganizationId;
use aggregates::organization::{Command as Ask, Organization, State as OrganizationState};
use aggregates::slug::Slug;
use aggregates::text::Name;
use aggregates::token::Token;
use axum::Json;
use axum::extract::State;
use axum::http::StatusCode;
use axum::response::{IntoResponse, Response};
use chrono::{DateTime, Utc};
use projections::organizations;
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};
use utoipa::{IntoParams, ToSchema};

use super::page::WantedById;
use super::request::{Command, Fresh, Query, Reader};
use crate::engine::{Answer, App, Caller, Done, Problem, decision, permit};
use crate::governance::found;
use crate::store::Profile;

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
    #[schema(value_type = String)]
    id: OrganizationId,
    name: String,
    slug: String,
    created_at: DateTime<Utc>,
    version: u64,
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
    responses((status = 201, body = OrganizationView, description = "Founded; `token` is shown once"), (status = "4XX", body = Problem)))]
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
        let mut answer = json!(view(organization));
        answer["owner_id"] = json!(founded.owner_id);
        answer["token"] = json!(founded.token);
        Answer::created(answer, "/api/v1/organizations/current".to_owned()).at_version(1).showing_once("token")
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
pub struct Page {
    limit: Option<u64>,
    cursor: Option<String>,
    after: Option<u64>,
}

/// The caller's organization and those the caller founded, in the order of founding.
#[utoipa::path(get, path = "/organizations", tag = "organizations", params(Page), responses((status = 200, description = "A page of organizations")))]
pub async fn list(
    State(app): State<Arc<App>>,
    Reader(caller): Reader,
    Query(page): Query<Page>,
) -> Result<Json<Value>, Problem> {
    let wanted = WantedById::read(page.limit, page.cursor.as_deref())?;
    app.fresh_memory(caller.organization_id, page.after).await?;
    let ruling = app.ruling(caller.organization_id).await?;
    app.latest_views().await;
    let views = app.views.live();
    let mut items = BTreeMap::from([(caller.organization_id.0, json!(view(&ruling.authority.organization)))]);
    let mut after = wanted.after();
    loop {
        let founded = organizations::founded_by(caller.id(), OrganizationId(after), wanted.one_more());
        let rows = views.db.rows(founded).await?;
        for row in &rows {
            after = row.id("organization_id")?;
            // Who has been removed from what they founded is told nothing of it.
            if app.ruling(OrganizationId(after)).await?.authority.organization.founder().is_some() {
                let founded = json!({
                    "id": after, "name": row.text("name")?, "slug": row.text("slug")?, "created_at": row.time("founded_at")?,
                });
                items.insert(after, founded);
            }
        }
        if (rows.len() as u64) < wanted.one_more() || items.len() as u64 > wanted.one_more() {
            return Ok(Json(wanted.page(items, |item| item)));
        }
    }
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
