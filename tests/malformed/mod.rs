//! Bodies, headers, paths and queries that make no sense: every command answers each of a thousand with a problem of the 4xx
//! class, and nothing happens (SPEC H2, O5). Everything is drawn from a fixed seed.

mod bodies;

use std::collections::BTreeMap;

use futures::StreamExt;
use futures::stream;
use reqwest::Method;
use serde_json::{Map, Value, json};

use self::bodies::right;
use crate::harness::TestApp;
use crate::on_both;

/// How many requests each command has to refuse.
const EACH: u64 = 1_000;
/// How many are under way at once.
const AT_ONCE: usize = 16;

/// `SplitMix64`: small, and the same everywhere.
struct Dice(u64);

impl Dice {
    fn roll(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9E37_79B9_7F4A_7C15);
        let mixed = (self.0 ^ (self.0 >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
        let mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
        mixed ^ (mixed >> 31)
    }

    fn below(&mut self, bound: usize) -> usize {
        usize::try_from(self.roll() % bound as u64).expect("a small number")
    }

    fn one_of<T: Clone>(&mut self, of: &[T]) -> T {
        of[self.below(of.len())].clone()
    }
}

/// A command as it would be right: what is broken is broken from here.
#[derive(Clone)]
struct Command {
    method: Method,
    /// With the ids of things that are there.
    path: String,
    /// The path of the description.
    pattern: String,
    body: Map<String, Value>,
    required: Vec<&'static str>,
    /// Whether `Idempotency-Key` and `If-Match` are read.
    reads_headers: bool,
}

/// What to send.
struct Broken {
    what: &'static str,
    path: String,
    headers: Vec<(&'static str, String)>,
    body: Option<Vec<u8>>,
}

/// Every POST and PATCH of the description.
fn commands(member: &str, zone: &str, named: [&str; 5]) -> Vec<Command> {
    let [proposal, escalation, evaluation, reservation, grant] = named;
    let description = serde_json::to_value(trust_zones::api::openapi()).expect("a description");
    let mut commands = Vec::new();
    for (pattern, methods) in description["paths"].as_object().expect("paths") {
        for method in methods.as_object().expect("methods").keys() {
            let method = Method::from_bytes(method.to_uppercase().as_bytes()).expect("a method");
            if method != Method::POST && method != Method::PATCH {
                continue;
            }
            let route = format!("{method} {pattern}");
            let (body, required) = right(&route, member, zone);
            let path = pattern.trim_start_matches("/api/v1").replace("/zones/{id}", &format!("/zones/{zone}"));
            let path = path.replace("/members/{id}", &format!("/members/{member}"));
            let path = path.replace("/proposals/{id}", &format!("/proposals/{proposal}"));
            let path = path.replace("/escalations/{id}", &format!("/escalations/{escalation}"));
            let path = path.replace("/evaluations/{id}", &format!("/evaluations/{evaluation}"));
            let path = path.replace("/reservations/{id}", &format!("/reservations/{reservation}"));
            let path = path.replace("/grants/{id}", &format!("/grants/{grant}"));
            assert!(!path.contains('{'), "no id for {route}");
            let Value::Object(body) = body else { panic!("a body is an object") };
            let reads_headers = pattern != "/api/v1/invites/accept";
            commands.push(Command { method, path, pattern: pattern.clone(), body, required, reads_headers });
        }
    }
    commands
}

/// Values of another type than `right`, whatever the key.
fn wrong_for(right: &Value, dice: &mut Dice) -> Value {
    let deep = (0..100).fold(json!(1), |inner, _| json!([inner]));
    let mut wrong = vec![json!([[1]]), json!([{"a": 1}]), json!([null]), deep];
    match right {
        Value::String(_) => wrong.extend([
            json!(true),
            json!(-7),
            json!(-1.0e30),
            json!({"a": {"b": []}}),
            json!("x".repeat(10_050)),
            json!("bell \u{7}"),
            json!("\u{202e}\u{0}"),
        ]),
        Value::Bool(_) => wrong.extend([json!(1), json!("yes"), json!({})]),
        Value::Array(_) => wrong.extend([json!({"a": 1}), json!("x"), json!(7), json!([true]), json!([{}])]),
        _ => wrong.extend([json!("x"), json!(7), json!(false), json!(-1)]),
    }
    dice.one_of(&wrong)
}

/// What 2 MB are called.
const TOO_LARGE: &str = "2 MB";

/// A place for text in which a raw piece of JSON takes the place of a value.
const HOLE: &str = "THE-HOLE";

impl Command {
    fn with(&self, key: &str, value: Value) -> Vec<u8> {
        let mut body = self.body.clone();
        body.insert(key.to_owned(), value);
        Value::Object(body).to_string().into_bytes()
    }

    /// The right body with raw text in place of the value of `key`.
    fn with_raw(&self, key: &str, raw: &[u8]) -> Vec<u8> {
        let text = String::from_utf8(self.with(key, json!(HOLE))).expect("JSON is text");
        let (before, after) = text.split_once(&format!("\"{HOLE}\"")).expect("the hole");
        [before.as_bytes(), raw, after.as_bytes()].concat()
    }

    fn some_key(&self, dice: &mut Dice) -> String {
        let keys: Vec<&String> = self.body.keys().collect();
        if keys.is_empty() { "unknown".to_owned() } else { dice.one_of(&keys).clone() }
    }

    fn some_text_key(&self, dice: &mut Dice) -> String {
        let keys: Vec<&String> = self.body.iter().filter(|(_, value)| value.is_string()).map(|(key, _)| key).collect();
        if keys.is_empty() { "unknown".to_owned() } else { dice.one_of(&keys).clone() }
    }

    fn plain(&self, what: &'static str, body: impl Into<Vec<u8>>) -> Broken {
        Broken { what, path: self.path.clone(), headers: Vec::new(), body: Some(body.into()) }
    }

    /// The request of one throw of the dice: none of them can be carried out.
    #[expect(clippy::too_many_lines, reason = "a table")]
    fn broken(&self, index: u64, dice: &mut Dice) -> Broken {
        let right = || Value::Object(self.body.clone()).to_string();
        if index.is_multiple_of(250) {
            let key = self.some_text_key(dice);
            return self.plain(TOO_LARGE, self.with(&key, json!("x".repeat(2 * 1024 * 1024))));
        }
        match index % 16 {
            0..=2 => {
                let key = self.some_key(dice);
                let wrong = wrong_for(self.body.get(&key).unwrap_or(&Value::Null), dice);
                self.plain("wrong type", self.with(&key, wrong))
            }
            3 => self.plain("unknown key", self.with(&format!("key_{}", dice.roll()), json!(dice.roll()))),
            4 if self.required.is_empty() => self.plain("unknown key", self.with("", json!(null))),
            4 => {
                let mut body = self.body.clone();
                body.remove(dice.one_of(&self.required));
                self.plain("missing key", Value::Object(body).to_string())
            }
            5 => {
                let key = self.some_key(dice);
                let (open, close) = dice.one_of(&[("[", "]"), ("{\"a\":", "}")]);
                let deep = match dice.below(3) {
                    0 => format!("{}1{}", open.repeat(10_000), close.repeat(10_000)),
                    1 => open.repeat(10_000),
                    _ => format!("{}{}", open.repeat(5_000), close.repeat(4_999)),
                };
                if dice.below(2) == 0 {
                    self.plain("deep", deep)
                } else {
                    self.plain("deep", self.with_raw(&key, deep.as_bytes()))
                }
            }
            6 => {
                let key = self.some_key(dice);
                let huge: &[&str] = &["1e999", "-1e999", "1e99999999999", "NaN", "-Infinity", "0x10", "01", "+1", "1.", "--1"];
                let raw = dice.one_of(huge);
                self.plain("number", self.with_raw(&key, raw.as_bytes()))
            }
            7 => {
                let key = self.some_text_key(dice);
                let digits = "9".repeat(40 + dice.below(400));
                self.plain("huge number", self.with_raw(&key, digits.as_bytes()))
            }
            8 => {
                let key = self.some_text_key(dice);
                let bad: &[&[u8]] =
                    &[b"\"\xff\"", b"\"\xc3\x28\"", b"\"\xed\xa0\x80\"", b"\"\xf8\x88\x80\x80\x80\"", b"\"\x00\""];
                self.plain("bad UTF-8", self.with_raw(&key, dice.one_of(bad)))
            }
            9 => {
                let key = self.some_text_key(dice);
                let raw: &[&str] =
                    &["\"a\\u0000b\"", "\"\\ud800\"", "\"\\udc00\\ud800\"", "\"\\uZZZZ\"", "\"\\x00\"", "{\"\\u0000\": 1}"];
                self.plain("NUL or surrogate", self.with_raw(&key, dice.one_of(raw).as_bytes()))
            }
            10 => {
                let bodies = [
                    "null",
                    "[]",
                    "[{}]",
                    "true",
                    "7",
                    "\"text\"",
                    "{",
                    "}",
                    "{}{}",
                    "{},",
                    "{\"a\"}",
                    "{'a': 1}",
                    "// {}",
                    "\u{feff}{}",
                ];
                let body = if !self.required.is_empty() && dice.below(4) == 0 {
                    dice.one_of(&["", " \n\t", "{}"])
                } else {
                    dice.one_of(&bodies)
                };
                self.plain("not a command", body)
            }
            11 => {
                let mut right = right().into_bytes();
                right.truncate(right.len() - 1 - dice.below(right.len() / 2));
                if right.is_empty() { self.plain("cut off", "{") } else { self.plain("cut off", right) }
            }
            12 => {
                let key = self.some_key(dice);
                let first = self.body.get(&key).cloned().unwrap_or(json!(1));
                let raw = format!("{first},{}:{}", json!(key), "[[1]]");
                self.plain("duplicate keys", self.with_raw(&key, raw.as_bytes()))
            }
            13 | 14 if self.reads_headers => {
                let headers = vec![
                    ("idempotency-key", String::new()),
                    ("idempotency-key", "k".repeat(256 + dice.below(4_000))),
                    ("idempotency-key", "kéy".to_owned()),
                    ("if-match", "garbage".to_owned()),
                    ("if-match", String::new()),
                    ("if-match", "\"-1\"".to_owned()),
                    ("if-match", "\"99999999999999999999999\"".to_owned()),
                    ("if-match", "\"x\", \"y\"".to_owned()),
                    ("if-match", "W/W/\"x\"".to_owned()),
                    ("if-match", "é".repeat(100)),
                ];
                Broken { headers: vec![dice.one_of(&headers)], ..self.plain("odd header", right()) }
            }
            15 if self.pattern.contains("{id}") => {
                let long = "9".repeat(5_000);
                let odd = [
                    "nobody",
                    "%00",
                    "%ff%fe",
                    "%2e%2e%2f",
                    "00000000-0000-0000-0000-000000000000",
                    "%F0%9F%92%A9",
                    "-1",
                    "%27%20OR%201=1--",
                    "{id}",
                    "%E2%80%AE",
                    "0",
                    &long,
                ];
                let path = self.pattern.trim_start_matches("/api/v1").replace("{id}", dice.one_of::<&str>(&odd));
                Broken { path, ..self.plain("odd path", right()) }
            }
            _ => {
                let queries = [
                    "?",
                    "?after=-1",
                    "?limit=999999999999999999999",
                    "?after=%00",
                    "?cursor=%ff",
                    "?a=1&a=2&a[]=3",
                    "?%",
                    "?after=1e9",
                    "?x=' OR 1=1",
                ];
                let path = format!("{}{}", self.path, dice.one_of(&queries)).replace(' ', "%20");
                Broken { path, ..self.plain("odd query", self.with("unknown", json!(1))) }
            }
        }
    }
}

/// Sends one and says what came back.
async fn refused(app: &TestApp, command: &Command, broken: Broken) -> (&'static str, u16) {
    let headers: Vec<(&str, &str)> = broken.headers.iter().map(|(name, value)| (*name, value.as_str())).collect();
    let shown = broken.body.as_ref().map(|body| String::from_utf8_lossy(&body[..body.len().min(300)]).into_owned());
    let told = || format!("{} {} {} {:?} {shown:?}", broken.what, command.method, broken.path, broken.headers);
    if broken.what == TOO_LARGE {
        return (TOO_LARGE, too_large(app, command, broken.body.unwrap_or_default()).await);
    }
    let reply = app.owner.send(command.method.clone(), &broken.path, &headers, broken.body.clone()).await;
    let text = String::from_utf8_lossy(&reply.raw);
    assert!((400..500).contains(&reply.status), "{}: {} {text}", told(), reply.status);
    assert_eq!(reply.header("content-type"), "application/problem+json", "{}: {text}", told());
    assert!(reply.body["code"].is_string() && reply.body["status"] == reply.status, "{}: {text}", told());
    (broken.what, reply.status)
}

/// A body that is too large is refused while it is still being sent: whoever does not listen then sees the connection end (0).
async fn too_large(app: &TestApp, command: &Command, body: Vec<u8>) -> u16 {
    let client = reqwest::Client::builder().build().expect("a client");
    let request = client.request(command.method.clone(), format!("http://{}/api/v1{}", app.address, command.path));
    let sent = request.bearer_auth(&app.owner.token).header("content-type", "application/json").body(body).send().await;
    sent.map_or(0, |response| response.status().as_u16())
}

on_both!(a_thousand_malformed_requests_to_each_command_change_nothing, async |app: TestApp| {
    let owner = &app.owner;
    let zone = owner
        .makes_zone(json!({"name": "Target", "evaluation_criteria": {"criteria": [{"name": "quality", "type": "human"}]}}))
        .await;
    let reviewer = app.human("Reviewer", "member").await;
    owner.assigns(&zone, &reviewer, "approver").await.expect(201);
    let proposal = owner.proposes_work(&zone).await;
    let done = owner.proposes_work(&zone).await;
    reviewer.votes(&done, "approve").await.expect(200);
    let evaluation =
        owner.post("/evaluations", json!({"proposal_id": done, "executor_id": reviewer.id})).await.expect(201).id();
    let petition = json!({"reason": "Stop.", "change": {"status": "suspended"}});
    let escalation = reviewer.post(&format!("/zones/{zone}/escalations"), petition).await.expect(201).id();
    let held = json!({"action": "work.do", "amount": "10"});
    let reservation = owner.post(&format!("/zones/{zone}/reservations"), held).await.expect(201).id();
    let granted = owner.proposes_work(&zone).await;
    reviewer.votes(&granted, "approve").await.expect(200);
    app.settled().await;
    let grant = owner.get("/grants").await.expect(200).text("/items/0/id");
    let before = app.service.app.log.head().await.expect("a head");

    let commands = commands(&reviewer.id, &zone, [&proposal, &escalation, &evaluation, &reservation, &grant]);
    assert!(commands.len() >= 20, "the description has lost its commands");
    let mut refused_as_too_large = 0;
    for (number, command) in commands.iter().enumerate() {
        let mut dice = Dice(number as u64);
        let all: Vec<Broken> = (1..=EACH).map(|index| command.broken(index, &mut dice)).collect();
        assert_eq!(all.len(), 1_000);
        let sent = stream::iter(all).map(|broken| refused(&app, command, broken)).buffer_unordered(AT_ONCE);
        let mut seen: BTreeMap<(&str, u16), usize> = BTreeMap::new();
        for kind in sent.collect::<Vec<_>>().await {
            *seen.entry(kind).or_default() += 1;
        }
        println!("{} {}: {seen:?}", command.method, command.pattern);
        let large = |status: u16| seen.get(&(TOO_LARGE, status)).copied().unwrap_or(0);
        assert_eq!(large(413) + large(0), 4, "{} {}: {seen:?}", command.method, command.pattern);
        refused_as_too_large += large(413);
        assert_eq!(
            app.service.app.log.head().await.expect("a head"),
            before,
            "{} {} has done something",
            command.method,
            command.pattern
        );
    }
    assert!(refused_as_too_large > 0, "some who send too much hear why");
    owner.get("/healthz").await.expect(200);
    owner.get("/readyz").await.expect(200);
    assert_eq!(owner.get(&format!("/zones/{zone}")).await.expect(200).text("/status"), "active");
    assert_eq!(owner.get(&format!("/proposals/{proposal}")).await.expect(200).text("/status"), "pending_review");
    let work = reviewer.votes(&proposal, "approve").await.expect(200);
    assert_eq!(work.text("/execution/status"), "succeeded", "it works as before");
});

on_both!(odd_queries_of_reads_never_break_the_service, async |app: TestApp| {
    let owner = &app.owner;
    let zone = owner.makes_zone(json!({"name": "Target"})).await;
    let reviewer = app.human("Reviewer", "member").await;
    owner.assigns(&zone, &reviewer, "approver").await.expect(201);
    let proposal = owner.proposes_work(&zone).await;
    let far = json!({"role": "member", "expires_at": "+262000-01-01T00:00:00Z"});
    owner.post("/invites", far).await.expect_problem(422, "invalid");
    app.settled().await;

    let moments = [
        "-200000-01-01T00:00:00Z",
        "-4712-01-01T00:00:00Z",
        "0000-01-01T00:00:00Z",
        "%2B262000-01-01T00:00:00Z",
        "2026-13-01",
        "x",
        "",
    ];
    let numbers = ["-1", "0", "201", "9223372036854775807", "9223372036854775808", "18446744073709551615", "1e3", "x", ""];
    let texts = ["%00", "%ff", "c0", "czzzzzzzzzzzz", "c3w5e11264sgsf", "%F0%9F%92%A9", "' OR 1=1--", "nobody"];
    let keys = [
        "limit",
        "cursor",
        "after",
        "from",
        "to",
        "as_of",
        "type",
        "status",
        "zone_id",
        "actor_id",
        "aggregate_id",
        "correlation_id",
        "member_id",
        "role",
        "kind",
        "slug",
        "order",
        "inherited",
        "proposer_id",
        "reviewer_id",
        "principal_id",
        "parent_zone_id",
        "unknown",
    ];
    let description = serde_json::to_value(trust_zones::api::openapi()).expect("a description");
    let paths = description["paths"].as_object().expect("paths").iter().filter(|(_, methods)| methods.get("get").is_some());
    let mut asked = 0;
    for (pattern, _) in paths {
        let Some(path) = pattern.strip_prefix("/api/v1") else { continue };
        let path = path
            .replace("/zones/{id}", &format!("/zones/{zone}"))
            .replace("/members/{id}", &format!("/members/{}", reviewer.id));
        let path = path.replace("/proposals/{id}", &format!("/proposals/{proposal}"));
        for key in keys {
            for value in moments.iter().chain(&numbers).chain(&texts) {
                let asking = format!("{path}?{key}={}", value.replace(' ', "%20"));
                let reply = owner.get(&asking).await;
                assert!(reply.status < 500, "{asking}: {} {}", reply.status, reply.body);
                if reply.status >= 400 {
                    assert_eq!(reply.header("content-type"), "application/problem+json", "{asking}");
                }
                asked += 1;
            }
        }
    }
    assert!(asked > 20 * keys.len() * 20, "only {asked} requests");
});
