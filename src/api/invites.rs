//! `/invites`: joining by invitation.

use std::sync::Arc;

use aggregates::actor::{Actor, OrganizationRole, PrincipalKind};
use aggregates::ids::{InviteId, MemberId};
use aggregates::invite::{Command as Ask, Invite};
use aggregates::organization::{Command as Joining, Organization};
use aggregates::text::Name;
use aggregates::token::{Command as TokenAsk, Token};
use axum::Json;
use axum::extract::State;
use chrono::{DateTime, Duration, Utc};
use projections::invites;
use serde::Deserialize;
use serde_json::{Value, json};
use utoipa::{IntoParams, ToSchema};

use super::page::Wanted;
use super::request::{Address, Body, Command, DryRun, Query, Reader};
use crate::auth::{new_invite_code, new_token};
use crate::engine::{Answer, App, Caller, Done, Envelope, Problem, decision, permit};
use crate::entropy;
use crate::store::{Profile, Row, keep_invite_secret, keep_profile};

/// A new invitation.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct NewInvite {
    role: OrganizationRole,
    /// Seven days from now when absent.
    expires_at: Option<DateTime<Utc>>,
}

/// Taking an invitation up.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct Acceptance {
    code: String,
    display_name: Name,
    email: Option<Name>,
}

/// Invites a person. The answer shows the code, this once.
#[utoipa::path(post, path = "/invites", tag = "organizations", request_body = NewInvite,
    responses((status = 201, description = "Invited; `code` is shown once"), (status = "4XX", body = Problem)))]
pub async fn create(State(app): State<Arc<App>>, command: Command<NewInvite>) -> Result<Done, Problem> {
    let Command { envelope, body } = command;
    let id = InviteId(entropy::new_id());
    let code = new_invite_code();
    app.command(&envelope, decision!(attempt, [body, code] => {
        permit(&attempt.ruling, &attempt.caller, "member.invite")?;
        let own = attempt.authority().organization.member(attempt.caller.id()).ok_or_else(Problem::unauthenticated)?;
        let expires_at = body.expires_at.unwrap_or(attempt.now + Duration::days(7));
        let invite = attempt.load::<Invite>(id).await?;
        let mut plan = attempt.plan();
        plan.decide(&invite, Ask::Create { id, role: body.role, granted_by: own.role, expires_at, now: attempt.now }).await?;
        plan.beside(keep_invite_secret(&entropy::sha256(code), id.0, attempt.caller.organization_id));
        let answer = json!({"id": id, "code": code, "role": body.role, "expires_at": expires_at, "created_at": attempt.now});
        Ok((plan, Answer::created(answer, "/api/v1/invites".to_owned()).showing_once("code")))
    }))
    .await
}

/// Which invitations to list.
#[derive(Debug, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
pub struct Which {
    limit: Option<u64>,
    cursor: Option<String>,
    after: Option<u64>,
}

/// Invitations, newest first, without their codes.
#[utoipa::path(get, path = "/invites", tag = "organizations", params(Which), responses((status = 200, description = "A page of invitations")))]
pub async fn list(
    State(app): State<Arc<App>>,
    Reader(caller): Reader,
    Query(which): Query<Which>,
) -> Result<Json<Value>, Problem> {
    let wanted = Wanted::read(which.limit, which.cursor.as_deref())?;
    app.permitted(&caller, "member.read").await?;
    app.fresh_views(caller.organization_id, which.after).await?;
    let rows = app.views.live().db.rows(invites::page(caller.organization_id, wanted.before(), wanted.one_more())).await?;
    let items = rows.iter().map(|row| {
        let item = json!({
            "id": row.id("invite_id")?, "role": row.text("role")?, "expires_at": row.time("expires_at")?,
            "created_at": row.time("created_at")?, "accepted_by": row.optional("accepted_by", Row::id)?,
        });
        Ok((row.number("position")?, item))
    });
    Ok(Json(wanted.page(items.collect::<Result<_, Problem>>()?)))
}

/// Joins by an invitation, without any other credential. The answer shows the new member's token, this once.
#[utoipa::path(post, path = "/invites/accept", tag = "organizations", params(DryRun), request_body = Acceptance,
    responses((status = 201, description = "Joined; `token` is shown once"), (status = "4XX", body = Problem)))]
pub async fn accept(
    State(app): State<Arc<App>>,
    Address(address): Address,
    Query(asked): Query<DryRun>,
    Body(body): Body<Acceptance>,
) -> Result<Done, Problem> {
    let Some((organization_id, invite_id)) = app.log.invite(&entropy::sha256(&body.code)).await? else {
        let limited = app.limits.failed(address);
        return Err(limited.map_or_else(
            || Problem::not_found("invitation"),
            |wait| Problem::too_many("too many wrong codes from this address", wait),
        ));
    };
    let member_id = MemberId(entropy::new_id());
    let actor = Actor { id: member_id, kind: PrincipalKind::Human };
    let caller = Caller { organization_id, actor, token_id: None, scope: None };
    let envelope = Envelope {
        caller,
        answer_to: None,
        correlation_id: entropy::new_id(),
        key: None,
        if_match: None,
        dry_run: asked.dry_run,
    };
    let profile = Profile { member_id, display_name: body.display_name.to_string(), email: body.email.map(String::from) };
    let new = new_token(organization_id);
    app
        .command(&envelope, decision!(attempt, [new, profile] => {
            let now = attempt.now;
            let mut plan = attempt.plan();
            let invite = attempt.load::<Invite>(invite_id).await?;
            let accepted = plan.decide(&invite, Ask::Accept { member_id, now }).await?;
            let role = accepted.role.ok_or_else(|| Problem::not_found("invitation"))?;
            let joining = Joining::AddMember {
                id: member_id,
                kind: PrincipalKind::Human,
                role,
                sponsor_id: None,
                agent_type: None,
                skills: std::collections::BTreeSet::new(),
                granted_by: OrganizationRole::Owner,
                now,
            };
            plan.decide::<Organization>(&attempt.organization(), joining).await?;
            let name = Name::parse("first token").map_err(|error| Problem::malformed(error.to_string()))?;
            let issue = TokenAsk::Issue { id: new.id, member_id, name, prefix: new.prefix.clone(), expires_at: None, actions: None, now };
            plan.decide(&attempt.load::<Token>(new.id).await?, issue).await?;
            plan.beside(new.kept.clone());
            plan.beside(keep_profile(organization_id, profile));
            let answer = json!({"id": member_id, "organization_id": organization_id, "role": role, "token": new.token});
            Ok((plan, Answer::created(answer, format!("/api/v1/members/{member_id}"))))
        }))
        .await
}
