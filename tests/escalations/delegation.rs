//! Handing a seat on (SPEC P8).

use serde_json::json;

use super::House;
use crate::harness::TestApp;
use crate::on_both;

on_both!(a_seat_is_handed_on_once_to_someone_who_could_sit_there, async |app: TestApp| {
    let house = House::with(&app, json!({"decision_model": {"model_type": "weighted", "weights": {"approver": 3}}})).await;
    let peer = app.human("Peer", "member").await;
    app.owner.assigns(&house.downstairs, &peer, "executor").await.expect(201);
    let proposal = house.worker.proposes_work(&house.downstairs).await;
    let path = format!("/proposals/{proposal}/delegate");
    house.clerk.post(&path, json!({"member_id": peer.id})).await.expect_problem(422, "not_eligible");
    house.worker.post(&path, json!({"member_id": house.judge.id})).await.expect_problem(403, "not_in_electorate");
    app.owner.assigns(&house.downstairs, &house.worker, "approver").await.expect(201);
    house.clerk.post(&path, json!({"member_id": house.worker.id})).await.expect_problem(422, "conflicted");
    house
        .clerk
        .post(&path, json!({"member_id": "01890000-0000-7000-8000-000000000000"}))
        .await
        .expect_problem(404, "no_such_member");
    let handed = house.clerk.post(&path, json!({"member_id": house.judge.id})).await.expect(200);
    assert_eq!(handed.text("/electorate/0/left"), "delegated");
    assert_eq!(handed.text("/electorate/1/delegated_by"), house.clerk.id);
    assert_eq!(handed.at("/electorate/1/weight"), 3, "the weight goes with the seat");
    house.clerk.post(&path, json!({"member_id": house.judge.id})).await.expect(200);
    house.clerk.votes(&proposal, "approve").await.expect_problem(403, "recused");
    app.owner.assigns(&house.downstairs, &peer, "approver").await.expect(201);
    house.judge.post(&path, json!({"member_id": peer.id})).await.expect_problem(409, "already_delegated");
    let waiting = house.judge.get(&format!("/proposals/pending-reviews?after={}", handed.position())).await.expect(200);
    assert_eq!(waiting.items().len(), 1);
    let decided = house.judge.votes(&proposal, "approve").await.expect(200);
    assert_eq!(decided.text("/status"), "approved");
});

on_both!(a_vote_cannot_be_handed_on, async |app: TestApp| {
    let house = House::with(&app, json!({"decision_model": {"model_type": "threshold", "threshold": 2}, "approval_policy": {"reviewers_by_risk": {"low": 2}}})).await;
    let proposal = house.worker.proposes_work(&house.downstairs).await;
    house.clerk.votes(&proposal, "approve").await.expect(200);
    let path = format!("/proposals/{proposal}/delegate");
    house.clerk.post(&path, json!({"member_id": app.owner.id})).await.expect_problem(409, "already_voted");
    house.judge.post(&path, json!({"member_id": house.clerk.id})).await.expect_problem(422, "already_in_electorate");
});
