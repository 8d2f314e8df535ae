//! Nobody decides on what is theirs: conflicts keep a reviewer out, and are recorded (SPEC P5). Persons are compared, not
//! accounts.

use serde_json::{Value, json};

use super::{People, allocation, council, electorate, membership_change, standing, work};
use crate::harness::{Person, TestApp};
use crate::on_both;

/// Opens a proposal that only Dee may decide, and says why the others may not.
async fn only_dee_decides(proposer: &Person, people: &People, body: Value, conflicts: &[(&Person, &str)]) {
    let proposal = proposer.post("/proposals", body).await.expect(201).id();
    let opened = standing(proposer, &proposal).await;
    assert_eq!(electorate(&opened), std::slice::from_ref(&people.dee.id), "{}", opened.body);
    let expected: Vec<Value> = conflicts.iter().map(|(who, code)| json!({"member_id": who.id, "code": code})).collect();
    assert_eq!(*opened.at("/conflicts"), json!(expected));
    for (who, _) in conflicts {
        who.votes(&proposal, "approve").await.expect_problem(403, "not_in_electorate");
    }
    people.dee.votes(&proposal, "approve").await.expect(200);
}

on_both!(a_proposer_their_agents_and_their_sponsor_do_not_decide, async |app: TestApp| {
    let people = People::of(&app).await;
    let (bot, robot) = (app.agent("Bot", Some(&people.ann)).await, app.agent("Robot", Some(&people.ann)).await);
    let zone = council(&app, &[&people.ann, &bot, &robot, &people.dee], json!({})).await;
    let all = [(&people.ann, "self_review"), (&bot, "self_review"), (&robot, "self_review")];
    for proposer in [&people.ann, &bot, &robot] {
        only_dee_decides(proposer, &people, work(&zone, &json!({})), &all).await;
    }
});

on_both!(a_subject_their_agents_and_their_sponsor_do_not_decide, async |app: TestApp| {
    let people = People::of(&app).await;
    let bot = app.agent("Bot", Some(&people.ann)).await;
    let zone = council(&app, &[&people.ann, &bot, &people.dee], json!({})).await;
    let all = [(&people.ann, "subject_of_proposal"), (&bot, "subject_of_proposal")];
    for (subject, role) in [(&people.ann, "executor"), (&bot, "evaluator")] {
        only_dee_decides(&people.bob, &people, membership_change(&zone, "add", subject, role), &all).await;
    }
});

on_both!(an_executor_their_agents_and_their_sponsor_do_not_decide, async |app: TestApp| {
    let people = People::of(&app).await;
    let bot = app.agent("Bot", Some(&people.ann)).await;
    let zone = council(&app, &[&people.ann, &bot, &people.dee], json!({})).await;
    let all = [(&people.ann, "executor_of_proposal"), (&bot, "executor_of_proposal")];
    for executor in [&people.ann, &bot] {
        only_dee_decides(&people.bob, &people, work(&zone, &json!({"executor_id": executor.id})), &all).await;
    }
});

on_both!(a_beneficiary_their_agents_and_their_sponsor_do_not_decide, async |app: TestApp| {
    let people = People::of(&app).await;
    let bot = app.agent("Bot", Some(&people.ann)).await;
    let zone = council(&app, &[&people.ann, &bot, &people.dee], json!({})).await;
    let all = [(&people.ann, "beneficiary"), (&bot, "beneficiary")];
    for beneficiary in [&people.ann, &bot] {
        let mut body = allocation(&zone, "5");
        body["payload"]["beneficiary_id"] = json!(beneficiary.id);
        only_dee_decides(&people.bob, &people, body, &all).await;
    }
});

on_both!(static_reviewers_and_owners_have_conflicts_too, async |app: TestApp| {
    let people = People::of(&app).await;
    let policy = json!({"reviewer_selection": "static", "static_reviewers": [people.ann.id]});
    let zone = app.owner.makes_zone(json!({"name": "Listed", "approval_policy": policy})).await;
    let proposal = people.ann.proposes_work(&zone).await;
    let opened = standing(&people.ann, &proposal).await;
    assert_eq!(electorate(&opened), std::slice::from_ref(&app.owner.id), "an owner decides in place of the listed one");
    assert_eq!(*opened.at("/conflicts"), json!([{"member_id": people.ann.id, "code": "self_review"}]));
    let by_owner = work(&zone, &json!({"executor_id": people.ann.id}));
    let refused = app.owner.post("/proposals", by_owner).await.expect_problem(422, "no_electorate");
    assert_eq!(refused.text("/errors/0/pointer"), "/zone_id");
});
