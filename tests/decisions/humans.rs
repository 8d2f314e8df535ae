//! Where a human must review, agents alone approve nothing (SPEC D4).

use serde_json::{Value, json};

use super::{council, electorate, standing, work};
use crate::harness::TestApp;
use crate::on_both;

fn human_needed(model: &Value) -> Value {
    json!({"constraints": {"require_human_review": true}, "decision_model": model})
}

on_both!(an_agents_approval_is_not_enough_where_a_human_must_review, async |app: TestApp| {
    let (bot, robot) = (app.agent("Bot", None).await, app.agent("Robot", None).await);
    let hana = app.human("Hana", "member").await;
    let models = [
        json!({"model_type": "unilateral"}),
        json!({"model_type": "threshold", "threshold": 1}),
        json!({"model_type": "majority"}),
        json!({"model_type": "weighted", "weights": {"owner": 1}}),
        json!({"model_type": "consensus"}),
    ];
    for model in models {
        let zone = council(&app, &[&bot, &robot, &hana], human_needed(&model)).await;
        let proposal = app.owner.proposes_work(&zone).await;
        assert_eq!(*standing(&app.owner, &proposal).await.at("/human_review_required"), json!(true));
        bot.votes(&proposal, "approve").await.expect(200);
        let agents = robot.votes(&proposal, "approve").await.expect(200);
        assert_eq!(agents.text("/status"), "pending_review", "two agents approve: {model}");
        let decided = hana.votes(&proposal, "approve").await.expect(200);
        assert_eq!(decided.text("/status"), "approved", "and a human: {model}");

        let proposal = app.owner.proposes_work(&zone).await;
        bot.votes(&proposal, "approve").await.expect(200);
        robot.votes(&proposal, "approve").await.expect(200);
        let decided = hana.votes(&proposal, "abstain").await.expect(200);
        assert_eq!(decided.text("/status"), "rejected", "without a human's approval: {model}");
        assert_eq!(decided.text("/resolution/reason"), "deadlock", "{model}");
    }
});

on_both!(an_agents_approval_is_enough_elsewhere, async |app: TestApp| {
    let bot = app.agent("Bot", None).await;
    let zone = council(&app, &[&bot], json!({"decision_model": {"model_type": "unilateral"}})).await;
    let proposal = app.owner.proposes_work(&zone).await;
    assert_eq!(bot.votes(&proposal, "approve").await.expect(200).text("/status"), "approved");
});

on_both!(where_only_agents_could_review_a_human_is_asked_too_or_it_is_not_opened, async |app: TestApp| {
    let bot = app.agent("Bot", None).await;
    let zone = council(&app, &[&bot], human_needed(&json!({"model_type": "unilateral"}))).await;
    let ann = app.human("Ann", "member").await;
    let proposal = ann.proposes_work(&zone).await;
    let opened = standing(&ann, &proposal).await;
    assert_eq!(electorate(&opened), [bot.id.clone(), app.owner.id.clone()]);
    assert_eq!(opened.text("/electorate/1/reason"), "owner");
    app.owner.post("/proposals", work(&zone, &json!({}))).await.expect_problem(422, "no_electorate");
});

on_both!(nothing_is_approved_automatically_where_a_human_must_review, async |app: TestApp| {
    let ann = app.human("Ann", "member").await;
    let mut zone = human_needed(&json!({"model_type": "unilateral"}));
    zone["approval_policy"] = json!({"auto_approve": {"types": ["task_execution"]}});
    let zone = council(&app, &[&ann], zone).await;
    let proposal = app.owner.proposes_work(&zone).await;
    assert_eq!(standing(&app.owner, &proposal).await.text("/status"), "pending_review");
});
