//! What the pages of one zone have in common: where it is, how it stands, and the ways between them.

use aggregates::ids::ZoneId;
use aggregates::zones::{Tree, Zone};

use crate::web::refusal::Refusal;
use crate::web::shown::{Badge, Id, ZoneName};
use crate::web::visitor::Visitor;
use crate::web::words::zone_status;

/// A way to another page of the zone.
pub struct Tab {
    /// What it is called.
    pub name: &'static str,
    /// Where it is.
    pub address: String,
    /// Whether it is this page.
    pub current: bool,
}

/// The head of a zone's pages.
pub struct Head {
    /// Its id.
    pub id: String,
    /// Its id, to copy.
    pub id_shown: Id,
    /// Its name.
    pub name: String,
    /// What it is for.
    pub description: String,
    /// Its own status.
    pub status: Badge,
    /// The zone above that keeps it out of force.
    pub stopped_by: Option<(ZoneName, String)>,
    /// The zones above, the root first.
    pub above: Vec<ZoneName>,
    /// The other pages.
    pub tabs: Vec<Tab>,
}

/// The zone with this id, if the visitor may look at it.
pub fn zone_at<'a>(visitor: &'a Visitor, id: &str) -> Result<&'a Zone, Refusal> {
    let id: ZoneId = id.parse().map_err(|_| Refusal::not_found("zone"))?;
    visitor.must(id, "zone.read")?;
    visitor.ruling.authority.tree.zone(id).ok_or_else(|| Refusal::not_found("zone"))
}

/// The head of a zone's pages, one of which is `current`.
pub fn head(visitor: &Visitor, tree: &Tree, zone: &Zone, current: &str) -> Head {
    let address = format!("/zones/{}", zone.id);
    let tab = |name: &'static str, below: &str| Tab { name, address: format!("{address}{below}"), current: name == current };
    let stopped = tree.not_in_force_because_of(zone.id).filter(|stopper| stopper.id != zone.id);
    let path = tree.path(zone.id);
    let above = path.split_last().map_or(&[][..], |(_, above)| above);
    Head {
        id: zone.id.to_string(),
        id_shown: Id(zone.id.to_string()),
        name: zone.name.to_string(),
        description: zone.description.to_string(),
        status: zone_status(zone.status),
        stopped_by: stopped.map(|stopper| (visitor.zone(stopper.id), stopper.status.to_string())),
        above: above.iter().map(|zone| ZoneName::new(zone.id, Some(zone.name.to_string()))).collect(),
        tabs: vec![tab("Parameters", ""), tab("Roles", "/roles"), tab("History", "/history")],
    }
}
