//! Making tokens: `tz_<prefix>_<secret>`, shown once, kept as a digest (SPEC A4).

use aggregates::ids::{OrganizationId, TokenId};
use projections::Statement;

use crate::entropy;
use crate::store::{KeptSecret, keep_token_secret};

/// A token as it is shown, once.
pub struct NewToken {
    /// Its id.
    pub id: TokenId,
    /// Its public part.
    pub prefix: String,
    /// All of it.
    pub token: String,
    /// What is kept of it, outside the log.
    pub kept: Statement,
}

/// Makes a token for someone in an organization.
pub fn new_token(organization: OrganizationId) -> NewToken {
    let id = TokenId(entropy::new_id());
    let prefix = entropy::secret(10);
    let secret = entropy::secret(43);
    let kept = KeptSecret { organization_id: organization, token_id: id.0, secret_sha256: entropy::sha256(&secret) };
    let kept = keep_token_secret(&prefix, &kept);
    NewToken { id, token: format!("tz_{prefix}_{secret}"), prefix, kept }
}

/// Makes the code of an invitation.
pub fn new_invite_code() -> String {
    format!("tzi_{}", entropy::secret(43))
}

/// The two halves of a token.
pub fn halves(token: &str) -> Option<(&str, &str)> {
    let (prefix, secret) = token.strip_prefix("tz_")?.split_once('_')?;
    let plain = |text: &str, longest: usize| {
        !text.is_empty() && text.len() <= longest && text.chars().all(|c| c.is_ascii_alphanumeric())
    };
    (plain(prefix, 32) && plain(secret, 128)).then_some((prefix, secret))
}
