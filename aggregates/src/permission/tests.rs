//! The order of a check, and what each step refuses.

use serde_json::{Value, json};

use super::*;
use crate::Decider;
use crate::action::Action;
use crate::amount::Amount;
use crate::ids::{AssignmentId, MemberId, OrganizationId, ZoneId};
use crate::organization::{Event as Joined, Organization};
use crate::zones::{Event as Zoned, Zones};
use uuid::Uuid;

const NOW: &str = "2026-01-05T10:00:00Z";

fn id(number: u128) -> Uuid {
    Uuid::from_u128(number)
}

fn joined(number: u128, kind: &str, role: &str) -> Joined {
    let agent_type = (kind == "agent").then_some("coder");
    serde_json::from_value(
        json!({"type": "member.added", "member_id": id(number), "kind": kind, "role": role, "sponsor_id": null,
        "agent_type": agent_type, "skills": [], "added_at": NOW}),
    )
    .expect("event")
}

fn zoned(number: u128, parent: Option<u128>, policies: &Value) -> Zoned {
    serde_json::from_value(
        json!({"type": "zone.created", "zone_id": id(number), "parent_zone_id": parent.map(id), "name": "zone",
        "slug": format!("zone-{number}"), "description": "", "status": "active", "policies": policies, "created_at": NOW}),
    )
    .expect("event")
}

/// 1 owner, 2 member, 3 agent and executor of zone 10, 4 auditor and (in vain) executor of zone 10; zone 11 below zone 10.
fn authority(parent: &Value, child: &Value) -> Authority {
    let people = [
        Joined::Founded {
            organization_id: OrganizationId(id(100)),
            name: crate::text::Name::parse("Org").expect("name"),
            slug: crate::slug::Slug::parse("org").expect("slug"),
            founder_id: None,
            founded_at: NOW.parse().expect("moment"),
        },
        joined(1, "human", "owner"),
        joined(2, "human", "member"),
        joined(3, "agent", "member"),
        joined(4, "human", "auditor"),
    ];
    let assigned = |number: u128| Zoned::MemberAssigned {
        zone_id: ZoneId(id(10)),
        assignment_id: AssignmentId(id(number)),
        member_id: MemberId(id(number)),
        role: crate::actor::ZoneRole::Executor,
        by_proposal: None,
        assigned_at: NOW.parse().expect("moment"),
    };
    let zones = [zoned(10, None, parent), zoned(11, Some(10), child), assigned(3), assigned(4)];
    Authority::new(Organization::replay(&people), Zones::replay(&zones))
}

fn ask(principal: u128, action: &str) -> Ask {
    Ask::plain(MemberId(id(principal)), Action::parse(action).expect("action"), NOW.parse().expect("moment"))
}

fn code(authority: &Authority, ask: &Ask) -> String {
    let answer = check(authority, ZoneId(id(11)), ask);
    answer.reasons.first().map_or_else(|| "allow".to_owned(), |reason| reason.code.clone())
}

#[test]
fn roles_grant_what_the_specification_says() {
    let authority = authority(&json!({}), &json!({}));
    for (principal, action, expected) in [
        (1, "deploy.production", "allow"),
        (3, "deploy.production", "allow"),
        (3, "task.create", "allow"),
        (3, "zone.write", "no_role"),
        (3, "member.read", "no_role"),
        (2, "deploy.production", "no_role"),
        (2, "proposal.create", "allow"),
        (2, "zone.read", "allow"),
        (4, "zone.read", "allow"),
        (4, "audit.read", "allow"),
        (4, "task.create", "no_role"),
        (4, "proposal.create", "no_role"),
        (9, "zone.read", "not_a_member"),
    ] {
        assert_eq!(code(&authority, &ask(principal, action)), expected, "{principal} {action}");
    }
}

#[test]
fn one_waits_until_every_zone_is_open() {
    let hours = |days: &[&str], from: &str, to: &str| json!({"timezone": "UTC", "days": days, "from": from, "to": to});
    let week = ["mon", "tue", "wed", "thu", "fri", "sat", "sun"];
    let hour = 3_600;
    // It is ten o'clock on a Monday.
    for (parent, child, waits) in [
        (json!({"active_hours": hours(&week, "11:00", "18:00")}), json!({}), Some(hour)),
        (
            json!({"active_hours": hours(&week, "11:00", "18:00")}),
            json!({"active_hours": hours(&week, "13:00", "18:00")}),
            Some(3 * hour),
        ),
        (
            json!({"active_hours": hours(&week, "11:00", "18:00")}),
            json!({"active_hours": hours(&["tue"], "11:00", "18:00")}),
            Some(25 * hour),
        ),
        (
            json!({"valid_from": "2026-01-05T11:30:00Z"}),
            json!({"active_hours": hours(&week, "08:00", "11:00")}),
            Some(22 * hour),
        ),
        (json!({"active_hours": hours(&week, "11:00", "18:00")}), json!({"valid_until": "2026-01-05T11:00:00Z"}), None),
        (
            json!({"active_hours": hours(&["sat"], "08:00", "18:00")}),
            json!({"active_hours": hours(&["sun"], "08:00", "18:00")}),
            None,
        ),
    ] {
        let authority = authority(&json!({"constraints": parent}), &json!({"constraints": child}));
        let asked = ask(3, "deploy.production");
        let answer = check(&authority, ZoneId(id(11)), &asked);
        assert_eq!(answer.reasons[0].retry_after_seconds, waits, "{parent} {child}");
        let Some(seconds) = waits else { continue };
        let after = |seconds: u64| {
            let now = asked.now + chrono::Duration::seconds(i64::try_from(seconds).expect("seconds"));
            code(&authority, &Ask { now, ..asked.clone() })
        };
        assert_eq!(after(seconds), "allow", "{parent} {child}");
        assert_ne!(after(seconds - 1), "allow", "{parent} {child}");
    }
}

#[test]
fn every_limit_of_an_ancestor_binds_below_and_names_its_zone() {
    let asked = |change: &dyn Fn(&mut Ask)| {
        let mut asked = ask(3, "deploy.production");
        change(&mut asked);
        asked
    };
    let label = |text: &str| crate::text::Label::parse(text).expect("label");
    let cases: Vec<(Value, Ask, &str)> = vec![
        (json!({"constraints": {"blocked_actions": ["deploy.*"]}}), asked(&|_| {}), "action_blocked"),
        (json!({"constraints": {"allowed_actions": ["task.*"]}}), asked(&|_| {}), "action_not_allowed"),
        (json!({"constraints": {"allowed_actions": []}}), asked(&|_| {}), "action_not_allowed"),
        (json!({"constraints": {"valid_from": "2027-01-01T00:00:00Z"}}), asked(&|_| {}), "not_yet_valid"),
        (json!({"constraints": {"valid_until": NOW}}), asked(&|_| {}), "no_longer_valid"),
        (
            json!({"constraints": {"active_hours": {"timezone": "UTC", "days": ["sun"], "from": "00:00", "to": "24:00"}}}),
            asked(&|_| {}),
            "outside_active_hours",
        ),
        (json!({"agent_qualifications": {"kinds": ["human"]}}), asked(&|_| {}), "kind_not_allowed"),
        (json!({"agent_qualifications": {"min_reputation": 0.5}}), asked(&|_| {}), "reputation_too_low"),
        (json!({"agent_qualifications": {"required_skills": ["rust"]}}), asked(&|_| {}), "missing_skill"),
        (json!({"alignment_requirements": {"sponsor_required": true}}), asked(&|_| {}), "sponsor_required"),
        (
            json!({"resource_scope": {"allowed_boards": ["a"]}}),
            asked(&|ask| ask.board_id = Some(label("b"))),
            "board_not_allowed",
        ),
        (json!({"resource_scope": {"allowed_agent_types": ["writer"]}}), asked(&|_| {}), "agent_type_not_allowed"),
        (json!({"resource_scope": {"allowed_tools": []}}), asked(&|ask| ask.tool = Some(label("shell"))), "tool_not_allowed"),
        (
            json!({"resource_scope": {"api_key_scopes": ["task.*"]}}),
            asked(&|ask| ask.via = Via::Token(None)),
            "key_scope_not_allowed",
        ),
        (
            json!({"resource_scope": {"budget_limit": "99.99"}}),
            asked(&|ask| ask.amount = Some(Amount::parse("100").expect("amount"))),
            "budget_exceeded",
        ),
        (
            json!({"resource_scope": {"limits": {"rows": 10}}}),
            asked(&|ask| {
                ask.params.insert("rows".to_owned(), json!(11));
            }),
            "limit_exceeded",
        ),
        (json!({"constraints": {"approval_required_actions": ["deploy.*"]}}), asked(&|_| {}), "approval_required"),
    ];
    for (policies, asked, expected) in cases {
        let above = authority(&policies, &json!({}));
        assert_eq!(code(&above, &asked), expected, "{policies} above");
        let reason = check(&above, ZoneId(id(11)), &asked).reasons.remove(0);
        assert_eq!(reason.zone_id, Some(ZoneId(id(10))), "{policies} names the zone that binds");
        assert_eq!(code(&authority(&json!({}), &policies), &asked), expected, "{policies} here");
        assert_eq!(code(&authority(&json!({}), &json!({})), &asked), "allow", "{policies} absent");
    }
}

#[test]
fn governing_is_refused_only_when_blocked_by_name() {
    let everything = authority(&json!({"constraints": {"allowed_actions": [], "blocked_actions": ["*"]}}), &json!({}));
    assert_eq!(code(&everything, &ask(1, "zone.write")), "allow");
    assert_eq!(code(&everything, &ask(1, "deploy.production")), "action_blocked");
    let by_name = authority(&json!({"constraints": {"blocked_actions": ["zone.write"]}}), &json!({}));
    assert_eq!(code(&by_name, &ask(1, "zone.write")), "action_blocked");
}

#[test]
fn governing_is_not_held_against_a_budget() {
    let poor = authority(&json!({"resource_scope": {"budget_limit": "5"}}), &json!({}));
    let costly = |action: &str| Ask { amount: Some(Amount::parse("6").expect("amount")), ..ask(1, action) };
    assert_eq!(code(&poor, &costly("zone.write")), "allow");
    assert_eq!(code(&poor, &costly("deploy.production")), "budget_exceeded");
}

#[test]
fn a_named_limit_is_compared_exactly() {
    let limited = authority(&json!({"resource_scope": {"limits": {"rows": 0.5}}}), &json!({}));
    let asked = |rows: Value| {
        let mut asked = ask(3, "deploy.production");
        asked.params.insert("rows".to_owned(), rows);
        code(&limited, &asked)
    };
    for within in [json!(0.1 + 0.2), json!(-3), json!(-0.1), json!(0.5), json!("0.5")] {
        assert_eq!(asked(within.clone()), "allow", "{within}");
    }
    for beyond in [json!(0.500_000_000_000_000_1), json!(1), json!(true), json!(null), json!("many"), json!([0])] {
        assert_eq!(asked(beyond.clone()), "limit_exceeded", "{beyond}");
    }
}

#[test]
fn a_token_only_narrows() {
    let authority = authority(&json!({}), &json!({}));
    let mut asked = ask(3, "deploy.production");
    asked.via = Via::Token(Some([crate::action::Pattern::parse("task.*").expect("pattern")].into()));
    assert_eq!(code(&authority, &asked), "outside_token_scope");
    asked.action = Action::parse("task.create").expect("action");
    assert_eq!(code(&authority, &asked), "allow");
    asked.principal = MemberId(id(2));
    assert_eq!(code(&authority, &asked), "no_role");
}
