//! Bodies that are taken in can be read again, by whoever reads them.

use serde_json::{Value, json};

use crate::harness::TestApp;
use crate::on_both;

/// JSON that is nested `depth` deep.
fn nested(depth: usize) -> Value {
    (0..depth).fold(json!("core"), |inner, _| json!({"in": inner}))
}

on_both!(what_is_nested_too_deep_for_its_readers_is_never_written, async |app: TestApp| {
    let ann = app.human("Ann", "member").await;
    let zone = app
        .owner
        .makes_zone(
            json!({"name": "Deep", "constraints": {"rate_limits": [{"action": "work.*", "max": 1000, "per_seconds": 60}]}}),
        )
        .await;
    for role in ["approver", "executor"] {
        app.owner.assigns(&zone, &ann, role).await.expect(201);
    }
    let criteria = |config: Value| json!({"criteria": [{"name": "quality", "type": "human", "config": config}]});
    let mut accepted = Vec::new();
    for depth in (1..127).step_by(9).chain([59, 60, 61, 62, 63, 64, 65, 126]) {
        let params = nested(depth);
        let payload = json!({"action": "work.do", "params": params});
        let proposal = json!({"zone_id": zone, "type": "task_execution", "title": "Deep", "payload": payload});
        let asked = json!({"action": "work.do", "params": params});
        let judged = json!({"name": format!("Judged {depth}"), "evaluation_criteria": criteria(params.clone())});
        for (path, body, key) in [
            ("/proposals".to_owned(), proposal, "/payload"),
            (format!("/zones/{zone}/check"), asked, "/params"),
            ("/zones".to_owned(), judged, "/evaluation_criteria"),
        ] {
            let reply = app.owner.post(&path, body).await;
            match reply.status {
                // What reads requests goes no deeper than this.
                400 if depth > 120 => drop(reply.expect_problem(400, "malformed")),
                200 | 201 => accepted.push((depth, path, reply.body.get("id").cloned())),
                _ => {
                    let reply = reply.expect_problem(422, "invalid");
                    assert_eq!(reply.text("/errors/0/pointer"), key, "{depth} {path}");
                    assert!(depth > 50, "{depth} {path}: {}", reply.body);
                }
            }
        }
    }
    assert!(accepted.iter().any(|(depth, ..)| *depth >= 59) && accepted.iter().all(|(depth, ..)| *depth < 65), "{accepted:?}");
    app.settled().await;
    let log = app.owner.get("/audit?limit=200").await.expect(200);
    assert!(log.items().iter().all(|event| event["data"].is_object()), "every event can be read");
    // Nothing of it is in the memory of a process that has just started.
    let (second, address) = app.second_process().await;
    let elsewhere = app.owner.speaking_to(address);
    for (depth, path, id) in accepted {
        if let Some(id) = id.as_ref().and_then(Value::as_str) {
            let read = elsewhere.get(&format!("{path}/{id}")).await;
            assert_eq!(read.status, 200, "{path} {depth}: {}", read.body);
        }
    }
    second.end().await;
});

on_both!(a_number_that_would_be_read_as_another_one_is_refused, async |app: TestApp| {
    let zone = app.owner.makes_zone(json!({"name": "Zone"})).await;
    let path = format!("/zones/{zone}");
    let sent = |limit: &str| format!(r#"{{"resource_scope": {{"budget_limit": {limit}}}}}"#);
    let limited_to =
        async |limit: &str| app.owner.send(reqwest::Method::PATCH, &path, &[], Some(sent(limit).into_bytes())).await;
    limited_to("1000.0000000000000001").await.expect_problem(422, "invalid");
    limited_to("1000.5").await.expect(200);
    limited_to("\"1000.000000001\"").await.expect(200);
});
