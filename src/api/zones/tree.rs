//! `GET /zones/tree`, `/zones/{id}/children`, `/zones/{id}/ancestry`.

use std::collections::BTreeMap;
use std::sync::Arc;

use aggregates::ids::ZoneId;
use aggregates::zones::{Status, Zone};
use axum::Json;
use axum::extract::{Path, State};
use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};

use super::{ZoneView, view};
use crate::api::page::{Page, WantedById};
use crate::api::request::{Fresh, Query, Reader, id_in_path};
use crate::api::sight::Sight;
use crate::engine::{App, Problem, permit_in_zone};

/// How fresh, and which page.
#[derive(Debug, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
#[serde(deny_unknown_fields)]
pub struct Which {
    limit: Option<u64>,
    cursor: Option<String>,
    after: Option<u64>,
}

/// A zone with what is below it.
#[derive(Debug, Serialize, ToSchema)]
pub struct Branch {
    id: ZoneId,
    parent_zone_id: Option<ZoneId>,
    name: String,
    slug: String,
    status: Status,
    /// Whether it and all its ancestors are active.
    in_force: bool,
    #[schema(no_recursion)]
    children: Vec<Branch>,
}

/// A zone with what is below it; what a zone blocks is blocked below it, so nothing in sight hangs from what is not.
fn branch(sight: &Sight, zone: &Zone) -> Branch {
    let authority = &sight.ruling.authority;
    let children = authority.tree.children(zone.id).filter(|child| sight.reaches(child.id));
    Branch {
        id: zone.id,
        parent_zone_id: zone.parent_zone_id,
        name: zone.name.to_string(),
        slug: zone.slug.to_string(),
        status: zone.status,
        in_force: authority.tree.is_in_force(zone.id),
        children: children.map(|child| branch(sight, child)).collect(),
    }
}

/// All zones that the caller may read, as a tree: each root with its children, theirs, and so on.
#[utoipa::path(get, path = "/zones/tree", tag = "zones", params(Fresh), responses((status = 200, body = Page<Branch>, description = "The roots, each with its children")))]
pub async fn tree(
    State(app): State<Arc<App>>,
    Reader(caller): Reader,
    Query(which): Query<Fresh>,
) -> Result<Json<Page<Branch>>, Problem> {
    app.fresh_memory(caller.organization_id, which.after).await?;
    let ruling = app.permitted(&caller, "zone.read").await?;
    let sight = Sight { ruling: &ruling, caller: &caller, now: app.clock.now() };
    let roots = ruling.authority.tree.zones().filter(|zone| zone.parent_zone_id.is_none() && sight.reaches(zone.id));
    Ok(Json(Page::whole(roots.map(|zone| branch(&sight, zone)).collect())))
}

/// The zones directly below one, in the order of creation.
#[utoipa::path(get, path = "/zones/{id}/children", tag = "zones", params(("id" = String, Path), Which),
    responses((status = 200, body = Page<ZoneView>), (status = 404, body = Problem)))]
pub async fn children(
    State(app): State<Arc<App>>,
    Reader(caller): Reader,
    Path(id): Path<String>,
    Query(which): Query<Which>,
) -> Result<Json<Page<ZoneView>>, Problem> {
    let id: ZoneId = id_in_path(&id, "zone")?;
    let wanted = WantedById::read(which.limit, which.cursor.as_deref())?;
    app.fresh_memory(caller.organization_id, which.after).await?;
    let ruling = app.ruling(caller.organization_id).await?;
    permit_in_zone(&ruling, &caller, id, "zone.read", app.clock.now())?;
    let sight = Sight { ruling: &ruling, caller: &caller, now: app.clock.now() };
    let children = ruling.authority.tree.children(id).filter(|child| sight.reaches(child.id));
    let children: BTreeMap<_, &Zone> = children.map(|zone| (zone.id.0, zone)).collect();
    Ok(Json(wanted.page(children, |zone| view(caller.organization_id, &ruling.authority, zone))))
}

/// The path from the root to a zone, the zone last.
#[utoipa::path(get, path = "/zones/{id}/ancestry", tag = "zones", params(("id" = String, Path), Fresh),
    responses((status = 200, body = Page<ZoneView>, description = "The path, root first"), (status = 404, body = Problem)))]
pub async fn ancestry(
    State(app): State<Arc<App>>,
    Reader(caller): Reader,
    Path(id): Path<String>,
    Query(which): Query<Fresh>,
) -> Result<Json<Page<ZoneView>>, Problem> {
    let id: ZoneId = id_in_path(&id, "zone")?;
    app.fresh_memory(caller.organization_id, which.after).await?;
    let ruling = app.ruling(caller.organization_id).await?;
    permit_in_zone(&ruling, &caller, id, "zone.read", app.clock.now())?;
    let path = ruling.authority.tree.path(id);
    let show = |zone| view(caller.organization_id, &ruling.authority, zone);
    Ok(Json(Page::whole(path.into_iter().map(show).collect())))
}
