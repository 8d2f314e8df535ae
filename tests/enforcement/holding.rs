//! Ways around a limit, each closed: for whom, by what token, under which name, and in which breath.

use serde_json::{Value, json};

use super::{executor, reserves};
use crate::harness::{Person, TestApp};
use crate::on_both;

/// A zone in which one may pay once an hour, and only by tokens for tasks where a token is used.
async fn till(app: &TestApp) -> (String, Person) {
    let zone = json!({"name": "Till", "resource_scope": {"budget_limit": "1000"},
        "constraints": {"rate_limits": [{"action": "pay.*", "max": 1, "per_seconds": 3600}]}});
    let zone = app.owner.makes_zone(zone).await;
    let worker = executor(app, &zone).await;
    (zone, worker)
}

async fn decision(person: &Person, zone: &str, question: Value) -> String {
    person.post(&format!("/zones/{zone}/check"), question).await.expect(200).text("/decision")
}

on_both!(nothing_is_set_aside_for_governing_or_by_auditors, async |app: TestApp| {
    let (zone, _) = till(&app).await;
    let (member, auditor) = (app.human("Mona", "member").await, app.human("Audrey", "auditor").await);
    let wish = |action: &str| json!({"action": action, "amount": "1000"});
    let path = format!("/zones/{zone}/reservations");
    for action in ["zone.read", "proposal.create"] {
        let refused = member.post(&path, wish(action)).await.expect_problem(422, "not_work");
        assert_eq!(refused.text("/errors/0/pointer"), "/action");
    }
    auditor.post(&path, wish("invoice.read")).await.expect_problem(403, "forbidden");
    let task = json!({"zone_id": zone, "type": "task_execution", "title": "Read",
        "payload": {"action": "zone.read", "amount": "5"}});
    let refused = app.owner.post("/proposals", task).await.expect_problem(422, "not_executable");
    assert_eq!(refused.text("/errors/0/code"), "not_work");
    let budget = app.owner.get(&format!("/zones/{zone}/budget")).await.expect(200);
    assert_eq!(budget.at("/reserved"), "0");
});

on_both!(nobody_uses_up_anothers_rate_by_asking, async |app: TestApp| {
    let (zone, worker) = till(&app).await;
    let (member, auditor) = (app.human("Mona", "member").await, app.human("Audrey", "auditor").await);
    let ask = json!({"action": "pay.bill", "principal_id": worker.id});
    for asker in [&member, &auditor] {
        for _ in 0..3 {
            assert_eq!(decision(asker, &zone, ask.clone()).await, "allow", "it is only asked");
        }
    }
    let evaluation = json!({"subject": {"type": "user", "id": worker.id}, "action": {"name": "pay.bill"},
        "resource": {"type": "zone", "id": zone}});
    for _ in 0..3 {
        let answer = auditor.post("/access/v1/evaluation", evaluation.clone()).await;
        assert_eq!((answer.status, answer.at("/decision")), (200, &json!(true)), "{}", answer.body);
    }
    let colleague = app.human("Carl", "member").await;
    app.owner.assigns(&zone, &colleague, "executor").await.expect(201);
    assert_eq!(decision(&colleague, &zone, ask.clone()).await, "allow", "who could do it counts it for another");
    assert_eq!(decision(&worker, &zone, json!({"action": "pay.bill"})).await, "deny");
});

on_both!(a_token_is_held_to_the_zone_for_whomever_it_asks, async |app: TestApp| {
    let zone = json!({"name": "Till", "resource_scope": {"budget_limit": "10", "api_key_scopes": ["task.*"]}});
    let zone = app.owner.makes_zone(zone).await;
    let (bot, ann) = (executor(&app, &zone).await, app.human("Ann", "member").await);
    app.owner.assigns(&zone, &ann, "executor").await.expect(201);
    let path = format!("/zones/{zone}/reservations");
    for principal in [&bot, &ann] {
        let wish = json!({"action": "pay.bill", "amount": "5", "principal_id": principal.id});
        let refused = bot.post(&path, wish).await.expect(403);
        assert_eq!(refused.text("/reasons/0/code"), "key_scope_not_allowed", "{}", refused.body);
    }
});

on_both!(numbers_that_json_does_not_hold_are_not_approved, async |app: TestApp| {
    let zone = json!({"name": "Zone", "approval_policy": {"auto_approve": {"types": ["task_execution"]}}});
    let zone = app.owner.makes_zone(zone).await;
    let task = |params: Value| {
        json!({"zone_id": zone, "type": "task_execution", "title": "Pay",
        "payload": {"action": "work.do", "params": params}})
    };
    let refused = app.owner.post("/proposals", task(json!({"to": [{"account": 9_007_199_254_740_993_u64}]}))).await;
    assert_eq!(refused.expect_problem(422, "invalid").text("/errors/0/pointer"), "/payload/params/to/0/account");
    let done = app.owner.post("/proposals", task(json!({"account": 9_007_199_254_740_991_u64}))).await.expect(201);
    let path = format!("/grants/{}/use", done.text("/execution/grant_id"));
    let other = json!({"params": {"account": -9_007_199_254_740_993_i64}});
    let refused = app.owner.post(&path, other).await.expect_problem(422, "invalid");
    assert_eq!(refused.text("/errors/0/pointer"), "/params/account");
    app.owner.post(&path, json!({"params": {"account": 9_007_199_254_740_991_u64}})).await.expect(200);
});

on_both!(a_grant_goes_with_the_role_at_once, async |app: TestApp| {
    let zone = json!({"name": "Zone", "approval_policy": {"auto_approve": {"types": ["task_execution"]}}});
    let zone = app.owner.makes_zone(zone).await;
    let worker = executor(&app, &zone).await;
    let granted = async || {
        let task = json!({"zone_id": zone, "type": "task_execution", "title": "Work", "payload": {"action": "work.do"}});
        format!("/grants/{}/use", worker.post("/proposals", task).await.expect(201).text("/execution/grant_id"))
    };
    let path = granted().await;
    let assignment = app.owner.get(&format!("/zones/{zone}/assignments")).await.expect(200).text("/items/0/id");
    app.owner.delete(&format!("/zones/{zone}/assignments/{assignment}")).await.expect(204);
    worker.post(&path, json!({})).await.expect_problem(409, "grant_voided");

    app.owner.assigns(&zone, &worker, "executor").await.expect(201);
    let path = granted().await;
    app.owner.patch(&format!("/members/{}", worker.id), json!({"role": "auditor"})).await.expect(200);
    worker.post(&path, json!({})).await.expect_problem(409, "grant_voided");
});

on_both!(a_suspension_has_what_was_granted_before_it_wait, async |app: TestApp| {
    let zone = json!({"name": "Zone", "approval_policy": {"auto_approve": {"types": ["task_execution"]}}});
    let zone = app.owner.makes_zone(zone).await;
    let granted = async || {
        let task = json!({"zone_id": zone, "type": "task_execution", "title": "Work", "payload": {"action": "work.do"}});
        format!("/grants/{}/use", app.owner.post("/proposals", task).await.expect(201).text("/execution/grant_id"))
    };
    let before = granted().await;
    app.owner.post(&format!("/zones/{zone}/suspend"), json!({})).await.expect(200);
    app.settled().await;
    app.owner.post(&before, json!({})).await.expect_problem(409, "zone_not_in_force");
    app.owner.post(&format!("/zones/{zone}/activate"), json!({})).await.expect(200);
    app.owner.post(&before, json!({})).await.expect(200);
});

on_both!(an_agent_of_no_type_is_of_no_type_that_is_allowed, async |app: TestApp| {
    let zone = app.owner.makes_zone(json!({"name": "Zone", "resource_scope": {"allowed_agent_types": ["coder"]}})).await;
    let agent = app
        .owner
        .takes_in(json!({"kind": "agent", "display_name": "Nameless", "role": "member",
        "sponsor_id": app.owner.id}))
        .await;
    app.owner.assigns(&zone, &agent, "executor").await.expect(201);
    for said in [json!({"action": "work.do"}), json!({"action": "work.do", "agent_type": "coder"})] {
        let answer = agent.post(&format!("/zones/{zone}/check"), said).await.expect(200);
        assert_eq!(
            (answer.text("/decision"), answer.text("/reasons/0/code")),
            ("deny".into(), "agent_type_not_allowed".into())
        );
    }
    let person = executor(&app, &zone).await;
    assert_eq!(decision(&person, &zone, json!({"action": "work.do"})).await, "allow", "people have no type");
});

on_both!(a_counted_answer_is_given_again_for_its_key, async |app: TestApp| {
    let (zone, worker) = till(&app).await;
    let path = format!("/zones/{zone}/check");
    let ask = async |key: &str| {
        let reply = worker.post_with(&path, json!({"action": "pay.bill"}), &[("Idempotency-Key", key)]).await.expect(200);
        reply.text("/decision")
    };
    assert_eq!((ask("one").await, ask("one").await, ask("two").await), ("allow".into(), "allow".into(), "deny".into()));
    let evaluation = json!({"subject": {"type": "user", "id": worker.id}, "action": {"name": "pay.slip"},
        "resource": {"type": "zone", "id": zone}});
    app.time_passes(chrono::Duration::hours(2)).await;
    for _ in 0..2 {
        let answer = worker.post_with("/access/v1/evaluation", evaluation.clone(), &[("Idempotency-Key", "three")]).await;
        assert_eq!(answer.at("/decision"), &json!(true));
    }
});

on_both!(what_was_recorded_is_what_was_told, async |app: TestApp| {
    let (zone, worker) = till(&app).await;
    let path = format!("/zones/{zone}/check");
    let ask = || worker.post(&path, json!({"action": "pay.bill", "record": true}));
    let told = futures::future::join_all((0..8).map(|_| ask())).await;
    let allowed = told.iter().filter(|reply| reply.text("/decision") == "allow").count();
    assert_eq!(allowed, 1);
    let recorded = app.owner.get("/audit?type=access.check_answered").await.expect(200);
    assert_eq!(recorded.items().len(), 1, "{}", recorded.body);
});

on_both!(who_does_a_task_is_no_part_of_what_was_approved, async |app: TestApp| {
    let zone = json!({"name": "Zone", "constraints": {"approval_required_actions": ["deploy.*"]},
        "resource_scope": {"allowed_agent_types": ["coder"]},
        "approval_policy": {"auto_approve": {"types": ["task_execution"]}}});
    let zone = app.owner.makes_zone(zone).await;
    let coder = app.agent("Coder", Some(&app.owner)).await;
    app.owner.patch(&format!("/members/{}", coder.id), json!({"agent_type": "coder"})).await.expect(200);
    app.owner.assigns(&zone, &coder, "executor").await.expect(201);
    let asked = json!({"action": "deploy.x", "agent_type": "coder", "submit": true});
    let cured = coder.post(&format!("/zones/{zone}/check"), asked).await.expect(201);
    let path = format!("/grants/{}/use", cured.text("/proposal/execution/grant_id"));
    coder.post(&path, json!({"agent_type": "writer"})).await.expect(403);
    coder.post(&path, json!({"agent_type": "coder"})).await.expect(200);
});

on_both!(one_bad_question_of_many_does_not_spoil_the_others, async |app: TestApp| {
    let (zone, worker) = till(&app).await;
    let question = |action: &str| json!({"action": {"name": action}});
    let batch = json!({"subject": {"type": "user", "id": worker.id}, "resource": {"type": "zone", "id": zone},
        "evaluations": [question("work.do"), question("Can Read"), question("work.do")]});
    let answers = worker.post("/access/v1/evaluations", batch).await.expect(200);
    let decisions: Vec<&Value> = (0..3).map(|index| answers.at(&format!("/evaluations/{index}/decision"))).collect();
    assert_eq!(decisions, [&json!(true), &json!(false), &json!(true)]);
    assert_eq!(answers.at("/evaluations/1/context/error/status"), 400);
});

on_both!(imagined_changes_are_refused_as_real_ones_are, async |app: TestApp| {
    let (zone, worker) = till(&app).await;
    let stranger = app.other_organization("Globex").await;
    let changes = json!({"approval_policy": {"static_reviewers": [stranger.id]}});
    let asked = json!({"action": "work.do", "changes": changes});
    worker.post(&format!("/zones/{zone}/check"), asked).await.expect(404);
    assert_eq!(reserves(&worker, &zone, "1").await.status, 201);
});

on_both!(what_was_set_aside_yesterday_is_spent_out_of_yesterday, async |app: TestApp| {
    let zone = json!({"name": "Zone", "constraints": {"spending_limit": {"amount": "10", "window": "day"}},
        "approval_policy": {"auto_approve": {"types": ["task_execution"]}}});
    let zone = app.owner.makes_zone(zone).await;
    let worker = executor(&app, &zone).await;
    let task = json!({"zone_id": zone, "type": "task_execution", "title": "Work",
        "payload": {"action": "work.do", "amount": "10"}});
    let grant = worker.post("/proposals", task).await.expect(201).text("/execution/grant_id");
    assert_eq!(reserves(&worker, &zone, "1").await.status, 422, "today's is set aside");
    app.time_passes(chrono::Duration::hours(20)).await;
    assert_eq!(reserves(&worker, &zone, "10").await.status, 201, "another day");
    worker.post(&format!("/grants/{grant}/use"), json!({})).await.expect(200);
});

on_both!(a_change_is_not_blamed_for_what_the_organization_did_itself, async |app: TestApp| {
    let (zone, worker) = till(&app).await;
    let check = format!("/zones/{zone}/check");
    worker.post(&check, json!({"action": "work.do", "record": true})).await.expect(200);
    worker.post(&check, json!({"action": "pay.bill", "record": true})).await.expect(200);
    let assignment = app.owner.get(&format!("/zones/{zone}/assignments")).await.expect(200).text("/items/0/id");
    app.owner.delete(&format!("/zones/{zone}/assignments/{assignment}")).await.expect(204);
    app.owner.post(&format!("/zones/{zone}/suspend"), json!({})).await.expect(200);
    let simulated = async |changes: Value| {
        app.owner.post(&format!("/zones/{zone}/simulate"), json!({"changes": changes})).await.expect(200)
    };
    let nothing = simulated(json!({"description": "Where money is taken"})).await;
    assert_eq!((nothing.at("/replayed"), nothing.at("/differing")), (&json!(2), &json!(0)), "{}", nothing.body);
    app.owner.post(&format!("/zones/{zone}/activate"), json!({})).await.expect(200);
    app.owner.assigns(&zone, &worker, "executor").await.expect(201);
    let wish = json!({"action": "work.do", "amount": "1", "tool": "helm", "params": {"replicas": 9}});
    worker.post(&format!("/zones/{zone}/reservations"), wish).await.expect(201);
    for narrower in [json!({"allowed_tools": ["argo"]}), json!({"limits": {"replicas": 1}})] {
        let differs = simulated(json!({"resource_scope": narrower})).await;
        assert_eq!(differs.at("/differing"), 1, "{}", differs.body);
    }
    let something = simulated(json!({"constraints": {"blocked_actions": ["pay.*"]}})).await;
    assert_eq!(something.at("/differing"), 1, "{}", something.body);
});
