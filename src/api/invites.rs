//! `/invites`: joining by invitation.

use std::sync::Arc;

use aggregates::action::Action;
use aggregates::actor::{Actor, OrganizationRole, PrincipalKind};
use aggregates::ids::{InviteId, MemberId, OrganizationId};
use aggregates::invite::{Command as Ask, Invite, State as Invited};
use aggregates::organization::{Command as Joining, Organization};
use aggregates::permission::holds_in_organization;
use aggregates::text::Name;
use aggregates::token::{Command as TokenAsk, Token};
use axum::Json;
use axum::extract::{Path, State};
use axum::http::StatusCode;
use axum::response::{IntoResponse, Response};
use chrono::{DateTime, Duration, Utc};
use projections::invites;
use serde::{Deserialize, Serialize};
use serde_json::json;
use utoipa::{IntoParams, ToSchema};

use super::page::{Page, Wanted};
use super::request::{Address, Body, Command, DryRun, Fresh, Nothing, Query, Reader, id_in_path};
use crate::auth::{new_invite_code, new_token};
use crate::engine::{Answer, App, Attempt, Caller, Done, Envelope, Imagined, Problem, decision, permit};
use crate::entropy;
use crate::store::{Profile, Row, StoreError, keep_invite_secret, keep_profile};

/// A new invitation.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct NewInvite {
    role: OrganizationRole,
    /// Seven days from now when absent, 90 at most; never later than the token by which one invites.
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

/// An invitation, without its code.
#[derive(Debug, Serialize, ToSchema)]
pub struct InviteView {
    id: InviteId,
    role: OrganizationRole,
    expires_at: DateTime<Utc>,
    created_at: DateTime<Utc>,
    /// Who joined by it.
    accepted_by: Option<MemberId>,
    /// Who invited; `null` where an older log does not say.
    invited_by: Option<MemberId>,
    revoked_at: Option<DateTime<Utc>>,
}

impl InviteView {
    fn of(invite: &Invited) -> Option<Self> {
        Some(Self {
            id: invite.id?,
            role: invite.role?,
            expires_at: invite.expires_at?,
            created_at: invite.created_at?,
            accepted_by: invite.accepted_by,
            invited_by: invite.invited_by,
            revoked_at: invite.revoked_at,
        })
    }

    fn read(row: &Row) -> Result<Self, StoreError> {
        Ok(Self {
            id: InviteId(row.id("invite_id")?),
            role: row.word("role")?,
            expires_at: row.time("expires_at")?,
            created_at: row.time("created_at")?,
            accepted_by: row.optional("accepted_by", Row::id)?.map(MemberId),
            invited_by: row.optional("invited_by", Row::id)?.map(MemberId),
            revoked_at: row.optional("revoked_at", Row::time)?,
        })
    }
}

/// An invitation that was just made.
#[derive(Debug, Serialize, ToSchema)]
pub struct Invitation {
    id: InviteId,
    /// What whoever is invited joins with; `null` when the answer is repeated.
    code: Option<String>,
    role: OrganizationRole,
    invited_by: MemberId,
    expires_at: DateTime<Utc>,
    created_at: DateTime<Utc>,
}

/// Who has just joined.
#[derive(Debug, Serialize, ToSchema)]
pub struct Joined {
    id: MemberId,
    organization_id: OrganizationId,
    role: OrganizationRole,
    /// Their first token; `null` when the answer is repeated.
    token: Option<String>,
}

/// Invites a person. The answer shows the code, this once.
#[utoipa::path(post, path = "/invites", tag = "organizations", request_body = NewInvite,
    responses((status = 201, body = Invitation, description = "Invited; `code` is shown once"), (status = "4XX", body = Problem)))]
pub async fn create(State(app): State<Arc<App>>, command: Command<NewInvite>) -> Result<Done, Problem> {
    let Command { envelope, body } = command;
    let id = InviteId(entropy::new_id());
    let code = new_invite_code();
    app.command(&envelope, decision!(attempt, [body, code] => {
        permit(&attempt.ruling, &attempt.caller, "member.invite")?;
        no_wider_than_token(attempt, body.expires_at)?;
        let usual = attempt.now + Duration::days(7);
        let usual = attempt.token_expires_at().map_or(usual, |token| token.min(usual));
        let expires_at = body.expires_at.unwrap_or(usual);
        let (invited_by, granted_by) = (attempt.caller.id(), own_role(attempt)?);
        let invite = attempt.load::<Invite>(id).await?;
        let mut plan = attempt.plan();
        plan.decide(&invite, Ask::Create { id, role: body.role, invited_by, granted_by, expires_at, now: attempt.now }).await?;
        plan.beside(keep_invite_secret(&entropy::sha256(code), id.0, attempt.caller.organization_id));
        let made = Invitation { id, code: Some(code.clone()), role: body.role, invited_by, expires_at, created_at: attempt.now };
        Ok((plan, Answer::created(json!(made), format!("/api/v1/invites/{id}")).at_version(1).showing_once("code")))
    }))
    .await
}

fn own_role(attempt: &Attempt) -> Result<OrganizationRole, Problem> {
    let own = attempt.authority().organization.member(attempt.caller.id());
    own.map(|own| own.role).ok_or_else(Problem::unauthenticated)
}

/// Whoever joins gets a token for everything their role allows: a token for less does not invite, and none invites for longer
/// than it is good itself (SPEC A4).
fn no_wider_than_token(attempt: &Attempt, expires_at: Option<DateTime<Utc>>) -> Result<(), Problem> {
    let wider = |detail: &str| Problem::new(StatusCode::FORBIDDEN, "wider_than_token", detail);
    if attempt.caller.scope.is_some() {
        return Err(wider("a token that is not for everything cannot invite"));
    }
    let too_late = attempt.token_expires_at().zip(expires_at).is_some_and(|(token, invite)| invite > token);
    if too_late { Err(wider("an invitation cannot be good for longer than the token it is made with")) } else { Ok(()) }
}

/// Takes an invitation back: its code is worthless at once. Taking it back again changes nothing.
#[utoipa::path(delete, path = "/invites/{id}", tag = "organizations", params(("id" = String, Path)),
    responses((status = 204, description = "Worthless now"), (status = "4XX", body = Problem)))]
pub async fn revoke(State(app): State<Arc<App>>, Path(id): Path<String>, command: Command<Nothing>) -> Result<Done, Problem> {
    let id: InviteId = id_in_path(&id, "invitation")?;
    if !app.log.has_invite(command.envelope.caller.organization_id, id.0).await? {
        return Err(Problem::not_found("invitation"));
    }
    app.command(
        &command.envelope,
        decision!(attempt, [] => {
            permit(&attempt.ruling, &attempt.caller, "member.invite")?;
            let invite = attempt.load::<Invite>(id).await?;
            attempt.must_match(invite.sequence)?;
            let mut plan = attempt.plan();
            plan.decide(&invite, Ask::Revoke { granted_by: own_role(attempt)?, now: attempt.now }).await?;
            Ok((plan, Answer::nothing()))
        }),
    )
    .await
}

/// Which invitations to list.
#[derive(Debug, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
#[serde(deny_unknown_fields)]
pub struct Which {
    limit: Option<u64>,
    cursor: Option<String>,
    after: Option<u64>,
}

/// Invitations, newest first, without their codes.
#[utoipa::path(get, path = "/invites", tag = "organizations", params(Which), responses((status = 200, body = Page<InviteView>)))]
pub async fn list(
    State(app): State<Arc<App>>,
    Reader(caller): Reader,
    Query(which): Query<Which>,
) -> Result<Json<Page<InviteView>>, Problem> {
    let wanted = Wanted::read(which.limit, which.cursor.as_deref())?;
    app.fresh_views(caller.organization_id, which.after).await?;
    app.permitted(&caller, "member.read").await?;
    let rows = app.views.live().db.rows(invites::page(caller.organization_id, wanted.before(), wanted.one_more())).await?;
    let items = rows.iter().map(|row| Ok((row.number("position")?, InviteView::read(row)?)));
    Ok(Json(wanted.page(items.collect::<Result<_, Problem>>()?)))
}

/// One invitation, without its code.
#[utoipa::path(get, path = "/invites/{id}", tag = "organizations", params(("id" = String, Path), Fresh),
    responses((status = 200, body = InviteView), (status = "4XX", body = Problem)))]
pub async fn read(
    State(app): State<Arc<App>>,
    Reader(caller): Reader,
    Path(id): Path<String>,
    Query(fresh): Query<Fresh>,
) -> Result<Response, Problem> {
    let id: InviteId = id_in_path(&id, "invitation")?;
    if !app.log.has_invite(caller.organization_id, id.0).await? {
        return Err(Problem::not_found("invitation"));
    }
    let invite = app.load_fresh::<Invite>(caller.organization_id, id, fresh.after).await?;
    app.permitted(&caller, "member.read").await?;
    let shown = InviteView::of(&invite.state).ok_or_else(|| Problem::not_found("invitation"))?;
    Ok(Answer::ok(json!(shown)).at_version(invite.sequence).into_response())
}

/// Joins by an invitation, without any other credential. The answer shows the new member's token, this once.
#[utoipa::path(post, path = "/invites/accept", tag = "organizations", params(DryRun), request_body = Acceptance,
    responses((status = 200, body = Imagined, description = "With `dry_run`: what would have been done"), (status = 201, body = Joined, description = "Joined; `token` is shown once"), (status = "4XX", body = Problem)))]
pub async fn accept(
    State(app): State<Arc<App>>,
    Address(address): Address,
    Query(asked): Query<DryRun>,
    Body { key, body }: Body<Acceptance>,
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
        // Whoever joins is somebody new each time it is asked: the answer is kept for the invitation.
        answer_to: Some(MemberId(invite_id)),
        correlation_id: entropy::new_id(),
        key,
        if_match: None,
        dry_run: asked.dry_run,
    };
    let profile =
        Profile { member_id, display_name: body.display_name.to_string(), email: body.email.map(|email| email.to_string()) };
    let new = new_token(organization_id);
    app
        .command(&envelope, decision!(attempt, [new, profile] => {
            let now = attempt.now;
            let mut plan = attempt.plan();
            let invite = attempt.load::<Invite>(invite_id).await?;
            let granted_by = invite.state.invited_by.and_then(|inviter| role_to_grant_by(attempt, inviter));
            let accepted = plan.decide(&invite, Ask::Accept { member_id, granted_by, now }).await?;
            let role = accepted.role.ok_or_else(|| Problem::not_found("invitation"))?;
            let joining = Joining::AddMember {
                id: member_id,
                kind: PrincipalKind::Human,
                role,
                sponsor_id: None,
                agent_type: None,
                skills: std::collections::BTreeSet::new(),
                // Where the log does not say who invited, the invitation itself is what it rests on.
                granted_by: granted_by.unwrap_or(OrganizationRole::Owner),
                now,
            };
            let organization = plan.decide::<Organization>(&attempt.organization(), joining).await?;
            let version = organization.member(member_id).map_or(1, |member| member.version);
            let name = Name::parse("first token").map_err(|error| Problem::malformed(error.to_string()))?;
            let issue = TokenAsk::Issue { id: new.id, member_id, name, prefix: new.prefix.clone(), expires_at: None, actions: None, now };
            plan.decide(&attempt.load::<Token>(new.id).await?, issue).await?;
            plan.beside(new.kept.clone());
            plan.beside(keep_profile(organization_id, profile));
            let joined = Joined { id: member_id, organization_id, role, token: Some(new.token.clone()) };
            Ok((plan, Answer::created(json!(joined), format!("/api/v1/members/{member_id}")).at_version(version).showing_once("token")))
        }))
        .await
}

/// The role of whoever invited, if they are still here and may still invite.
fn role_to_grant_by(attempt: &Attempt, inviter: MemberId) -> Option<OrganizationRole> {
    let invite = Action::parse("member.invite").ok()?;
    let member = attempt.authority().organization.member(inviter)?;
    holds_in_organization(attempt.authority(), inviter, &invite).then_some(member.role)
}
