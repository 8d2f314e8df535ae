//! The authorization interface of the `OpenID` Foundation (`AuthZEN` 1.0): requests and answers have the form that its schemas ask for, and say what a check says.

use jsonschema::Validator;
use serde_json::{Value, json};

use super::executor;
use crate::harness::{Person, TestApp};
use crate::on_both;

/// The form of requests and of answers: ours, from the text of the specification, and the official ones where
/// `AUTHZEN_SCHEMAS` says in which folder they are.
struct Forms {
    requests: Vec<Validator>,
    answers: Vec<Validator>,
}

impl Forms {
    fn read() -> Self {
        let named =
            |properties: Value, required: Value| json!({"type": "object", "required": required, "properties": properties});
        let text = json!({"type": "string"});
        let entity = named(json!({"type": text, "id": text, "properties": {"type": "object"}}), json!(["type", "id"]));
        let action = named(json!({"name": text, "properties": {"type": "object"}}), json!(["name"]));
        let parts = json!({"subject": entity, "resource": entity, "action": action, "context": {"type": "object"}});
        let request = named(parts, json!(["subject", "resource", "action"]));
        let answer = named(json!({"decision": {"type": "boolean"}, "context": {"type": "object"}}), json!(["decision"]));
        let mut forms = Self { requests: vec![form(&request)], answers: vec![form(&answer)] };
        #[expect(clippy::disallowed_methods, reason = "whoever runs the tests says where the official schemas are")]
        if let Ok(folder) = std::env::var("AUTHZEN_SCHEMAS") {
            let official = |name: &str| {
                let text = std::fs::read_to_string(format!("{folder}/evaluation-{name}.schema.json")).expect("a schema");
                form(&serde_json::from_str(&text).expect("JSON"))
            };
            forms.requests.push(official("request"));
            forms.answers.push(official("response"));
        }
        forms
    }
}

fn form(schema: &Value) -> Validator {
    jsonschema::validator_for(schema).expect("a schema")
}

fn fits(forms: &[Validator], value: &Value) -> bool {
    forms.iter().all(|form| form.is_valid(value))
}

async fn evaluates(forms: &Forms, person: &Person, request: &Value) -> Value {
    assert!(fits(&forms.requests, request), "{request}");
    let answer = person.post("/access/v1/evaluation", request.clone()).await.expect(200).body;
    assert!(fits(&forms.answers, &answer), "{answer}");
    answer
}

fn asking(subject: &str, zone: &str, action: &str) -> Value {
    json!({"subject": {"type": "user", "id": subject}, "resource": {"type": "zone", "id": zone}, "action": {"name": action},
        "context": {"time": "2026-01-05T10:00:00Z"}})
}

on_both!(an_evaluation_says_what_a_check_says, async |app: TestApp| {
    let forms = Forms::read();
    let constraints = json!({"blocked_actions": ["work.never"], "approval_required_actions": ["deploy.*"],
        "rate_limits": [{"action": "pay.*", "max": 1, "per_seconds": 60}]});
    let scope = json!({"budget_limit": "10", "limits": {"replicas": 3}});
    let zone = json!({"name": "Zone", "slug": "the-zone", "constraints": constraints, "resource_scope": scope});
    let zone = app.owner.makes_zone(zone).await;
    let worker = executor(&app, &zone).await;
    for (action, properties) in [
        ("work.do", json!({})),
        ("work.never", json!({})),
        ("deploy.site", json!({})),
        ("work.do", json!({"amount": "10.01"})),
        ("work.do", json!({"replicas": 4})),
        ("work.do", json!({"params": {"replicas": 3}})),
        ("zone.read", json!({})),
    ] {
        let mut request = asking(&worker.id, &zone, action);
        request["action"]["properties"] = properties.clone();
        let answer = evaluates(&forms, &app.owner, &request).await;
        let mut asked = json!({"action": action, "principal_id": worker.id, "params": properties.get("params").cloned().unwrap_or(json!({}))});
        for (key, value) in properties.as_object().expect("keys") {
            match key.as_str() {
                "amount" | "params" => asked[key] = value.clone(),
                _ => asked["params"][key] = value.clone(),
            }
        }
        let checked = app.owner.post(&format!("/zones/{zone}/check"), asked).await.expect(200);
        assert_eq!(answer["decision"], json!(checked.text("/decision") == "allow"), "{request}");
        assert_eq!(
            (&answer["context"]["decision"], &answer["context"]["reasons"]),
            (checked.at("/decision"), checked.at("/reasons"))
        );
    }
    let by_slug = evaluates(&forms, &app.owner, &asking(&worker.id, "the-zone", "pay.bill")).await;
    assert_eq!(by_slug["decision"], true);
    let counted = evaluates(&forms, &app.owner, &asking(&worker.id, &zone, "pay.bill")).await;
    assert_eq!(counted["context"]["reasons"][0]["code"], "rate_limited", "an evaluation counts like a check");
    for (subject, kind, zone, code) in [
        ("nobody", "user", zone.as_str(), "not_a_member"),
        (worker.id.as_str(), "agent", zone.as_str(), "not_a_member"),
        (worker.id.as_str(), "human", "nowhere", "no_such_zone"),
    ] {
        let mut request = asking(subject, zone, "work.do");
        request["subject"]["type"] = json!(kind);
        let answer = evaluates(&forms, &app.owner, &request).await;
        assert_eq!((&answer["decision"], &answer["context"]["reasons"][0]["code"]), (&json!(false), &json!(code)));
    }
    let stranger = app.stranger().post("/access/v1/evaluation", asking(&worker.id, &zone, "work.do")).await;
    stranger.expect(401);
    let rival = app.other_organization("Rivals").await;
    let answer = evaluates(&forms, &rival, &asking(&worker.id, &zone, "work.do")).await;
    assert_eq!(answer["context"]["reasons"][0]["code"], "no_such_zone", "what belongs to others does not exist");
});

on_both!(what_is_no_evaluation_is_refused, async |app: TestApp| {
    let forms = Forms::read();
    let right = asking(&app.owner.id, &app.owner.makes_zone(json!({"name": "Zone"})).await, "work.do");
    for (pointer, wrong) in [
        ("/subject", Value::Null),
        ("/subject/id", Value::Null),
        ("/resource/type", json!(7)),
        ("/action", json!("work.do")),
        ("/action/name", json!({})),
        ("/action/properties", json!([])),
        ("/context", json!("now")),
    ] {
        let mut request = right.clone();
        let (parent, key) = pointer.rsplit_once('/').expect("a pointer");
        let parent = request.pointer_mut(parent).expect("a parent").as_object_mut().expect("an object");
        if wrong.is_null() {
            drop(parent.remove(key));
        } else {
            drop(parent.insert(key.to_owned(), wrong));
        }
        assert!(!fits(&forms.requests[..1], &request), "{request}");
        let refused = app.owner.post("/access/v1/evaluation", request).await.expect(400);
        assert_eq!(refused.header("content-type"), "application/problem+json");
    }
    let reply =
        app.owner.post_with("/access/v1/evaluation", right, &[("x-request-id", "bfe9eb29-ab87-4ca3-be83-a1d5d8305716")]).await;
    assert_eq!(reply.expect(200).header("x-request-id"), "bfe9eb29-ab87-4ca3-be83-a1d5d8305716");
});

on_both!(many_evaluations_take_what_they_leave_out_from_the_request_and_stop_when_asked, async |app: TestApp| {
    let zone = json!({"name": "Zone", "constraints": {"blocked_actions": ["work.never"]}});
    let zone = app.owner.makes_zone(zone).await;
    let other = app.owner.makes_zone(json!({"name": "Other"})).await;
    let mut request = asking(&app.owner.id, &zone, "work.never");
    let decided = async |request: &Value| -> Vec<bool> {
        let answers = app.owner.post("/access/v1/evaluations", request.clone()).await.expect(200);
        answers.at("/evaluations").as_array().expect("answers").iter().map(|answer| answer["decision"] == true).collect()
    };
    request["evaluations"] = json!([
        {"action": {"name": "work.do"}},
        {},
        {"resource": {"type": "zone", "id": other}},
        {"action": {"name": "zone.read"}},
    ]);
    assert_eq!(decided(&request).await, [true, false, true, true]);
    request["options"] = json!({"evaluations_semantic": "deny_on_first_deny"});
    assert_eq!(decided(&request).await, [true, false]);
    request["options"] = json!({"evaluations_semantic": "permit_on_first_permit"});
    assert_eq!(decided(&request).await, [true]);
    request["options"] = json!({"evaluations_semantic": "whatever"});
    app.owner.post("/access/v1/evaluations", request.clone()).await.expect(400);
    request.as_object_mut().expect("an object").remove("evaluations");
    let single = app.owner.post("/access/v1/evaluations", request).await.expect(200);
    assert_eq!(single.at("/decision"), &json!(false), "without evaluations it is one evaluation");
});

on_both!(searches_find_exactly_what_evaluations_permit, async |app: TestApp| {
    let forms = Forms::read();
    let root = app.owner.makes_zone(json!({"name": "Root"})).await;
    let blocked = json!({"name": "Blocked", "parent_zone_id": root, "constraints": {"blocked_actions": ["work.do"]}});
    let blocked = app.owner.makes_zone(blocked).await;
    let worker = executor(&app, &root).await;
    let agent = app.agent("Bot", None).await;
    app.owner.assigns(&root, &agent, "executor").await.expect(201);
    let found = async |kind: &str, request: Value, key: &str| -> Vec<Value> {
        let reply = app.owner.post(&format!("/access/v1/search/{kind}"), request).await.expect(200);
        assert_eq!(reply.text("/page/next_token"), "");
        reply.at("/results").as_array().expect("results").iter().map(|result| result[key].clone()).collect()
    };
    let request = asking(&worker.id, &root, "work.do");
    assert_eq!(found("subject", request.clone(), "id").await, [json!(app.owner.id), json!(worker.id), json!(agent.id)]);
    let mut agents = request.clone();
    agents["subject"] = json!({"type": "agent"});
    assert_eq!(found("subject", agents, "id").await, [json!(agent.id)]);
    let mut zones = request.clone();
    zones["resource"] = json!({"type": "zone"});
    assert_eq!(found("resource", zones, "id").await, [json!(root)]);
    let actions = found("action", asking(&worker.id, &blocked, "any"), "name").await;
    assert!(actions.contains(&json!("task.create")) && !actions.contains(&json!("work.do")), "{actions:?}");
    for action in actions {
        let asked = asking(&worker.id, &blocked, action.as_str().expect("an action"));
        assert_eq!(evaluates(&forms, &app.owner, &asked).await["decision"], true, "{action}");
    }
    let told = app.stranger().get("/.well-known/authzen-configuration").await.expect(200);
    let base = format!("http://{}", app.address);
    assert_eq!(told.text("/policy_decision_point"), base);
    assert_eq!(told.text("/access_evaluation_endpoint"), format!("{base}/access/v1/evaluation"));
});

on_both!(particulars_bind_wherever_they_are_said, async |app: TestApp| {
    let zone =
        json!({"name": "Zone", "resource_scope": {"allowed_boards": ["b1"], "budget_limit": "100", "limits": {"tokens": 5}}});
    let zone = app.owner.makes_zone(zone).await;
    let worker = executor(&app, &zone).await;
    let forms = Forms::read();
    let nothing = || (json!({}), json!({}), json!({}));
    for (places, decision) in [
        (nothing(), true),
        ((json!({"board_id": "b1"}), json!({}), json!({})), true),
        ((json!({"board_id": "b2"}), json!({}), json!({})), false),
        ((json!({}), json!({"board_id": "b2"}), json!({})), false),
        ((json!({}), json!({}), json!({"board_id": "b2"})), false),
        ((json!({}), json!({}), json!({"amount": "1000"})), false),
        ((json!({}), json!({"tokens": 6}), json!({})), false),
        ((json!({}), json!({}), json!({"ip": "10.0.0.1", "session": {"id": 7}})), true),
        ((json!({"board_id": "b1"}), json!({"board_id": "b1"}), json!({"time": "now", "tokens": 5})), true),
    ] {
        let (of_action, of_resource, context) = places;
        let request = json!({"subject": {"type": "user", "id": worker.id}, "action": {"name": "work.do", "properties": of_action},
            "resource": {"type": "zone", "id": zone, "properties": of_resource}, "context": context});
        assert_eq!(evaluates(&forms, &worker, &request).await["decision"], decision, "{request}");
    }
    let torn = json!({"subject": {"type": "user", "id": worker.id}, "action": {"name": "work.do", "properties": {"board_id": "b1"}},
        "resource": {"type": "zone", "id": zone, "properties": {"board_id": "b2"}}});
    let refused = worker.post("/access/v1/evaluation", torn).await.expect(400);
    assert_eq!(refused.text("/errors/0/pointer"), "/resource/properties/board_id");
    for (of_action, of_resource) in
        [(json!({"tokens": 5}), json!({"tokens": 6})), (json!({"tokens": 5, "params": {"tokens": 6}}), json!({}))]
    {
        let torn = json!({"subject": {"type": "user", "id": worker.id}, "action": {"name": "work.do", "properties": of_action},
            "resource": {"type": "zone", "id": zone, "properties": of_resource}});
        worker.post("/access/v1/evaluation", torn).await.expect_problem(400, "invalid");
    }
    let unread = json!({"subject": {"type": "user", "id": worker.id}, "action": {"name": "work.do"},
        "resource": {"type": "zone", "id": zone}, "context": {"amount": "much"}});
    let refused = worker.post("/access/v1/evaluation", unread).await.expect(400);
    assert_eq!(refused.text("/errors/0/pointer"), "/context/amount");
});

on_both!(searches_give_as_many_at_once_as_asked_for, async |app: TestApp| {
    let zone = app.owner.makes_zone(json!({"name": "Zone"})).await;
    for name in ["Ann", "Bob", "Cem"] {
        app.human(name, "member").await;
    }
    let search = |page: Value| json!({"subject": {"type": "user"}, "resource": {"type": "zone", "id": zone}, "action": {"name": "zone.read"}, "page": page});
    let (mut found, mut token) = (Vec::new(), String::new());
    loop {
        let page = json!({"limit": 3, "token": token});
        let answer = app.owner.post("/access/v1/search/subject", search(page)).await.expect(200);
        let results = answer.at("/results").as_array().expect("results").clone();
        assert!(results.len() <= 3);
        found.extend(results);
        token = answer.text("/page/next_token");
        if token.is_empty() {
            break;
        }
    }
    assert_eq!(found.len(), 4);
    for page in [json!({"limit": "x"}), json!({"limit": 0}), json!({"limit": -1}), json!(5), json!({"token": 5})] {
        app.owner.post("/access/v1/search/subject", search(page)).await.expect(400);
    }
    app.owner.post("/access/v1/search/subject", search(Value::Null)).await.expect(200);
});
