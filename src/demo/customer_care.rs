//! What Customer Care has decided, by majority: refunds, a campaign nobody wanted, a tie, and an allocation that came too
//! late for its budget.

use chrono::TimeDelta;
use serde_json::json;

use super::door::Door;
use super::people::People;
use super::zones::Zones;

/// Seven proposals in Customer Care.
pub async fn story(door: &Door, people: &People, zones: &Zones) -> anyhow::Result<()> {
    door.tells_of(TimeDelta::days(12)).await;
    refunds(door, people, zones).await?;
    door.tells_of(TimeDelta::days(11)).await;
    calls(door, people, zones).await?;
    door.tells_of(TimeDelta::days(10)).await;
    storm_line(door, people, zones).await?;
    door.tells_of(TimeDelta::days(9)).await;
    roles_and_rules(door, people, zones).await
}

async fn refunds(door: &Door, people: &People, zones: &Zones) -> anyhow::Result<()> {
    let zone = &zones.customer_care;
    let batch = json!({"action": "refund.batch", "amount": "18400", "board_id": "customer-desk", "tool": "crm", "params": {"households": 412}});
    let why = "A rounding error in the March invoices. The list of households is attached to ticket 8841.";
    let title = "Refund the March overcharge of 412 households";
    let proposal = door.proposes(&people.watt, zone, "task_execution", title, why, batch.clone()).await?;
    door.comments(&people.watt, &proposal, "The largest single refund is 96 EUR, the smallest 3 EUR.").await?;
    door.votes(&people.tomasz, &proposal, "approve", "I checked twenty of them by hand, the sums are right.").await?;
    door.votes(&people.jonas, &proposal, "approve", "We owe it. The sooner the better.").await?;
    door.carries_out(&people.watt, &proposal, &batch).await?;

    let single = json!({"action": "refund.single", "amount": "85", "board_id": "customer-desk", "tool": "crm"});
    let why = "The technician did not come, twice. Below the bound for refunds without a review.";
    let title = "Refund a missed appointment";
    let proposal = door.proposes(&people.watt, zone, "task_execution", title, why, single.clone()).await?;
    door.carries_out(&people.watt, &proposal, &single).await
}

async fn calls(door: &Door, people: &People, zones: &Zones) -> anyhow::Result<()> {
    let zone = &zones.customer_care;
    let call = json!({"action": "contact.campaign", "amount": "6200", "board_id": "customer-desk", "tool": "phone-bridge"});
    let why = "About 900 households left us in the winter; a call each might win some back.";
    let proposal =
        door.proposes(&people.tomasz, zone, "task_execution", "Call everyone who left us this winter", why, call).await?;
    door.votes(&people.amira, &proposal, "reject", "Most of them asked not to be called.").await?;
    door.votes(&people.jonas, &proposal, "reject", "Agreed, a letter is enough.").await?;

    let greeting = json!({"action": "contact.script", "tool": "crm", "params": {"tone": "informal"}});
    let why = "Customers write informally to us and get formal answers.";
    let proposal =
        door.proposes(&people.watt, zone, "task_execution", "Greet customers informally in the chat", why, greeting).await?;
    door.votes(&people.tomasz, &proposal, "approve", "It reads better, and I would test it for a month.").await?;
    door.votes(&people.jonas, &proposal, "reject", "Our older customers have told us the opposite.").await?;

    let hotline = json!({"action": "service.hours", "params": {"sunday": "closed"}});
    let why = "Eleven calls on an average Sunday.";
    let proposal = door.proposes(&people.amira, zone, "task_execution", "Close the hotline on Sundays", why, hotline).await?;
    door.comments(&people.tomasz, &proposal, "One of the eleven is usually a household without power.").await?;
    door.withdraws(&people.amira, &proposal).await
}

/// One that loses its point before anyone looks.
pub async fn this_morning(door: &Door, people: &People, zones: &Zones) -> anyhow::Result<()> {
    let zone = &zones.customer_care;
    door.tells_of(TimeDelta::zero()).await;
    let banner = json!({"action": "service.banner", "params": {"text": "Our app is slow this morning"}});
    let why = "Only worth it while the app is slow.";
    door.proposes_briefly(&people.watt, zone, "Put up a banner about the slow app", why, banner).await.map(drop)
}

/// Approved, but the budget was cut while it was being discussed: its execution fails, on record.
async fn storm_line(door: &Door, people: &People, zones: &Zones) -> anyhow::Result<()> {
    let zone = &zones.customer_care;
    let line = json!({"amount": "80000", "board_id": "customer-desk"});
    let why = "Forty more agents on the phone for the two weeks in which the autumn storms usually come.";
    let title = "Staff a second phone line for the storm weeks";
    let proposal = door.proposes(&people.tomasz, zone, "resource_allocation", title, why, line).await?;
    door.votes(&people.amira, &proposal, "approve", "Last year people waited fifty minutes.").await?;
    let cut = json!({"resource_scope": {"budget_limit": "60000"}});
    door.changes(&people.greta, &format!("/zones/{zone}"), cut).await?;
    door.votes(&people.jonas, &proposal, "approve", "Needed. The budget will have to follow.").await
}

async fn roles_and_rules(door: &Door, people: &People, zones: &Zones) -> anyhow::Result<()> {
    let zone = &zones.customer_care;
    let join = json!({"operation": "add", "member_id": people.scout.id, "role": "executor"});
    let why = "It already drafts the tariff comparisons that we send by hand.";
    let title = "Let Tariff Scout work in Customer Care";
    let proposal = door.proposes(&people.amira, zone, "membership_change", title, why, join).await?;
    door.votes(&people.jonas, &proposal, "approve", "Tomasz answers for it, that is good enough for me.").await?;
    door.votes(&people.greta, &proposal, "approve", "Yes, and let us look at its work in a month.").await?;

    let bound = json!({"changes": {"approval_policy": {"auto_approve": {"below": "200"}}}});
    let why = "One in three refunds falls between 150 and 200, and not one was rejected this year.";
    let title = "Refund up to 200 without a review";
    let proposal = door.proposes(&people.tomasz, zone, "zone_change", title, why, bound).await?;
    door.votes(&people.amira, &proposal, "approve", "It would save us an hour a day.").await?;
    door.comments(&people.jonas, &proposal, "How many of these are refunds to the same household?").await
}
