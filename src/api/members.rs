//! `/members`: people, agents and services of an organization.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use aggregates::Fault;
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
use serde_json::json;
use utoipa::{IntoParams, ToSchema};

use super::page::{Page, WantedById};
use super::request::{Command, Fresh, Nothing, Query, Reader, id_in_path, null_or};
use crate::engine::{Answer, App, Attempt, Caller, Done, Plan, Problem, decision, permit};
use crate::entropy;
use crate::store::{Profile, keep_address, keep_name, keep_profile};

/// Someone new.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct NewMember {
    kind: PrincipalKind,
    display_name: Name,
    role: OrganizationRole,
    email: Option<Name>,
    sponsor_id: Option<MemberId>,
    agent_type: Option<Label>,
    #[serde(default, deserialize_with = "null_or")]
    skills: BTreeSet<Label>,
}

/// What may change about someone. `null` removes what may be absent.
#[derive(Debug, Deserialize, ToSchema)]
#[expect(clippy::option_option, reason = "absent, null and given are three different wishes")]
#[serde(deny_unknown_fields)]
pub struct MemberChange {
    /// `null` takes the name away from who has left.
    #[serde(default, deserialize_with = "given")]
    #[schema(value_type = Option<String>)]
    display_name: Option<Option<Name>>,
    #[serde(default, deserialize_with = "given")]
    #[schema(value_type = Option<String>)]
    email: Option<Option<Name>>,
    role: Option<OrganizationRole>,
    #[serde(default, deserialize_with = "given")]
    #[schema(value_type = Option<MemberId>)]
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
    id: MemberId,
    kind: PrincipalKind,
    role: OrganizationRole,
    display_name: Option<String>,
    email: Option<String>,
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
        display_name: profile.map(|profile| profile.display_name.clone()).filter(|name| !name.is_empty()),
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
            Ok((plan, Answer::created(json!(view(member, Some(profile), true)), format!("/api/v1/members/{id}")).at_version(1).about(id)))
        }),
    )
    .await
}

/// Which members to list.
#[derive(Debug, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
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
#[utoipa::path(get, path = "/members", tag = "organizations", params(Which), responses((status = 200, body = Page<MemberView>)))]
pub async fn list(
    State(app): State<Arc<App>>,
    Reader(caller): Reader,
    Query(which): Query<Which>,
) -> Result<Json<Page<MemberView>>, Problem> {
    let wanted = WantedById::read(which.limit, which.cursor.as_deref())?;
    app.fresh_memory(caller.organization_id, which.after).await?;
    let ruling = app.ruling(caller.organization_id).await?;
    let profiles: BTreeMap<MemberId, Profile> =
        app.log.profiles(caller.organization_id, None).await?.into_iter().map(|profile| (profile.member_id, profile)).collect();
    let shows_email = permit(&ruling, &caller, "member.read").is_ok();
    let members = ruling.authority.organization.members();
    let members = members.filter(|member| which.kind.is_none_or(|kind| kind == member.kind));
    let members = members.filter(|member| which.role.is_none_or(|role| role == member.role));
    let show = |member: &Member| view(member, profiles.get(&member.id), shows_email || member.id == caller.id());
    Ok(Json(wanted.page(members.map(|member| (member.id.0, member)), show)))
}

/// Someone in the organization.
#[utoipa::path(get, path = "/members/{id}", tag = "organizations", params(("id" = String, Path), Fresh),
    responses((status = 200, body = MemberView), (status = 404, body = Problem)))]
pub async fn read(
    State(app): State<Arc<App>>,
    Reader(caller): Reader,
    Path(id): Path<String>,
    Query(fresh): Query<Fresh>,
) -> Result<Response, Problem> {
    let id: MemberId = id_in_path(&id, "member")?;
    app.fresh_memory(caller.organization_id, fresh.after).await?;
    let ruling = app.ruling(caller.organization_id).await?;
    let member = ruling.authority.organization.anyone(id).ok_or_else(|| Problem::not_found("member"))?;
    let profile = profile_of(&app, &caller, id).await?;
    let shows_email = id == caller.id() || permit(&ruling, &caller, "member.read").is_ok();
    Ok(Answer::ok(json!(view(member, profile.as_ref(), shows_email))).at_version(member.version).into_response())
}

async fn profile_of(app: &App, caller: &Caller, id: MemberId) -> Result<Option<Profile>, Problem> {
    Ok(app.log.profiles(caller.organization_id, Some(id)).await?.into_iter().next())
}

/// Changes someone. Name and address can also be corrected, and taken away, of who has left.
#[utoipa::path(patch, path = "/members/{id}", tag = "organizations", params(("id" = String, Path)), request_body = MemberChange,
    responses((status = 200, body = MemberView), (status = "4XX", body = Problem)))]
pub async fn change(
    State(app): State<Arc<App>>,
    Path(id): Path<String>,
    command: Command<MemberChange>,
) -> Result<Done, Problem> {
    let Command { envelope, body } = command;
    let id: MemberId = id_in_path(&id, "member")?;
    app.command_with_consequences(&envelope, decision!(attempt, [body] => { changed(attempt, id, body).await })).await
}

impl MemberChange {
    /// Whether it is about more than name and address.
    fn of_standing(&self) -> bool {
        self.role.is_some() || self.sponsor_id.is_some() || self.agent_type.is_some() || self.skills.is_some()
    }

    /// The profile as it is to be, given how it is.
    fn applied_to(&self, known: Profile) -> Profile {
        let text = |wish: &Option<Name>| wish.as_ref().map(ToString::to_string);
        Profile {
            display_name: self.display_name.as_ref().map_or(known.display_name, |name| text(name).unwrap_or_default()),
            email: self.email.as_ref().map_or(known.email, text),
            ..known
        }
    }
}

/// One's own name and address are one's own; everything else, and everyone else, needs `member.write`. A name is taken away
/// only from who has left.
fn may_change<'a>(attempt: &'a Attempt, id: MemberId, body: &MemberChange) -> Result<&'a Member, Problem> {
    attempt.token_must_cover("member.write")?;
    let changes_nothing = role_of(attempt)? == OrganizationRole::Auditor;
    if body.of_standing() || id != attempt.caller.id() || changes_nothing {
        permit(&attempt.ruling, &attempt.caller, "member.write")?;
    }
    let people = &attempt.authority().organization;
    let member = if body.of_standing() { people.member(id) } else { people.anyone(id) };
    let member = member.ok_or_else(|| Problem::not_found("member"))?;
    attempt.not_above(member)?;
    attempt.must_match(member.version)?;
    if member.active && body.display_name == Some(None) {
        let fault = Fault::new("/display_name", "name_needed", "whoever belongs here has a name");
        return Err(Problem::faults(vec![fault]));
    }
    Ok(member)
}

async fn changed(attempt: &Attempt, id: MemberId, body: &MemberChange) -> Result<(Plan, Answer), Problem> {
    may_change(attempt, id, body)?;
    let here = attempt.caller.organization_id;
    let unknown = Profile { member_id: id, display_name: String::new(), email: None };
    let known = profile_of(&attempt.app, &attempt.caller, id).await?.unwrap_or(unknown);
    let profile = body.applied_to(known.clone());
    let mut plan = attempt.plan();
    if body.of_standing() {
        let ask = Ask::ChangeMember {
            id,
            role: body.role,
            sponsor_id: body.sponsor_id,
            agent_type: body.agent_type.clone(),
            skills: body.skills.clone(),
            granted_by: role_of(attempt)?,
            now: attempt.now,
        };
        plan.decide::<Organization>(&attempt.organization(), ask).await?;
    }
    if profile != known {
        let organization = plan.as_planned(attempt.organization());
        plan.decide::<Organization>(&organization, Ask::ChangeProfile { id, now: attempt.now }).await?;
    }
    if profile.display_name != known.display_name {
        plan.beside(keep_name(here, id, &profile.display_name));
    }
    if profile.email != known.email {
        plan.beside(keep_address(here, id, profile.email.clone()));
    }
    let organization = plan.as_planned(attempt.organization());
    let member = organization.state.anyone(id).ok_or_else(|| Problem::not_found("member"))?;
    let version = member.version;
    Ok((plan, Answer::ok(json!(view(member, Some(&profile), true))).at_version(version).about(id)))
}

/// Lets someone go: their tokens are worthless at once, and they leave every open electorate.
#[utoipa::path(delete, path = "/members/{id}", tag = "organizations", params(("id" = String, Path)),
    responses((status = 204, description = "Gone"), (status = "4XX", body = Problem)))]
pub async fn remove(State(app): State<Arc<App>>, Path(id): Path<String>, command: Command<Nothing>) -> Result<Done, Problem> {
    let id: MemberId = id_in_path(&id, "member")?;
    app.command_with_consequences(
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
