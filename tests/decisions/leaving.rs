//! People and zones that go: electorates let go of them, proposals and grants end with them (SPEC A2, P8, Z2).

use serde_json::{Value, json};

use super::{People, council, standing, told};
use crate::harness::{Person, Reply, TestApp};
use crate::on_both;

/// Why someone left the electorate, if they did.
fn left(proposal: &Reply, person: &Person) -> Value {
    let reviewers = proposal.at("/electorate").as_array().expect("an electorate");
    let reviewer = reviewers.iter().find(|reviewer| reviewer["member_id"] == person.id.as_str()).expect("a reviewer");
    reviewer["left"].clone()
}

on_both!(removing_a_member_takes_them_out_of_every_open_electorate, async |app: TestApp| {
    let people = People::of(&app).await;
    let zone = council(&app, &people.first(3), json!({"decision_model": {"model_type": "majority"}})).await;
    let (first, second) = (app.owner.proposes_work(&zone).await, app.owner.proposes_work(&zone).await);
    people.ann.votes(&first, "approve").await.expect(200);
    people.bob.votes(&second, "approve").await.expect(200);

    app.owner.delete(&format!("/members/{}", people.bob.id)).await.expect(204);
    let after = standing(&app.owner, &first).await;
    assert_eq!(left(&after, &people.bob), "membership_lost");
    assert_eq!(after.text("/status"), "pending_review", "one of two is no majority");
    let after = standing(&app.owner, &second).await;
    assert_eq!(after.at("/tally/approve"), 0, "the vote of someone who left no longer counts");

    app.owner.delete(&format!("/members/{}", people.cid.id)).await.expect(204);
    let after = standing(&app.owner, &first).await;
    assert_eq!(after.text("/status"), "approved", "Ann is the majority of those who are left");
    assert_eq!(after.text("/execution/status"), "succeeded");
    let expected = [
        "proposal.opened",
        "proposal.vote_cast",
        "proposal.reviewer_recused",
        "proposal.reviewer_recused",
        "proposal.approved",
        "proposal.execution_succeeded",
    ];
    assert_eq!(told(&app.owner, &first).await, expected);
});

on_both!(the_vote_of_someone_who_has_left_decides_nothing_however_soon_the_next_is_cast, async |app: TestApp| {
    let people = People::of(&app).await;
    let model = json!({"decision_model": {"model_type": "threshold", "threshold": 2}});
    let zone = council(&app, &people.first(3), model).await;
    let mut proposals = Vec::new();
    for _ in 0..20 {
        let proposal = app.owner.proposes_work(&zone).await;
        people.ann.votes(&proposal, "approve").await.expect(200);
        proposals.push(proposal);
    }
    app.owner.delete(&format!("/members/{}", people.ann.id)).await.expect(204);
    // Nobody waits for the reaction to come to each of them; the last are voted on first.
    for proposal in proposals.iter().rev() {
        let after = people.bob.votes(proposal, "approve").await.expect(200);
        assert_eq!(left(&after, &people.ann), "membership_lost");
        assert_eq!(after.text("/status"), "pending_review", "one vote of two is left");
    }
});

on_both!(taking_an_approver_away_takes_them_out_of_the_electorates_that_rested_on_it, async |app: TestApp| {
    let people = People::of(&app).await;
    let zone = council(&app, &people.first(1), json!({"decision_model": {"model_type": "threshold", "threshold": 2}})).await;
    let assigned = app.owner.assigns(&zone, &people.bob, "approver").await.expect(201).id();
    app.owner.assigns(&zone, &people.bob, "executor").await.expect(201);
    let proposal = app.owner.proposes_work(&zone).await;
    app.owner.delete(&format!("/zones/{zone}/assignments/{assigned}")).await.expect(204);
    app.settled().await;
    let after = standing(&app.owner, &proposal).await;
    assert_eq!(left(&after, &people.bob), "role_lost");
    assert_eq!(left(&after, &people.ann), Value::Null);
    assert_eq!(after.text("/status"), "rejected", "two of one can never be reached");
    assert_eq!(after.text("/resolution/reason"), "deadlock");
    let cause = app.owner.get(&format!("/audit?aggregate_id={proposal}&type=proposal.reviewer_recused")).await.expect(200);
    assert_eq!(cause.text("/items/0/actor/kind"), "system");
});

on_both!(whoever_keeps_the_role_from_above_stays, async |app: TestApp| {
    let people = People::of(&app).await;
    let above = app.owner.makes_zone(json!({"name": "Above"})).await;
    let zone = app.owner.makes_zone(json!({"name": "Zone", "parent_zone_id": above})).await;
    let here = app.owner.assigns(&zone, &people.ann, "approver").await.expect(201).id();
    app.owner.assigns(&above, &people.ann, "approver").await.expect(201);
    let proposal = app.owner.proposes_work(&zone).await;
    app.owner.delete(&format!("/zones/{zone}/assignments/{here}")).await.expect(204);
    app.settled().await;
    assert_eq!(left(&standing(&app.owner, &proposal).await, &people.ann), Value::Null);
    people.ann.votes(&proposal, "approve").await.expect(200);
});

on_both!(archiving_a_zone_withdraws_what_is_open_below_it_and_voids_its_grants, async |app: TestApp| {
    let people = People::of(&app).await;
    let parent = council(&app, &people.first(1), json!({})).await;
    let child = app.owner.makes_zone(json!({"name": "Child", "parent_zone_id": parent})).await;
    let elsewhere = council(&app, &people.first(1), json!({})).await;
    let mut open = Vec::new();
    for zone in [&parent, &child, &elsewhere] {
        let granted = app.owner.proposes_work(zone).await;
        people.ann.votes(&granted, "approve").await.expect(200);
        open.push(app.owner.proposes_work(zone).await);
    }
    app.owner.post(&format!("/zones/{parent}/archive"), json!({})).await.expect(200);
    app.settled().await;
    for (proposal, zone, status) in
        [(&open[0], &parent, "withdrawn"), (&open[1], &child, "withdrawn"), (&open[2], &elsewhere, "pending_review")]
    {
        assert_eq!(standing(&app.owner, proposal).await.text("/status"), status, "{zone}");
        let grants = app.owner.get(&format!("/grants?zone_id={zone}")).await.expect(200);
        let granted = if status == "withdrawn" { "voided" } else { "issued" };
        assert_eq!(grants.text("/items/0/status"), granted);
    }
    assert_eq!(standing(&app.owner, &open[1]).await.text("/resolution/reason"), "zone_archived");
    assert_eq!(told(&app.owner, &open[1]).await, ["proposal.opened", "proposal.withdrawn"]);
    let grants = app.owner.get(&format!("/grants?zone_id={child}")).await.expect(200);
    assert_eq!(grants.text("/items/0/reason"), "zone_archived");
    assert_eq!(told(&app.owner, &grants.text("/items/0/id")).await, ["grant.issued", "grant.voided"]);
    let child = app.owner.get(&format!("/zones/{child}")).await.expect(200);
    assert_eq!(child.text("/status"), "active", "the child is not rewritten");
    assert_eq!(*child.at("/in_force"), json!(false));
});

on_both!(those_who_lose_their_seats_together_leave_before_anything_is_settled, async |app: TestApp| {
    let people = People::of(&app).await;
    let all_four = json!({"reviewers_by_risk": {"low": 4, "medium": 4, "high": 4, "critical": 4}});
    let above = council(&app, &people.first(3), json!({})).await;
    let elsewhere = app.owner.makes_zone(json!({"name": "Elsewhere"})).await;
    let zone = json!({"name": "Zone", "parent_zone_id": above, "decision_model": {"model_type": "majority"},
        "approval_policy": all_four});
    let zone = app.owner.makes_zone(zone).await;
    app.owner.assigns(&zone, &people.dee, "approver").await.expect(201);
    let proposal = app.owner.proposes_work(&zone).await;
    people.ann.votes(&proposal, "reject").await.expect(200);
    people.bob.votes(&proposal, "approve").await.expect(200);
    people.cid.votes(&proposal, "approve").await.expect(200);
    assert_eq!(standing(&app.owner, &proposal).await.text("/status"), "pending_review", "two of four are no majority");

    // All three lose their role by one event. Were they let go one by one, the votes of two would decide with the seat of the third.
    app.owner.post(&format!("/zones/{zone}/move"), json!({"parent_zone_id": elsewhere})).await.expect(200);
    app.settled().await;
    let after = standing(&app.owner, &proposal).await;
    for gone in people.first(3) {
        assert_eq!(left(&after, gone), "role_lost");
    }
    assert_eq!((after.text("/status"), after.at("/tally/approve")), ("pending_review".to_owned(), &json!(0)));
    people.dee.votes(&proposal, "reject").await.expect(200);
    assert_eq!(standing(&app.owner, &proposal).await.text("/status"), "rejected");
});

on_both!(whoever_leaves_while_the_question_is_up_does_not_decide_when_it_comes_back, async |app: TestApp| {
    let people = People::of(&app).await;
    let above = council(&app, &[&people.dee], json!({})).await;
    let zone = json!({"name": "Zone", "parent_zone_id": above,
        "decision_model": {"model_type": "majority", "timeout_hours": 4},
        "approval_policy": {"reviewers_by_risk": {"low": 3, "medium": 3, "high": 3, "critical": 3}}});
    let zone = app.owner.makes_zone(zone).await;
    let mut seats = Vec::new();
    for person in people.first(3) {
        seats.push(app.owner.assigns(&zone, person, "approver").await.expect(201).id());
    }
    let proposal = app.owner.proposes_work(&zone).await;
    people.ann.votes(&proposal, "approve").await.expect(200);
    people.bob.votes(&proposal, "abstain").await.expect(200);
    let reason = json!({"reason": "somebody else should look"});
    let raised = app.owner.post(&format!("/proposals/{proposal}/escalate"), reason).await.expect(201);
    app.owner.delete(&format!("/zones/{zone}/assignments/{}", seats[0])).await.expect(204);
    app.settled().await;
    assert_eq!(left(&standing(&app.owner, &proposal).await, &people.ann), "role_lost");
    app.time_passes(chrono::Duration::hours(5)).await;
    app.owner.post(&format!("/escalations/{}/withdraw", raised.id()), json!({})).await.expect(200);
    app.time_passes(chrono::Duration::seconds(1)).await;
    let after = standing(&app.owner, &proposal).await;
    assert_eq!(after.at("/tally/approve"), 0, "nobody who sits there has approved it");
    assert!(["rejected", "expired"].contains(&after.text("/status").as_str()), "{}", after.body);
});

on_both!(nobody_stands_back_in_a_zone_that_is_suspended, async |app: TestApp| {
    let people = People::of(&app).await;
    let zone = council(&app, &people.first(3), json!({"decision_model": {"model_type": "majority"}})).await;
    let proposal = app.owner.proposes_work(&zone).await;
    people.ann.votes(&proposal, "approve").await.expect(200);
    app.owner.post(&format!("/zones/{zone}/suspend"), json!({})).await.expect(200);
    let recuse = format!("/proposals/{proposal}/recuse");
    people.bob.post(&recuse, json!({})).await.expect_problem(409, "zone_not_in_force");
    let to = json!({"member_id": people.dee.id});
    people.bob.post(&format!("/proposals/{proposal}/delegate"), to).await.expect_problem(409, "zone_not_in_force");
    app.owner.post(&format!("/zones/{zone}/activate"), json!({})).await.expect(200);
    people.bob.post(&recuse, json!({})).await.expect(200);
    people.cid.post(&recuse, json!({})).await.expect(200);
    assert_eq!(standing(&app.owner, &proposal).await.text("/execution/status"), "succeeded", "Ann is all that is left");
});
