//! `POST /proposals/{id}/comments`.

use std::sync::Arc;

use aggregates::actor::OrganizationRole;
use aggregates::ids::{CommentId, MemberId, ProposalId};
use aggregates::proposal::{Command as Deciding, Proposal};
use aggregates::text::Prose;
use axum::extract::{Path, State};
use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};
use serde_json::json;
use utoipa::ToSchema;

use super::in_organization;
use crate::api::request::{Command, id_in_path};
use crate::engine::{Answer, App, Done, Problem, decision};
use crate::entropy;
use crate::governance::deciding;

/// Something to say.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct NewComment {
    text: Prose,
}

/// What was said.
#[derive(Debug, Serialize, ToSchema)]
pub struct Said {
    id: CommentId,
    proposal_id: ProposalId,
    author_id: MemberId,
    text: Prose,
    created_at: DateTime<Utc>,
}

/// Says something about a proposal; whoever may read it may, except auditors, who change nothing.
#[utoipa::path(post, path = "/proposals/{id}/comments", tag = "proposals", params(("id" = String, Path)), request_body = NewComment,
    responses((status = 201, body = Said), (status = "4XX", body = Problem)))]
pub async fn comment(
    State(app): State<Arc<App>>,
    Path(id): Path<String>,
    command: Command<NewComment>,
) -> Result<Done, Problem> {
    let Command { envelope, body } = command;
    let proposal_id: ProposalId = id_in_path(&id, "proposal")?;
    let id = CommentId(entropy::new_id());
    if body.text.is_empty() {
        return Err(Problem::faults(vec![aggregates::Fault::new("/text", "invalid", "must not be empty")]));
    }
    app.command(
        &envelope,
        decision!(attempt, [body] => {
            let (loaded, zone) = in_organization(attempt, proposal_id).await?;
            attempt.must_see(zone)?;
            attempt.token_must_cover("proposal.comment")?;
            attempt.not_blocked(zone, "proposal.comment")?;
            let author_id = attempt.caller.id();
            let member = attempt.authority().organization.member(author_id);
            if member.is_none_or(|member| member.role == OrganizationRole::Auditor) {
                return Err(Problem::forbidden("proposal.comment"));
            }
            attempt.must_match(loaded.sequence)?;
            let say = Deciding::Comment { id, author_id, text: body.text.clone(), now: attempt.now };
            let (plan, _) = deciding(attempt, &loaded, vec![say]).await?;
            let said = Said { id, proposal_id, author_id, text: body.text.clone(), created_at: attempt.now };
            let version = plan.sequence_after::<Proposal>(proposal_id, loaded.sequence);
            Ok((plan, Answer::created(json!(said), format!("/api/v1/proposals/{proposal_id}")).at_version(version)))
        }),
    )
    .await
}
