//! What exactly would happen if a proposal is approved: in a sentence, against the limits that bind, before and after.

use aggregates::Decider;
use aggregates::amount::Amount;
use aggregates::ids::{MemberId, ZoneId};
use aggregates::policy::{Effective, Section, apply_patch};
use aggregates::proposal::{MembershipOperation, Subject, TaskExecution, ZoneChange};
use aggregates::zones::{Changes, Command, Tree, Zone, Zones};
use serde_json::json;

use super::risk::share_of;
use crate::web::shown::{Escaped, Html};
use crate::web::values::Difference;
use crate::web::visitor::Visitor;
use crate::web::words::{money, number, plain, zone_status};
use crate::web::zones::{about, is_settled_whole};

/// An amount against a limit.
pub struct Against {
    /// Which limit, and whose.
    pub what: String,
    /// The zone whose limit it is.
    pub zone: Html,
    /// The limit.
    pub limit: String,
    /// How much of it the amount is, in per cent.
    pub share: Option<String>,
    /// The same for a bar, at most 100.
    pub width: u32,
    /// Whether it is more than the limit.
    pub over: bool,
}

/// What would happen.
#[derive(Default)]
pub struct Effect {
    /// In a sentence.
    pub sentence: Html,
    /// The amount against limits.
    pub against: Vec<Against>,
    /// Particulars: what they are called, and what they are.
    pub particulars: Vec<(String, Html)>,
    /// What would change, before and after.
    pub differences: Vec<Difference>,
    /// Zones below that would be bound by it.
    pub bound: Vec<Html>,
    /// Why it could not be carried out as things stand.
    pub obstacle: Option<String>,
}

/// How an effect is spoken of.
#[derive(Clone, Copy, PartialEq, Eq)]
pub enum Tense {
    /// It comes, or has come.
    Will,
    /// It was asked for, and did not come.
    Would,
}

/// What `subject` would do in `zone`, under this tree.
pub fn effect(visitor: &Visitor, tree: &Tree, zone: ZoneId, proposer: MemberId, subject: &Subject, tense: Tense) -> Effect {
    let here = visitor.zone(zone);
    let effective = tree.effective(zone);
    match subject {
        Subject::TaskExecution(task) => task_effect(visitor, &effective, zone, proposer, task, tense),
        Subject::ResourceAllocation(allocation) => {
            let who = visitor.person(allocation.beneficiary_id.unwrap_or(proposer));
            let amount = money(allocation.amount.decimal());
            let gets = if tense == Tense::Will { "gets" } else { "would have got" };
            let sentence = format!("{who} {gets} the right to use up <strong>{amount}</strong> in {here}.");
            let mut particulars = Vec::new();
            if let Some(board) = &allocation.board_id {
                particulars.push(("Board".to_owned(), visitor.value("board_id", &json!(board))));
            }
            if let Some(agent_type) = &allocation.agent_type {
                particulars.push(("Type of agent".to_owned(), visitor.value("agent_type", &json!(agent_type))));
            }
            let against = against(visitor, &effective, allocation.amount);
            Effect { sentence: Html(sentence), against, particulars, ..Effect::default() }
        }
        Subject::ZoneChange(change) => zone_effect(visitor, tree, change.zone_id.unwrap_or(zone), change, tense),
        Subject::MembershipChange(change) => {
            let target = change.zone_id.unwrap_or(zone);
            let (who, role, place) = (visitor.person(change.member_id), change.role, visitor.zone(target));
            let held: Vec<String> = tree.roles_of(change.member_id, target).iter().map(|(role, _)| role.to_string()).collect();
            let mut after = held.clone();
            let sentence = match change.operation {
                MembershipOperation::Add => {
                    if !after.contains(&role.to_string()) {
                        after.push(role.to_string());
                    }
                    let becomes = if tense == Tense::Will { "becomes" } else { "would have become" };
                    format!("{who} {becomes} <strong>{role}</strong> in {place} and everything below it.")
                }
                MembershipOperation::Remove => {
                    after.retain(|known| *known != role.to_string());
                    let is = if tense == Tense::Will { "is no longer" } else { "would no longer have been" };
                    format!("{who} {is} <strong>{role}</strong> in {place}.")
                }
            };
            let difference = Difference {
                what: format!("Roles of {} there", visitor.name(change.member_id)),
                before: roles(&held),
                after: roles(&after),
            };
            let may = Difference { what: "They may".to_owned(), before: actions(&held), after: actions(&after) };
            Effect { sentence: Html(sentence), differences: vec![difference, may], ..Effect::default() }
        }
    }
}

fn roles(held: &[String]) -> Html {
    if held.is_empty() {
        return Html("<span class=\"quiet\">none</span>".to_owned());
    }
    let chips: Vec<String> = held.iter().map(|role| format!("<span class=\"chip\">{}</span>", Escaped(role))).collect();
    Html(format!("<span class=\"chips\">{}</span>", chips.concat()))
}

/// What the roles let someone do, in words.
fn actions(held: &[String]) -> Html {
    let may = |role: &String| match role.as_str() {
        "executor" => "do work",
        "approver" => "decide proposals",
        "evaluator" => "judge finished work",
        "gardener" => "tend the zone and choose reviewers",
        _ => "",
    };
    let mut told: Vec<&str> = held.iter().map(may).filter(|words| !words.is_empty()).collect();
    told.dedup();
    let words =
        if told.is_empty() { "<span class=\"quiet\">nothing by a role here</span>".to_owned() } else { told.join(", ") };
    Html(words)
}

fn task_effect(
    visitor: &Visitor,
    effective: &Effective,
    zone: ZoneId,
    proposer: MemberId,
    task: &TaskExecution,
    tense: Tense,
) -> Effect {
    let who = visitor.person(task.executor_id.unwrap_or(proposer));
    let action = Escaped(task.action.as_str()).to_string();
    let amount = task.amount.map(|amount| money(amount.decimal()));
    let worth = amount.as_ref().map(|amount| format!(" for <strong>{amount}</strong>")).unwrap_or_default();
    let may = if tense == Tense::Will { "may do" } else { "would have been let do" };
    let sentence = format!("{who} {may} <code class=\"action\">{action}</code>{worth} in {}, once.", visitor.zone(zone));
    let mut particulars = Vec::new();
    if let Some(board) = &task.board_id {
        particulars.push(("Board".to_owned(), visitor.value("board_id", &json!(board))));
    }
    if let Some(tool) = &task.tool {
        particulars.push(("Tool".to_owned(), visitor.value("tool", &json!(tool))));
    }
    for (name, value) in task.params.iter().flatten() {
        let limit = effective.resource_scope.limits.as_ref().and_then(|limits| {
            limits.0.iter().find(|(known, _)| known.as_str() == name).map(|(_, limit)| number(limit.decimal()))
        });
        let shown = visitor.value(name, value);
        let shown =
            limit.map_or(shown.clone(), |limit| Html(format!("{shown} <span class=\"quiet\">of at most {limit}</span>")));
        particulars.push((plain(name), shown));
    }
    let against = task.amount.map(|amount| against(visitor, effective, amount)).unwrap_or_default();
    Effect { sentence: Html(sentence), against, particulars, ..Effect::default() }
}

/// An amount against the budget and spending limits that hold in a zone.
fn against(visitor: &Visitor, effective: &Effective, amount: Amount) -> Vec<Against> {
    let one = |what: String, pointer: &str, limit: Amount| {
        let share = share_of(amount, limit);
        let zone = effective.bound_by.get(pointer).map(|zone| Html(visitor.zone(*zone).to_string())).unwrap_or_default();
        Against {
            what,
            zone,
            limit: money(limit.decimal()),
            width: share.and_then(|share| u32::try_from(share).ok()).unwrap_or(100).min(100),
            share: share.map(|share| if share.is_zero() { "under 1 %".to_owned() } else { format!("{share} %") }),
            over: amount > limit,
        }
    };
    let budget = effective
        .resource_scope
        .budget_limit
        .map(|limit| one("Budget limit".to_owned(), "/resource_scope/budget_limit", limit.0));
    let spending = effective.constraints.spending_limit.as_ref().map(|spending| {
        let window = json!(spending.window);
        let window = window.as_str().unwrap_or_default();
        let span = if window == "total" { "Spending limit in all".to_owned() } else { format!("Spending limit per {window}") };
        one(span, "/constraints/spending_limit", spending.amount)
    });
    budget.into_iter().chain(spending).collect()
}

fn zone_effect(visitor: &Visitor, tree: &Tree, target: ZoneId, change: &ZoneChange, tense: Tense) -> Effect {
    let place = visitor.zone(target);
    let Some(zone) = tree.zone(target) else {
        return Effect { sentence: Html(format!("{place} changes.")), ..Effect::default() };
    };
    let Ok(changes) = Changes::read(change.changes.clone()) else {
        return Effect { sentence: Html(format!("{place} changes.")), ..Effect::default() };
    };
    let mut differences = plain_differences(visitor, zone, &changes);
    if let Ok(after) = apply_patch(&zone.policies, &changes.policies) {
        differences.extend(visitor.differences(&zone.policies, &after));
    }
    differences.extend(settled_otherwise(visitor, tree, zone, &changes));
    let things = match (differences.len(), tense) {
        (0, _) => "nothing changes".to_owned(),
        (1, Tense::Would) => "one thing would have changed".to_owned(),
        (many, Tense::Would) => format!("{many} things would have changed"),
        (1, Tense::Will) => "one thing changes".to_owned(),
        (many, Tense::Will) => format!("{many} things change"),
    };
    let reach = if differences.is_empty() || tree.children(target).next().is_none() || tense == Tense::Would {
        ""
    } else {
        "; every zone below is bound by it"
    };
    let sentence = Html(format!("In {place}, {things}{reach}."));
    let (bound, obstacle) = carried_out(visitor, tree, target, changes);
    Effect { sentence, differences, bound, obstacle, ..Effect::default() }
}

/// Sections that are settled as a whole and are taken over by the zone, or given back to those above.
fn settled_otherwise(visitor: &Visitor, tree: &Tree, zone: &Zone, changes: &Changes) -> Vec<Difference> {
    let Ok(after) = apply_patch(&zone.policies, &changes.policies) else { return Vec::new() };
    let levels = tree.levels(zone.id);
    let above = levels.split_last().map_or(&[][..], |(_, above)| above);
    let taken = Section::all().filter(|section| is_settled_whole(*section) && *section != Section::DecisionModel);
    let taken = taken.filter(|section| zone.policies.writes(*section) != after.writes(*section));
    let told = |section: Section| {
        let settler = above.iter().rev().find(|level| level.policies.writes(section));
        let inherited = settler.map_or_else(|| "by nobody".to_owned(), |level| format!("by {}", visitor.zone(level.zone_id)));
        let own = "by this zone alone".to_owned();
        let (before, after) = if after.writes(section) { (inherited, own) } else { (own, inherited) };
        Difference { what: format!("Who settles: {}", about(section).0), before: Html(before), after: Html(after) }
    };
    taken.map(told).collect()
}

/// The zones below that would be bound, or why it could not be carried out now.
fn carried_out(visitor: &Visitor, tree: &Tree, zone_id: ZoneId, changes: Changes) -> (Vec<Html>, Option<String>) {
    let now = visitor.now();
    let command = Command::Change { zone_id, changes: Box::new(changes), by_proposal: None, now };
    match Zones::decide(tree, command) {
        Err(rejection) => (Vec::new(), Some(rejection.to_string())),
        Ok(events) => {
            let before: Vec<ZoneId> = tree.bound_below(zone_id).into_iter().map(|bound| bound.zone_id).collect();
            let mut after = tree.clone();
            for event in &events {
                Zones::evolve(&mut after, event);
            }
            let newly = after.bound_below(zone_id).into_iter().filter(|bound| !before.contains(&bound.zone_id));
            (newly.map(|bound| Html(visitor.zone(bound.zone_id).to_string())).collect(), None)
        }
    }
}

fn plain_differences(visitor: &Visitor, zone: &Zone, changes: &Changes) -> Vec<Difference> {
    let text = |text: &str| Html(Escaped(text).to_string());
    let mut found = Vec::new();
    let mut differs = |what: &str, before: Html, after: Html| {
        found.push(Difference { what: what.to_owned(), before, after });
    };
    if let Some(name) = &changes.name {
        differs("Name", text(zone.name.as_str()), text(name.as_str()));
    }
    if let Some(slug) = &changes.slug {
        differs("Short name", text(&zone.slug.to_string()), text(&slug.to_string()));
    }
    if let Some(description) = &changes.description {
        differs("Description", text(zone.description.as_str()), text(description.as_str()));
    }
    if let Some(status) = changes.status {
        differs("Status", Html(zone_status(zone.status).to_string()), Html(zone_status(status).to_string()));
    }
    if let Some(parent) = changes.parent_zone_id {
        let shown = |id: Option<ZoneId>| id.map_or_else(|| text("none: it is a root"), |id| Html(visitor.zone(id).to_string()));
        differs("Parent zone", shown(zone.parent_zone_id), shown(parent));
    }
    found
}
