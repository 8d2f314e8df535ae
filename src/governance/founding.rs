//! Founding an organization: its first owner and the owner's token are one append.

use std::sync::Arc;

use aggregates::actor::{Actor, PrincipalKind};
use aggregates::ids::{MemberId, OrganizationId};
use aggregates::organization::{Command, Organization, State};
use aggregates::slug::Slug;
use aggregates::text::Name;
use aggregates::token::{Command as TokenCommand, Token};

use crate::auth::new_token;
use crate::engine::{Answer, App, Caller, Done, Envelope, Problem, decision};
use crate::entropy;
use crate::store::{Profile, keep_profile};

/// A new organization, its owner, and the owner's token, shown once.
#[derive(Clone, Debug)]
pub struct Founded {
    /// The organization.
    pub organization_id: OrganizationId,
    /// Its owner.
    pub owner_id: MemberId,
    /// The owner's token.
    pub token: String,
}

/// Founds an organization. A request that asks for it is answered under its own key, with what `answer` makes of it.
pub async fn found(
    app: &Arc<App>,
    name: Name,
    slug: Option<Slug>,
    owner: &Profile,
    founder_id: Option<MemberId>,
    asked: Option<&Envelope>,
    answer: impl Fn(&State, &Founded) -> Answer + Send + Sync,
) -> Result<(Done, Founded), Problem> {
    let organization_id = OrganizationId(entropy::new_id());
    let owner_id = MemberId(entropy::new_id());
    let actor = Actor { id: owner_id, kind: PrincipalKind::Human };
    let envelope = Envelope {
        caller: Caller { organization_id, actor, token_id: None, scope: None },
        answer_to: asked.map(|asked| asked.caller.id()),
        correlation_id: asked.map_or_else(entropy::new_id, |asked| asked.correlation_id),
        key: asked.and_then(|asked| asked.key.clone()),
        if_match: None,
        dry_run: asked.is_some_and(|asked| asked.dry_run),
    };
    let slug = slug.unwrap_or_else(|| Slug::from_name(name.as_str(), "organization"));
    let new = new_token(organization_id);
    let founded = Founded { organization_id, owner_id, token: new.token.clone() };
    let done = app
        .command(
            &envelope,
            decision!(attempt, [founded, name, new, slug, answer] => {
                let now = attempt.now;
                let mut plan = attempt.plan();
                // The very first organization is founded by nobody.
                if let Some(asked) = asked.filter(|_| founder_id.is_some()) {
                    attempt.rests_on(&mut plan, &asked.caller, "organization.create").await?;
                }
                let (name, slug) = (name.clone(), slug.clone());
                let ask = Command::Found { id: organization_id, name, slug, owner_id, founder_id, now };
                let organization = plan.decide::<Organization>(&attempt.organization(), ask).await?;
                let token = attempt.load::<Token>(new.id).await?;
                let issue = TokenCommand::Issue {
                    id: new.id,
                    member_id: owner_id,
                    name: Name::parse("first token").map_err(|error| Problem::malformed(error.to_string()))?,
                    prefix: new.prefix.clone(),
                    expires_at: None,
                    actions: None,
                    now,
                };
                plan.decide(&token, issue).await?;
                plan.beside(new.kept.clone());
                plan.beside(keep_profile(organization_id, &Profile { member_id: owner_id, ..owner.clone() }));
                Ok((plan, answer(&organization, founded)))
            }),
        )
        .await?;
    Ok((done, founded))
}
