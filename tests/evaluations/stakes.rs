//! Stakes: locked when work is granted, returned or burnt when it is judged (SPEC Z7, V6).

use serde_json::{Value, json};

use super::{Workshop, quality, reputation};
use crate::harness::TestApp;
use crate::on_both;

/// Two workshops with the same people: one to earn in, one that demands a stake.
async fn staked(app: &TestApp) -> (Workshop, String) {
    let shop = Workshop::with(app, quality()).await;
    let good = shop.work().await;
    shop.judges(&shop.judgement_of(&good).await, 1.0).await;
    let mut dear = quality();
    dear["name"] = json!("Dear");
    dear["parent_zone_id"] = json!(shop.zone);
    dear["alignment_requirements"] = json!({"stake_required": 1});
    let dear = app.owner.makes_zone(dear).await;
    (shop, dear)
}

async fn available(app: &TestApp, shop: &Workshop) -> Value {
    app.owner.get(&format!("/members/{}/reputation", shop.worker.id)).await.expect(200).at("/available").clone()
}

on_both!(a_stake_is_locked_when_work_is_granted_and_returns_when_it_was_good, async |app: TestApp| {
    let (shop, dear) = staked(&app).await;
    let work = shop.worker.proposes_work(&dear).await;
    assert_eq!(available(&app, &shop).await, 1.5);
    shop.approver.votes(&work, "approve").await.expect(200);
    assert_eq!(available(&app, &shop).await, 0.5);
    assert_eq!(reputation(&app, &shop.worker).await, 1.5, "what is at stake is not lost");
    let more = json!({"zone_id": dear, "type": "task_execution", "title": "More", "payload": {"action": "work.do"}});
    let refused = shop.worker.post("/proposals", more).await.expect_problem(422, "not_executable");
    assert_eq!(refused.text("/errors/0/code"), "stake_not_available");
    assert_eq!(refused.text("/errors/0/zone_id"), dear);
    shop.judges(&shop.judgement_of(&work).await, 1.0).await;
    assert_eq!((available(&app, &shop).await, reputation(&app, &shop.worker).await), (json!(3), json!(3)));
});

on_both!(a_stake_burns_when_the_work_was_bad, async |app: TestApp| {
    let (shop, dear) = staked(&app).await;
    let work = shop.worker.proposes_work(&dear).await;
    shop.approver.votes(&work, "approve").await.expect(200);
    shop.judges(&shop.judgement_of(&work).await, 0.3).await;
    assert_eq!(reputation(&app, &shop.worker).await, 0, "1.5 less 0.7 less the stake of 1");
    let history = app.owner.get(&format!("/members/{}/reputation", shop.worker.id)).await.expect(200);
    let kinds: Vec<&Value> = history.items().iter().map(|item| &item["kind"]).collect();
    assert_eq!(kinds, ["stake_burnt", "negative", "stake_locked", "positive"]);
    assert_eq!(history.at("/stakes"), &json!([]));
});

on_both!(two_approvals_at_once_do_not_stake_the_same_reputation_twice, async |app: TestApp| {
    let (shop, dear) = staked(&app).await;
    let (one, other) = (shop.worker.proposes_work(&dear).await, shop.worker.proposes_work(&dear).await);
    let (first, second) = tokio::join!(shop.approver.votes(&one, "approve"), shop.approver.votes(&other, "approve"));
    let mut executions = [first.expect(200).text("/execution/status"), second.expect(200).text("/execution/status")];
    executions.sort();
    assert_eq!(executions, ["failed", "succeeded"]);
});

on_both!(a_grant_that_is_void_gives_its_stake_back, async |app: TestApp| {
    let (shop, dear) = staked(&app).await;
    let work = shop.worker.proposes_work(&dear).await;
    shop.approver.votes(&work, "approve").await.expect(200);
    app.owner.post(&format!("/zones/{dear}/archive"), json!({})).await.expect(200);
    app.settled().await;
    assert_eq!(available(&app, &shop).await, 1.5);
});

/// The grant that came of work.
async fn grant_of(app: &TestApp, work: &str) -> String {
    app.owner.get(&format!("/proposals/{work}")).await.expect(200).text("/execution/grant_id")
}

on_both!(where_nobody_judges_a_stake_returns_when_the_work_is_done, async |app: TestApp| {
    let (shop, _) = staked(&app).await;
    let quiet = json!({"name": "Quiet", "alignment_requirements": {"stake_required": 1}});
    let quiet = app.owner.makes_zone(quiet).await;
    app.owner.assigns(&quiet, &shop.approver, "approver").await.expect(201);
    app.owner.assigns(&quiet, &shop.worker, "executor").await.expect(201);
    let work = shop.worker.proposes_work(&quiet).await;
    shop.approver.votes(&work, "approve").await.expect(200);
    assert_eq!(available(&app, &shop).await, 0.5);
    shop.worker.post(&format!("/grants/{}/use", grant_of(&app, &work).await), json!({})).await.expect(200);
    assert_eq!(available(&app, &shop).await, 1.5);
});

on_both!(a_stake_that_is_being_judged_waits_for_the_judgement_though_its_grant_ends, async |app: TestApp| {
    let (shop, dear) = staked(&app).await;
    let work = shop.worker.proposes_work(&dear).await;
    shop.approver.votes(&work, "approve").await.expect(200);
    let judgement = shop.judgement_of(&work).await;
    app.time_passes(chrono::Duration::days(400)).await;
    let grant = app.owner.get(&format!("/grants?principal_id={}", shop.worker.id)).await.expect(200);
    let status = grant.items().iter().find(|grant| grant["proposal_id"] == work).map(|grant| grant["status"].clone());
    assert_eq!(status, Some(json!("expired")), "{grant:?}");
    assert_eq!(available(&app, &shop).await, 0.5, "it stays at stake");
    shop.judges(&judgement, 0.3).await;
    assert_eq!(reputation(&app, &shop.worker).await, 0, "and burns");
});
