//! `POST /zones`.

use std::sync::Arc;

use aggregates::ids::ZoneId;
use aggregates::policy::{Policies, apply_patch};
use aggregates::slug::Slug;
use aggregates::text::{Name, Prose};
use aggregates::zones::{Command as Ask, Status, Zones};
use axum::extract::State;
use serde::Deserialize;
use serde_json::{Map, Value, json};
use utoipa::ToSchema;

use super::{ZoneView, people_named, view};
use crate::api::request::Command;
use crate::engine::{Answer, App, Attempt, Done, Problem, decision, permit};
use crate::entropy;

/// A new zone: these keys, the ten policy objects and `sealed`.
#[derive(Debug, Deserialize, ToSchema)]
pub struct NewZone {
    name: Name,
    slug: Option<Slug>,
    description: Option<Prose>,
    /// A root when absent.
    parent_zone_id: Option<ZoneId>,
    /// `draft` or `active`; active when absent.
    status: Option<Status>,
    #[serde(flatten)]
    #[schema(value_type = Policies)]
    policies: Map<String, Value>,
}

/// Below a zone one needs `zone.create` there; for a root, in the organization.
fn may_create(attempt: &Attempt, parent: Option<ZoneId>) -> Result<(), Problem> {
    let Some(parent) = parent else { return permit(&attempt.ruling, &attempt.caller, "zone.create") };
    if attempt.authority().tree.zone(parent).is_none() {
        return Err(Problem::named_nowhere("/parent_zone_id", "parent"));
    }
    attempt.permit(parent, "zone.create")
}

/// Makes a zone. A limit wider than the parent's effective one is refused (`wider_than_parent`).
#[utoipa::path(post, path = "/zones", tag = "zones", request_body = NewZone,
    responses((status = 201, body = ZoneView), (status = "4XX", body = Problem)))]
pub async fn create(State(app): State<Arc<App>>, command: Command<NewZone>) -> Result<Done, Problem> {
    let Command { envelope, body } = command;
    let policies = apply_patch(&Policies::default(), &body.policies).map_err(Problem::faults)?;
    let id = ZoneId(entropy::new_id());
    app.command(
        &envelope,
        decision!(attempt, [body, policies] => {
            may_create(attempt, body.parent_zone_id)?;
            people_named(attempt.authority(), policies, &Policies::default())?;
            let ask = Ask::Create {
                id,
                parent_zone_id: body.parent_zone_id,
                name: body.name.clone(),
                slug: body.slug.clone(),
                description: body.description.clone().unwrap_or_else(Prose::none),
                status: body.status.unwrap_or(Status::Active),
                policies: Box::new(policies.clone()),
                now: attempt.now,
            };
            let mut plan = attempt.plan();
            let tree = plan.decide::<Zones>(&attempt.zone_tree(), ask).await?;
            let after = attempt.with_tree(&tree);
            let zone = tree.zone(id).ok_or_else(|| Problem::not_found("zone"))?;
            let shown = view(attempt.caller.organization_id, &after, zone);
            Ok((plan, Answer::created(json!(shown), format!("/api/v1/zones/{id}")).at_version(zone.version)))
        }),
    )
    .await
}
