//! From a bearer token to a caller.

use std::collections::BTreeSet;
use std::net::IpAddr;

use aggregates::access;
use aggregates::action::Pattern;
use aggregates::ids::{MemberId, OrganizationId, TokenId};
use aggregates::token::Token;
use subtle::ConstantTimeEq;

use super::tokens::halves;
use crate::engine::{App, Caller, Problem};
use crate::entropy::sha256;

/// The caller behind a bearer token. A wrong one counts against the address; too many wrong ones close it for a while.
pub async fn sign_in(app: &App, bearer: &str, address: IpAddr) -> Result<Caller, Problem> {
    let Some(caller) = known(app, bearer).await? else { return Err(failed(app, address)) };
    let credential = caller.token_id.map_or(caller.id().0, |token| token.0);
    match app.limits.requested(credential) {
        Some(seconds) => Err(Problem::too_many("too many requests with this credential", seconds)),
        None => Ok(caller),
    }
}

fn failed(app: &App, address: IpAddr) -> Problem {
    metrics::counter!("trust_zones_sign_ins_failed_total").increment(1);
    match app.limits.failed(address) {
        Some(seconds) => Problem::too_many("too many failed sign-ins from this address", seconds),
        None => Problem::unauthenticated(),
    }
}

async fn known(app: &App, bearer: &str) -> Result<Option<Caller>, Problem> {
    if let Some(caller) = local_owner(app, bearer).await? {
        return Ok(Some(caller));
    }
    let Some((prefix, secret)) = halves(bearer) else { return Ok(None) };
    let Some(kept) = app.secrets.of(&app.log, prefix).await? else { return Ok(None) };
    let token = app.load::<Token>(kept.token_id, false).await?;
    let Some(issued) = &token.state.issued else { return Ok(None) };
    let caller = member(app, kept.organization_id, issued.member_id, Some((issued.id, issued.actions.clone()))).await?;
    let Some(caller) = caller else { return Ok(None) };
    let right = bool::from(sha256(secret).as_bytes().ct_eq(kept.secret_sha256.as_bytes()));
    let reason = match (right, issued.is_valid(app.clock.now())) {
        (true, true) => return Ok(Some(caller)),
        (false, _) => "wrong_secret",
        (true, false) => "expired_or_revoked",
    };
    let fact = access::Event::SignInFailed { token_id: issued.id, reason: reason.to_owned() };
    app.record(&caller, &fact).await;
    Ok(None)
}

/// A token's id, and what it is for.
type Presented = (TokenId, Option<BTreeSet<Pattern>>);

async fn member(
    app: &App,
    organization: OrganizationId,
    id: MemberId,
    token: Option<Presented>,
) -> Result<Option<Caller>, Problem> {
    let ruling = app.ruling(organization).await?;
    let Some(member) = ruling.authority.organization.member(id) else { return Ok(None) };
    let (token_id, scope) = token.map_or((None, None), |(id, scope)| (Some(id), scope));
    Ok(Some(Caller { organization_id: organization, actor: member.actor(), token_id, scope }))
}

/// `LOCAL_AUTH_TOKEN` stands for the first owner of the first organization who is still an owner.
async fn local_owner(app: &App, bearer: &str) -> Result<Option<Caller>, Problem> {
    let Some(local) = &app.config.local_auth_token else { return Ok(None) };
    if !bool::from(sha256(bearer).as_bytes().ct_eq(sha256(local).as_bytes())) {
        return Ok(None);
    }
    let Some(organization) = app.log.first_organization().await? else { return Ok(None) };
    let ruling = app.ruling(organization).await?;
    let Some(owner) = ruling.authority.organization.owners().next() else { return Ok(None) };
    Ok(Some(Caller { organization_id: organization, actor: owner.actor(), token_id: None, scope: None }))
}
