//! Ways to decide one's own matter by way of an escalation, or to keep a question from its answer: each closed.

use aggregates::ids::{MemberId, OrganizationId};
use chrono::Duration;
use projections::reviewers;
use serde_json::{Value, json};

use super::{House, outcome};
use crate::harness::{Person, TestApp};
use crate::on_both;

/// Contests a decision; the proposal that decides it above.
async fn contests(person: &Person, proposal: &str) -> String {
    let objection = json!({"reason": "not like this"});
    person.post(&format!("/proposals/{proposal}/escalate"), objection).await.expect(201).text("/parent_proposal_id")
}

/// Who may decide, and who may not.
async fn sides(person: &Person, proposal: &str) -> (Vec<String>, Vec<String>) {
    let shown = person.get(&format!("/proposals/{proposal}")).await.expect(200);
    let members = |key: &str| -> Vec<String> {
        let list = shown.at(key).as_array().expect("a list");
        list.iter().map(|item| item["member_id"].as_str().expect("an id").to_owned()).collect()
    };
    (members("/electorate"), members("/conflicts"))
}

on_both!(what_is_held_above_goes_with_its_zone_and_holds_up_nobody, async |app: TestApp| {
    let house = House::with(&app, json!({})).await;
    let window = json!({"approval_policy": {"veto_window_minutes": 60}});
    app.owner.patch(&format!("/zones/{}", house.upstairs), window).await.expect(200);
    let proposal = house.worker.proposes_work(&house.downstairs).await;
    let above = contests(&house.worker, &proposal).await;
    assert_eq!(house.judge.votes(&above, "approve").await.expect(200).text("/execution/status"), "held");
    app.owner.post(&format!("/zones/{}/archive", house.downstairs), json!({})).await.expect(200);
    app.settled().await;
    assert_eq!(outcome(&house.worker, &proposal).await.0, "withdrawn");
    assert_eq!(outcome(&house.worker, &above).await.0, "withdrawn");
    app.time_passes(Duration::minutes(61)).await;
    assert_eq!(outcome(&house.worker, &above).await.0, "withdrawn", "nothing is executed any more");
    assert_eq!(app.owner.get("/escalations").await.expect(200).text("/items/0/status"), "dismissed");
});

on_both!(nobody_withdraws_the_question_that_others_have_asked, async |app: TestApp| {
    let house = House::with(&app, json!({"approval_policy": {"veto_window_minutes": 30}})).await;
    let proposal = house.worker.proposes_work(&house.downstairs).await;
    house.clerk.votes(&proposal, "approve").await.expect(200);
    let objector = app.human("Olga", "admin").await;
    let above = contests(&objector, &proposal).await;
    let withdraw = format!("/proposals/{above}/withdraw");
    house.worker.post(&withdraw, json!({})).await.expect_problem(403, "asked_by_escalation");
    app.time_passes(Duration::minutes(31)).await;
    assert_eq!(outcome(&house.worker, &proposal).await.0, "escalated", "it is not executed past the objection");
});

on_both!(an_escalation_that_nobody_raised_is_taken_back_by_nobody, async |app: TestApp| {
    let house = House::with(&app, json!({"escalation_policy": {"auto_escalate_after_hours": 4}})).await;
    let proposal = house.worker.proposes_work(&house.downstairs).await;
    app.time_passes(Duration::hours(4)).await;
    let escalation = app.owner.get("/escalations").await.expect(200).text("/items/0/id");
    house.worker.post(&format!("/escalations/{escalation}/withdraw"), json!({})).await.expect_problem(403, "not_the_escalator");
    assert_eq!(outcome(&house.worker, &proposal).await.0, "escalated");
});

on_both!(whoever_is_kept_out_stays_out_where_a_gardener_chooses, async |app: TestApp| {
    let house = House::with(&app, json!({})).await;
    let gardened = json!({"approval_policy": {"reviewer_selection": "gardener"}});
    app.owner.patch(&format!("/zones/{}", house.upstairs), gardened).await.expect(200);
    app.owner.assigns(&house.upstairs, &house.clerk, "approver").await.expect(201);
    let signer = app.human("Signer", "member").await;
    app.owner.assigns(&house.upstairs, &signer, "approver").await.expect(201);
    let petition = json!({"reason": "they are friends", "change": {"status": "suspended"}});
    let raised = house.worker.post(&format!("/zones/{}/escalations", house.downstairs), petition).await.expect(201);
    let carried = signer.post(&format!("/escalations/{}/cosign", raised.id()), json!({})).await.expect(200);
    let above = carried.text("/parent_proposal_id");
    let (electorate, conflicts) = sides(&house.judge, &above).await;
    assert_eq!(electorate, std::slice::from_ref(&house.judge.id));
    assert!(conflicts.contains(&house.clerk.id) && conflicts.contains(&signer.id), "{conflicts:?}");
    signer.votes(&above, "approve").await.expect(403);
    let seat = json!({"member_id": house.clerk.id});
    house.judge.post(&format!("/proposals/{above}/delegate"), seat).await.expect(422);
});

on_both!(an_answer_from_above_is_an_answer, async |app: TestApp| {
    let house = House::with(&app, json!({"approval_policy": {"veto_window_minutes": 30}})).await;
    let window = json!({"approval_policy": {"veto_window_minutes": 30}});
    app.owner.patch(&format!("/zones/{}", house.upstairs), window).await.expect(200);
    let proposal = house.worker.proposes_work(&house.downstairs).await;
    house.clerk.votes(&proposal, "reject").await.expect(200);
    let above = contests(&house.worker, &proposal).await;
    house.judge.votes(&above, "reject").await.expect(200);
    let objection = json!({"reason": "once more"});
    for decided in [&proposal, &above] {
        let again = house.worker.post(&format!("/proposals/{decided}/escalate"), objection.clone()).await;
        again.expect_problem(409, "not_contestable");
    }
    assert_eq!(outcome(&house.worker, &proposal).await, ("rejected".to_owned(), "escalation".to_owned()));
});

on_both!(whoever_was_kept_out_one_zone_below_is_kept_out_two_zones_up, async |app: TestApp| {
    let house = House::with(&app, json!({})).await;
    let cellar = app
        .owner
        .makes_zone(json!({"name": "Cellar", "parent_zone_id": house.downstairs,
        "decision_model": {"model_type": "threshold", "threshold": 2}}))
        .await;
    let voter = app.human("Voter", "member").await;
    for zone in [&cellar, &house.upstairs] {
        app.owner.assigns(zone, &voter, "approver").await.expect(201);
    }
    app.owner.assigns(&house.upstairs, &house.worker, "approver").await.expect(201);
    let proposal = app.owner.proposes_work(&cellar).await;
    voter.votes(&proposal, "approve").await.expect(200);
    let above = contests(&house.worker, &proposal).await;
    let (_, conflicts) = sides(&house.judge, &above).await;
    assert!(conflicts.contains(&voter.id) && conflicts.contains(&house.worker.id), "{conflicts:?}");
    let further = contests(&house.clerk, &above).await;
    let (electorate, conflicts) = sides(&house.judge, &further).await;
    assert_eq!(electorate, std::slice::from_ref(&house.judge.id));
    assert!(conflicts.contains(&voter.id) && conflicts.contains(&house.worker.id), "{conflicts:?}");
});

on_both!(being_alone_is_no_reason_to_decide_what_others_have_rejected, async |app: TestApp| {
    let policy = json!({"solo": true, "veto_window_minutes": 30});
    let root = app.owner.makes_zone(json!({"name": "Root", "approval_policy": policy})).await;
    let zone = app.owner.makes_zone(json!({"name": "Zone", "parent_zone_id": root})).await;
    let clerk = app.human("Clerk", "member").await;
    app.owner.assigns(&zone, &clerk, "approver").await.expect(201);
    let proposal = app.owner.proposes_work(&zone).await;
    clerk.votes(&proposal, "reject").await.expect(200);
    let objection = json!({"reason": "I know better"});
    app.owner.post(&format!("/proposals/{proposal}/escalate"), objection).await.expect_problem(422, "no_electorate");
    assert_eq!(outcome(&clerk, &proposal).await.0, "rejected");
});

on_both!(nobody_dismisses_the_contest_of_their_own_matter, async |app: TestApp| {
    let two = json!({"model_type": "threshold", "threshold": 2});
    let policy = json!({"veto_window_minutes": 30, "reviewers_by_risk": {"low": 2, "medium": 2}});
    let house = House::with(&app, json!({"approval_policy": policy, "decision_model": two})).await;
    let (proposer, voter) = (app.human("Petra", "admin").await, app.human("Vera", "admin").await);
    app.owner.assigns(&house.downstairs, &voter, "approver").await.expect(201);
    let proposal = proposer.proposes_work(&house.downstairs).await;
    for person in [&house.clerk, &voter] {
        person.votes(&proposal, "approve").await.expect(200);
    }
    contests(&house.worker, &proposal).await;
    let escalation = app.owner.get("/escalations").await.expect(200).text("/items/0/id");
    let dismiss = format!("/escalations/{escalation}/dismiss");
    proposer.post(&dismiss, json!({})).await.expect_problem(403, "contested");
    voter.post(&dismiss, json!({})).await.expect_problem(403, "contested");
    app.owner.post(&dismiss, json!({})).await.expect(200);
});

on_both!(leaving_the_role_does_not_make_a_petition_about_nobody, async |app: TestApp| {
    let house = House::with(&app, json!({})).await;
    let boss = app.human("Boss", "admin").await;
    app.owner.assigns(&house.downstairs, &boss, "approver").await.expect(201);
    let petition = json!({"reason": "they are friends", "change": {"status": "suspended"}});
    let raised = house.worker.post(&format!("/zones/{}/escalations", house.downstairs), petition).await.expect(201);
    let held = app.owner.get(&format!("/zones/{}/assignments", house.downstairs)).await.expect(200);
    let own = held.items().iter().find(|held| held["member_id"] == boss.id.as_str()).expect("a role")["id"].clone();
    let own = own.as_str().expect("an id");
    boss.delete(&format!("/zones/{}/assignments/{own}", house.downstairs)).await.expect(204);
    boss.post(&format!("/escalations/{}/dismiss", raised.id()), json!({})).await.expect_problem(403, "contested");
});

on_both!(those_whom_a_zone_lists_are_whom_a_petition_is_about, async |app: TestApp| {
    let lister = app.human("Lister", "admin").await;
    let policy = json!({"reviewer_selection": "static", "static_reviewers": [lister.id]});
    let house = House::with(&app, json!({"approval_policy": policy})).await;
    let newcomer = app.human("Newcomer", "admin").await;
    let change = json!({"approval_policy": {"static_reviewers": [lister.id, newcomer.id]}});
    let petition = json!({"reason": "she alone", "change": change});
    let raised = house.worker.post(&format!("/zones/{}/escalations", house.downstairs), petition).await.expect(201);
    for about in [&lister, &newcomer] {
        about.post(&format!("/escalations/{}/dismiss", raised.id()), json!({})).await.expect_problem(403, "contested");
    }
});

on_both!(a_seat_that_is_lost_is_not_handed_on, async |app: TestApp| {
    let house = House::with(&app, json!({})).await;
    let other = app.human("Other", "member").await;
    let proposal = house.worker.proposes_work(&house.downstairs).await;
    app.owner.assigns(&house.downstairs, &other, "approver").await.expect(201);
    let held = app.owner.get(&format!("/zones/{}/assignments", house.downstairs)).await.expect(200);
    let own = held.items().iter().find(|held| held["member_id"] == house.clerk.id.as_str()).expect("a role")["id"].clone();
    let own = own.as_str().expect("an id");
    app.owner.delete(&format!("/zones/{}/assignments/{own}", house.downstairs)).await.expect(204);
    let path = format!("/proposals/{proposal}/delegate");
    let refused = house.clerk.post(&path, json!({"member_id": other.id})).await;
    // Before the reaction has come to it the standing is lost, after it the seat is.
    assert_eq!(refused.status, 403, "{}", refused.body);
});

on_both!(a_ratio_of_everything_is_refused_when_someone_asks, async |app: TestApp| {
    let model = json!({"model_type": "weighted", "weights": {"approver": 1}, "approval_ratio": 1});
    let house = House::with(&app, json!({"decision_model": model})).await;
    let work =
        json!({"zone_id": house.downstairs, "type": "task_execution", "title": "Work", "payload": {"action": "work.do"}});
    house.worker.post("/proposals", work).await.expect_problem(422, "no_electorate");
});

on_both!(whoever_let_a_deadline_pass_has_missed_it_however_it_was_decided, async |app: TestApp| {
    let model = json!({"model_type": "majority", "quorum": 0.3, "timeout_hours": 2});
    let house = House::with(&app, json!({"decision_model": model, "approval_policy": {"reviewers_by_risk": {"low": 3}}})).await;
    let silent = app.human("Silent", "member").await;
    let absent = app.human("Absent", "member").await;
    for approver in [&silent, &absent] {
        app.owner.assigns(&house.downstairs, approver, "approver").await.expect(201);
    }
    let proposal = house.worker.proposes_work(&house.downstairs).await;
    house.clerk.votes(&proposal, "approve").await.expect(200);
    app.time_passes(Duration::hours(2)).await;
    assert_eq!(outcome(&house.worker, &proposal).await.0, "approved");
    app.settled().await;
    let organization =
        app.owner.get("/me").await.expect(200).text("/organization_id").parse().map(OrganizationId).expect("an id");
    let record = async |person: &Person| {
        let of_theirs = reviewers::record(organization, person.id.parse().map(MemberId).expect("an id"));
        let row = app.service.app.views.live().db.row(of_theirs).await.expect("the read models").expect("a row");
        (row.number("asked").expect("a number"), row.number("in_time").expect("a number"))
    };
    assert_eq!((record(&house.clerk).await, record(&silent).await, record(&absent).await), ((1, 1), (1, 0), (1, 0)));
});

/// The work of an escalated proposal is judged where it was done, once, as the work of whoever did it.
async fn judged(app: &TestApp) -> (House, Person, Value) {
    let criteria = json!({"evaluation_criteria": {"criteria": [{"name": "quality", "type": "human"}]}});
    let house = House::with(app, criteria).await;
    let critic = app.human("Critic", "member").await;
    app.owner.assigns(&house.upstairs, &critic, "evaluator").await.expect(201);
    let proposal = house.worker.proposes_work(&house.downstairs).await;
    let above = contests(&house.worker, &proposal).await;
    house.judge.votes(&above, "approve").await.expect(200);
    (house, critic, json!({"proposal": proposal, "above": above}))
}

on_both!(work_is_judged_where_it_was_done_and_once, async |app: TestApp| {
    let (house, critic, ids) = judged(&app).await;
    critic.post("/evaluations", json!({"proposal_id": ids["above"]})).await.expect_problem(409, "not_executed");
    let opened = critic.post("/evaluations", json!({"proposal_id": ids["proposal"]})).await.expect(201);
    assert_eq!(opened.text("/executor_id"), house.worker.id);
    let claimed = json!({"proposal_id": ids["proposal"], "executor_id": house.judge.id});
    critic.post("/evaluations", claimed).await.expect_problem(409, "already_evaluated");
});

on_both!(finished_work_is_judged_though_its_zone_is_archived, async |app: TestApp| {
    let (house, critic, ids) = judged(&app).await;
    let opened = critic.post("/evaluations", json!({"proposal_id": ids["proposal"]})).await.expect(201);
    app.owner.post(&format!("/zones/{}/archive", house.downstairs), json!({})).await.expect(200);
    app.settled().await;
    let score = json!({"criterion": "quality", "score": 1, "rationale": "well made"});
    critic.post(&format!("/evaluations/{}/scores", opened.id()), score).await.expect(200);
    let done = critic.post(&format!("/evaluations/{}/finalize", opened.id()), json!({})).await.expect(200);
    assert_eq!(done.text("/status"), "completed");
});

on_both!(what_is_taken_back_while_it_is_held_above_is_not_executed, async |app: TestApp| {
    let house = House::with(&app, json!({})).await;
    let window = json!({"approval_policy": {"veto_window_minutes": 60}});
    app.owner.patch(&format!("/zones/{}", house.upstairs), window).await.expect(200);
    let proposal = house.worker.proposes_work(&house.downstairs).await;
    let above = contests(&house.worker, &proposal).await;
    assert_eq!(house.judge.votes(&above, "approve").await.expect(200).text("/execution/status"), "held");
    let escalation = app.owner.get("/escalations").await.expect(200).text("/items/0/id");
    let dismiss = format!("/escalations/{escalation}/dismiss");
    app.owner.post(&dismiss, json!({"reason": "no"})).await.expect_problem(409, "answered");
    app.owner.post(&format!("/zones/{}/archive", house.downstairs), json!({})).await.expect(200);
    app.settled().await;
    for _ in 0..2 {
        let shown = house.worker.get(&format!("/proposals/{above}")).await.expect(200);
        assert_eq!((shown.text("/status"), shown.at("/execution")), ("withdrawn".to_owned(), &Value::Null));
        assert_eq!(shown.text("/resolution/reason"), "escalation_dismissed", "its own zone was not archived");
        app.time_passes(Duration::minutes(61)).await;
    }
    assert_eq!(outcome(&house.worker, &proposal).await, ("withdrawn".to_owned(), "zone_archived".to_owned()));
});

on_both!(what_is_held_goes_with_its_zone, async |app: TestApp| {
    let house = House::with(&app, json!({"approval_policy": {"veto_window_minutes": 60}})).await;
    let proposal = house.worker.proposes_work(&house.downstairs).await;
    assert_eq!(house.clerk.votes(&proposal, "approve").await.expect(200).text("/execution/status"), "held");
    app.owner.post(&format!("/zones/{}/archive", house.upstairs), json!({})).await.expect(200);
    app.settled().await;
    assert_eq!(outcome(&house.worker, &proposal).await, ("withdrawn".to_owned(), "zone_archived".to_owned()));
    let objection = json!({"reason": "too late"});
    house.worker.post(&format!("/proposals/{proposal}/escalate"), objection).await.expect_problem(409, "not_contestable");
});

on_both!(a_human_is_asked_above_where_the_zone_below_demands_one, async |app: TestApp| {
    let house = House::with(&app, json!({"constraints": {"require_human_review": true}})).await;
    let above = app.owner.get(&format!("/zones/{}/assignments", house.upstairs)).await.expect(200);
    let judges = above.text("/items/0/id");
    app.owner.delete(&format!("/zones/{}/assignments/{judges}", house.upstairs)).await.expect(204);
    let bot = app.agent("Bot", None).await;
    app.owner.assigns(&house.upstairs, &bot, "approver").await.expect(201);
    let proposal = house.worker.proposes_work(&house.downstairs).await;
    let above = contests(&house.worker, &proposal).await;
    let shown = bot.votes(&above, "approve").await.expect(200);
    assert_eq!(shown.text("/status"), "pending_review", "an agent alone does not decide it, there or here");
    app.owner.votes(&above, "approve").await.expect(200);
    assert_eq!(outcome(&house.worker, &proposal).await, ("approved".to_owned(), "escalation".to_owned()));
});
