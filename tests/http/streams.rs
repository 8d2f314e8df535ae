//! The log as a stream, resumable by position (SPEC H5).

use std::time::Duration;

use reqwest::Method;
use serde_json::{Value, json};

use crate::harness::{Person, TestApp};
use crate::on_both;

/// The events of an NDJSON stream after a position.
async fn lines(person: &Person, after: Option<u64>) -> Vec<Value> {
    let after = after.map(|after| after.to_string());
    let headers: Vec<(&str, &str)> = after.iter().map(|after| ("last-event-id", after.as_str())).collect();
    let reply = person.send(Method::GET, "/events", &headers, None).await.expect(200);
    assert_eq!(reply.header("content-type"), "application/x-ndjson");
    let text = String::from_utf8(reply.raw).expect("text");
    text.lines().map(|line| serde_json::from_str(line).expect("an event on each line")).collect()
}

fn positions(events: &[Value]) -> Vec<u64> {
    events.iter().filter_map(|event| event["position"].as_u64()).collect()
}

on_both!(a_stream_of_lines_resumes_after_the_last_event_seen, async |app: TestApp| {
    for number in 0..6 {
        app.owner.makes_zone(json!({"name": format!("Zone {number}")})).await;
    }
    let whole = lines(&app.owner, None).await;
    let last = whole.len() as u64;
    assert_eq!(positions(&whole), (1..=last).collect::<Vec<_>>(), "oldest first, without gaps");
    let page = app.owner.get("/audit?limit=200&order=asc").await.expect(200);
    assert_eq!(page.items()[..whole.len()], whole[..], "the same events as the log's pages");

    for seen in [0, 1, last - 1] {
        let rest = lines(&app.owner, Some(seen)).await;
        assert_eq!(positions(&rest).first(), Some(&(seen + 1)));
        let seen = usize::try_from(seen).expect("a small number");
        assert_eq!(rest[..whole.len() - seen], whole[seen..]);
    }
    let head = lines(&app.owner, None).await.len() as u64;
    assert!(lines(&app.owner, Some(head + 100)).await.is_empty());
    let headers = [("last-event-id", "abc")];
    app.owner.send(Method::GET, "/events", &headers, None).await.expect_problem(400, "malformed");
});

on_both!(an_export_of_the_log_is_itself_on_record, async |app: TestApp| {
    lines(&app.owner, Some(1)).await;
    let found = app.owner.get("/audit?type=access.log_exported").await.expect(200);
    assert_eq!(found.items().len(), 1);
    assert_eq!(found.text("/items/0/actor/id"), app.owner.id);
});

on_both!(whoever_asks_again_and_hears_of_nothing_new_writes_nothing, async |app: TestApp| {
    let head = positions(&lines(&app.owner, None).await).last().copied();
    for _ in 0..3 {
        assert!(lines(&app.owner, head).await.is_empty());
    }
    assert_eq!(app.owner.get("/audit?limit=1").await.expect(200).at("/items/0/position").as_u64(), head);
});

/// Reads a stream of server-sent events until `wanted` is in it.
async fn until(response: &mut reqwest::Response, text: &mut String, wanted: &str) {
    let reading = async {
        while !text.contains(wanted) {
            let chunk = response.chunk().await.expect("a stream").expect("that goes on");
            text.push_str(&String::from_utf8_lossy(&chunk));
        }
    };
    let read = tokio::time::timeout(Duration::from_secs(20), reading).await;
    assert!(read.is_ok(), "`{wanted}` never came: {text}");
}

on_both!(server_sent_events_tell_what_was_and_what_comes, async |app: TestApp| {
    let first = app.owner.post("/zones", json!({"name": "Before"})).await.expect(201);
    let http = reqwest::Client::builder().build().expect("a client");
    let request = http.get(format!("http://{}/api/v1/events", app.address)).bearer_auth(&app.owner.token);
    let request = request.header("accept", "text/event-stream").header("last-event-id", (first.position() - 1).to_string());
    let mut response = request.send().await.expect("an answer");
    assert_eq!(response.status(), 200);
    assert_eq!(response.headers()["content-type"], "text/event-stream");
    let mut text = String::new();
    until(&mut response, &mut text, &format!("id: {}\n", first.position())).await;
    let second = app.owner.post("/zones", json!({"name": "After"})).await.expect(201);
    until(&mut response, &mut text, &second.id()).await;
    until(&mut response, &mut text, &format!("id: {}\n", second.position())).await;
    until(&mut response, &mut text, "\n\n").await;
    assert!(text.contains("event: zone.created\n"), "{text}");
    assert!(!text.contains("organization.founded"), "what was seen is not told again: {text}");
    let data = text.lines().find_map(|line| line.strip_prefix("data: ")).expect("data");
    let event: Value = serde_json::from_str(data).expect("an event");
    assert_eq!(event["data"]["zone_id"], first.id());
});
