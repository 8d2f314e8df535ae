//! Finished work is judged, and the judgement has its effect once (SPEC section 10).

mod judgements;
mod stakes;

use serde_json::{Value, json};

use crate::harness::{Person, TestApp};

/// A zone with an approver, two evaluators and someone who works in it.
pub struct Workshop {
    pub zone: String,
    pub approver: Person,
    pub critics: [Person; 2],
    pub worker: Person,
}

impl Workshop {
    /// With these policies.
    pub async fn with(app: &TestApp, mut policies: Value) -> Self {
        policies["name"] = json!("Workshop");
        let zone = app.owner.makes_zone(policies).await;
        let approver = app.human("Approver", "member").await;
        let critics = [app.human("Critic", "member").await, app.human("Other critic", "member").await];
        let worker = app.human("Worker", "member").await;
        app.owner.assigns(&zone, &approver, "approver").await.expect(201);
        for critic in &critics {
            app.owner.assigns(&zone, critic, "evaluator").await.expect(201);
        }
        app.owner.assigns(&zone, &worker, "executor").await.expect(201);
        Self { zone, approver, critics, worker }
    }

    /// Work that has been approved and granted.
    pub async fn work(&self) -> String {
        let proposal = self.worker.proposes_work(&self.zone).await;
        self.approver.votes(&proposal, "approve").await.expect(200);
        proposal
    }

    /// The judgement of work, opened by a critic.
    pub async fn judgement_of(&self, proposal: &str) -> String {
        self.critics[0].post("/evaluations", json!({"proposal_id": proposal})).await.expect(201).id()
    }

    /// Scores a judgement, and completes it.
    pub async fn judges(&self, evaluation: &str, score: f64) {
        let scored = json!({"criterion": "quality", "score": score, "rationale": "I looked"});
        self.critics[0].post(&format!("/evaluations/{evaluation}/scores"), scored).await.expect(200);
        self.critics[0].post(&format!("/evaluations/{evaluation}/finalize"), json!({})).await.expect(200);
    }
}

/// Criteria with one that people score.
pub fn quality() -> Value {
    json!({"evaluation_criteria": {"criteria": [{"name": "quality", "type": "human", "weight": 1}]}})
}

/// What someone is trusted with.
pub async fn reputation(app: &TestApp, person: &Person) -> Value {
    app.owner.get(&format!("/members/{}/reputation", person.id)).await.expect(200).at("/reputation").clone()
}
