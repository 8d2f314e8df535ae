//! Browsers that are signed in. Only a digest of what the browser holds is kept, and which tokens stand behind it.

use aggregates::Moment;
use aggregates::ids::{OrganizationId, TokenId};
use projections::Statement;

use super::error::StoreError;
use super::log::Log;
use super::row::Row;

/// What stands behind a sign-in.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Credential {
    /// An API token.
    Token(TokenId),
    /// The local owner's token, by its digest: when it is set to another, whoever used it is signed out.
    Local(String),
}

/// A sign-in to one organization.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SignIn {
    /// Where.
    pub organization_id: OrganizationId,
    /// By what.
    pub credential: Credential,
}

/// A browser that is signed in to one or more organizations.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct KeptSession {
    /// SHA-256 of what the browser holds.
    pub sha256: String,
    /// Which organization it is looking at.
    pub current: OrganizationId,
    /// When it ends by itself.
    pub expires_at: Moment,
    /// Where it is signed in, in the order of signing in.
    pub sign_ins: Vec<SignIn>,
}

impl KeptSession {
    /// The sign-in to the organization it is looking at.
    pub fn current_sign_in(&self) -> Option<&SignIn> {
        self.sign_ins.iter().find(|known| known.organization_id == self.current)
    }
}

fn sign_in(row: &Row) -> Result<SignIn, StoreError> {
    let credential = match row.optional("token_id", Row::id)? {
        Some(id) => Credential::Token(TokenId(id)),
        None => Credential::Local(row.text("local_sha256")?),
    };
    Ok(SignIn { organization_id: OrganizationId(row.id("organization_id")?), credential })
}

impl Log {
    /// The session with this digest, unless it has ended by itself.
    pub async fn session(&self, sha256: &str, now: Moment) -> Result<Option<KeptSession>, StoreError> {
        let statement = Statement::new(
            "SELECT s.organization_id AS current_id, s.expires_at, i.organization_id, i.token_id, i.local_sha256
             FROM browser_sessions s JOIN browser_sign_ins i ON i.session_sha256 = s.session_sha256
             WHERE s.session_sha256 = $1 AND s.expires_at > $2 ORDER BY i.signed_in_at, i.organization_id",
        );
        let rows = self.db().rows(statement.bind(sha256).bind(now)).await?;
        let Some(first) = rows.first() else { return Ok(None) };
        Ok(Some(KeptSession {
            sha256: sha256.to_owned(),
            current: OrganizationId(first.id("current_id")?),
            expires_at: first.time("expires_at")?,
            sign_ins: rows.iter().map(sign_in).collect::<Result<_, _>>()?,
        }))
    }

    /// Keeps a session in the place of `before`, and forgets those that have ended by themselves.
    pub async fn keep_session(&self, session: &KeptSession, before: Option<&str>, now: Moment) -> Result<(), StoreError> {
        let mut tx = self.db().begin().await?;
        tx.execute(Statement::new("DELETE FROM browser_sessions WHERE expires_at <= $1").bind(now)).await?;
        if let Some(before) = before {
            tx.execute(Statement::new("DELETE FROM browser_sessions WHERE session_sha256 = $1").bind(before)).await?;
        }
        let kept = Statement::new(
            "INSERT INTO browser_sessions (session_sha256, organization_id, opened_at, expires_at) VALUES ($1, $2, $3, $4)",
        );
        let kept = kept.bind(session.sha256.as_str()).bind(session.current).bind(now).bind(session.expires_at);
        tx.execute(kept).await?;
        for known in &session.sign_ins {
            let (token, local) = match &known.credential {
                Credential::Token(id) => (Some(*id), None),
                Credential::Local(sha256) => (None, Some(sha256.clone())),
            };
            let kept = Statement::new(
                "INSERT INTO browser_sign_ins (session_sha256, organization_id, token_id, local_sha256, signed_in_at)
                 VALUES ($1, $2, $3, $4, $5)",
            );
            tx.execute(kept.bind(session.sha256.as_str()).bind(known.organization_id).bind(token).bind(local).bind(now))
                .await?;
        }
        tx.commit().await
    }

    /// Makes a session look at another organization it is signed in to.
    pub async fn switch_session(&self, sha256: &str, to: OrganizationId) -> Result<(), StoreError> {
        let statement = Statement::new(
            "UPDATE browser_sessions SET organization_id = $2 WHERE session_sha256 = $1 AND EXISTS
                 (SELECT 1 FROM browser_sign_ins i WHERE i.session_sha256 = $1 AND i.organization_id = $2)",
        );
        self.db().execute(statement.bind(sha256).bind(to)).await
    }

    /// Ends a session.
    pub async fn end_session(&self, sha256: &str) -> Result<(), StoreError> {
        self.db().execute(Statement::new("DELETE FROM browser_sessions WHERE session_sha256 = $1").bind(sha256)).await
    }
}
