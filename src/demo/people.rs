//! Who belongs to Nordlicht Energie: eight people, one of them its auditor, and five agents with the humans who answer for
//! them.

use serde_json::{Value, json};

use super::door::{Door, Person, text};
use crate::governance::Founded;

/// Everyone.
pub struct People {
    /// Owner; runs the company.
    pub greta: Person,
    /// Admin; runs operations.
    pub jonas: Person,
    /// Leads customer care.
    pub amira: Person,
    /// Billing specialist in customer care.
    pub tomasz: Person,
    /// Leads trading.
    pub sofia: Person,
    /// Manages risk.
    pub henrik: Person,
    /// Leads the platform.
    pub priya: Person,
    /// Agent: answers customers.
    pub watt: Person,
    /// Agent: compares tariffs.
    pub scout: Person,
    /// Agent: trades.
    pub merit: Person,
    /// Agent: releases software.
    pub ferry: Person,
    /// Agent: keeps systems running at night.
    pub lantern: Person,
}

fn human(name: &str, email: &str, role: &str, skills: &[&str]) -> Value {
    json!({"kind": "human", "display_name": name, "email": email, "role": role, "skills": skills})
}

fn agent(name: &str, agent_type: &str, sponsor: &Person, skills: &[&str]) -> Value {
    json!({
        "kind": "agent", "display_name": name, "role": "member", "agent_type": agent_type, "sponsor_id": sponsor.id,
        "skills": skills,
    })
}

/// Takes someone in and gives them a token.
async fn joins(door: &Door, owner: &Person, member: Value) -> anyhow::Result<Person> {
    let id = door.makes_id(owner, "/members", member).await?;
    let token = door.makes(owner, "/tokens", json!({"member_id": id, "name": "demo"})).await?;
    Ok(Person { token: text(&token, "token")?, id })
}

impl People {
    /// Takes everyone in, in the order of seniority.
    pub async fn join(door: &Door, founded: &Founded) -> anyhow::Result<Self> {
        let greta = Person { id: founded.owner_id.to_string(), token: founded.token.clone() };
        let jonas = human("Jonas Albrecht", "jonas@nordlicht.example", "admin", &["operations", "kubernetes"]);
        let jonas = joins(door, &greta, jonas).await?;
        let amira = human("Amira Haddad", "amira@nordlicht.example", "member", &["customer_dialogue", "billing"]);
        let amira = joins(door, &greta, amira).await?;
        let tomasz = human("Tomasz Wrona", "tomasz@nordlicht.example", "member", &["billing", "market_data"]);
        let tomasz = joins(door, &greta, tomasz).await?;
        let sofia = human("Sofia Marchetti", "sofia@nordlicht.example", "member", &["market_data", "forecasting"]);
        let sofia = joins(door, &greta, sofia).await?;
        let henrik = human("Henrik Dahl", "henrik@nordlicht.example", "member", &["risk", "forecasting"]);
        let henrik = joins(door, &greta, henrik).await?;
        let priya = human("Priya Raman", "priya@nordlicht.example", "member", &["kubernetes", "terraform"]);
        let priya = joins(door, &greta, priya).await?;
        let ulrike = human("Ulrike Brandt", "ulrike@nordlicht.example", "auditor", &["accounting"]);
        joins(door, &greta, ulrike).await?;

        let watt = agent("Watt", "support", &amira, &["customer_dialogue", "billing"]);
        let watt = joins(door, &greta, watt).await?;
        let scout = agent("Tariff Scout", "analyst", &tomasz, &["market_data", "billing"]);
        let scout = joins(door, &greta, scout).await?;
        let merit = agent("Merit", "trader", &sofia, &["market_data", "forecasting"]);
        let merit = joins(door, &greta, merit).await?;
        let ferry = agent("Ferry", "release", &priya, &["kubernetes", "terraform"]);
        let ferry = joins(door, &greta, ferry).await?;
        let lantern = agent("Lantern", "operator", &jonas, &["kubernetes", "incident_response"]);
        let lantern = joins(door, &greta, lantern).await?;
        Ok(Self { greta, jonas, amira, tomasz, sofia, henrik, priya, watt, scout, merit, ferry, lantern })
    }
}
