//! Reviewers chosen by a language model or by rule, told over HTTP: nobody waits for a model, and no proposal for ever.

use std::sync::Arc;
use std::time::Duration as Span;

use chrono::Duration;
use serde_json::{Value, json};
use trust_zones::governance::choose_among_candidates;

use super::server::{Model, Says};
use crate::harness::{Kind, Person, Reply, TestApp, serve};
use crate::on_both;

/// The same service, asking `model`.
pub async fn asking(app: TestApp, model: &Model) -> TestApp {
    let flags = model.flags("anthropic");
    let flags: Vec<&str> = flags.iter().map(String::as_str).collect();
    restarted(app, &flags).await
}

async fn restarted(app: TestApp, flags: &[&str]) -> TestApp {
    let TestApp { service, clock, owner, store, .. } = app;
    service.end().await;
    let mut again = TestApp::on_with(store, flags, clock).await;
    again.owner = again.person(&owner.id, &owner.token);
    again
}

/// A zone that leaves the choice to the gardener, with `number` approvers.
pub async fn garden(app: &TestApp, number: usize, more: Value) -> (String, Vec<Person>) {
    let mut zone = json!({"name": "Garden", "decision_model": {"model_type": "threshold", "threshold": 1},
        "approval_policy": {"reviewer_selection": "gardener", "reviewers_by_risk": {"low": 1, "medium": 2, "high": 3}}});
    for (key, value) in more.as_object().expect("policies") {
        zone[key] = value.clone();
    }
    let zone = app.owner.makes_zone(zone).await;
    let mut people = Vec::new();
    for name in ["Ann", "Bob", "Cid", "Dee"].into_iter().take(number) {
        let person = app.human(name, "member").await;
        app.owner.assigns(&zone, &person, "approver").await.expect(201);
        people.push(person);
    }
    (zone, people)
}

/// The proposal once its reviewers have been chosen.
async fn once_chosen(app: &TestApp, proposal: &str) -> Reply {
    let mut log = app.service.app.parts.freshness.watch_log();
    loop {
        let shown = app.owner.get(&format!("/proposals/{proposal}")).await.expect(200);
        if !shown.at("/selection/chosen_by").is_null() {
            return shown;
        }
        tokio::time::timeout(Span::from_secs(20), log.changed()).await.expect("a choice").expect("a log");
    }
}

fn reviewers(shown: &Reply) -> Vec<String> {
    let electorate = shown.at("/electorate").as_array().expect("an electorate");
    electorate.iter().map(|elector| elector["member_id"].as_str().expect("an id").to_owned()).collect()
}

fn naming(people: &[&Person], more: &Value) -> Says {
    let mut answer = json!({"reviewers": people.iter().map(|person| person.id.clone()).collect::<Vec<_>>()});
    for (key, value) in more.as_object().expect("keys") {
        answer[key] = value.clone();
    }
    Says::Words(answer.to_string())
}

async fn choices(app: &TestApp, proposal: &str) -> Vec<Value> {
    let story = app.owner.get(&format!("/audit?aggregate_id={proposal}&type=proposal.reviewers_chosen")).await.expect(200);
    story.items().clone()
}

on_both!(whom_the_model_names_gets_the_vote, async |app: TestApp| {
    let (zone, people) = garden(&app, 3, json!({})).await;
    let model = Model::saying([naming(&[&people[2]], &json!({}))]).await;
    let app = asking(app, &model).await;
    let proposal = app.owner.proposes_work(&zone).await;
    let shown = once_chosen(&app, &proposal).await;
    assert_eq!(reviewers(&shown), [people[2].id.clone()]);
    assert_eq!(shown.text("/electorate/0/chosen_by"), "gardener");
    assert_eq!(shown.text("/selection/chosen_by"), "gardener");
    assert_eq!(shown.text("/selection/consultation/model"), "some-model");
    let said: Value = serde_json::from_str(&shown.text("/selection/consultation/answer")).expect("what it said");
    assert_eq!(said["reviewers"][0], json!(people[2].id));
    app.settled().await;
    let speaking = |person: &Person| app.person(&person.id, &person.token);
    let waits = speaking(&people[2]).get("/proposals/pending-reviews").await.expect(200);
    assert_eq!(waits.text("/items/0/id"), proposal);
    speaking(&people[0]).votes(&proposal, "approve").await.expect_problem(403, "not_in_electorate");
    let approved = speaking(&people[2]).votes(&proposal, "approve").await.expect(200);
    assert_eq!((approved.text("/status"), approved.text("/execution/status")), ("approved".to_owned(), "succeeded".to_owned()));
    assert_eq!(model.asked().len(), 1, "it is asked once");
    assert!(!model.asked()[0].body.to_string().contains("Ann"), "names stay here");
});

on_both!(nobody_votes_before_the_choice_and_the_clock_lets_the_rules_choose, async |app: TestApp| {
    let (zone, people) = garden(&app, 3, json!({})).await;
    let model = Model::saying([Says::Nothing]).await;
    let app = asking(app, &model).await;
    let ann = app.person(&people[0].id, &people[0].token);
    let proposal = app.owner.proposes_work(&zone).await;
    let open = app.owner.get(&format!("/proposals/{proposal}")).await.expect(200);
    assert_eq!((open.text("/status"), reviewers(&open)), ("pending_review".to_owned(), vec![]));
    assert_eq!(open.text("/selection/until"), "2026-01-05T10:00:10Z");
    assert_eq!(open.at("/selection/candidates").as_array().map(Vec::len), Some(3));
    assert_eq!(open.text("/needed/summary"), "its reviewers are being chosen");
    for refused in [ann.votes(&proposal, "approve").await, ann.post(&format!("/proposals/{proposal}/recuse"), json!({})).await]
    {
        refused.expect_problem(409, "reviewers_not_chosen");
    }
    model.asked_times(1).await;
    app.time_passes(Duration::seconds(9)).await;
    ann.votes(&proposal, "approve").await.expect_problem(409, "reviewers_not_chosen");
    app.time_passes(Duration::seconds(1)).await;
    let shown = app.owner.get(&format!("/proposals/{proposal}")).await.expect(200);
    assert_eq!(
        (shown.text("/selection/chosen_by"), shown.text("/selection/fallback")),
        ("rules".to_owned(), "timeout".to_owned())
    );
    assert_eq!(reviewers(&shown), [people[0].id.clone()]);
    ann.votes(&proposal, "approve").await.expect(200);
    assert_eq!(choices(&app, &proposal).await.len(), 1);
});

on_both!(an_answer_that_is_refused_is_on_record_and_rules_choose, async |app: TestApp| {
    let (zone, people) = garden(&app, 2, json!({})).await;
    let outsider = app.human("Out", "member").await;
    let model = Model::saying([naming(&[&outsider], &json!({}))]).await;
    let app = asking(app, &model).await;
    let proposal = app.owner.proposes_work(&zone).await;
    let shown = once_chosen(&app, &proposal).await;
    assert_eq!(
        (shown.text("/selection/chosen_by"), shown.text("/selection/fallback")),
        ("rules".to_owned(), "not_a_candidate".to_owned())
    );
    assert_eq!(reviewers(&shown), [people[0].id.clone()]);
    let event = &choices(&app, &proposal).await[0]["data"];
    assert!(event["consultation"]["answer"].as_str().is_some_and(|answer| answer.contains(&outsider.id)), "{event}");
    assert_eq!(event["consultation"]["prompt_sha256"].as_str().map(str::len), Some(64));
    app.person(&outsider.id, &outsider.token).votes(&proposal, "approve").await.expect_problem(403, "not_in_electorate");
});

on_both!(a_raised_risk_and_a_stricter_model_bind_and_both_models_must_pass, async |app: TestApp| {
    let (zone, people) = garden(&app, 4, json!({})).await;
    let stricter = json!({"risk_level": "high", "decision_model": {"model_type": "consensus"}});
    let model = Model::saying([naming(&[&people[3], &people[1]], &stricter)]).await;
    let app = asking(app, &model).await;
    let proposal = app.owner.proposes_work(&zone).await;
    let shown = once_chosen(&app, &proposal).await;
    assert_eq!(shown.text("/risk_level"), "high");
    assert_eq!(shown.text("/decision_model/model_type"), "consensus");
    assert_eq!(
        reviewers(&shown),
        [people[3].id.clone(), people[1].id.clone(), people[0].id.clone()],
        "rules fill the third seat"
    );
    assert_eq!(shown.text("/electorate/2/chosen_by"), "policy");
    app.settled().await;
    let listed = app.owner.get(&format!("/proposals?zone_id={zone}")).await.expect(200);
    assert_eq!(
        (listed.text("/items/0/risk_level"), listed.text("/items/0/decision_model/model_type")),
        ("high".to_owned(), "consensus".to_owned())
    );
    for (number, person) in [&people[3], &people[1], &people[0]].into_iter().enumerate() {
        let voted = app.person(&person.id, &person.token).votes(&proposal, "approve").await.expect(200);
        assert_eq!(voted.text("/status"), if number == 2 { "approved" } else { "pending_review" });
    }
});

on_both!(without_a_model_rules_choose_at_once_and_who_lets_time_run_out_ranks_lower, async |app: TestApp| {
    let hurried = json!({"decision_model": {"model_type": "unilateral", "timeout_hours": 1}});
    let (zone, people) = garden(&app, 2, hurried).await;
    let first = app.owner.proposes_work(&zone).await;
    let shown = app.owner.get(&format!("/proposals/{first}")).await.expect(200);
    assert_eq!((reviewers(&shown), shown.at("/selection")), (vec![people[0].id.clone()], &Value::Null));
    app.settled().await;
    let second = app.owner.proposes_work(&zone).await;
    let shown = app.owner.get(&format!("/proposals/{second}")).await.expect(200);
    assert_eq!(reviewers(&shown), [people[1].id.clone()], "Ann has a review open, Bob has none");
    people[1].votes(&second, "approve").await.expect(200);
    app.time_passes(Duration::hours(1)).await;
    let third = app.owner.proposes_work(&zone).await;
    let shown = app.owner.get(&format!("/proposals/{third}")).await.expect(200);
    assert_eq!(reviewers(&shown), [people[1].id.clone()], "Ann let time run out, Bob answered");
});

on_both!(a_candidate_who_has_left_is_not_chosen, async |app: TestApp| {
    let (zone, people) = garden(&app, 2, json!({})).await;
    let model = Model::saying([Says::Nothing]).await;
    let app = asking(app, &model).await;
    let proposal = app.owner.proposes_work(&zone).await;
    app.owner.delete(&format!("/members/{}", people[0].id)).await.expect(204);
    app.time_passes(Duration::seconds(10)).await;
    let shown = app.owner.get(&format!("/proposals/{proposal}")).await.expect(200);
    assert_eq!(reviewers(&shown), [people[1].id.clone()]);
});

on_both!(a_proposal_whose_candidates_all_left_is_not_stranded, async |app: TestApp| {
    let (zone, people) = garden(&app, 1, json!({})).await;
    let model = Model::saying([Says::Nothing]).await;
    let app = asking(app, &model).await;
    let proposal = app.owner.proposes_work(&zone).await;
    app.owner.delete(&format!("/members/{}", people[0].id)).await.expect(204);
    app.time_passes(Duration::seconds(10)).await;
    let shown = app.owner.get(&format!("/proposals/{proposal}")).await.expect(200);
    assert_eq!((shown.text("/status"), shown.text("/resolution/reason")), ("rejected".to_owned(), "deadlock".to_owned()));
});

on_both!(what_nobody_could_decide_is_refused_and_what_needs_nobody_is_done_at_once, async |app: TestApp| {
    let model = Model::saying([Says::Nothing]).await;
    let app = asking(app, &model).await;
    let crowd = json!({"name": "Crowd", "decision_model": {"model_type": "threshold", "threshold": 5},
        "approval_policy": {"reviewer_selection": "gardener"}});
    let zone = app.owner.makes_zone(crowd).await;
    let ann = app.human("Ann", "member").await;
    let body = json!({"zone_id": zone, "type": "task_execution", "title": "Work", "payload": {"action": "work.do"}});
    ann.post("/proposals", body.clone()).await.expect_problem(422, "no_electorate");
    let easy = json!({"approval_policy": {"auto_approve": {"types": ["task_execution"]}}});
    app.owner.patch(&format!("/zones/{zone}"), easy).await.expect(200);
    let done = app.owner.post("/proposals", body).await.expect(201);
    assert_eq!((done.text("/status"), done.at("/selection")), ("approved".to_owned(), &Value::Null));
    assert!(model.asked().is_empty());
});

on_both!(several_processes_choose_once, async |app: TestApp| {
    let (zone, people) = garden(&app, 3, json!({})).await;
    let model = Model::saying([naming(&[&people[1]], &json!({}))]).await;
    let app = asking(app, &model).await;
    let flags = model.flags("openai");
    let flags: Vec<&str> = flags.iter().map(String::as_str).collect();
    let second =
        if app.store.kind() == Kind::Postgres { Some(serve(&app.store, &flags, app.clock.clone()).await.0) } else { None };
    let organization = app.owner.get("/organizations/current").await.expect(200).id().parse().expect("an id");
    for _ in 0..10 {
        let proposal = app.owner.proposes_work(&zone).await;
        let id = proposal.parse().expect("an id");
        let here = Arc::clone(&app.service.app);
        let there = second.as_ref().map_or_else(|| Arc::clone(&here), |service| Arc::clone(&service.app));
        let late = Err("timeout");
        let (one, other) = tokio::join!(
            choose_among_candidates(&here, organization, id, &late, None),
            choose_among_candidates(&there, organization, id, &late, None)
        );
        one.expect("a choice");
        other.expect("a choice");
        assert_eq!(choices(&app, &proposal).await.len(), 1);
        once_chosen(&app, &proposal).await;
    }
    let proposals: Vec<String> =
        futures::future::join_all((0..20).map(|_| app.owner.proposes_work(&zone))).await.into_iter().collect();
    for proposal in proposals {
        once_chosen(&app, &proposal).await;
        assert_eq!(choices(&app, &proposal).await.len(), 1);
    }
    app.settled().await;
    let waiting = app
        .service
        .app
        .views
        .live()
        .db
        .rows(projections::deadlines::awaiting(projections::deadlines::Kind::Reviewers, app.clock.now(), 100))
        .await;
    assert_eq!(waiting.expect("rows").len(), 0, "nobody waits any more");
});
