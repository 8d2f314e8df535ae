//! The stored form of every event, one file each (SPEC L2): names and forms never change, so a file is written once and must
//! be readable, and written again in the same form, for ever.

use std::collections::BTreeMap;

use aggregates::decider::DomainEvent;
use aggregates::evaluation::Evaluation;
use aggregates::gardener::{Advice, Consultation};
use aggregates::policy::{CriterionType, Risk};
use aggregates::proposal::Proposal;
use aggregates::{Decider, access, escalation, evaluation, grant, inbox, invite, ledger, organization, proposal, token, zones};
use chrono::Duration;
use projections::audit;
use serde_json::{Map, Value, json};
use trust_zones::store::DraftEvent;

use crate::harness::{Kind, Person, TestApp, beginning, golden};
use crate::on_both;

/// What reading an event and writing it again makes of it.
type Again = fn(Value) -> Result<Value, String>;

fn again<E: DomainEvent>(stored: Value) -> Result<Value, String> {
    let event: E = serde_json::from_value(stored).map_err(|error| error.to_string())?;
    let draft = DraftEvent::of(&event);
    Ok(with_name(draft.event_type, draft.data.value()))
}

/// Every name the log knows, and how its events are read.
fn names() -> BTreeMap<&'static str, Again> {
    let of = |names: &'static [&'static str], again: Again| names.iter().map(move |name| (*name, again));
    of(organization::Event::NAMES, again::<organization::Event>)
        .chain(of(zones::Event::NAMES, again::<zones::Event>))
        .chain(of(proposal::Event::NAMES, again::<proposal::Event>))
        .chain(of(token::Event::NAMES, again::<token::Event>))
        .chain(of(invite::Event::NAMES, again::<invite::Event>))
        .chain(of(grant::Event::NAMES, again::<grant::Event>))
        .chain(of(ledger::Event::NAMES, again::<ledger::Event>))
        .chain(of(access::Event::NAMES, again::<access::Event>))
        .chain(of(escalation::Event::NAMES, again::<escalation::Event>))
        .chain(of(evaluation::Event::NAMES, again::<evaluation::Event>))
        .chain(of(inbox::Event::NAMES, again::<inbox::Event>))
        .chain(of(escalation::AllowanceEvent::NAMES, again::<escalation::AllowanceEvent>))
        .collect()
}

fn with_name(name: &str, data: Value) -> Value {
    let Value::Object(mut keys) = data else { panic!("the data of {name} is an object") };
    keys.insert("type".to_owned(), json!(name));
    Value::Object(keys)
}

/// As a golden file holds it: the name and the data, apart, as the log does.
fn filed(name: &str, stored: &Value) -> String {
    let mut data: Map<String, Value> = stored.as_object().expect("an object").clone();
    data.remove("type");
    serde_json::to_string_pretty(&json!({"type": name, "data": data})).expect("JSON") + "\n"
}

/// A story in which everything happens that can, and what is stored of it: the fullest event of each name.
#[expect(clippy::too_many_lines, reason = "one story, told from beginning to end")]
async fn everything_that_happens(app: &TestApp) -> BTreeMap<String, Value> {
    let owner = &app.owner;
    let [ann, bob, cat] = [app.human("Ann", "member").await, app.human("Bob", "admin").await, app.human("Cat", "member").await];
    let agent = app.agent("Bot", Some(&cat)).await;
    owner.patch("/organizations/current", json!({"name": "Acme & Daughters"})).await.expect(200);
    owner.patch(&format!("/members/{}", ann.id), json!({"skills": ["review", "rust"]})).await.expect(200);
    owner.patch(&format!("/members/{}", ann.id), json!({"display_name": "Anna"})).await.expect(200);
    app.other_organization("Elsewhere").await;

    let policies = json!({"name": "Platform", "description": "What runs it all.",
        "responsibilities": {"outcomes": ["it runs"], "expectations": ["no surprises"]},
        "resource_scope": {"budget_limit": "1000.50", "allowed_boards": ["board-1"], "allowed_agent_types": ["coder"],
            "allowed_tools": ["hammer"], "api_key_scopes": ["deploy"], "limits": {"replicas": 5}},
        "agent_qualifications": {"kinds": ["human", "agent"], "required_skills": []},
        "alignment_requirements": {"sponsor_required": true},
        "incentive_model": {"positive_threshold": 0.9, "neutral_threshold": 0.5},
        "constraints": {"blocked_actions": ["work.never"], "approval_required_actions": ["deploy.*"],
            "spending_limit": {"amount": "500", "window": "week"}, "rate_limits": [{"action": "work.*", "max": 10, "per_seconds": 60}],
            "active_hours": {"timezone": "Europe/Berlin", "days": ["mon", "tue", "wed", "thu", "fri"], "from": "08:00", "to": "18:00"}},
        "decision_model": {"model_type": "threshold", "threshold": 1, "timeout_hours": 24},
        "approval_policy": {"reviewers_by_risk": {"low": 3}, "allow_vote_change": true},
        "escalation_policy": {"cosigner_threshold": 3}, "evaluation_criteria": {"evaluators_required": 2},
        "sealed": ["escalation_policy"]});
    let zone = owner.makes_zone(policies).await;
    let child = owner.makes_zone(json!({"name": "Child", "parent_zone_id": zone, "status": "draft"})).await;
    owner.post(&format!("/zones/{child}/activate"), json!({})).await.expect(200);
    owner.post(&format!("/zones/{child}/move"), json!({"parent_zone_id": null})).await.expect(200);
    owner
        .patch(&format!("/zones/{child}"), json!({"description": "A child.", "constraints": {"max_concurrent_tasks": 3}}))
        .await
        .expect(200);
    for approver in [&ann, &bob, &cat] {
        owner.assigns(&zone, approver, "approver").await.expect(201);
    }
    let held = owner.assigns(&zone, &agent, "executor").await.expect(201).id();
    owner.delete(&format!("/zones/{zone}/assignments/{held}")).await.expect(204);

    let work = async |title: &str| {
        let payload = json!({"action": "work.do", "amount": "12.30", "board_id": "board-1", "tool": "hammer", "params": {"replicas": 2},
            "executor_id": agent.id});
        let body = json!({"zone_id": zone, "type": "task_execution", "title": title, "description": "At length.", "payload": payload,
            "expires_at": "2026-01-06T00:00:00Z"});
        owner.post("/proposals", body).await.expect(201).id()
    };
    // Cat sponsors whoever would do it, and is kept out; the model's threshold of 1 wants two against it to be rejected.
    let approved = work("Approved").await;
    owner.post(&format!("/proposals/{approved}/comments"), json!({"text": "Please look."})).await.expect(201);
    bob.votes(&approved, "reject").await.expect(200);
    bob.votes(&approved, "abstain").await.expect(200);
    ann.votes(&approved, "approve").await.expect(200);
    cat.votes(&approved, "approve").await.expect(403);
    let rejected = work("Rejected").await;
    bob.post(&format!("/proposals/{rejected}/recuse"), json!({})).await.expect(200);
    ann.votes(&rejected, "reject").await.expect(200);
    let withdrawn = work("Withdrawn").await;
    owner.post(&format!("/proposals/{withdrawn}/withdraw"), json!({})).await.expect(200);
    let failed = work("Failed").await;
    owner.patch(&format!("/zones/{zone}"), json!({"constraints": {"blocked_actions": ["work.*"]}})).await.expect(200);
    ann.votes(&failed, "approve").await.expect(200);

    let deploy = json!({"name": "deploy", "actions": ["deploy", "zone.read"]});
    let deploy = owner.post("/tokens", deploy).await.expect(201).text("/token");
    let denied = json!({"action": "work.do", "principal_id": agent.id, "record": true});
    assert_eq!(owner.post(&format!("/zones/{zone}/check"), denied).await.expect(200).text("/decision"), "deny");
    let answered = json!({"action": "deploy", "amount": "1", "board_id": "board-1", "tool": "hammer", "params": {"replicas": 2},
        "record": true});
    let answered = owner.with_token(&deploy).post(&format!("/zones/{zone}/check"), answered).await.expect(200);
    assert_eq!(answered.text("/decision"), "allow");
    let narrow = json!({"name": "narrow", "expires_at": "2026-02-01T00:00:00Z", "actions": ["zone.read", "audit.*"]});
    let narrow = owner.post("/tokens", narrow).await.expect(201);
    owner.delete(&format!("/tokens/{}", narrow.id())).await.expect(204);
    owner.with_token(&narrow.text("/token")).get("/me").await.expect(401);
    let code =
        owner.post("/invites", json!({"role": "admin", "expires_at": "2026-02-01T00:00:00Z"})).await.expect(201).text("/code");
    app.stranger().post("/invites/accept", json!({"code": code, "display_name": "Guest"})).await.expect(201);
    let regretted = owner.post("/invites", json!({"role": "member"})).await.expect(201).id();
    owner.delete(&format!("/invites/{regretted}")).await.expect(204);
    owner.get("/events").await.expect(200);
    questions_go_up(app, &ann, &bob, &cat).await;
    work_is_judged(app, &ann, &bob, &cat).await;
    ann.post("/me/inbox/read", json!({"up_to": 3, "positions": [5, 8]})).await.expect(204);
    owner.delete(&format!("/members/{}", agent.id)).await.expect(204);
    owner.post(&format!("/zones/{zone}/archive"), json!({})).await.expect(200);
    what_happens_to_money(app).await;
    app.settled().await;

    let log = app.service.app.log.events(audit::following(0, 10_000)).await.expect("the log");
    let mut stored: BTreeMap<String, Value> = BTreeMap::new();
    for event in log {
        let data = with_name(&event.event_type, event.data.value());
        let fuller = |known: &Value| data.to_string().len() > known.to_string().len();
        if stored.get(&*event.event_type).is_none_or(fuller) {
            stored.insert(event.event_type.to_string(), data);
        }
    }
    // Nobody asks a language model here; what is on record when somebody does is worked out from the same opening.
    let judged: evaluation::Event = serde_json::from_value(stored["evaluation.opened"].clone()).expect("an opening");
    let evaluation::Event::Opened(mut judged) = judged else { panic!("an opening") };
    judged.terms.criteria[0].kind = CriterionType::LlmReview;
    let mut judged = Evaluation::replay([&evaluation::Event::Opened(judged)]);
    let consultation = Consultation {
        provider: "anthropic".to_owned(),
        model: "some-model".to_owned(),
        prompt_sha256: "00".repeat(32),
        answer: Some("{}".to_owned()),
        latency_ms: 5,
    };
    for command in [
        evaluation::Command::RequestReviews { due_at: beginning() + Duration::hours(1), now: beginning() },
        evaluation::Command::RecordReviews {
            checks: std::collections::BTreeMap::new(),
            consultation: Some(Box::new(consultation)),
            now: beginning(),
        },
    ] {
        for event in &Evaluation::decide(&judged, command).expect("somebody asks") {
            Evaluation::evolve(&mut judged, event);
            let draft = DraftEvent::of(event);
            stored.insert(draft.event_type.to_owned(), with_name(draft.event_type, draft.data.value()));
        }
    }
    // The clock has its say in a process of its own; what it makes of the same opening is worked out here.
    let opened: proposal::Event = serde_json::from_value(stored["proposal.opened"].clone()).expect("an opening");
    let state = Proposal::replay([&opened]);
    let due = state.due_at().expect("a deadline") + Duration::seconds(1);
    let expired = Proposal::decide(&state, proposal::Command::ReachDeadline { now: due }).expect("it is due");
    for event in &expired {
        let draft = DraftEvent::of(event);
        stored.entry(draft.event_type.to_owned()).or_insert_with(|| with_name(draft.event_type, draft.data.value()));
    }
    let chosen = reviewers_chosen(&opened);
    stored.entry("proposal.reviewers_chosen".to_owned()).or_insert(chosen);
    stored
}

/// What a model's choice makes of the same opening, had it awaited its reviewers.
fn reviewers_chosen(opened: &proposal::Event) -> Value {
    let mut awaiting = with_name("proposal.opened", DraftEvent::of(opened).data.value());
    let candidate = |elector: &Value| {
        json!({"elector": elector, "kind": "human", "organization_role": "member", "seat": {"approver": {"levels_up": 0}}, "reputation": 0,
            "skills": ["rust"], "record": {"asked": 3, "in_time": 2, "upheld": 1, "overturned": 0, "open": 1}})
    };
    let candidates: Vec<Value> = awaiting["electorate"].as_array().expect("an electorate").iter().map(candidate).collect();
    let named = serde_json::from_value(candidates[0]["elector"]["member_id"].clone()).expect("an id");
    awaiting["to_be_chosen"] = json!({"candidates": candidates, "numbers": {"low": 1, "medium": 2, "high": 3, "critical": 5}, "least": 1,
        "until": "2026-01-05T10:00:10Z"});
    let awaiting: proposal::Event = serde_json::from_value(awaiting).expect("an opening");
    let chooses = proposal::Chooses {
        advice: Ok(Advice { reviewers: vec![named], raised_risk: Some(Risk::High), stricter_model: None }),
        consultation: Some(Consultation {
            provider: "anthropic".to_owned(),
            model: "some-model".to_owned(),
            prompt_sha256: "0".repeat(64),
            answer: Some("{}".to_owned()),
            latency_ms: 812,
        }),
        gone: Vec::new(),
    };
    let now = "2026-01-05T10:00:01Z".parse().expect("a moment");
    let choose = proposal::Command::ChooseReviewers { chooses: Box::new(chooses), now };
    let events = Proposal::decide(&Proposal::replay([&awaiting]), choose).expect("a choice");
    with_name("proposal.reviewers_chosen", DraftEvent::of(&events[0]).data.value())
}

/// Everything that can happen on the way up and down.
async fn questions_go_up(app: &TestApp, ann: &Person, bob: &Person, cat: &Person) {
    let owner = &app.owner;
    let judge = app.human("Judge", "member").await;
    let upstairs = owner.makes_zone(json!({"name": "Upstairs"})).await;
    let policy = json!({"auto_escalate_after_hours": 2, "auto_escalate_on_deadlock": true});
    let zone = json!({"name": "Downstairs", "parent_zone_id": upstairs, "escalation_policy": policy});
    let zone = owner.makes_zone(zone).await;
    owner.assigns(&upstairs, &judge, "approver").await.expect(201);
    owner.assigns(&zone, ann, "approver").await.expect(201);
    let stuck = cat.proposes_work(&zone).await;
    ann.votes(&stuck, "abstain").await.expect(200);
    let contested = cat.proposes_work(&zone).await;
    ann.post(&format!("/proposals/{contested}/delegate"), json!({"member_id": judge.id})).await.expect(200);
    let raised = cat.post(&format!("/proposals/{contested}/escalate"), json!({"reason": "Not here."})).await.expect(201);
    cat.post(&format!("/escalations/{}/withdraw", raised.id()), json!({})).await.expect(200);
    let again = cat.proposes_work(&zone).await;
    let again = cat.post(&format!("/proposals/{again}/escalate"), json!({"reason": "Up."})).await.expect(201);
    judge.votes(&again.text("/parent_proposal_id"), "approve").await.expect(200);
    let petition = json!({"reason": "Stop.", "change": {"status": "suspended"}});
    let petition = cat.post(&format!("/zones/{zone}/escalations"), petition).await.expect(201);
    bob.post(&format!("/escalations/{}/cosign", petition.id()), json!({})).await.expect(200);
    owner.post(&format!("/escalations/{}/dismiss", petition.id()), json!({"reason": "Later."})).await.expect(200);
    let lonely = owner
        .makes_zone(
            json!({"name": "Lonely", "escalation_policy": policy, "approval_policy": {"reviewers_by_risk": {"low": 1}}}),
        )
        .await;
    owner.assigns(&lonely, ann, "approver").await.expect(201);
    owner.proposes_work(&lonely).await;
    app.time_passes(Duration::hours(2)).await;
}

/// Everything that a judgement can do.
async fn work_is_judged(app: &TestApp, ann: &Person, bob: &Person, cat: &Person) {
    let owner = &app.owner;
    let criteria = json!([{"name": "quality", "type": "human", "weight": 2}, {"name": "on_time", "type": "automated_check", "config": {"within_hours": 8}}]);
    let criteria = json!({"criteria": criteria, "evaluators_required": 1});
    let shop = owner.makes_zone(json!({"name": "Workshop", "evaluation_criteria": criteria})).await;
    let dear = json!({"name": "Dear", "parent_zone_id": shop, "alignment_requirements": {"stake_required": 1}});
    let dear = owner.makes_zone(dear).await;
    owner.assigns(&shop, ann, "approver").await.expect(201);
    for zone in [&shop, &dear] {
        let work = cat.proposes_work(zone).await;
        ann.votes(&work, "approve").await.expect(200);
        let judgement = bob.post("/evaluations", json!({"proposal_id": work})).await.expect(201).id();
        bob.post(&format!("/evaluations/{judgement}/auto-evaluate"), json!({})).await.expect(200);
        for criterion in ["quality", "on_time"] {
            let score = json!({"criterion": criterion, "score": 1, "rationale": "I looked."});
            bob.post(&format!("/evaluations/{judgement}/scores"), score).await.expect(200);
        }
        bob.post(&format!("/evaluations/{judgement}/finalize"), json!({})).await.expect(200);
    }
}

/// Money set aside, spent, given back and forgotten, by itself and for grants; last, because a day passes.
async fn what_happens_to_money(app: &TestApp) {
    let owner = &app.owner;
    let zone = json!({"name": "Treasury", "approval_policy": {"auto_approve": {"types": ["resource_allocation"]}},
        "constraints": {"rate_limits": [{"action": "pay.*", "max": 100, "per_seconds": 60}]}});
    let zone = owner.makes_zone(zone).await;
    let reserve = async || {
        let held = json!({"action": "pay.bill", "amount": "12.30", "expires_in_seconds": 60});
        owner.post(&format!("/zones/{zone}/reservations"), held).await.expect(201).id()
    };
    let (spent, back, _) = (reserve().await, reserve().await, reserve().await);
    owner.post(&format!("/reservations/{spent}/commit"), json!({"actual": "12.29"})).await.expect(200);
    owner.post(&format!("/reservations/{back}/release"), json!({})).await.expect(200);
    owner.post(&format!("/zones/{zone}/check"), json!({"action": "pay.bill"})).await.expect(200);
    let work = json!({"zone_id": zone, "type": "resource_allocation", "title": "Money", "payload": {"amount": "10"}});
    let granted = owner.post("/proposals", work).await.expect(201).position();
    let grant = owner.get(&format!("/grants?limit=1&after={granted}")).await.expect(200).text("/items/0/id");
    owner.post(&format!("/grants/{grant}/use"), json!({"amount": "2.50"})).await.expect(200);
    app.time_passes(Duration::days(1)).await;
}

on_both!(every_event_there_is_reads_back_as_it_was_stored, async |app: TestApp| {
    let names = names();
    let stored = everything_that_happens(&app).await;
    let told: Vec<&str> = stored.keys().map(String::as_str).collect();
    assert_eq!(told, names.keys().copied().collect::<Vec<_>>(), "the story has everything in it");
    for (name, event) in stored {
        assert_eq!(names[name.as_str()](event.clone()), Ok(event), "{name}");
    }
});

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn every_stored_form_is_kept_and_can_be_read() {
    let names = names();
    let folder = golden::path("tests/golden/events");
    let file = |name: &str| folder.join(format!("{name}.json"));
    if golden::updating() {
        // A form that has been stored once is never rewritten: only what is missing is made.
        std::fs::create_dir_all(&folder).expect("a folder");
        let app = TestApp::start(Kind::Sqlite).await;
        for (name, event) in everything_that_happens(&app).await.iter().filter(|(name, _)| !file(name).exists()) {
            std::fs::write(file(name), filed(name, event)).expect("a file to write");
        }
    }
    for (name, again) in &names {
        let text = std::fs::read_to_string(file(name))
            .unwrap_or_else(|_| panic!("no stored form of {name}: UPDATE_GOLDEN=1 makes it"));
        let golden: Value = serde_json::from_str(&text).expect("JSON");
        assert_eq!(golden["type"], *name);
        let stored = with_name(name, golden["data"].clone());
        assert_eq!(again(stored.clone()), Ok(stored), "{name} is not what it was: events are upcast, never changed");
    }
    let files = std::fs::read_dir(&folder).expect("the folder").map(|entry| entry.expect("an entry").file_name());
    for name in files.map(|name| name.into_string().expect("a name")) {
        let known = name.strip_suffix(".json").is_some_and(|name| names.contains_key(name));
        assert!(known, "{name} is the form of an event that the code has forgotten");
    }
}
