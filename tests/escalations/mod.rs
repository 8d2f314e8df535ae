//! Decisions and deciders taken to the zone above (SPEC section 8).

mod automatic;
mod bounds;
mod contested_deciders;
mod contested_decisions;
mod delegation;

use serde_json::{Value, json};

use crate::harness::{Person, TestApp};

/// A zone with an approver below a zone with another approver, and someone who works in it.
pub struct House {
    pub upstairs: String,
    pub downstairs: String,
    pub judge: Person,
    pub clerk: Person,
    pub worker: Person,
}

impl House {
    /// With these policies downstairs.
    pub async fn with(app: &TestApp, mut downstairs: Value) -> Self {
        let judge = app.human("Judge", "member").await;
        let clerk = app.human("Clerk", "member").await;
        let worker = app.human("Worker", "member").await;
        let upstairs = app.owner.makes_zone(json!({"name": "Upstairs"})).await;
        app.owner.assigns(&upstairs, &judge, "approver").await.expect(201);
        downstairs["name"] = json!("Downstairs");
        downstairs["parent_zone_id"] = json!(upstairs);
        let downstairs = app.owner.makes_zone(downstairs).await;
        app.owner.assigns(&downstairs, &clerk, "approver").await.expect(201);
        app.owner.assigns(&downstairs, &worker, "executor").await.expect(201);
        Self { upstairs, downstairs, judge, clerk, worker }
    }
}

/// Status and reason of a proposal.
pub async fn outcome(person: &Person, proposal: &str) -> (String, String) {
    let shown = person.get(&format!("/proposals/{proposal}")).await.expect(200);
    let reason = shown.body.pointer("/resolution/reason").and_then(Value::as_str).unwrap_or_default().to_owned();
    (shown.text("/status"), reason)
}
