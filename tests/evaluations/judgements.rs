//! From opening to changed reputation (SPEC V1–V6).

use serde_json::{Value, json};

use super::{Workshop, quality, reputation};
use crate::harness::TestApp;
use crate::on_both;

on_both!(from_opening_to_changed_reputation, async |app: TestApp| {
    let criteria = json!([
        {"name": "quality", "type": "human", "weight": 3},
        {"name": "steady", "type": "automated_check", "weight": 1, "config": {"check": "no_overturned_decision"}},
    ]);
    let policies = json!({"evaluation_criteria": {"criteria": criteria, "evaluators_required": 2}});
    let shop = Workshop::with(&app, policies).await;
    let work = shop.work().await;
    let [ann, bob] = &shop.critics;
    let opened = ann.post("/evaluations", json!({"proposal_id": work})).await.expect(201);
    assert_eq!((opened.text("/status"), opened.text("/executor_id")), ("pending".to_owned(), shop.worker.id.clone()));
    ann.post("/evaluations", json!({"proposal_id": work})).await.expect_problem(409, "already_evaluated");

    let path = format!("/evaluations/{}", opened.id());
    let scores = format!("{path}/scores");
    let score = |value: f64| json!({"criterion": "quality", "score": value, "rationale": "well made"});
    shop.worker.post(&scores, score(1.0)).await.expect(403);
    let first = ann.post(&scores, score(0.9)).await.expect(200);
    assert_eq!(first.text("/status"), "in_review");
    ann.post(&scores, score(0.9)).await.expect(200);
    ann.post(&scores, score(0.1)).await.expect_problem(409, "already_scored");
    bob.post(&scores, json!({"criterion": "steady", "score": 1, "rationale": "x"}))
        .await
        .expect_problem(422, "scored_by_system");
    bob.post(&scores, json!({"criterion": "quality", "score": 1.1, "rationale": "x"})).await.expect_problem(422, "invalid");
    bob.post(&scores, json!({"criterion": "quality", "score": 1, "rationale": ""})).await.expect_problem(422, "no_rationale");
    ann.post(&format!("{path}/finalize"), json!({})).await.expect_problem(409, "incomplete");
    bob.post(&scores, score(0.8)).await.expect(200);
    let checked = bob.post(&format!("{path}/auto-evaluate"), json!({})).await.expect(200);
    assert_eq!(checked.text("/criteria/1/scores/0/by"), "automated_check");
    let before = checked.position();
    let done = bob.post(&format!("{path}/finalize"), json!({})).await.expect(200);
    assert_eq!(done.at("/result/score"), 0.888, "(3 × 0.85 + 1) ÷ 4 = 0.8875, halves up");
    assert_eq!((done.text("/result/signal"), done.text("/status")), ("positive".to_owned(), "completed".to_owned()));
    bob.post(&format!("{path}/finalize"), json!({})).await.expect(200);

    let standing =
        app.owner.get(&format!("/members/{}/reputation?after={}", shop.worker.id, done.position())).await.expect(200);
    assert_eq!(standing.at("/reputation"), 1.332, "1.5 × 0.888, once");
    assert_eq!(standing.items().len(), 1);
    assert_eq!(standing.text("/items/0/cause/id"), opened.id());
    assert_eq!(reputation(&app, &shop.approver).await, 0.3, "who approved good work was right");
    let record = app.owner.get(&format!("/members/{}/reputation", shop.approver.id)).await.expect(200);
    let expected = json!({"asked": 1, "in_time": 1, "upheld": 1, "overturned": 0, "open": 0, "response_per_mille": 1000,
        "accuracy_per_mille": 1000, "median_answer_seconds": 0});
    assert_eq!(record.at("/reviews"), &expected);
    let then = app.owner.get(&format!("{path}?as_of={before}")).await.expect(200);
    assert_eq!(then.text("/status"), "in_review");
    let list = app.owner.get("/evaluations?status=completed").await.expect(200);
    assert_eq!(list.at("/items/0/score"), 0.888);

    let blocks = json!({"constraints": {"blocked_actions": ["zone.read"]}});
    app.owner.patch(&format!("/zones/{}", shop.zone), blocks).await.expect(200);
    let hidden = app.owner.get(&format!("/members/{}/reputation", shop.worker.id)).await.expect(200);
    assert_eq!(hidden.at("/items/0/reputation"), 1.332);
    assert_eq!(
        (hidden.at("/items/0/zone_id"), hidden.at("/items/0/cause/id")),
        (&Value::Null, &Value::Null),
        "where is not told"
    );
});

on_both!(bad_work_costs_who_did_it_and_who_let_it_through_and_never_below_nothing, async |app: TestApp| {
    let shop = Workshop::with(&app, quality()).await;
    let good = shop.work().await;
    shop.judges(&shop.judgement_of(&good).await, 1.0).await;
    assert_eq!(reputation(&app, &shop.worker).await, 1.5);
    let bad = shop.work().await;
    shop.judges(&shop.judgement_of(&bad).await, 0.2).await;
    assert_eq!(reputation(&app, &shop.worker).await, 0.7, "less 1 − 0.2");
    assert_eq!(reputation(&app, &shop.approver).await, 0, "0.3 up and 0.3 down");
    let worse = shop.work().await;
    shop.judges(&shop.judgement_of(&worse).await, 0.0).await;
    assert_eq!(reputation(&app, &shop.worker).await, 0);
    let so_so = shop.work().await;
    shop.judges(&shop.judgement_of(&so_so).await, 0.5).await;
    assert_eq!(reputation(&app, &shop.worker).await, 0, "work that would do changes nothing");
});

on_both!(only_executed_work_is_judged_and_only_where_the_zone_says_by_what, async |app: TestApp| {
    let shop = Workshop::with(&app, quality()).await;
    let pending = shop.worker.proposes_work(&shop.zone).await;
    let ann = &shop.critics[0];
    ann.post("/evaluations", json!({"proposal_id": pending})).await.expect_problem(409, "not_executed");
    shop.worker.post("/evaluations", json!({"proposal_id": pending})).await.expect(403);
    let nobody = "01890000-0000-7000-8000-000000000000";
    ann.post("/evaluations", json!({"proposal_id": nobody})).await.expect_problem(404, "no_such_proposal");
    let work = shop.work().await;
    ann.post("/evaluations", json!({"proposal_id": work, "executor_id": nobody})).await.expect_problem(404, "no_such_member");
    let plain = Workshop::with(&app, json!({})).await;
    let work = plain.work().await;
    plain.critics[0].post("/evaluations", json!({"proposal_id": work})).await.expect_problem(422, "no_criteria");
});

on_both!(agents_of_the_executor_and_machines_do_not_score, async |app: TestApp| {
    let shop = Workshop::with(&app, quality()).await;
    let puppet = app.agent("Puppet", Some(&shop.worker)).await;
    let robot = app.agent("Robot", Some(&shop.approver)).await;
    for agent in [&puppet, &robot] {
        app.owner.assigns(&shop.zone, agent, "evaluator").await.expect(201);
    }
    let work = shop.work().await;
    let judgement = shop.judgement_of(&work).await;
    let path = format!("/evaluations/{judgement}/scores");
    let score = json!({"criterion": "quality", "score": 1, "rationale": "superb"});
    puppet.post(&path, score.clone()).await.expect_problem(403, "conflicted");
    robot.post(&path, score).await.expect_problem(403, "not_human");
    puppet.post(&format!("/evaluations/{judgement}/finalize"), json!({})).await.expect_problem(403, "conflicted");
});

on_both!(what_cannot_be_checked_says_why_and_is_left_to_people, async |app: TestApp| {
    let criteria = json!([{"name": "on_time", "type": "automated_check"}, {"name": "style", "type": "llm_review"}]);
    let shop = Workshop::with(&app, json!({"evaluation_criteria": {"criteria": criteria}})).await;
    let work = shop.work().await;
    let judgement = shop.judgement_of(&work).await;
    let [ann, _] = &shop.critics;
    let path = format!("/evaluations/{judgement}");
    let tried = ann.post(&format!("{path}/auto-evaluate"), json!({})).await.expect(200);
    assert_eq!(tried.text("/criteria/0/not_made/code"), "not_finished");
    assert_eq!(tried.text("/criteria/1/not_made/code"), "no_model");
    assert_eq!(tried.text("/status"), "pending", "no score is no score");
    let again = ann.post(&format!("{path}/auto-evaluate"), json!({})).await.expect(200);
    assert_eq!(again.at("/version"), tried.at("/version"), "the same again is nothing");
    for criterion in ["on_time", "style"] {
        let score = json!({"criterion": criterion, "score": 0.5, "rationale": "I looked"});
        ann.post(&format!("{path}/scores"), score).await.expect(200);
    }
    let done = ann.post(&format!("{path}/finalize"), json!({})).await.expect(200);
    assert_eq!(done.at("/result/score"), 0.5);
});

on_both!(the_zone_above_tells_voters_whether_they_were_right, async |app: TestApp| {
    let shop = Workshop::with(&app, json!({"approval_policy": {"veto_window_minutes": 30}})).await;
    let upstairs = app.owner.makes_zone(json!({"name": "Upstairs"})).await;
    let judge = app.human("Judge", "member").await;
    app.owner.assigns(&upstairs, &judge, "approver").await.expect(201);
    app.owner.post(&format!("/zones/{}/move", shop.zone), json!({"parent_zone_id": upstairs})).await.expect(200);
    for answer in ["reject", "reject", "approve"] {
        let work = shop.worker.proposes_work(&shop.zone).await;
        shop.approver.votes(&work, "reject").await.expect(200);
        let raised = shop.worker.post(&format!("/proposals/{work}/escalate"), json!({"reason": "no"})).await.expect(201);
        judge.votes(&raised.text("/parent_proposal_id"), answer).await.expect(200);
    }
    assert_eq!(reputation(&app, &shop.approver).await, 0.3, "upheld twice, overturned once");
});

on_both!(an_evaluation_of_another_organization_is_not_there, async |app: TestApp| {
    let shop = Workshop::with(&app, quality()).await;
    let work = shop.work().await;
    let judgement = shop.judgement_of(&work).await;
    let elsewhere = app.other_organization("Elsewhere").await;
    let path = format!("/evaluations/{judgement}");
    elsewhere.get(&path).await.expect_problem(404, "not_found");
    elsewhere.post(&format!("{path}/finalize"), json!({})).await.expect_problem(404, "not_found");
    elsewhere.post(&format!("{path}/auto-evaluate"), json!({})).await.expect_problem(404, "not_found");
    elsewhere.post("/evaluations", json!({"proposal_id": work})).await.expect_problem(404, "no_such_proposal");
    elsewhere.get(&format!("/members/{}/reputation", shop.worker.id)).await.expect_problem(404, "not_found");
    assert!(elsewhere.get("/evaluations").await.expect(200).items().is_empty());
});

on_both!(work_that_is_reported_finished_is_judged_by_itself, async |app: TestApp| {
    let criteria = json!([
        {"name": "quality", "type": "human"},
        {"name": "on_time", "type": "automated_check", "config": {"within_hours": 2}},
        {"name": "within_budget", "type": "automated_check"},
    ]);
    let shop = Workshop::with(&app, json!({"evaluation_criteria": {"criteria": criteria}})).await;
    let payload = json!({"action": "work.do", "amount": "10"});
    let work = json!({"zone_id": shop.zone, "type": "task_execution", "title": "Paid work", "payload": payload});
    let work = shop.worker.post("/proposals", work).await.expect(201).id();
    let approved = shop.approver.votes(&work, "approve").await.expect(200);
    app.clock.advance(chrono::Duration::minutes(90));
    let grant = approved.text("/execution/grant_id");
    let used = shop.worker.post(&format!("/grants/{grant}/use"), json!({"amount": "8"})).await.expect(200);
    let list = app.owner.get(&format!("/evaluations?after={}", used.position())).await.expect(200);
    assert_eq!((list.items().len(), list.text("/items/0/proposal_id")), (1, work));
    let path = format!("/evaluations/{}", list.text("/items/0/id"));
    let checked = shop.critics[0].post(&format!("{path}/auto-evaluate"), json!({})).await.expect(200);
    assert!(checked.at("/opened_by").is_null());
    assert_eq!((checked.at("/criteria/1/scores/0/score"), checked.at("/criteria/2/scores/0/score")), (&json!(1), &json!(1)));
    assert_eq!(checked.text("/criteria/2/scores/0/rationale"), "8 spent of 10");
});

on_both!(a_judgement_changes_who_is_asked_next, async |app: TestApp| {
    let mut policies = quality();
    policies["approval_policy"] = json!({"reviewer_selection": "gardener"});
    policies["incentive_model"] = json!({"negative_magnitude": 1});
    let shop = Workshop::with(&app, policies).await;
    let second = app.human("Second approver", "member").await;
    app.owner.assigns(&shop.zone, &second, "approver").await.expect(201);
    let asked = async |proposal: &str| {
        app.owner.get(&format!("/proposals/{proposal}")).await.expect(200).text("/electorate/0/member_id")
    };
    let first = shop.worker.proposes_work(&shop.zone).await;
    assert_eq!(asked(&first).await, shop.approver.id, "nothing speaks against the first");
    shop.approver.votes(&first, "approve").await.expect(200);
    shop.judges(&shop.judgement_of(&first).await, 0.1).await;
    app.settled().await;
    let next = shop.worker.proposes_work(&shop.zone).await;
    assert_eq!(asked(&next).await, second.id, "who approved bad work was wrong");
    second.votes(&next, "approve").await.expect(200);
    shop.judges(&shop.judgement_of(&next).await, 1.0).await;
    app.settled().await;
    let third = shop.worker.proposes_work(&shop.zone).await;
    assert_eq!(asked(&third).await, second.id, "and who approved good work was right");
});

on_both!(a_vote_that_did_not_count_says_nothing_of_the_voter, async |app: TestApp| {
    let mut policies = quality();
    policies["decision_model"] = json!({"model_type": "threshold", "threshold": 1});
    policies["approval_policy"] = json!({"reviewers_by_risk": {"low": 2}, "veto_window_minutes": 0});
    let shop = Workshop::with(&app, policies).await;
    let leaver = app.human("Leaver", "member").await;
    app.owner.assigns(&shop.zone, &leaver, "approver").await.expect(201);
    let work = shop.worker.proposes_work(&shop.zone).await;
    leaver.votes(&work, "reject").await.expect(200);
    let held = app.owner.get(&format!("/zones/{}/assignments", shop.zone)).await.expect(200);
    let own = held.items().iter().find(|held| held["member_id"] == leaver.id.as_str()).expect("a role")["id"].clone();
    app.owner.delete(&format!("/zones/{}/assignments/{}", shop.zone, own.as_str().expect("an id"))).await.expect(204);
    app.settled().await;
    shop.approver.votes(&work, "approve").await.expect(200);
    shop.judges(&shop.judgement_of(&work).await, 1.0).await;
    app.settled().await;
    let told = app.owner.get(&format!("/members/{}/reputation", leaver.id)).await.expect(200);
    assert!(told.items().is_empty(), "{}", told.body);
});

on_both!(naming_somebody_else_makes_nobody_impartial, async |app: TestApp| {
    let ann = app.human("Ann", "member").await;
    let zone = app
        .owner
        .makes_zone({
            let mut zone = quality();
            zone["name"] = json!("Zone");
            zone
        })
        .await;
    app.owner.assigns(&zone, &ann, "approver").await.expect(201);
    let work = app.owner.proposes_work(&zone).await;
    ann.votes(&work, "approve").await.expect(200);
    let opened = app.owner.post("/evaluations", json!({"proposal_id": work, "executor_id": ann.id})).await.expect(201).id();
    let score = json!({"criterion": "quality", "score": 1, "rationale": "My own, and very good."});
    let path = format!("/evaluations/{opened}");
    app.owner.post(&format!("{path}/scores"), score).await.expect_problem(403, "conflicted");
    app.owner.post(&format!("{path}/finalize"), json!({})).await.expect_problem(403, "conflicted");
});

on_both!(judging_waits_while_the_zone_is_suspended_and_goes_on_in_an_archive, async |app: TestApp| {
    let shop = Workshop::with(&app, quality()).await;
    let evaluation = shop.judgement_of(&shop.work().await).await;
    let zone = format!("/zones/{}", shop.zone);
    app.owner.post(&format!("{zone}/suspend"), json!({})).await.expect(200);
    let scored = json!({"criterion": "quality", "score": 0.9, "rationale": "I looked"});
    let path = format!("/evaluations/{evaluation}");
    for (deed, body) in [("scores", scored.clone()), ("auto-evaluate", json!({})), ("finalize", json!({}))] {
        shop.critics[0].post(&format!("{path}/{deed}"), body).await.expect_problem(409, "zone_not_in_force");
    }
    app.owner.post(&format!("{zone}/activate"), json!({})).await.expect(200);
    shop.critics[0].post(&format!("{path}/scores"), scored).await.expect(200);
    app.owner.post(&format!("{zone}/archive"), json!({})).await.expect(200);
    let done = shop.critics[0].post(&format!("{path}/finalize"), json!({})).await.expect(200);
    assert_eq!(done.text("/status"), "completed");
});
