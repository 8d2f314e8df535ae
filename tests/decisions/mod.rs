//! How votes become decisions, and decisions deeds (SPEC sections 5 to 7).

mod conflicts;
mod deeds;
mod electorates;
mod humans;
mod leaving;
mod models;
mod openings;
mod votes;

use serde_json::{Value, json};

use crate::harness::{Person, Reply, TestApp};

/// Ann, Bob, Cid and Dee: members without a say of their own.
pub struct People {
    pub ann: Person,
    pub bob: Person,
    pub cid: Person,
    pub dee: Person,
}

impl People {
    pub async fn of(app: &TestApp) -> Self {
        Self {
            ann: app.human("Ann", "member").await,
            bob: app.human("Bob", "member").await,
            cid: app.human("Cid", "member").await,
            dee: app.human("Dee", "member").await,
        }
    }

    /// The first `number` of them.
    pub fn first(&self, number: usize) -> Vec<&Person> {
        [&self.ann, &self.bob, &self.cid, &self.dee].into_iter().take(number).collect()
    }

    pub fn called(&self, name: &str) -> &Person {
        match name {
            "ann" => &self.ann,
            "bob" => &self.bob,
            "cid" => &self.cid,
            "dee" => &self.dee,
            other => panic!("nobody is called {other}"),
        }
    }
}

/// A zone with these approvers, all of whom are asked, and whatever else it says.
pub async fn council(app: &TestApp, approvers: &[&Person], more: Value) -> String {
    let number = approvers.len().max(1);
    let mut zone = json!({"name": "Council", "approval_policy": {}});
    for (key, value) in more.as_object().expect("policies") {
        zone[key] = value.clone();
    }
    let everyone = json!({"low": number, "medium": number, "high": number, "critical": number});
    if zone["approval_policy"]["reviewers_by_risk"].is_null() {
        zone["approval_policy"]["reviewers_by_risk"] = everyone;
    }
    let zone = app.owner.makes_zone(zone).await;
    for approver in approvers {
        app.owner.assigns(&zone, approver, "approver").await.expect(201);
    }
    zone
}

/// The proposal as it stands.
pub async fn standing(person: &Person, proposal: &str) -> Reply {
    let mut read = person.get(&format!("/proposals/{proposal}")).await.expect(200);
    let history = read.body.as_object_mut().and_then(|shown| shown.remove("history"));
    assert!(history.is_some_and(|history| history.as_array().is_some_and(|events| !events.is_empty())), "its history is told");
    read
}

/// Who is in the electorate, in order.
pub fn electorate(proposal: &Reply) -> Vec<String> {
    let reviewers = proposal.at("/electorate").as_array().expect("an electorate");
    reviewers.iter().map(|reviewer| reviewer["member_id"].as_str().expect("an id").to_owned()).collect()
}

/// A proposal to do `work.do`, with more in its payload.
pub fn work(zone: &str, more: &Value) -> Value {
    let mut body = json!({"zone_id": zone, "type": "task_execution", "title": "Some work", "payload": {"action": "work.do"}});
    for (key, value) in more.as_object().expect("keys of the payload") {
        body["payload"][key] = value.clone();
    }
    body
}

/// A proposal to use up an amount.
pub fn allocation(zone: &str, amount: &str) -> Value {
    json!({"zone_id": zone, "type": "resource_allocation", "title": "Some money", "payload": {"amount": amount}})
}

/// A proposal to change its zone.
pub fn zone_change(zone: &str, changes: &Value) -> Value {
    json!({"zone_id": zone, "type": "zone_change", "title": "Another zone", "payload": {"changes": changes}})
}

/// A proposal to give or take a role.
pub fn membership_change(zone: &str, operation: &str, member: &Person, role: &str) -> Value {
    let payload = json!({"operation": operation, "member_id": member.id, "role": role});
    json!({"zone_id": zone, "type": "membership_change", "title": "Another member", "payload": payload})
}

/// The types of the events of a proposal, in order.
pub async fn told(person: &Person, aggregate: &str) -> Vec<String> {
    let story = person.get(&format!("/audit?aggregate_id={aggregate}&order=asc&limit=200")).await.expect(200);
    story.items().iter().filter_map(|event| event["type"].as_str().map(str::to_owned)).collect()
}
