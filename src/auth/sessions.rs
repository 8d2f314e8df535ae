//! Browser sessions (SPEC A6): what a browser holds is a secret of its own; what it may do is what the token may that it
//! signed in with, asked of the token every time.

use std::net::IpAddr;

use aggregates::ids::OrganizationId;
use aggregates::token::Token;
use chrono::Duration;

use super::sign_in::{caller_by_token, local_owner, sign_in};
use crate::engine::{App, Caller, Problem};
use crate::entropy;
use crate::store::{Credential, KeptSession, SignIn};

/// How long a session lasts at most, however good its token is.
const DAYS: i64 = 7;

/// A session that has just been opened: what the browser is to hold, and until when.
pub struct Opened {
    /// The secret.
    pub secret: String,
    /// Seconds until it ends by itself.
    pub seconds: i64,
}

/// The session behind what a browser holds.
pub async fn session(app: &App, secret: &str) -> Result<Option<KeptSession>, Problem> {
    if secret.len() > 128 {
        return Ok(None);
    }
    Ok(app.log.session(&entropy::sha256(secret), app.clock.now()).await?)
}

/// Whoever a sign-in makes of a browser; nobody once the token is revoked or expired, or its member has left.
pub async fn caller_behind(app: &App, sign_in: &SignIn) -> Result<Option<Caller>, Problem> {
    match &sign_in.credential {
        Credential::Local(sha256) => local_owner(app, sha256).await,
        Credential::Token(id) => {
            let token = app.load::<Token>(*id, false).await?;
            caller_by_token(app, sign_in.organization_id, &token.state).await
        }
    }
}

/// The same, counted as a request of its credential.
pub async fn visiting(app: &App, session: &KeptSession) -> Result<Option<Caller>, Problem> {
    let Some(sign_in) = session.current_sign_in() else { return Ok(None) };
    let Some(caller) = caller_behind(app, sign_in).await? else { return Ok(None) };
    let credential = caller.token_id.map_or(caller.id().0, |token| token.0);
    match app.limits.requested(credential) {
        Some(seconds) => Err(Problem::too_many("too many requests with this credential", seconds)),
        None => Ok(Some(caller)),
    }
}

/// Signs a browser in with a token, beside the organizations it is signed in to already. It holds a new secret from then on.
pub async fn open(app: &App, token: &str, address: IpAddr, before: Option<KeptSession>) -> Result<Opened, Problem> {
    let caller = sign_in(app, token, address).await?;
    let credential = match caller.token_id {
        Some(id) => Credential::Token(id),
        None => Credential::Local(entropy::sha256(token)),
    };
    let signed_in = SignIn { organization_id: caller.organization_id, credential };
    let kept = before.as_ref().map(|before| before.sign_ins.as_slice()).unwrap_or_default();
    let others = kept.iter().filter(|known| known.organization_id != signed_in.organization_id).cloned();
    let now = app.clock.now();
    let secret = entropy::secret(43);
    let session = KeptSession {
        sha256: entropy::sha256(&secret),
        current: signed_in.organization_id,
        expires_at: now + Duration::days(DAYS),
        sign_ins: others.chain([signed_in.clone()]).collect(),
    };
    app.log.keep_session(&session, before.as_ref().map(|before| before.sha256.as_str()), now).await?;
    Ok(Opened { secret, seconds: Duration::days(DAYS).num_seconds() })
}

/// Makes a session look at another organization it is signed in to.
pub async fn switch(app: &App, session: &KeptSession, to: OrganizationId) -> Result<(), Problem> {
    if session.sign_ins.iter().all(|known| known.organization_id != to) {
        return Err(Problem::not_found("organization"));
    }
    Ok(app.log.switch_session(&session.sha256, to).await?)
}

/// Ends a session.
pub async fn close(app: &App, session: &KeptSession) -> Result<(), Problem> {
    Ok(app.log.end_session(&session.sha256).await?)
}
