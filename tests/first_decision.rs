//! From the first start to the first executed decision.

use serde_json::json;

use crate::harness::TestApp;
use crate::on_both;

on_both!(from_first_start_to_the_first_executed_decision, async |app: TestApp| {
    let me = app.owner.get("/me").await.expect(200);
    assert_eq!(me.text("/role"), "owner");

    let ann = app.human("Ann", "member").await;
    let bob = app.human("Bob", "member").await;
    let zone = json!({"name": "Platform", "decision_model": {"model_type": "threshold", "threshold": 2}});
    let zone = app.owner.makes_zone(zone).await;
    app.owner.assigns(&zone, &ann, "approver").await.expect(201);
    app.owner.assigns(&zone, &bob, "approver").await.expect(201);

    let proposal = app.owner.proposes_work(&zone).await;
    let first = ann.votes(&proposal, "approve").await.expect(200);
    assert_eq!(first.text("/status"), "pending_review");
    assert!(first.text("/needed/summary").starts_with("1 more approval of 2"), "{}", first.text("/needed/summary"));
    let last = bob.votes(&proposal, "approve").await.expect(200);
    assert_eq!(last.text("/status"), "approved");
    assert_eq!(last.text("/execution/status"), "succeeded");

    let grants = app.owner.get("/grants").await.expect(200);
    assert_eq!(grants.items().len(), 1);
    assert_eq!(grants.text("/items/0/proposal_id"), proposal);

    let story = app.owner.get(&format!("/audit?aggregate_id={proposal}&order=asc")).await.expect(200);
    let told: Vec<&str> = story.items().iter().filter_map(|event| event["type"].as_str()).collect();
    let expected =
        ["proposal.opened", "proposal.vote_cast", "proposal.vote_cast", "proposal.approved", "proposal.execution_succeeded"];
    assert_eq!(told, expected);

    let all = app.owner.get("/audit?limit=200&order=asc").await.expect(200);
    let positions: Vec<u64> = all.items().iter().filter_map(|event| event["position"].as_u64()).collect();
    assert_eq!(positions, (1..=positions.len() as u64).collect::<Vec<_>>(), "positions have no gaps");
});
