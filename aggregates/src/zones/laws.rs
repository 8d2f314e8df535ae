//! Laws of narrowing, for arbitrary trees and edits (SPEC Z4): whatever was written, in whatever order, what holds in a child
//! is within what holds in its parent, and what a child allows its parent allows.

use proptest::prelude::*;
use serde_json::{Map, Value, json};
use uuid::Uuid;

use super::{Changes, Command, Status, Tree, Zones};
use crate::Decider;
use crate::action::Action;
use crate::actor::PrincipalKind;
use crate::ids::{MemberId, OrganizationId, ZoneId};
use crate::organization::{Command as Organize, Organization};
use crate::permission::{Ask, Authority, check};
use crate::policy::{Policies, apply_patch, is_within, is_within_level};
use crate::text::{Label, Name, Prose};

const NOW: &str = "2026-01-05T10:00:00Z";

fn subset(of: &'static [&'static str]) -> impl Strategy<Value = Value> {
    prop::sample::subsequence(of, 0..=of.len()).prop_map(|chosen| json!(chosen))
}

fn maybe(
    section: &'static str,
    key: &'static str,
    value: impl Strategy<Value = Value> + 'static,
) -> BoxedStrategy<Option<(String, String, Value)>> {
    prop::option::weighted(0.35, value)
        .prop_map(move |value| value.map(|value| (section.to_owned(), key.to_owned(), value)))
        .boxed()
}

/// A patch over some keys of some sections.
fn patch() -> impl Strategy<Value = Map<String, Value>> {
    const ACTIONS: &[&str] = &["*", "work.*", "work.a", "work.b", "task.create", "other.x"];
    const NAMES: &[&str] = &["a", "b", "c"];
    let amount = (0u32..6).prop_map(|amount| json!(amount * 10));
    let window = prop_oneof![Just("day"), Just("week"), Just("total")];
    let hours = (0u32..12, 12u32..24, prop_oneof![Just("UTC"), Just("Europe/Berlin"), Just("America/New_York")])
        .prop_map(|(from, to, zone)| json!({"timezone": zone, "from": format!("{from:02}:00"), "to": format!("{to:02}:00")}));
    let keys = vec![
        maybe("constraints", "allowed_actions", subset(ACTIONS)),
        maybe("constraints", "blocked_actions", subset(&["work.b", "other.*"])),
        maybe("constraints", "approval_required_actions", subset(&["work.a", "task.*"])),
        maybe(
            "constraints",
            "spending_limit",
            (amount.clone(), window).prop_map(|(amount, window)| json!({"amount": amount, "window": window})),
        ),
        maybe(
            "constraints",
            "rate_limits",
            (1u32..9).prop_map(|max| json!([{"action": "work.*", "max": max, "per_seconds": 60}])),
        ),
        maybe("constraints", "max_concurrent_tasks", (0u32..9).prop_map(|max| json!(max))),
        maybe("constraints", "require_human_review", any::<bool>().prop_map(|yes| json!(yes))),
        maybe("constraints", "active_hours", hours),
        maybe("resource_scope", "budget_limit", amount),
        maybe("resource_scope", "allowed_tools", subset(NAMES)),
        maybe("resource_scope", "limits", (0u32..9).prop_map(|limit| json!({"rows": limit}))),
        maybe("agent_qualifications", "kinds", subset(&["human", "agent"])),
        maybe("agent_qualifications", "required_skills", subset(NAMES)),
        maybe("alignment_requirements", "sponsor_required", any::<bool>().prop_map(|yes| json!(yes))),
    ];
    let sealed = prop::option::weighted(0.1, subset(&["constraints", "resource_scope"]));
    (keys, sealed).prop_map(|(keys, sealed)| {
        let mut patch = Map::new();
        for (section, key, value) in keys.into_iter().flatten() {
            patch.entry(section).or_insert_with(|| json!({}))[key] = value;
        }
        patch.extend(sealed.map(|sealed| ("sealed".to_owned(), sealed)));
        patch
    })
}

/// Something someone tries to do to the tree; zones are named by their number.
#[derive(Clone, Debug)]
enum Step {
    Create { below: usize, patch: Map<String, Value> },
    Change { zone: usize, patch: Map<String, Value> },
    Move { zone: usize, below: usize },
}

fn step() -> impl Strategy<Value = Step> {
    prop_oneof![
        4 => (0usize..8, patch()).prop_map(|(below, patch)| Step::Create { below, patch }),
        4 => (0usize..8, patch()).prop_map(|(zone, patch)| Step::Change { zone, patch }),
        2 => (0usize..8, 0usize..8).prop_map(|(zone, below)| Step::Move { zone, below }),
    ]
}

fn id(number: usize) -> ZoneId {
    ZoneId(Uuid::from_u128(number as u128 + 1))
}

/// The tree after the steps that were accepted; what is refused changes nothing.
fn grown(steps: Vec<Step>) -> Tree {
    let now = NOW.parse().expect("moment");
    let mut tree = Tree::default();
    for (number, step) in steps.into_iter().enumerate() {
        let command = match step {
            Step::Create { below, patch } => {
                let Ok(policies) = apply_patch(&Policies::default(), &patch) else { continue };
                Command::Create {
                    id: id(number),
                    parent_zone_id: tree.zone(id(below)).map(|zone| zone.id),
                    name: Name::parse("zone").expect("name"),
                    slug: None,
                    description: Prose::none(),
                    status: Status::Active,
                    policies: Box::new(policies),
                    now,
                }
            }
            Step::Change { zone, patch } => {
                let changes = Box::new(Changes { policies: patch, ..Changes::default() });
                Command::Change { zone_id: id(zone), changes, by_proposal: None, now }
            }
            Step::Move { zone, below } => {
                let changes = Box::new(Changes::to_parent(Some(id(below))));
                Command::Change { zone_id: id(zone), changes, by_proposal: None, now }
            }
        };
        for event in Zones::decide(&tree, command).unwrap_or_default() {
            Zones::evolve(&mut tree, &event);
        }
    }
    tree
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(400))]

    #[test]
    fn what_holds_in_a_child_is_within_what_holds_in_its_parent(steps in prop::collection::vec(step(), 1..14)) {
        let tree = grown(steps);
        for zone in tree.zones() {
            if let Some(parent) = zone.parent_zone_id {
                let wider = is_within(&tree.effective(zone.id), &tree.effective(parent));
                prop_assert!(wider.is_ok(), "{:?} in {:?}", wider, tree);
            }
        }
    }

    #[test]
    fn what_holds_is_within_what_every_level_of_the_path_says(steps in prop::collection::vec(step(), 1..14)) {
        let tree = grown(steps);
        for zone in tree.zones() {
            let held = tree.effective(zone.id);
            for level in tree.levels(zone.id) {
                let wider = is_within_level(&held, &level);
                prop_assert!(wider.is_ok(), "{:?} in {:?}", wider, tree);
            }
        }
    }

    #[test]
    fn what_a_child_allows_its_parent_allows(
        steps in prop::collection::vec(step(), 1..14),
        action in prop::sample::select(vec!["work.a", "work.b", "work.c", "task.create", "other.x"]),
        tool in prop::option::of(prop::sample::select(vec!["a", "b", "d"])),
        amount in prop::option::of(0u32..60),
        rows in prop::option::of(0u32..9),
    ) {
        let tree = grown(steps);
        let owner = MemberId(Uuid::from_u128(99));
        let found = Organize::Found {
            id: OrganizationId(Uuid::from_u128(98)),
            name: Name::parse("Org").expect("name"),
            slug: crate::slug::Slug::parse("org").expect("slug"),
            owner_id: owner,
            founder_id: None,
            now: NOW.parse().expect("moment"),
        };
        let founded = Organization::decide(&crate::organization::State::default(), found).expect("founded");
        let authority = Authority::new(Organization::replay(&founded), tree);
        prop_assert_eq!(authority.organization.member(owner).map(|member| member.kind), Some(PrincipalKind::Human));
        let mut ask = Ask::plain(owner, Action::parse(action).expect("action"), NOW.parse().expect("moment"));
        ask.tool = tool.map(|tool| Label::parse(tool).expect("label"));
        ask.amount = amount.map(|amount| crate::amount::Amount::parse(&amount.to_string()).expect("amount"));
        ask.params.extend(rows.map(|rows| ("rows".to_owned(), json!(rows))));
        for zone in authority.tree.zones() {
            if let Some(parent) = zone.parent_zone_id {
                let (here, above) = (check(&authority, zone.id, &ask), check(&authority, parent, &ask));
                prop_assert!(!here.is_allowed() || above.is_allowed(), "{ask:?} allowed in {zone:?}, above: {above:?}");
            }
        }
    }

    #[test]
    fn a_tree_has_no_cycles_and_no_slug_twice(steps in prop::collection::vec(step(), 1..20)) {
        let tree = grown(steps);
        let mut slugs = std::collections::BTreeSet::new();
        for zone in tree.zones() {
            prop_assert!(slugs.insert(zone.slug.clone()));
            prop_assert!(tree.path(zone.id).first().is_some_and(|root| root.parent_zone_id.is_none()));
        }
        prop_assert_eq!(tree.zones().filter(|zone| zone.parent_zone_id.is_none()).map(|root| 1 + tree.descendants(root.id).len()).sum::<usize>(), tree.zones().count());
    }
}
