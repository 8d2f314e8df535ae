//! A zone as clients see it.

use aggregates::ids::{OrganizationId, ZoneId};
use aggregates::permission::Authority;
use aggregates::policy::{Policies, Section};
use aggregates::zones::{Bound, Status, Zone};
use chrono::{DateTime, Utc};
use serde::Serialize;
use serde_json::{Value, json};
use utoipa::ToSchema;

use crate::engine::Problem;

/// A zone, with what it writes of its own (`null` where it writes nothing).
#[derive(Debug, Serialize, ToSchema)]
pub struct ZoneView {
    #[schema(value_type = String)]
    id: ZoneId,
    #[schema(value_type = String)]
    organization_id: OrganizationId,
    #[schema(value_type = Option<String>)]
    parent_zone_id: Option<ZoneId>,
    name: String,
    slug: String,
    description: String,
    status: Status,
    /// Whether it and all its ancestors are active.
    in_force: bool,
    version: u64,
    created_at: DateTime<Utc>,
    updated_at: DateTime<Utc>,
    #[serde(flatten)]
    policies: Policies,
    /// Descendants that write something wider than is allowed now; the limit stands. Only in answers to changes.
    #[serde(skip_serializing_if = "Option::is_none")]
    now_bound: Option<Vec<Bound>>,
}

/// A zone as JSON.
pub fn view(organization: OrganizationId, authority: &Authority, zone: &Zone) -> Value {
    let shown = ZoneView {
        id: zone.id,
        organization_id: organization,
        parent_zone_id: zone.parent_zone_id,
        name: zone.name.to_string(),
        slug: zone.slug.to_string(),
        description: zone.description.to_string(),
        status: zone.status,
        in_force: authority.tree.is_in_force(zone.id),
        version: zone.version,
        created_at: zone.created_at,
        updated_at: zone.updated_at,
        policies: zone.policies.clone(),
        now_bound: None,
    };
    let mut shown = json!(shown);
    if let Value::Object(keys) = &mut shown {
        for section in Section::all() {
            keys.entry(section.to_string()).or_insert(Value::Null);
        }
        keys.entry("sealed").or_insert_with(|| json!([]));
    }
    shown
}

/// Refuses policies that newly name people who are not here: to this organization they do not exist (404).
pub fn people_named(authority: &Authority, policies: &Policies, before: &Policies) -> Result<(), Problem> {
    let mut named = policies.newly_named(before).into_iter();
    match named.find(|(_, id)| authority.organization.member(*id).is_none()) {
        Some((pointer, _)) => Err(Problem::named_nowhere(&pointer, "member")),
        None => Ok(()),
    }
}
