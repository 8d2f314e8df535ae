//! `/zones`: the tree, with what is open in each zone.

use std::collections::HashMap;

use aggregates::ids::ZoneId;
use aggregates::zones::{Tree, Zone};
use askama::Template;
use projections::desk;

use super::budget::{self, Used};
use crate::web::frame::Frame;
use crate::web::page::{Shown, page};
use crate::web::refusal::Refusal;
use crate::web::shown::{Badge, Html, ZoneName};
use crate::web::visitor::Visitor;
use crate::web::words::{model_name, money, zone_status};

/// A zone in the tree.
struct Branch {
    zone: ZoneName,
    /// How deep, as a number of steps from the left.
    depth: usize,
    description: String,
    status: Badge,
    in_force: bool,
    open: u64,
    people: usize,
    model: String,
    used: Option<Used>,
    budget: Option<(String, Html)>,
}

#[derive(Template)]
#[template(path = "zones.html")]
struct Zones {
    frame: Frame,
    branches: Vec<Branch>,
    may_create: bool,
}

async fn open_by_zone(visitor: &Visitor) -> Result<HashMap<ZoneId, u64>, Refusal> {
    let rows = visitor.app.views.live().db.rows(desk::open_by_zone(visitor.caller.organization_id)).await?;
    let mut open = HashMap::new();
    for row in &rows {
        *open.entry(ZoneId(row.id("zone_id")?)).or_default() += row.number("number")?;
    }
    Ok(open)
}

fn branch(visitor: &Visitor, tree: &Tree, zone: &Zone, depth: usize, open: &HashMap<ZoneId, u64>) -> Branch {
    let effective = tree.effective(zone.id);
    let budget = effective.resource_scope.budget_limit.map(|limit| {
        let by = effective.bound_by.get("/resource_scope/budget_limit").filter(|by| **by != zone.id);
        let by = by.map(|by| visitor.zone(*by).to_string()).unwrap_or_default();
        (money(limit.0.decimal()), Html(by))
    });
    let mut people: Vec<_> = zone.assignments.iter().map(|held| held.member_id).collect();
    people.sort_unstable();
    people.dedup();
    Branch {
        zone: visitor.zone(zone.id),
        depth: depth.min(8),
        description: zone.description.to_string(),
        status: zone_status(zone.status),
        in_force: tree.is_in_force(zone.id),
        open: open.get(&zone.id).copied().unwrap_or(0),
        people: people.len(),
        model: model_name(&effective.decision_model),
        used: budget::own(visitor, zone.id),
        budget,
    }
}

/// `GET /zones`.
pub async fn show(visitor: Visitor) -> Shown {
    visitor.must_everywhere("zone.read")?;
    let open = open_by_zone(&visitor).await?;
    let tree = &visitor.ruling.authority.tree;
    let branches = visitor.zones().into_iter().map(|(zone, depth)| branch(&visitor, tree, zone, depth, &open)).collect();
    let may_create = visitor.may_everywhere("zone.create");
    page(&Zones { frame: visitor.frame("Zones", "zones"), branches, may_create })
}
