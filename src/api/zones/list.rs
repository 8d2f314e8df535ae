//! `GET /zones`.

use std::sync::Arc;

use aggregates::ids::ZoneId;
use aggregates::slug::Slug;
use aggregates::zones::Status;
use axum::Json;
use axum::extract::State;
use serde::Deserialize;
use utoipa::IntoParams;

use super::{ZoneView, view};
use crate::api::page::{Page, WantedById};
use crate::api::request::{Query, Reader};
use crate::api::sight::Sight;
use crate::engine::{App, Problem};

/// Which zones to list.
#[derive(Debug, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
#[serde(deny_unknown_fields)]
pub struct Which {
    limit: Option<u64>,
    cursor: Option<String>,
    status: Option<Status>,
    parent_zone_id: Option<ZoneId>,
    slug: Option<Slug>,
    after: Option<u64>,
}

/// Zones that the caller may read, in the order of creation.
#[utoipa::path(get, path = "/zones", tag = "zones", params(Which), responses((status = 200, body = Page<ZoneView>)))]
pub async fn list(
    State(app): State<Arc<App>>,
    Reader(caller): Reader,
    Query(which): Query<Which>,
) -> Result<Json<Page<ZoneView>>, Problem> {
    let wanted = WantedById::read(which.limit, which.cursor.as_deref())?;
    app.fresh_memory(caller.organization_id, which.after).await?;
    let ruling = app.permitted(&caller, "zone.read").await?;
    let sight = Sight { ruling: &ruling, caller: &caller, now: app.clock.now() };
    let zones = ruling.authority.tree.zones().filter(|zone| sight.reaches(zone.id));
    let zones = zones.filter(|zone| which.status.is_none_or(|status| status == zone.status));
    let zones = zones.filter(|zone| which.parent_zone_id.is_none_or(|parent| zone.parent_zone_id == Some(parent)));
    let zones = zones.filter(|zone| which.slug.as_ref().is_none_or(|slug| *slug == zone.slug));
    let show = |zone| view(caller.organization_id, &ruling.authority, zone);
    Ok(Json(wanted.page(zones.map(|zone| (zone.id.0, zone)), show)))
}
