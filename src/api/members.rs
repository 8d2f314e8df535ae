//! `/members`: people, agents and services of an organization.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use aggregates::actor::{OrganizationRole, PrincipalKind};
use aggregates::amount::Quantity;
use aggregates::ids::MemberId;
use aggregates::organization::{Command as Ask, Member, Organization};
use aggregates::text::{Label, Name};
use axum::Json;
use axum::extract::{Path, State};
use axum::response::{IntoResponse, Response};
use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};
use utoipa::{IntoParams, ToSchema};

use super::page::Wanted;
use super::request::{Command, Nothing, Query, Reader, id_in_path};
use crate::engine::{Answer, App, Attempt, Caller, Done, Problem, decision, permit};
use crate::entropy;
use crate::store::{Profile, keep_profile};

/// Someone new.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct NewMember {
    kind: PrincipalKind,
    display_name: Name,
    role: OrganizationRole,
    email: Option<Name>,
    #[schema(value_type = Option<String>)]
    sponsor_id: Option<MemberId>,
    agent_type: Option<Label>,
    #[serde(default)]
    skills: BTreeSet<Label>,
}

/// What may change about someone. `null` removes what may be absent.
#[derive(Debug, Deserialize, ToSchema)]
#[expect(clippy::option_option, reason = "absent, null and given are three different wishes")]
#[serde(deny_unknown_fields)]
pub struct MemberChange {
    display_name: Option<Name>,
    #[serde(default, deserialize_with = "given")]
    #[schema(value_type = Option<String>)]
    email: Option<Option<Name>>,
    role: Option<OrganizationRole>,
    #[serde(default, deserialize_with = "given")]
    #[schema(value_type = Option<String>)]
    sponsor_id: Option<Option<MemberId>>,
    #[serde(default, deserialize_with = "given")]
    #[schema(value_type = Option<String>)]
    agent_type: Option<Option<Label>>,
    skills: Option<BTreeSet<Label>>,
}

/// Tells a key that is `null` from one that is absent.
#[expect(clippy::option_option, reason = "absent, null and given are three different wishes")]
fn given<'de, D: serde::Deserializer<'de>, T: Deserialize<'de>>(deserializer: D) -> Result<Option<Option<T>>, D::Error> {
    Option::deserialize(deserializer).map(Some)
}

/// A member.
#[derive(Debug, Serialize, ToSchema)]
pub struct MemberView {
    #[schema(value_type = String)]
    id: MemberId,
    kind: PrincipalKind,
    role: OrganizationRole,
    display_name: Option<String>,
    email: Option<String>,
    #[schema(value_type = Option<String>)]
    sponsor_id: Option<MemberId>,
    agent_type: Option<Label>,
    skills: BTreeSet<Label>,
    reputation: Quantity,
    active: bool,
    version: u64,
    created_at: DateTime<Utc>,
    updated_at: DateTime<Utc>,
}

/// A member with their profile; the address is for those who run the organization, and for oneself.
pub fn view(member: &Member, profile: Option<&Profile>, shows_email: bool) -> MemberView {
    MemberView {
        id: member.id,
        kind: member.kind,
        role: member.role,
        display_name: profile.map(|profile| profile.display_name.clone()),
        email: profile.and_then(|profile| profile.email.clone()).filter(|_| shows_email),
        sponsor_id: member.sponsor_id,
        agent_type: member.agent_type.clone(),
        skills: member.skills.clone(),
        reputation: member.reputation,
        active: member.active,
        version: member.version,
        created_at: member.added_at,
        updated_at: member.updated_at,
    }
}

fn role_of(attempt: &Attempt) -> Result<OrganizationRole, Problem> {
    let member = attempt.authority().organization.member(attempt.caller.id());
    member.map(|member| member.role).ok_or_else(Problem::unauthenticated)
}

/// Takes someone in.
#[utoipa::path(post, path = "/members", tag = "organizations", request_body = NewMember,
    responses((status = 201, body = MemberView), (status = "4XX", body = Problem)))]
pub async fn add(State(app): State<Arc<App>>, command: Command<NewMember>) -> Result<Done, Problem> {
    let Command { envelope, body } = command;
    let id = MemberId(entropy::new_id());
    let profile = Profile {
        member_id: id,
        display_name: body.display_name.to_string(),
        email: body.email.as_ref().map(ToString::to_string),
    };
    app.command(
        &envelope,
        decision!(attempt, [body, profile] => {
            permit(&attempt.ruling, &attempt.caller, "member.add")?;
            let ask = Ask::AddMember {
                id,
                kind: body.kind,
                role: body.role,
                sponsor_id: body.sponsor_id,
                agent_type: body.agent_type.clone(),
                skills: body.skills.clone(),
                granted_by: role_of(attempt)?,
                now: attempt.now,
            };
            let mut plan = attempt.plan();
            let organization = plan.decide::<Organization>(&attempt.organization(), ask).await?;
            plan.beside(keep_profile(attempt.caller.organization_id, profile));
            let member = organization.member(id).ok_or_else(|| Problem::not_found("member"))?;
            Ok((plan, Answer::created(json!(view(member, Some(profile), true)), format!("/api/v1/members/{id}")).at_version(1)))
        }),
    )
    .await
}

/// Which members to list.
#[derive(Debug, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
pub struct Which {
    limit: Option<u64>,
    cursor: Option<String>,
    kind: Option<PrincipalKind>,
    role: Option<OrganizationRole>,
    /// Accepted on every read; members are always fresh.
    after: Option<u64>,
}

/// Everyone in the organization, in the order of joining.
#[utoipa::path(get, path = "/members", tag = "organizations", params(Which), responses((status = 200, description = "A page of members")))]
pub async fn list(
    State(app): State<Arc<App>>,
    Reader(caller): Reader,
    Query(which): Query<Which>,
) -> Result<Json<Value>, Problem> {
    let wanted = Wanted::read(which.limit, which.cursor.as_deref())?;
    app.fresh_memory(caller.organization_id, which.after).await?;
    let ruling = app.ruling(caller.organization_id).await?;
    let profiles: BTreeMap<MemberId, Profile> =
        app.log.profiles(caller.organization_id, None).await?.into_iter().map(|profile| (profile.member_id, profile)).collect();
    let shows_email = permit(&ruling, &caller, "member.read").is_ok();
    let members = ruling.authority.organization.members();
    let members = members.filter(|member| which.kind.is_none_or(|kind| kind == member.kind));
    let members = members.filter(|member| which.role.is_none_or(|role| role == member.role));
    let views = members.map(|member| view(member, profiles.get(&member.id), shows_email || member.id == caller.id()));
    Ok(Json(wanted.page_of(views)))
}

/// Someone in the organization.
#[utoipa::path(get, path = "/members/{id}", tag = "organizations", params(("id" = String, Path)),
    responses((status = 200, body = MemberView), (status = 404, body = Problem)))]
pub async fn read(State(app): State<Arc<App>>, Reader(caller): Reader, Path(id): Path<String>) -> Result<Response, Problem> {
    let id: MemberId = id_in_path(&id, "member")?;
    let ruling = app.ruling(caller.organization_id).await?;
    let member = ruling.authority.organization.anyone(id).ok_or_else(|| Problem::not_found("member"))?;
    let profile = profile_of(&app, &caller, id).await?;
    let shows_email = id == caller.id() || permit(&ruling, &caller, "member.read").is_ok();
    Ok(Answer::ok(json!(view(member, profile.as_ref(), shows_email))).at_version(member.version).into_response())
}

async fn profile_of(app: &App, caller: &Caller, id: MemberId) -> Result<Option<Profile>, Problem> {
    Ok(app.log.profiles(caller.organization_id, Some(id)).await?.into_iter().next())
}

/// Changes someone.
#[utoipa::path(patch, path = "/members/{id}", tag = "organizations", params(("id" = String, Path)), request_body = MemberChange,
    responses((status = 200, body = MemberView), (status = "4XX", body = Problem)))]
pub async fn change(
    State(app): State<Arc<App>>,
    Path(id): Path<String>,
    command: Command<MemberChange>,
) -> Result<Done, Problem> {
    let Command { envelope, body } = command;
    let id: MemberId = id_in_path(&id, "member")?;
    let known = profile_of(&app, &envelope.caller, id).await?;
    let renamed = body.display_name.is_some() || body.email.is_some();
    let mut profile = known.unwrap_or(Profile { member_id: id, display_name: String::new(), email: None });
    if let Some(name) = &body.display_name {
        profile.display_name = name.to_string();
    }
    if let Some(email) = &body.email {
        profile.email = email.as_ref().map(ToString::to_string);
    }
    let standing_changes =
        body.role.is_some() || body.sponsor_id.is_some() || body.agent_type.is_some() || body.skills.is_some();
    app.command(
        &envelope,
        decision!(attempt, [body, profile] => {
            attempt.token_must_cover("member.write")?;
            let changes_nothing = role_of(attempt)? == OrganizationRole::Auditor;
            if standing_changes || id != attempt.caller.id() || changes_nothing {
                permit(&attempt.ruling, &attempt.caller, "member.write")?;
            }
            let member = attempt.authority().organization.member(id).ok_or_else(|| Problem::not_found("member"))?;
            attempt.must_match(member.version)?;
            let mut plan = attempt.plan();
            let mut organization = attempt.organization().state;
            if standing_changes {
                let ask = Ask::ChangeMember {
                    id,
                    role: body.role,
                    sponsor_id: body.sponsor_id,
                    agent_type: body.agent_type.clone(),
                    skills: body.skills.clone(),
                    granted_by: role_of(attempt)?,
                    now: attempt.now,
                };
                organization = plan.decide::<Organization>(&attempt.organization(), ask).await?;
            }
            if renamed {
                plan.beside(keep_profile(attempt.caller.organization_id, profile));
            }
            let member = organization.member(id).ok_or_else(|| Problem::not_found("member"))?;
            Ok((plan, Answer::ok(json!(view(member, Some(profile), true))).at_version(member.version)))
        }),
    )
    .await
}

/// Lets someone go: their tokens are worthless at once, and they leave every open electorate.
#[utoipa::path(delete, path = "/members/{id}", tag = "organizations", params(("id" = String, Path)),
    responses((status = 204, description = "Gone"), (status = "4XX", body = Problem)))]
pub async fn remove(State(app): State<Arc<App>>, Path(id): Path<String>, command: Command<Nothing>) -> Result<Done, Problem> {
    let id: MemberId = id_in_path(&id, "member")?;
    app.command(
        &command.envelope,
        decision!(attempt, [] => {
            permit(&attempt.ruling, &attempt.caller, "member.remove")?;
            let member = attempt.authority().organization.member(id).ok_or_else(|| Problem::not_found("member"))?;
            attempt.must_match(member.version)?;
            let ask = Ask::RemoveMember { id, granted_by: role_of(attempt)?, now: attempt.now };
            let mut plan = attempt.plan();
            plan.decide::<Organization>(&attempt.organization(), ask).await?;
            Ok((plan, Answer::nothing()))
        }),
    )
    .await
}
