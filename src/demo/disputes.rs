//! What went up a level: a decision that came back approved, a trade that waits for an answer, and two petitions about who
//! decides.

use chrono::TimeDelta;
use serde_json::json;

use super::door::{Door, text};
use super::people::People;
use super::zones::Zones;

/// Tomasz does not want to decide it, the company does.
pub async fn answered(door: &Door, people: &People, zones: &Zones) -> anyhow::Result<()> {
    door.tells_of(TimeDelta::hours(26)).await;
    let deposit = json!({"action": "service.deposit", "board_id": "customer-desk", "tool": "crm", "params": {"households": 1}});
    let why = "The bakery on Lindenstrasse has paid on time for eleven years and cannot raise a deposit this month.";
    let title = "Waive the deposit of a bakery";
    let proposal = door.proposes(&people.watt, &zones.customer_care, "task_execution", title, why, deposit).await?;
    let objection = json!({"reason": "Whatever we do for one bakery we do for all of them. The company should say."});
    let raised = door.makes(&people.tomasz, &format!("/proposals/{proposal}/escalate"), objection).await?;
    let above = text(&raised, "parent_proposal_id")?;
    door.votes(&people.greta, &above, "approve", "Eleven years are an answer. Let us write down the rule, too.").await?;
    door.votes(&people.jonas, &above, "approve", "Agreed.").await
}

/// A trade, and two petitions.
pub async fn unanswered(door: &Door, people: &People, zones: &Zones) -> anyhow::Result<()> {
    door.tells_of(TimeDelta::hours(1)).await;
    trade(door, people, zones).await?;
    petitions(door, people, zones).await
}

/// Nearly approved: Sofia cannot vote on what her own agent proposes, and wants others to look.
async fn trade(door: &Door, people: &People, zones: &Zones) -> anyhow::Result<()> {
    let trade = json!({"action": "trade.hedge", "amount": "1500", "board_id": "power-desk", "tool": "exchange-gateway", "params": {"share": 0.02, "product": "summer peak"}});
    let why = "Two percent of the summer peak are still open.";
    let title = "Close the last of the summer peak";
    let proposal = door.proposes(&people.merit, &zones.trading, "task_execution", title, why, trade).await?;
    door.votes(&people.henrik, &proposal, "approve", "Small, and it closes the book.").await?;
    let objection =
        json!({"reason": "We agreed in May not to hedge summer peaks through this exchange. Somebody else should look."});
    door.makes(&people.sofia, &format!("/proposals/{proposal}/escalate"), objection).await.map(drop)
}

async fn petitions(door: &Door, people: &People, zones: &Zones) -> anyhow::Result<()> {
    let change = json!({"assignments": {"add": [{"member_id": people.henrik.id, "role": "approver"}]}});
    let reason = "Three approvers who share an office decide about money. A fourth from outside would do us good.";
    let petition = json!({"reason": reason, "change": change});
    door.makes(&people.tomasz, &format!("/zones/{}/escalations", zones.customer_care), petition).await?;

    let petition = json!({"reason": "Nobody was awake last night.", "change": {"status": "suspended"}});
    let raised = door.makes(&people.lantern, &format!("/zones/{}/escalations", zones.reliability), petition).await?;
    let refusal = json!({"reason": "Suspending it would leave nobody awake tonight either. Let us talk about the rota."});
    door.does(&people.greta, &format!("/escalations/{}/dismiss", text(&raised, "id")?), refusal).await
}
