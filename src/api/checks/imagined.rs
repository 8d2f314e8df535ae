//! What a question is answered from: things as they are, as they were, or as they would be.

use aggregates::Decider;
use aggregates::Moment;
use aggregates::ids::ZoneId;
use aggregates::permission::Authority;
use aggregates::policy::apply_patch;
use aggregates::zones::{Changes, Command, Zones};
use serde_json::{Map, Value};

use crate::api::zones::people_named;
use crate::engine::{App, Caller, Problem, Ruling, permit_in_zone};

/// What an answer rests on, and the moment it is about.
pub struct Grounds {
    /// Who is who, what holds where, what is spent.
    pub authority: Authority,
    /// The position of the last event of it.
    pub position: u64,
    /// The moment.
    pub now: Moment,
}

impl Grounds {
    /// As things are now, or were at `position`, at the moment asked for or else that of the event there.
    pub async fn at(app: &App, caller: &Caller, position: Option<u64>, moment: Option<Moment>) -> Result<Self, Problem> {
        let organization = caller.organization_id;
        let Some(position) = position else {
            let ruling = app.ruling(organization).await?;
            let now = moment.unwrap_or_else(|| app.clock.now());
            return Ok(Self { authority: ruling.authority.clone(), position: ruling.position, now });
        };
        app.fresh_memory(organization, Some(position)).await?;
        let past = app.past(organization, position).await?;
        let now = moment.or(past.at).unwrap_or_else(|| app.clock.now());
        Ok(Self { authority: past.authority, position: past.position, now })
    }

    /// As they would be if `changes` to `zone` were written: refused as a `PATCH` would be.
    pub fn with(self, zone: ZoneId, changes: Map<String, Value>) -> Result<Self, Problem> {
        let authority = changed(&self.authority, zone, changes, self.now)?;
        Ok(Self { authority, ..self })
    }
}

/// Refuses to imagine a zone below one that is hidden from the caller: the answer would tell what holds there.
pub fn must_see_parent(ruling: &Ruling, caller: &Caller, changes: &Map<String, Value>, now: Moment) -> Result<(), Problem> {
    let parent = changes.get("parent_zone_id").and_then(Value::as_str).and_then(|id| id.parse::<ZoneId>().ok());
    let here = parent.filter(|parent| ruling.authority.tree.zone(*parent).is_some());
    here.map_or(Ok(()), |parent| permit_in_zone(ruling, caller, parent, "zone.read", now))
}

/// An authority with changes to one zone.
pub fn changed(authority: &Authority, zone_id: ZoneId, changes: Map<String, Value>, now: Moment) -> Result<Authority, Problem> {
    let under = |fault: aggregates::Fault| fault.under("/changes");
    let changes = Changes::read(changes).map_err(|fault| Problem::faults(vec![under(fault)]))?;
    if let Some(zone) = authority.tree.zone(zone_id)
        && let Ok(after) = apply_patch(&zone.policies, &changes.policies)
    {
        people_named(authority, &after, &zone.policies)?;
    }
    let command = Command::Change { zone_id, changes: Box::new(changes), by_proposal: None, now };
    let refused = |rejection: aggregates::zones::Rejection| {
        let mut problem = Problem::of(&rejection);
        problem.errors = problem.errors.into_iter().map(under).collect();
        problem
    };
    let events = Zones::decide(&authority.tree, command).map_err(refused)?;
    let mut tree = (*authority.tree).clone();
    for event in &events {
        Zones::evolve(&mut tree, event);
    }
    Ok(authority.with_tree(tree))
}
