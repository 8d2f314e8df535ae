//! Votes: one each, by those who are asked, and what is needed still (SPEC P8, P12).

use serde_json::{Value, json};

use super::{People, council, standing, told};
use crate::harness::{Store, TestApp};
use crate::on_both;

fn two_of_three() -> Value {
    json!({"decision_model": {"model_type": "threshold", "threshold": 2}})
}

on_both!(a_repeated_vote_changes_nothing_and_a_different_one_is_refused, async |app: TestApp| {
    let people = People::of(&app).await;
    let zone = council(&app, &people.first(3), two_of_three()).await;
    let proposal = app.owner.proposes_work(&zone).await;
    let first = people.ann.votes(&proposal, "approve").await.expect(200);
    let again = people.ann.votes(&proposal, "approve").await.expect(200);
    assert_eq!(again.body, first.body);
    assert_eq!(again.position(), first.position());
    people.ann.votes(&proposal, "reject").await.expect_problem(409, "already_voted");
    people.ann.votes(&proposal, "abstain").await.expect_problem(409, "already_voted");
    people.ann.post(&format!("/proposals/{proposal}/recuse"), json!({})).await.expect_problem(409, "already_voted");
    let after = standing(&app.owner, &proposal).await;
    assert_eq!(after.body, first.body);
    assert_eq!(told(&app.owner, &proposal).await, ["proposal.opened", "proposal.vote_cast"]);
});

on_both!(what_memory_has_no_room_for_is_decided_all_the_same, async |app: TestApp| {
    let app = TestApp::on(Store::create(app.store.kind()).await, &["--aggregates-in-memory", "1"]).await;
    let people = People::of(&app).await;
    let zone = council(&app, &people.first(3), two_of_three()).await;
    let (one, other) = (app.owner.proposes_work(&zone).await, app.owner.proposes_work(&zone).await);
    for (voter, choices, status) in
        [(&people.ann, ["approve", "reject"], "pending_review"), (&people.bob, ["approve", "approve"], "approved")]
    {
        let first = voter.votes(&one, choices[0]).await.expect(200);
        assert_eq!(first.text("/status"), status);
        voter.votes(&other, choices[1]).await.expect(200);
        assert_eq!(voter.votes(&one, choices[0]).await.expect(200).body, first.body, "the same again");
    }
    let last = people.cid.votes(&other, "reject").await.expect(200);
    assert_eq!(last.text("/status"), "rejected");
    let decided =
        ["proposal.opened", "proposal.vote_cast", "proposal.vote_cast", "proposal.approved", "proposal.execution_succeeded"];
    assert_eq!(told(&app.owner, &one).await, decided);
});

on_both!(where_votes_may_change_the_last_word_counts, async |app: TestApp| {
    let people = People::of(&app).await;
    let mut zone = two_of_three();
    zone["approval_policy"] = json!({"allow_vote_change": true});
    let zone = council(&app, &people.first(3), zone).await;
    let proposal = app.owner.proposes_work(&zone).await;
    people.ann.votes(&proposal, "reject").await.expect(200);
    let open = people.bob.votes(&proposal, "reject").await.expect(200);
    assert_eq!(open.text("/status"), "pending_review", "two who may think again decide nothing");
    let changed = people.ann.votes(&proposal, "approve").await.expect(200);
    assert_eq!(changed.at("/tally/approve"), 1);
    assert_eq!(changed.at("/tally/reject"), 1);
    let decided = people.cid.votes(&proposal, "approve").await.expect(200);
    assert_eq!(decided.text("/status"), "approved");
    let expected = [
        "proposal.opened",
        "proposal.vote_cast",
        "proposal.vote_cast",
        "proposal.vote_changed",
        "proposal.vote_cast",
        "proposal.approved",
        "proposal.execution_succeeded",
    ];
    assert_eq!(told(&app.owner, &proposal).await, expected);
    people.bob.votes(&proposal, "approve").await.expect_problem(409, "not_pending");
});

on_both!(only_the_electorate_votes, async |app: TestApp| {
    let people = People::of(&app).await;
    let zone = council(&app, &people.first(2), two_of_three()).await;
    app.owner.assigns(&zone, &people.cid, "executor").await.expect(201);
    let proposal = app.owner.proposes_work(&zone).await;
    app.owner.assigns(&zone, &people.dee, "approver").await.expect(201);
    for outsider in [&people.cid, &people.dee, &app.owner] {
        outsider.votes(&proposal, "approve").await.expect_problem(403, "not_in_electorate");
        outsider.post(&format!("/proposals/{proposal}/recuse"), json!({})).await.expect_problem(403, "not_in_electorate");
    }
    people.ann.votes(&proposal, "approve").await.expect(200);
    people.bob.votes(&proposal, "approve").await.expect(200);
    people.cid.votes(&proposal, "approve").await.expect_problem(403, "not_in_electorate");
    let refused = app.owner.get(&format!("/audit?zone_id={zone}&type=access.vote_refused")).await.expect(200);
    assert_eq!(refused.items().len(), 4, "refused votes are on record: {}", refused.body);
});

on_both!(whoever_stands_back_votes_no_more, async |app: TestApp| {
    let people = People::of(&app).await;
    let zone = council(&app, &people.first(3), two_of_three()).await;
    let proposal = app.owner.proposes_work(&zone).await;
    let recuse = format!("/proposals/{proposal}/recuse");
    let first = people.ann.post(&recuse, json!({})).await.expect(200);
    let again = people.ann.post(&recuse, json!({})).await.expect(200);
    assert_eq!(again.body, first.body, "standing back twice changes nothing");
    people.ann.votes(&proposal, "approve").await.expect_problem(403, "recused");
    let reviewers = again.at("/electorate").as_array().expect("an electorate").clone();
    let ann = reviewers.iter().find(|reviewer| reviewer["member_id"] == people.ann.id.as_str()).expect("Ann");
    assert_eq!(ann["left"], "recused");
    assert_eq!(again.at("/needed/may_still_vote"), 2);
});

on_both!(a_proposal_says_what_is_still_needed, async |app: TestApp| {
    let people = People::of(&app).await;
    let zone = council(&app, &people.first(3), two_of_three()).await;
    let proposal = app.owner.proposes_work(&zone).await;
    assert_eq!(standing(&app.owner, &proposal).await.text("/needed/summary"), "2 more approvals of 2; 3 may still vote");
    let first = people.ann.votes(&proposal, "approve").await.expect(200);
    assert_eq!(first.text("/needed/summary"), "1 more approval of 2; 2 may still vote");
    let waiting = people.bob.get("/proposals/pending-reviews").await.expect(200);
    assert_eq!(waiting.text("/items/0/id"), proposal);
    assert!(people.ann.get("/proposals/pending-reviews").await.expect(200).items().is_empty(), "Ann has voted");
    let decided = people.bob.votes(&proposal, "approve").await.expect(200);
    assert_eq!(decided.text("/needed/summary"), "nothing: it is approved");
    assert!(people.cid.get("/proposals/pending-reviews").await.expect(200).items().is_empty(), "nothing waits any more");
});

on_both!(only_the_proposer_withdraws_and_only_while_it_is_pending, async |app: TestApp| {
    let people = People::of(&app).await;
    let zone = council(&app, &people.first(2), two_of_three()).await;
    let proposal = people.dee.proposes_work(&zone).await;
    let withdraw = format!("/proposals/{proposal}/withdraw");
    app.owner.post(&withdraw, json!({})).await.expect_problem(403, "not_the_proposer");
    let taken_back = people.dee.post(&withdraw, json!({})).await.expect(200);
    assert_eq!(taken_back.text("/status"), "withdrawn");
    people.ann.votes(&proposal, "approve").await.expect_problem(409, "not_pending");

    let proposal = people.dee.proposes_work(&zone).await;
    people.ann.votes(&proposal, "reject").await.expect(200);
    people.dee.post(&format!("/proposals/{proposal}/withdraw"), json!({})).await.expect_problem(409, "not_pending");
});

on_both!(what_a_zone_blocks_by_name_nobody_does_by_another_door, async |app: TestApp| {
    let people = People::of(&app).await;
    let zone = council(&app, &people.first(2), two_of_three()).await;
    app.owner.assigns(&zone, &people.cid, "approver").await.expect(201);
    let proposal = people.dee.proposes_work(&zone).await;
    let path = format!("/proposals/{proposal}");
    let blocked = json!({"constraints": {"blocked_actions": ["proposal.review", "proposal.comment"]}});
    app.owner.patch(&format!("/zones/{zone}"), blocked).await.expect(200);
    let before = told(&app.owner, &proposal).await;
    people.ann.post(&format!("{path}/comments"), json!({"text": "Why?"})).await.expect_problem(403, "action_blocked");
    people.ann.post(&format!("{path}/recuse"), json!({})).await.expect_problem(403, "action_blocked");
    people
        .ann
        .post(&format!("{path}/delegate"), json!({"member_id": people.cid.id}))
        .await
        .expect_problem(403, "action_blocked");
    people.ann.votes(&proposal, "abstain").await.expect_problem(403, "action_blocked");
    assert_eq!(told(&app.owner, &proposal).await, before);
    app.owner.patch(&format!("/zones/{zone}"), json!({"constraints": {"blocked_actions": null}})).await.expect(200);
    people.ann.post(&format!("{path}/comments"), json!({"text": "Why?"})).await.expect(201);
    people.ann.post(&format!("{path}/recuse"), json!({})).await.expect(200);
});

on_both!(a_root_that_hides_itself_and_takes_no_change_is_mended_by_those_who_decide, async |app: TestApp| {
    let people = People::of(&app).await;
    let zone = council(&app, &people.first(3), two_of_three()).await;
    let path = format!("/zones/{zone}");
    let hidden = json!({"constraints": {"blocked_actions": ["zone.read", "zone.write"]}});
    app.owner.patch(&path, hidden).await.expect(200);
    app.owner.get(&path).await.expect_problem(403, "action_blocked");
    app.owner.patch(&path, json!({"constraints": {"blocked_actions": null}})).await.expect_problem(403, "action_blocked");
    let mended = json!({"zone_id": zone, "type": "zone_change", "title": "Show it again",
        "payload": {"changes": {"constraints": {"blocked_actions": null}}}});
    let proposal = people.dee.post("/proposals", mended).await.expect(201).id();
    people.ann.get(&format!("/proposals/{proposal}")).await.expect_problem(403, "action_blocked");
    for approver in people.first(2) {
        approver.votes(&proposal, "approve").await.expect(200);
    }
    assert_eq!(app.owner.get(&path).await.expect(200).id(), zone);
});
