//! What waits for someone and what changed for them (issue of notifications; SPEC U1).

use serde_json::{Value, json};

use crate::harness::{Person, Reply, TestApp};
use crate::on_both;

fn kinds(inbox: &Reply) -> Vec<String> {
    inbox.items().iter().map(|item| item["kind"].as_str().expect("a kind").to_owned()).collect()
}

async fn inbox_of(app: &TestApp, person: &Person) -> Reply {
    app.settled().await;
    person.get("/me/inbox").await.expect(200)
}

on_both!(everyone_is_told_what_changed_for_them_and_not_what_they_did, async |app: TestApp| {
    let (ann, bob) = (app.human("Ann", "member").await, app.human("Bob", "member").await);
    let criteria = json!({"criteria": [{"name": "quality", "type": "human"}]});
    let zone = app.owner.makes_zone(json!({"name": "Platform", "evaluation_criteria": criteria})).await;
    app.owner.assigns(&zone, &ann, "approver").await.expect(201);
    app.owner.assigns(&zone, &bob, "executor").await.expect(201);
    let work = bob.proposes_work(&zone).await;
    let before = inbox_of(&app, &ann).await;
    assert_eq!(kinds(&before), ["review_requested", "role_given"]);
    assert_eq!(before.text("/waiting/reviews/0/proposal_id"), work);
    assert_eq!(before.at("/unread"), 2);

    bob.post(&format!("/proposals/{work}/comments"), json!({"text": "please"})).await.expect(201);
    ann.votes(&work, "approve").await.expect(200);
    let judgement = app.owner.post("/evaluations", json!({"proposal_id": work})).await.expect(201).id();
    let owners = inbox_of(&app, &app.owner).await;
    assert_eq!(owners.text("/waiting/evaluations/0/evaluation_id"), judgement);
    assert!(owners.items().is_empty(), "{}", owners.body);
    let score = json!({"criterion": "quality", "score": 1, "rationale": "well made"});
    app.owner.post(&format!("/evaluations/{judgement}/scores"), score).await.expect(200);
    let owners = inbox_of(&app, &app.owner).await;
    assert_eq!(owners.text("/waiting/evaluations/0/evaluation_id"), judgement, "it is ready to be finished");
    app.owner.post(&format!("/evaluations/{judgement}/finalize"), json!({})).await.expect(200);

    let bobs = inbox_of(&app, &bob).await;
    let expected =
        ["reputation_changed", "work_judged", "work_being_judged", "grant_issued", "proposal_approved", "role_given"];
    assert_eq!(kinds(&bobs), expected, "his own proposal and comment are no news to him");
    let anns = inbox_of(&app, &ann).await;
    assert_eq!(kinds(&anns), ["reputation_changed", "review_requested", "role_given"]);
    assert_eq!(anns.at("/waiting/reviews"), &json!([]));
});

on_both!(what_has_been_read_stays_read_and_what_comes_later_is_new, async |app: TestApp| {
    let ann = app.human("Ann", "member").await;
    let zone = app.owner.makes_zone(json!({"name": "Platform"})).await;
    for role in ["approver", "executor", "evaluator"] {
        app.owner.assigns(&zone, &ann, role).await.expect(201);
    }
    let inbox = inbox_of(&app, &ann).await;
    let positions: Vec<u64> = inbox.items().iter().map(|item| item["position"].as_u64().expect("a position")).collect();
    let marked = ann.post("/me/inbox/read", json!({"positions": [positions[0]]})).await.expect(204);
    let read = |inbox: &Reply| -> Vec<Value> { inbox.items().iter().map(|item| item["read"].clone()).collect() };
    let after = ann.get(&format!("/me/inbox?after={}", marked.position())).await.expect(200);
    assert_eq!((read(&after), after.at("/unread")), (vec![json!(true), json!(false), json!(false)], &json!(2)));
    ann.post("/me/inbox/read", json!({"up_to": positions[1]})).await.expect(204);
    ann.post("/me/inbox/read", json!({"up_to": positions[1]})).await.expect(204);
    app.owner.assigns(&zone, &ann, "gardener").await.expect(201);
    let after = inbox_of(&app, &ann).await;
    assert_eq!(read(&after), [json!(false), json!(true), json!(true), json!(true)]);
    let page = ann.get("/me/inbox?limit=1").await.expect(200);
    let next = page.text("/next");
    assert_eq!(ann.get(&format!("/me/inbox?limit=3&cursor={next}")).await.expect(200).items().len(), 3);
    let many: Vec<u64> = (1..=201).collect();
    ann.post("/me/inbox/read", json!({"positions": many})).await.expect_problem(422, "too_many_positions");
    let other = app.other_organization("Elsewhere").await;
    assert!(other.get("/me/inbox").await.expect(200).items().is_empty());
});

on_both!(a_judgement_waits_for_those_who_have_not_scored_it, async |app: TestApp| {
    let worker = app.human("Worker", "member").await;
    let critics = [app.human("Critic", "member").await, app.human("Other critic", "member").await];
    let criteria = json!({"criteria": [{"name": "quality", "type": "human"}], "evaluators_required": 2});
    let zone = app.owner.makes_zone(json!({"name": "Platform", "evaluation_criteria": criteria})).await;
    app.owner.assigns(&zone, &app.owner, "approver").await.expect(201);
    app.owner.assigns(&zone, &worker, "executor").await.expect(201);
    let bot = app.agent("Bot", None).await;
    for critic in critics.iter().chain([&bot]) {
        app.owner.assigns(&zone, critic, "evaluator").await.expect(201);
    }
    let work = worker.proposes_work(&zone).await;
    app.owner.votes(&work, "approve").await.expect(200);
    let judgement = critics[0].post("/evaluations", json!({"proposal_id": work})).await.expect(201).id();
    let waiting = async |person: &Person| inbox_of(&app, person).await.at("/waiting/evaluations").as_array().map(Vec::len);
    assert_eq!((waiting(&critics[0]).await, waiting(&critics[1]).await, waiting(&worker).await), (Some(1), Some(1), Some(0)));
    assert_eq!(waiting(&bot).await, Some(0), "people are asked");
    let score = json!({"criterion": "quality", "score": 1, "rationale": "well made"});
    critics[0].post(&format!("/evaluations/{judgement}/scores"), score.clone()).await.expect(200);
    assert_eq!((waiting(&critics[0]).await, waiting(&critics[1]).await), (Some(0), Some(1)));
    critics[1].post(&format!("/evaluations/{judgement}/scores"), score).await.expect(200);
    assert_eq!((waiting(&critics[0]).await, waiting(&critics[1]).await), (Some(1), Some(1)), "it can be finished");
    critics[0].post(&format!("/evaluations/{judgement}/finalize"), json!({})).await.expect(200);
    assert_eq!((waiting(&critics[0]).await, waiting(&critics[1]).await), (Some(0), Some(0)));
});

on_both!(figures_of_an_organization_are_those_of_its_lists, async |app: TestApp| {
    let zone = app.owner.makes_zone(json!({"name": "Zone", "resource_scope": {"budget_limit": "100"}})).await;
    let (ann, bob) = (app.human("Ann", "member").await, app.human("Bob", "member").await);
    app.owner.assigns(&zone, &ann, "approver").await.expect(201);
    app.owner.assigns(&zone, &bob, "executor").await.expect(201);
    let wish = json!({"action": "work.do", "amount": "30", "expires_in_seconds": 864_000});
    bob.post(&format!("/zones/{zone}/reservations"), wish).await.expect(201);
    let (approved, rejected, raised) =
        (bob.proposes_work(&zone).await, bob.proposes_work(&zone).await, bob.proposes_work(&zone).await);
    bob.proposes_work(&zone).await;
    ann.votes(&rejected, "reject").await.expect(200);
    app.time_passes(chrono::Duration::days(2)).await;
    ann.votes(&approved, "approve").await.expect(200);
    bob.post(&format!("/proposals/{raised}/escalate"), json!({"reason": "it waits"})).await.expect(201);
    app.settled().await;
    let shown = bob.get("/overview").await.expect(200);
    let open = app.owner.get("/proposals?status=pending_review").await.expect(200).items().len();
    assert_eq!(shown.at("/open/total"), &json!(open), "{}", shown.body);
    assert_eq!(shown.at(&format!("/open/by_zone/{zone}")), &json!(2), "one is open, and the one above for the owners");
    assert_eq!((shown.at("/open/older_than/1_days"), shown.at("/open/older_than/3_days")), (&json!(1), &json!(0)));
    assert_eq!((shown.at("/escalations/accepted"), shown.at("/escalations/pending")), (&json!(1), &json!(0)));
    let day = |day: usize, key: &str| shown.at(&format!("/decided/days/{day}/{key}")).clone();
    assert_eq!((day(11, "rejected"), day(13, "approved"), day(13, "rejected")), (json!(1), json!(1), json!(0)));
    assert_eq!(shown.at("/decided/median_seconds"), 0, "half of the two took no time");
    assert_eq!((shown.at("/budgets/0/limit"), shown.at("/budgets/0/remaining")), (&json!("100"), &json!("70")));
    let elsewhere = app.other_organization("Globex").await;
    assert_eq!(elsewhere.get("/overview").await.expect(200).at("/open/total"), 0);
});
