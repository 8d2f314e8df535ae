//! `/tokens`: API tokens, shown once.

use std::collections::BTreeSet;
use std::sync::Arc;

use aggregates::action::Pattern;
use aggregates::actor::OrganizationRole;
use aggregates::ids::{MemberId, TokenId};
use aggregates::text::Name;
use aggregates::token::{Command as Ask, Issued, Token};
use axum::Json;
use axum::extract::{Path, State};
use axum::http::StatusCode;
use axum::response::{IntoResponse, Response};
use chrono::{DateTime, Utc};
use projections::tokens;
use serde::{Deserialize, Serialize};
use serde_json::json;
use utoipa::{IntoParams, ToSchema};

use super::page::{Page, Wanted};
use super::request::{Command, Fresh, Nothing, Query, Reader, id_in_path};
use crate::auth::new_token;
use crate::engine::{Answer, App, Attempt, Caller, Done, Problem, decision, permit};
use crate::store::{Row, StoreError};

/// A new token.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct NewToken {
    /// Whose; the caller's own when absent.
    member_id: Option<MemberId>,
    name: Name,
    expires_at: Option<DateTime<Utc>>,
    /// What it is for; everything its principal may do when absent.
    actions: Option<BTreeSet<Pattern>>,
}

/// A token, without its secret.
#[derive(Debug, Serialize, ToSchema)]
pub struct TokenView {
    id: TokenId,
    member_id: MemberId,
    name: String,
    /// Its public part, by which it is found.
    prefix: String,
    /// What it is for; everything its principal may do when `null`.
    actions: Option<BTreeSet<Pattern>>,
    expires_at: Option<DateTime<Utc>>,
    created_at: DateTime<Utc>,
    revoked_at: Option<DateTime<Utc>>,
}

impl TokenView {
    fn of(token: &Issued) -> Self {
        Self {
            id: token.id,
            member_id: token.member_id,
            name: token.name.to_string(),
            prefix: token.prefix.clone(),
            actions: token.actions.clone(),
            expires_at: token.expires_at,
            created_at: token.issued_at,
            revoked_at: token.revoked_at,
        }
    }

    fn read(row: &Row) -> Result<Self, StoreError> {
        Ok(Self {
            id: TokenId(row.id("token_id")?),
            member_id: MemberId(row.id("member_id")?),
            name: row.text("name")?,
            prefix: row.text("prefix")?,
            actions: row.optional("actions", Row::read)?,
            expires_at: row.optional("expires_at", Row::time)?,
            created_at: row.time("issued_at")?,
            revoked_at: row.optional("revoked_at", Row::time)?,
        })
    }
}

/// A token that was just issued.
#[derive(Debug, Serialize, ToSchema)]
pub struct NewlyIssued {
    id: TokenId,
    /// The token itself; `null` when the answer is repeated.
    token: Option<String>,
    prefix: String,
    member_id: MemberId,
    name: String,
    expires_at: Option<DateTime<Utc>>,
    actions: Option<BTreeSet<Pattern>>,
    created_at: DateTime<Utc>,
}

/// One's own tokens are one's own business, except an auditor's, who changes nothing; others' need `token.*`. A token never makes one that is for more.
fn may_touch(attempt: &Attempt, owner: MemberId, action: &'static str) -> Result<(), Problem> {
    let own = attempt.authority().organization.member(attempt.caller.id());
    let changes_nothing = own.is_none_or(|own| own.role == OrganizationRole::Auditor);
    if owner == attempt.caller.id() && attempt.caller.scope.is_none() && !changes_nothing {
        return Ok(());
    }
    permit(&attempt.ruling, &attempt.caller, action)
}

fn no_wider_than(caller: &Caller, actions: Option<&BTreeSet<Pattern>>) -> Result<(), Problem> {
    let Some(own) = &caller.scope else { return Ok(()) };
    let included = |asked: &Pattern| own.iter().any(|pattern| pattern.includes(asked));
    if actions.is_some_and(|asked| asked.iter().all(included)) {
        return Ok(());
    }
    Err(Problem::at(
        StatusCode::FORBIDDEN,
        "/actions",
        "wider_than_token",
        "a token cannot make one that is for more than itself",
    ))
}

/// A token that ends one day never makes one that outlives it.
fn no_longer_than(own: Option<DateTime<Utc>>, asked: Option<DateTime<Utc>>) -> Result<(), Problem> {
    let Some(own) = own else { return Ok(()) };
    if asked.is_some_and(|asked| asked <= own) {
        return Ok(());
    }
    Err(Problem::at(
        StatusCode::FORBIDDEN,
        "/expires_at",
        "wider_than_token",
        "a token cannot make one that is good for longer than itself",
    ))
}

/// Issues a token. The answer shows it, this once.
#[utoipa::path(post, path = "/tokens", tag = "organizations", request_body = NewToken,
    responses((status = 201, body = NewlyIssued, description = "Issued; `token` is shown once"), (status = "4XX", body = Problem)))]
pub async fn issue(State(app): State<Arc<App>>, command: Command<NewToken>) -> Result<Done, Problem> {
    let Command { envelope, body } = command;
    let member_id = body.member_id.unwrap_or(envelope.caller.id());
    let new = new_token(envelope.caller.organization_id);
    app.command(
        &envelope,
        decision!(attempt, [body, new] => {
            may_touch(attempt, member_id, "token.issue")?;
            no_wider_than(&attempt.caller, body.actions.as_ref())?;
            no_longer_than(attempt.token_expires_at(), body.expires_at)?;
            let people = &attempt.authority().organization;
            let member = people.member(member_id).ok_or_else(|| Problem::not_found("member"))?;
            attempt.not_above(member)?;
            let token = attempt.load::<Token>(new.id).await?;
            let ask = Ask::Issue {
                id: new.id,
                member_id,
                name: body.name.clone(),
                prefix: new.prefix.clone(),
                expires_at: body.expires_at,
                actions: body.actions.clone(),
                now: attempt.now,
            };
            let mut plan = attempt.plan();
            plan.decide(&token, ask).await?;
            plan.beside(new.kept.clone());
            let issued = NewlyIssued {
                id: new.id,
                token: Some(new.token.clone()),
                prefix: new.prefix.clone(),
                member_id,
                name: body.name.to_string(),
                expires_at: body.expires_at,
                actions: body.actions.clone(),
                created_at: attempt.now,
            };
            let location = format!("/api/v1/tokens/{}", new.id);
            Ok((plan, Answer::created(json!(issued), location).at_version(1).showing_once("token")))
        }),
    )
    .await
}

/// Which tokens to list.
#[derive(Debug, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
#[serde(deny_unknown_fields)]
pub struct Which {
    limit: Option<u64>,
    cursor: Option<String>,
    member_id: Option<MemberId>,
    after: Option<u64>,
}

/// Tokens, newest first, without their secrets: everyone's for those with `token.read`, else one's own.
#[utoipa::path(get, path = "/tokens", tag = "organizations", params(Which), responses((status = 200, body = Page<TokenView>)))]
pub async fn list(
    State(app): State<Arc<App>>,
    Reader(caller): Reader,
    Query(which): Query<Which>,
) -> Result<Json<Page<TokenView>>, Problem> {
    let wanted = Wanted::read(which.limit, which.cursor.as_deref())?;
    app.fresh_views(caller.organization_id, which.after).await?;
    let ruling = app.ruling(caller.organization_id).await?;
    let member = match which.member_id.unwrap_or(caller.id()) {
        own if own == caller.id() => which.member_id.or_else(|| permit(&ruling, &caller, "token.read").err().map(|_| own)),
        other => {
            permit(&ruling, &caller, "token.read")?;
            Some(other)
        }
    };
    let statement = tokens::page(caller.organization_id, member, wanted.before(), wanted.one_more());
    let rows = app.views.live().db.rows(statement).await?;
    let items = rows.iter().map(|row| Ok((row.number("position")?, TokenView::read(row)?)));
    Ok(Json(wanted.page(items.collect::<Result<_, Problem>>()?)))
}

/// One token, without its secret; another's for those with `token.read`.
#[utoipa::path(get, path = "/tokens/{id}", tag = "organizations", params(("id" = String, Path), Fresh),
    responses((status = 200, body = TokenView), (status = "4XX", body = Problem)))]
pub async fn read(
    State(app): State<Arc<App>>,
    Reader(caller): Reader,
    Path(id): Path<String>,
    Query(fresh): Query<Fresh>,
) -> Result<Response, Problem> {
    let id: TokenId = id_in_path(&id, "token")?;
    let token = app.load_fresh::<Token>(caller.organization_id, id, fresh.after).await?;
    let ruling = app.ruling(caller.organization_id).await?;
    let ours = |token: &&Issued| ruling.authority.organization.anyone(token.member_id).is_some();
    let issued = token.state.issued.as_ref().filter(ours).ok_or_else(|| Problem::not_found("token"))?;
    if issued.member_id != caller.id() {
        permit(&ruling, &caller, "token.read")?;
    }
    Ok(Answer::ok(json!(TokenView::of(issued))).at_version(token.sequence).into_response())
}

/// Makes a token worthless, at once.
#[utoipa::path(delete, path = "/tokens/{id}", tag = "organizations", params(("id" = String, Path)),
    responses((status = 204, description = "Worthless now"), (status = "4XX", body = Problem)))]
pub async fn revoke(State(app): State<Arc<App>>, Path(id): Path<String>, command: Command<Nothing>) -> Result<Done, Problem> {
    let id: TokenId = id_in_path(&id, "token")?;
    app.command(
        &command.envelope,
        decision!(attempt, [] => {
            let token = attempt.load::<Token>(id).await?;
            let owner = token.state.issued.as_ref().and_then(|issued| attempt.authority().organization.anyone(issued.member_id));
            let owner = owner.ok_or_else(|| Problem::not_found("token"))?;
            may_touch(attempt, owner.id, "token.revoke")?;
            attempt.not_above(owner)?;
            attempt.must_match(token.sequence)?;
            let mut plan = attempt.plan();
            plan.decide(&token, Ask::Revoke { now: attempt.now }).await?;
            Ok((plan, Answer::nothing()))
        }),
    )
    .await
}
