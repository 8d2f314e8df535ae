//! Limits that hold: what is set aside, spent, counted and granted.

mod authzen;
mod codes;
mod explaining;
mod fire;
mod grants;
mod holding;
mod ledger;
mod time_travel;

use serde_json::{Value, json};

use crate::harness::{Person, Reply, TestApp};

/// A member who does the work in a zone.
async fn executor(app: &TestApp, zone: &str) -> Person {
    let worker = app.human("Wendy", "member").await;
    app.owner.assigns(zone, &worker, "executor").await.expect(201);
    worker
}

/// Sets an amount aside.
async fn reserves(person: &Person, zone: &str, amount: &str) -> Reply {
    person.post(&format!("/zones/{zone}/reservations"), json!({"action": "work.do", "amount": amount})).await
}

/// What a zone has booked.
async fn budget(person: &Person, zone: &str) -> Value {
    person.get(&format!("/zones/{zone}/budget")).await.expect(200).body
}
