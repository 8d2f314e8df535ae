//! What a change of a zone would do before anybody makes it: what is refused and by whom, what differs, which zones below are
//! bound, and who may do what afterwards that they could not before, or no longer.

use std::collections::BTreeSet;
use std::sync::Arc;

use aggregates::ids::{MemberId, ZoneId};
use aggregates::permission::{Ask, Authority, Decision, Spoken, Standing, check, speakable};
use aggregates::proposal::{Subject, ZoneChange};
use aggregates::zones::{Changes, Command, Tree, Zones};
use aggregates::{Decider, Fault, Rejected};
use serde_json::{Map, Value};

use super::keys::label_at;
use crate::web::form::Faults;
use crate::web::proposals::effect::{Effect, Tense, effect};
use crate::web::shown::{Html, Person, ZoneName};
use crate::web::visitor::Visitor;

/// The most people whose rights are compared.
const MOST_PEOPLE: usize = 200;

/// A key that an ancestor does not let be so wide.
pub struct Narrowing {
    /// The key.
    pub what: String,
    /// Whose limit it is.
    pub zone: Option<ZoneName>,
    /// What it allows.
    pub limit: Option<Html>,
    /// In words, where no limit is to blame.
    pub message: String,
}

/// People who would stand otherwise with an action.
pub struct Shift {
    /// The action, or the pattern it stands for.
    pub action: String,
    /// Which look, and what becomes of it.
    pub becomes: crate::web::shown::Badge,
    /// Whose.
    pub people: Vec<Person>,
}

/// What would come of a change.
#[derive(Default)]
pub struct Preview {
    /// What is refused.
    pub refused: Vec<Narrowing>,
    /// What differs, and who is bound by it.
    pub effect: Effect,
    /// Who gains or loses what.
    pub shifts: Vec<Shift>,
    /// The zones below.
    pub below: usize,
    /// The faults, for the fields.
    pub faults: Faults,
}

impl Preview {
    /// Whether it would be refused.
    pub fn is_refused(&self) -> bool {
        !self.refused.is_empty()
    }
}

/// Works out what `change` would do to `zone`.
pub fn preview(visitor: &Visitor, zone: ZoneId, change: &Map<String, Value>, pointers: &[String]) -> Preview {
    let tree = &visitor.ruling.authority.tree;
    let changes = match Changes::read(change.clone()) {
        Ok(changes) => changes,
        Err(fault) => return refused(visitor, vec![fault], pointers),
    };
    let (now, by_proposal) = (visitor.now(), None);
    let command = Command::Change { zone_id: zone, changes: Box::new(changes), by_proposal, now };
    let events = match Zones::decide(tree, command) {
        Ok(events) => events,
        Err(rejection) => {
            let mut faults = rejection.faults();
            if faults.is_empty() {
                faults.push(Fault::new("", rejection.code(), rejection.to_string()));
            }
            return refused(visitor, faults, pointers);
        }
    };
    let mut after = Tree::clone(tree);
    for event in &events {
        Zones::evolve(&mut after, event);
    }
    let subject = Subject::ZoneChange(ZoneChange { zone_id: None, changes: change.clone() });
    Preview {
        effect: effect(visitor, tree, zone, visitor.caller.id(), &subject, Tense::Will),
        shifts: shifts(visitor, zone, &after),
        below: tree.descendants(zone).len(),
        ..Preview::default()
    }
}

fn refused(visitor: &Visitor, found: Vec<Fault>, pointers: &[String]) -> Preview {
    let mut preview = Preview::default();
    for fault in found {
        let name = fault.pointer.rsplit('/').next().unwrap_or_default();
        let zone = fault.zone_id.map(|id| visitor.zone(id));
        let limit = fault.limit.as_ref().map(|limit| visitor.value(name, limit));
        let message = match (&zone, fault.code.as_str()) {
            (Some(zone), "wider_than_parent") => format!("wider than {} allows", zone.name),
            (Some(zone), "sealed") => format!("{} has sealed it", zone.name),
            _ => fault.message.clone(),
        };
        let at = pointers.iter().find(|at| fault.pointer == **at || fault.pointer.starts_with(&format!("{at}/")));
        match at {
            Some(at) => preview.faults.put(at, message.clone()),
            None => preview.faults.overall = Some(message.clone()),
        }
        preview.refused.push(Narrowing { what: label_at(&fault.pointer), zone, limit, message });
    }
    preview
}

/// The people a change of a zone can matter to: whoever has a role on the way to it, or in the organization.
fn concerned(visitor: &Visitor, after: &Tree, zone: ZoneId) -> Vec<MemberId> {
    let before = &visitor.ruling.authority.tree;
    let assigned = |tree: &Tree| -> Vec<MemberId> {
        tree.path(zone).iter().flat_map(|zone| zone.assignments.iter().map(|held| held.member_id)).collect()
    };
    let owners = visitor.ruling.authority.organization.owners().map(|owner| owner.id);
    let everyone: BTreeSet<MemberId> = assigned(before).into_iter().chain(assigned(after)).chain(owners).collect();
    let here = |id: &MemberId| visitor.ruling.authority.organization.member(*id).is_some();
    everyone.into_iter().filter(here).take(MOST_PEOPLE).collect()
}

fn shifts(visitor: &Visitor, zone: ZoneId, after: &Tree) -> Vec<Shift> {
    let before = &visitor.ruling.authority;
    let people = concerned(visitor, after, zone);
    let after = Authority { tree: Arc::new(after.clone()), ..before.clone() };
    let mut shifts: Vec<Shift> = Vec::new();
    let spoken: BTreeSet<Spoken> = speakable(before, zone).into_iter().chain(speakable(&after, zone)).collect();
    for Spoken { pattern, example } in &spoken {
        for id in &people {
            // Reading and mending do not need the zone in force.
            let standing = Standing { out_of_force: example.is_governing(), ..Standing::default() };
            let ask = Ask { standing, ..Ask::plain(*id, example.clone(), visitor.now()) };
            let (was, will) = (check(before, zone, &ask).decision, check(&after, zone, &ask).decision);
            if was == will {
                continue;
            }
            let becomes = becomes(will);
            let person = visitor.person(*id);
            match shifts.iter_mut().find(|shift| shift.action == pattern.as_str() && shift.becomes.word == becomes.word) {
                Some(shift) => shift.people.push(person),
                None => shifts.push(Shift { action: pattern.as_str().to_owned(), becomes, people: vec![person] }),
            }
        }
    }
    shifts
}

fn becomes(decision: Decision) -> crate::web::shown::Badge {
    use crate::web::shown::Badge;
    match decision {
        Decision::Allow => Badge::new("good", "may do it"),
        Decision::Deny => Badge::new("bad", "no longer"),
        Decision::ApprovalRequired => Badge::new("wait", "needs approval"),
    }
}
