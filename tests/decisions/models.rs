//! The five models, row by row (SPEC section 6): each case is a model, how many are asked, and the votes in their order.
//! Before the last vote nothing is decided; the last one decides as said, or leaves it open.

use serde_json::{Value, json};

use super::{People, council, standing};
use crate::harness::TestApp;
use crate::on_both;

/// What the last vote leads to.
#[derive(Clone, Copy, Debug, PartialEq)]
enum Then {
    Open,
    Approved,
    Rejected,
    Deadlock,
}
use Then::{Approved, Deadlock, Open, Rejected};

type Case = (usize, &'static str, Then);

/// Opens a proposal per case and lets people vote: `ann+` approves, `bob-` rejects, `cid0` abstains, `dee!` stands back.
async fn holds(app: &TestApp, people: &People, model: &Value, cases: &[Case]) {
    for (asked, votes, then) in cases {
        let voters = people.first(*asked);
        let zone = council(app, &voters, json!({"decision_model": model})).await;
        let proposal = app.owner.proposes_work(&zone).await;
        let said = format!("{model} among {asked}: {votes}");
        let mut remaining = votes.split(' ').count();
        let mut last = standing(&app.owner, &proposal).await;
        for vote in votes.split(' ') {
            assert_eq!(last.text("/status"), "pending_review", "decided before {vote}: {said}");
            let (name, choice) = vote.split_at(3);
            let voter = people.called(name);
            last = match choice {
                "+" => voter.votes(&proposal, "approve").await.expect(200),
                "-" => voter.votes(&proposal, "reject").await.expect(200),
                "0" => voter.votes(&proposal, "abstain").await.expect(200),
                _ => voter.post(&format!("/proposals/{proposal}/recuse"), json!({})).await.expect(200),
            };
            remaining -= 1;
        }
        assert_eq!(remaining, 0);
        let (status, reason) = match then {
            Open => ("pending_review", Value::Null),
            Approved => ("approved", json!("votes")),
            Rejected => ("rejected", json!("votes")),
            Deadlock => ("rejected", json!("deadlock")),
        };
        assert_eq!(last.text("/status"), status, "{said}");
        assert_eq!(last.body.pointer("/resolution/reason").unwrap_or(&Value::Null), &reason, "{said}");
        let execution = last.body.pointer("/execution/status").cloned().unwrap_or(Value::Null);
        assert_eq!(execution, if *then == Approved { json!("succeeded") } else { Value::Null }, "{said}");
        let read = standing(&app.owner, &proposal).await;
        assert_eq!(read.body, last.body, "what a vote answers is what is read: {said}");
    }
}

on_both!(unilateral_is_decided_by_the_first_who_does_not_abstain, async |app: TestApp| {
    let people = People::of(&app).await;
    let cases: [Case; 8] = [
        (3, "ann+", Approved),
        (3, "ann-", Rejected),
        (3, "ann0", Open),
        (3, "ann0 bob+", Approved),
        (3, "ann0 bob0 cid-", Rejected),
        (3, "ann0 bob0 cid0", Deadlock),
        (2, "ann0 bob!", Deadlock),
        (1, "ann!", Deadlock),
    ];
    holds(&app, &people, &json!({"model_type": "unilateral"}), &cases).await;
});

on_both!(threshold_is_decided_as_soon_as_it_is_met_or_out_of_reach, async |app: TestApp| {
    let people = People::of(&app).await;
    let cases: [Case; 13] = [
        (3, "ann+", Open),
        (3, "ann+ bob+", Approved),
        (3, "ann-", Open),
        (3, "ann- bob-", Rejected),
        (3, "ann+ bob- cid-", Rejected),
        (3, "ann+ bob- cid+", Approved),
        (3, "ann0 bob0", Deadlock),
        (3, "ann0 bob-", Rejected),
        (3, "ann+ bob0 cid0", Deadlock),
        (3, "ann! bob+ cid+", Approved),
        (3, "ann! bob!", Deadlock),
        (3, "ann! bob-", Rejected),
        (2, "ann+ bob-", Rejected),
    ];
    holds(&app, &people, &json!({"model_type": "threshold", "threshold": 2}), &cases).await;
});

on_both!(majority_needs_more_than_half_and_never_approves_a_tie, async |app: TestApp| {
    let people = People::of(&app).await;
    let cases: [Case; 11] = [
        (3, "ann+", Open),
        (3, "ann+ bob+", Approved),
        (3, "ann- bob-", Rejected),
        (3, "ann+ bob- cid+", Approved),
        (3, "ann+ bob- cid0", Deadlock),
        (3, "ann0 bob0 cid0", Deadlock),
        (3, "ann0 bob0 cid+", Approved),
        (4, "ann+ bob+", Open),
        (4, "ann+ bob- cid+ dee-", Deadlock),
        (4, "ann- bob- cid-", Rejected),
        (3, "ann+ bob! cid!", Approved),
    ];
    holds(&app, &people, &json!({"model_type": "majority"}), &cases).await;
});

on_both!(a_majority_without_its_quorum_approves_nothing, async |app: TestApp| {
    let people = People::of(&app).await;
    let cases: [Case; 5] = [
        (3, "ann+ bob+", Open),
        (3, "ann+ bob+ cid-", Approved),
        (3, "ann+ bob+ cid0", Approved),
        (3, "ann- bob-", Rejected),
        (3, "ann+ bob+ cid!", Approved),
    ];
    holds(&app, &people, &json!({"model_type": "majority", "quorum": 1}), &cases).await;
});

on_both!(weighted_counts_weight_and_not_heads, async |app: TestApp| {
    let people = People::of(&app).await;
    let weights = json!({people.ann.id.clone(): 3});
    let cases: [Case; 9] = [
        (3, "ann+", Approved),
        (3, "ann-", Rejected),
        (3, "bob+ cid+", Open),
        (3, "bob- cid-", Open),
        (3, "bob- cid- ann+", Approved),
        (3, "ann0 bob+", Open),
        (3, "ann0 bob+ cid-", Deadlock),
        (3, "ann0 bob+ cid0", Approved),
        (3, "ann0 bob0 cid0", Deadlock),
    ];
    holds(&app, &people, &json!({"model_type": "weighted", "weights": weights}), &cases).await;
});

on_both!(weighted_keeps_to_its_ratio_and_quorum_exactly, async |app: TestApp| {
    let people = People::of(&app).await;
    let weights = json!({people.ann.id.clone(): 3});
    let demanding = json!({"model_type": "weighted", "weights": weights, "approval_ratio": 0.8});
    let cases: [Case; 5] = [
        (3, "ann+", Open),
        (3, "ann+ bob+", Open),
        (3, "ann+ bob+ cid-", Deadlock),
        (3, "ann+ bob+ cid+", Approved),
        (3, "bob- cid-", Rejected),
    ];
    holds(&app, &people, &demanding, &cases).await;
    let everyone = json!({"model_type": "weighted", "weights": weights, "quorum": 1});
    let cases: [Case; 4] = [(3, "ann+", Open), (3, "ann+ bob-", Open), (3, "ann+ bob- cid-", Approved), (3, "ann-", Rejected)];
    holds(&app, &people, &everyone, &cases).await;
});

on_both!(consensus_is_approved_when_all_have_voted_and_nobody_objects, async |app: TestApp| {
    let people = People::of(&app).await;
    let cases: [Case; 7] = [
        (3, "ann+ bob+", Open),
        (3, "ann+ bob+ cid+", Approved),
        (3, "ann+ bob0 cid0", Approved),
        (3, "ann+ bob+ cid-", Rejected),
        (3, "ann0 bob0 cid0", Deadlock),
        (3, "ann+ bob+ cid!", Approved),
        (2, "ann! bob!", Deadlock),
    ];
    holds(&app, &people, &json!({"model_type": "consensus"}), &cases).await;
});

on_both!(an_objection_to_a_consensus_is_decided_by_its_fallback, async |app: TestApp| {
    let people = People::of(&app).await;
    let threshold = json!({"model_type": "consensus", "fallback_model": "threshold", "threshold": 2});
    let cases: [Case; 5] = [
        (3, "ann+ bob+", Open),
        (3, "ann+ bob+ cid-", Approved),
        (3, "ann+ bob- cid-", Rejected),
        (3, "ann+ bob0 cid-", Rejected),
        (3, "ann+ bob0 cid0", Approved),
    ];
    holds(&app, &people, &threshold, &cases).await;
    let majority = json!({"model_type": "consensus", "fallback_model": "majority"});
    let cases: [Case; 2] = [(3, "ann+ bob0 cid-", Deadlock), (3, "ann+ bob+ cid-", Approved)];
    holds(&app, &people, &majority, &cases).await;
    let unilateral = json!({"model_type": "consensus", "fallback_model": "unilateral"});
    let cases: [Case; 2] = [(3, "ann- bob+ cid+", Rejected), (3, "ann+ bob+ cid-", Approved)];
    holds(&app, &people, &unilateral, &cases).await;
});
