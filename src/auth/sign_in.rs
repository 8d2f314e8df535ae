//! From a bearer token to a caller.

use std::net::IpAddr;

use aggregates::access;
use aggregates::actor::{Actor, OrganizationRole};
use aggregates::ids::OrganizationId;
use aggregates::token::{self, Token};
use subtle::ConstantTimeEq;

use super::tokens::halves;
use crate::engine::{App, Caller, Problem};
use crate::entropy::sha256;

/// The caller behind a bearer token. A wrong one counts against the address: after too many, wrong ones are
/// refused unseen for a while. The right one is never held up by others.
pub async fn sign_in(app: &App, bearer: &str, address: IpAddr) -> Result<Caller, Problem> {
    let caller = match known(app, bearer).await? {
        Presented::Right(caller) => caller,
        Presented::Wrong(failure) => return Err(failed(app, address, failure).await),
    };
    let credential = caller.token_id.map_or(caller.id().0, |token| token.0);
    match app.limits.requested(credential) {
        Some(seconds) => Err(Problem::too_many("too many requests with this credential", seconds)),
        None => Ok(caller),
    }
}

/// Puts a failure on record as far as the address may fail at all: the log does not grow with someone's patience.
async fn failed(app: &App, address: IpAddr, failure: Option<(OrganizationId, access::Event)>) -> Problem {
    metrics::counter!("trust_zones_sign_ins_failed_total").increment(1);
    if let Some(seconds) = app.limits.failed(address) {
        return Problem::too_many("too many failed sign-ins from this address", seconds);
    }
    if let Some((organization_id, fact)) = failure {
        let nobody = Caller { organization_id, actor: Actor::SYSTEM, token_id: None, scope: None };
        app.record_refusal(&nobody, &fact).await;
    }
    Problem::unauthenticated()
}

/// What a bearer token turns out to be.
enum Presented {
    /// Someone's.
    Right(Caller),
    /// Nobody's; with what to put on record where the token is known.
    Wrong(Option<(OrganizationId, access::Event)>),
}

async fn known(app: &App, bearer: &str) -> Result<Presented, Problem> {
    if app.config.local_auth_token.is_some()
        && let Some(caller) = local_owner(app, &sha256(bearer)).await?
    {
        return Ok(Presented::Right(caller));
    }
    let nobody = Ok(Presented::Wrong(None));
    let Some((prefix, secret)) = halves(bearer) else { return nobody };
    let Some(kept) = app.secrets.of(&app.log, prefix).await? else { return nobody };
    let token = app.load::<Token>(kept.token_id, false).await?;
    let Some(issued) = &token.state.issued else { return nobody };
    let right = bool::from(sha256(secret).as_bytes().ct_eq(kept.secret_sha256.as_bytes()));
    let ruling = app.ruling(kept.organization_id).await?;
    let left = ruling.authority.organization.member(issued.member_id).is_none();
    let reason = match (right, caller_by_token(app, kept.organization_id, &token.state).await?) {
        (true, Some(caller)) => return Ok(Presented::Right(caller)),
        (false, _) => "wrong_secret",
        (true, None) if left => "member_left",
        (true, None) => "expired_or_revoked",
    };
    let fact = access::Event::SignInFailed { token_id: issued.id, reason: reason.to_owned() };
    Ok(Presented::Wrong(Some((kept.organization_id, fact))))
}

/// The caller that a token makes of whoever holds it, while it holds and its member belongs here.
pub(super) async fn caller_by_token(
    app: &App,
    organization_id: OrganizationId,
    token: &token::State,
) -> Result<Option<Caller>, Problem> {
    let Some(issued) = token.issued.as_ref().filter(|issued| issued.is_valid(app.clock.now())) else { return Ok(None) };
    let ruling = app.ruling(organization_id).await?;
    let member = ruling.authority.organization.member(issued.member_id);
    let scope = issued.actions.clone();
    Ok(member.map(|member| Caller { organization_id, actor: member.actor(), token_id: Some(issued.id), scope }))
}

/// `LOCAL_AUTH_TOKEN` (here by its digest) stands for the first owner of the first organization, as long as they own it: never for
/// somebody else, in whose name it would act.
pub(super) async fn local_owner(app: &App, presented_sha256: &str) -> Result<Option<Caller>, Problem> {
    let Some(local) = &app.config.local_auth_token else { return Ok(None) };
    if !bool::from(presented_sha256.as_bytes().ct_eq(sha256(local).as_bytes())) {
        return Ok(None);
    }
    let Some(organization) = app.log.first_organization().await? else { return Ok(None) };
    let ruling = app.ruling(organization).await?;
    let founder = ruling.authority.organization.founder().filter(|founder| founder.role == OrganizationRole::Owner);
    let Some(owner) = founder else { return Ok(None) };
    Ok(Some(Caller { organization_id: organization, actor: owner.actor(), token_id: None, scope: None }))
}
