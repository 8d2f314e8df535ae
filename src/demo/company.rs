//! What the company as a whole has decided, by consensus: no raw customer data leaves the house. A new approver is still
//! being discussed.

use chrono::TimeDelta;
use serde_json::json;

use super::door::Door;
use super::people::People;
use super::zones::Zones;

/// Two proposals in the root zone.
pub async fn story(door: &Door, people: &People, zones: &Zones) -> anyhow::Result<()> {
    door.tells_of(TimeDelta::hours(20)).await;
    let zone = &zones.company;
    let block = json!({"changes": {"constraints": {"blocked_actions": ["ledger.delete", "customer-data.export"]}}});
    let why = "Three teams asked for exports this year. Reports can be made where the data is.";
    let title = "Block every export of raw customer data";
    let proposal = door.proposes(&people.henrik, zone, "zone_change", title, why, block).await?;
    door.votes(&people.jonas, &proposal, "approve", "It binds every team below, agents and people alike.").await?;
    door.votes(&people.sofia, &proposal, "approve", "Trading never needed them.").await?;
    door.votes(&people.greta, &proposal, "approve", "This is a promise to our customers, so it belongs at the top.").await?;

    let join = json!({"operation": "add", "member_id": people.amira.id, "role": "approver"});
    let why = "Half of what we decide here ends on a customer's invoice, and nobody of us answers the phone.";
    let title = "Make Amira an approver for the whole company";
    let proposal = door.proposes(&people.jonas, zone, "membership_change", title, why, join).await?;
    door.votes(&people.sofia, &proposal, "approve", "She should have been asked years ago.").await?;
    door.comments(&people.amira, &proposal, "I would be glad to.").await
}
