//! Every reason a check can give, by its code: one zone that gives it, and one question that hears it.

use std::collections::BTreeSet;

use chrono::Duration;
use serde_json::{Value, json};

use super::{executor, reserves};
use crate::harness::{Person, TestApp, golden};
use crate::on_both;

/// A code, what the zone must be for it, what is asked, and what the answer is.
struct Case {
    code: &'static str,
    zone: Value,
    question: Value,
    decision: &'static str,
    parameter: &'static str,
}

fn case(code: &'static str, zone: Value, question: Value, parameter: &'static str) -> Case {
    Case { code, zone, question, decision: "deny", parameter }
}

#[expect(clippy::too_many_lines, reason = "a table")]
fn cases() -> Vec<Case> {
    let constraints = |keys: Value| json!({"constraints": keys});
    let scope = |keys: Value| json!({"resource_scope": keys});
    let nothing = || json!({});
    let asked = |parameter: &'static str, code: &'static str, keys: Value| Case {
        decision: "approval_required",
        ..case(code, constraints(keys), nothing(), parameter)
    };
    vec![
        case("action_blocked", constraints(json!({"blocked_actions": ["work.*"]})), nothing(), "/constraints/blocked_actions"),
        case(
            "action_not_allowed",
            constraints(json!({"allowed_actions": ["play.*"]})),
            nothing(),
            "/constraints/allowed_actions",
        ),
        case("action_not_allowed", constraints(json!({"allowed_actions": []})), nothing(), "/constraints/allowed_actions"),
        case("not_yet_valid", constraints(json!({"valid_from": "2026-01-05T10:00:01Z"})), nothing(), "/constraints/valid_from"),
        case(
            "no_longer_valid",
            constraints(json!({"valid_until": "2026-01-05T10:00:00Z"})),
            nothing(),
            "/constraints/valid_until",
        ),
        case(
            "outside_active_hours",
            constraints(json!({"active_hours": {"timezone": "Europe/Berlin", "from": "11:01", "to": "18:00"}})),
            nothing(),
            "/constraints/active_hours",
        ),
        case(
            "kind_not_allowed",
            json!({"agent_qualifications": {"kinds": ["human"]}}),
            nothing(),
            "/agent_qualifications/kinds",
        ),
        case(
            "reputation_too_low",
            json!({"agent_qualifications": {"min_reputation": 1}}),
            nothing(),
            "/agent_qualifications/min_reputation",
        ),
        case(
            "missing_skill",
            json!({"agent_qualifications": {"required_skills": ["rust"]}}),
            nothing(),
            "/agent_qualifications/required_skills",
        ),
        case(
            "sponsor_required",
            json!({"alignment_requirements": {"sponsor_required": true}}),
            nothing(),
            "/alignment_requirements/sponsor_required",
        ),
        case(
            "stake_not_available",
            json!({"alignment_requirements": {"stake_required": 2}}),
            nothing(),
            "/alignment_requirements/stake_required",
        ),
        case(
            "board_not_allowed",
            scope(json!({"allowed_boards": ["ours"]})),
            json!({"board_id": "theirs"}),
            "/resource_scope/allowed_boards",
        ),
        case(
            "agent_type_not_allowed",
            scope(json!({"allowed_agent_types": ["writer"]})),
            nothing(),
            "/resource_scope/allowed_agent_types",
        ),
        case(
            "tool_not_allowed",
            scope(json!({"allowed_tools": ["pen"]})),
            json!({"tool": "hammer"}),
            "/resource_scope/allowed_tools",
        ),
        case(
            "limit_exceeded",
            scope(json!({"limits": {"replicas": 3}})),
            json!({"params": {"replicas": 3.5}}),
            "/resource_scope/limits/replicas",
        ),
        case(
            "budget_exceeded",
            scope(json!({"budget_limit": "10"})),
            json!({"amount": "10.01"}),
            "/resource_scope/budget_limit",
        ),
        case(
            "spending_limit_exceeded",
            constraints(json!({"spending_limit": {"amount": "10", "window": "total"}})),
            json!({"amount": "10.01"}),
            "/constraints/spending_limit",
        ),
        case(
            "rate_limited",
            constraints(json!({"rate_limits": [{"action": "work.do", "max": 0, "per_seconds": 1}]})),
            nothing(),
            "/constraints/rate_limits",
        ),
        case(
            "too_many_concurrent_tasks",
            constraints(json!({"max_concurrent_tasks": 0})),
            nothing(),
            "/constraints/max_concurrent_tasks",
        ),
        asked("/constraints/approval_required_actions", "approval_required", json!({"approval_required_actions": ["work.*"]})),
        asked("/constraints/require_human_review", "human_review_required", json!({"require_human_review": true})),
    ]
}

async fn checks(person: &Person, zone: &str, question: &Value) -> Value {
    let mut body = json!({"action": "work.do"});
    for (key, value) in question.as_object().expect("an object") {
        body[key] = value.clone();
    }
    person.post(&format!("/zones/{zone}/check"), body).await.expect(200).body
}

on_both!(every_limit_has_its_reason_and_names_the_zone_that_binds, async |app: TestApp| {
    let agent = app.agent("Bot", None).await;
    let root = app.owner.makes_zone(json!({"name": "Root"})).await;
    app.owner.assigns(&root, &agent, "executor").await.expect(201);
    let mut seen: BTreeSet<String> = BTreeSet::new();
    for (number, case) in cases().into_iter().enumerate() {
        let mut zone = case.zone;
        zone["name"] = json!(format!("Zone {number}"));
        zone["parent_zone_id"] = json!(root);
        let zone = app.owner.makes_zone(zone).await;
        let child = json!({"name": format!("Child {number}"), "parent_zone_id": zone});
        let child = app.owner.makes_zone(child).await;
        let answer = checks(&agent, &child, &case.question).await;
        assert_eq!(answer["decision"], case.decision, "{}: {answer}", case.code);
        let reason = &answer["reasons"][0];
        assert_eq!((&reason["code"], &reason["zone_id"]), (&json!(case.code), &json!(zone)), "{answer}");
        assert_eq!(reason["parameter"], case.parameter, "{answer}");
        assert!(reason["cure"].is_string() && reason["message"].is_string(), "{answer}");
        let waits = match case.code {
            "not_yet_valid" => Some(1),
            "outside_active_hours" => Some(60),
            _ => None,
        };
        assert_eq!(reason["retry_after_seconds"].as_u64(), waits, "{answer}");
        let above = checks(&agent, &root, &case.question).await;
        assert_eq!(above["decision"], "allow", "{}: the zone above knows nothing of it: {above}", case.code);
        seen.insert(case.code.to_owned());
    }
    let more = reasons_that_no_parameter_gives(&app, &root, &agent).await;
    seen.extend(more);
    let documented = std::fs::read_to_string(golden::path("docs/CHECKS.md")).expect("docs/CHECKS.md");
    let rows = documented.lines().filter(|line| line.contains("| deny |") || line.contains("| approval_required |"));
    let rows = rows.filter_map(|line| line.strip_prefix("| `")?.split('`').next());
    let codes: BTreeSet<String> = rows.map(str::to_owned).collect();
    assert_eq!(codes, seen, "the table of docs/CHECKS.md has every code, and this test every code of the table");
});

/// Force, tokens, membership and roles.
async fn reasons_that_no_parameter_gives(app: &TestApp, root: &str, agent: &Person) -> Vec<String> {
    let heard = async |person: &Person, zone: &str, question: Value| {
        let answer = checks(person, zone, &question).await;
        assert_eq!(answer["decision"], "deny", "{answer}");
        answer["reasons"][0]["code"].as_str().expect("a code").to_owned()
    };
    let stopped = app.owner.makes_zone(json!({"name": "Stopped", "parent_zone_id": root})).await;
    app.owner.post(&format!("/zones/{stopped}/suspend"), json!({})).await.expect(200);
    let narrow = json!({"member_id": agent.id, "name": "narrow", "actions": ["zone.read", "play.*"]});
    let narrow = agent.with_token(&app.owner.post("/tokens", narrow).await.expect(201).text("/token"));
    let scoped = json!({"name": "Scoped", "parent_zone_id": root, "resource_scope": {"api_key_scopes": ["play.*"]}});
    let scoped = app.owner.makes_zone(scoped).await;
    let position =
        async || app.owner.get("/audit?limit=1").await.expect(200).at("/items/0/position").as_u64().expect("a position");
    let before = position().await;
    let bystander = app.human("Bea", "member").await;
    let mut told = vec![
        heard(agent, &stopped, json!({})).await,
        heard(&narrow, root, json!({})).await,
        heard(agent, &scoped, json!({})).await,
        heard(&bystander, root, json!({})).await,
    ];
    // Whoever has left is known to the past only.
    let meanwhile = position().await;
    app.owner.delete(&format!("/members/{}", bystander.id)).await.expect(204);
    let mut asked = json!({"action": "work.do", "principal_id": bystander.id});
    let path = format!("/zones/{root}/check");
    app.owner.post(&path, asked.clone()).await.expect_problem(404, "no_such_member");
    for position in [meanwhile, before] {
        asked["at_position"] = json!(position);
        told.push(app.owner.post(&path, asked.clone()).await.expect(200).text("/reasons/0/code"));
    }
    let expected = ["zone_not_in_force", "outside_token_scope", "key_scope_not_allowed", "no_role", "no_role", "not_a_member"];
    assert_eq!(told, expected);
    told
}

on_both!(the_first_failure_decides_in_the_order_of_the_table, async |app: TestApp| {
    let hours = json!({"timezone": "UTC", "from": "12:00", "to": "13:00"});
    let everything = json!({"name": "Strict",
        "constraints": {"blocked_actions": ["work.*"], "allowed_actions": ["play.*"], "active_hours": hours,
            "rate_limits": [{"action": "*", "max": 0, "per_seconds": 1}], "spending_limit": {"amount": "0", "window": "day"},
            "approval_required_actions": ["*"], "max_concurrent_tasks": 0},
        "agent_qualifications": {"kinds": ["human"]}, "resource_scope": {"budget_limit": "0", "allowed_tools": []}});
    let zone = app.owner.makes_zone(everything).await;
    let agent = app.agent("Bot", None).await;
    let question = json!({"amount": "1", "tool": "hammer"});
    let ease = async |patch: Value| drop(app.owner.patch(&format!("/zones/{zone}"), patch).await.expect(200));
    let mut told = Vec::new();
    for cure in [
        json!({"constraints": {"blocked_actions": null}}),
        json!({"constraints": {"allowed_actions": null}}),
        json!({"constraints": {"active_hours": null}}),
        json!({"agent_qualifications": null}),
        json!(null),
        json!({"resource_scope": {"allowed_tools": null}}),
        json!({"resource_scope": null}),
        json!({"constraints": {"max_concurrent_tasks": null}}),
        json!({"constraints": {"rate_limits": null}}),
        json!({"constraints": {"spending_limit": null}}),
        json!({"constraints": null}),
    ] {
        told.push(checks(&agent, &zone, &question).await["reasons"][0]["code"].as_str().expect("a code").to_owned());
        match cure {
            Value::Null => drop(app.owner.assigns(&zone, &agent, "executor").await.expect(201)),
            patch => ease(patch).await,
        }
    }
    assert_eq!(
        told,
        [
            "action_blocked",
            "action_not_allowed",
            "outside_active_hours",
            "kind_not_allowed",
            "no_role",
            "tool_not_allowed",
            "budget_exceeded",
            "too_many_concurrent_tasks",
            "rate_limited",
            "spending_limit_exceeded",
            "approval_required",
        ]
    );
    assert_eq!(checks(&agent, &zone, &question).await["decision"], "allow");
});

on_both!(hours_follow_the_clock_of_the_zone_through_the_year, async |app: TestApp| {
    let hours = json!({"timezone": "America/New_York", "days": ["mon"], "from": "09:00", "to": "17:00"});
    let zone = app.owner.makes_zone(json!({"name": "Office", "constraints": {"active_hours": hours}})).await;
    let worker = executor(&app, &zone).await;
    let at = async |moment: &str| {
        let asked = json!({"action": "work.do", "at": moment});
        worker.post(&format!("/zones/{zone}/check"), asked).await.expect(200).text("/decision")
    };
    // Winter: five hours behind UTC; from 8 March on four.
    for (moment, decision) in [
        ("2026-03-02T13:59:59Z", "deny"),
        ("2026-03-02T14:00:00Z", "allow"),
        ("2026-03-09T13:00:00Z", "allow"),
        ("2026-03-09T12:59:59Z", "deny"),
        ("2026-03-09T21:00:00Z", "deny"),
        ("2026-03-10T15:00:00Z", "deny"),
    ] {
        assert_eq!(at(moment).await, decision, "{moment}");
    }
    app.time_passes(Duration::hours(4)).await;
    reserves(&worker, &zone, "1").await.expect(201);
});
