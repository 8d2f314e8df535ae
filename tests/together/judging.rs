//! Judgements at once.

use futures::future::join_all;
use serde_json::json;

use super::{ROUNDS, times, times_each};
use crate::evaluations::{Workshop, quality};
use crate::harness::{TestApp, log_of};
use crate::on_both;

/// A judgement of new work that lacks nothing but its end.
async fn scored(shop: &Workshop, score: f64) -> String {
    let work = shop.work().await;
    let judgement = shop.judgement_of(&work).await;
    let score = json!({"criterion": "quality", "score": score, "rationale": "I looked"});
    shop.critics[0].post(&format!("/evaluations/{judgement}/scores"), score).await.expect(200);
    judgement
}

on_both!(four_ends_of_one_judgement_have_one_effect, async |app: TestApp| {
    let shop = Workshop::with(&app, quality()).await;
    for round in 0..ROUNDS {
        let judgement = scored(&shop, 1.0).await;
        let path = format!("/evaluations/{judgement}/finalize");
        let critics = [&shop.critics[0], &shop.critics[1], &app.owner, &shop.critics[0]];
        for reply in join_all(critics.iter().map(|critic| critic.post(&path, json!({})))).await {
            assert_eq!((reply.status, reply.text("/status")), (200, "completed".to_owned()), "round {round}");
        }
    }
    let log = log_of(&app).await;
    assert_eq!(times(&log, "evaluation.completed"), ROUNDS);
    let each = times_each(&log, &["member.reputation_changed"], "member_id");
    assert_eq!((each[&shop.worker.id], each[&shop.approver.id]), (ROUNDS, ROUNDS), "one for the work, one for the approval");
    let standing = app.owner.get(&format!("/members/{}/reputation", shop.worker.id)).await.expect(200);
    assert_eq!(standing.at("/reputation").as_f64(), Some(300.0), "200 times 1.5");
});

on_both!(four_judgements_of_one_executor_at_once_add_up, async |app: TestApp| {
    let shop = Workshop::with(&app, quality()).await;
    let rounds = u32::try_from(ROUNDS / 4).expect("a few");
    for round in 0..rounds {
        let mut judgements = Vec::new();
        for score in [1.0, 0.9, 0.8, 0.9] {
            judgements.push(scored(&shop, score).await);
        }
        let ends = judgements.iter().map(|id| format!("/evaluations/{id}/finalize"));
        let ends: Vec<String> = ends.collect();
        for reply in join_all(ends.iter().map(|path| shop.critics[1].post(path, json!({})))).await {
            reply.expect(200);
        }
        let standing = app.owner.get(&format!("/members/{}/reputation", shop.worker.id)).await.expect(200);
        let tenths = f64::from(round + 1) * (15.0 + 13.5 + 12.0 + 13.5);
        assert_eq!(standing.at("/reputation").as_f64(), Some(tenths / 10.0), "round {round}: the sum");
    }
});
