//! What Energy Trading has decided, by weight: a hedge that waits out its veto window, a feed still under review, a bet
//! that was refused, and a tighter limit.

use chrono::TimeDelta;
use serde_json::json;

use super::door::Door;
use super::people::People;
use super::zones::Zones;

/// Four proposals in Energy Trading.
pub async fn story(door: &Door, people: &People, zones: &Zones) -> anyhow::Result<()> {
    door.tells_of(TimeDelta::minutes(150)).await;
    let zone = &zones.trading;
    let hedge = json!({"action": "trade.hedge", "amount": "38000", "board_id": "power-desk", "tool": "exchange-gateway", "params": {"share": 0.4, "product": "winter base"}});
    let why = "Forward prices have fallen for nine days. Hedging 40% now keeps the winter tariff where we announced it.";
    let title = "Hedge 40% of the winter base load";
    let proposal = door.proposes(&people.merit, zone, "task_execution", title, why, hedge).await?;
    door.comments(&people.sofia, &proposal, "I stand behind the forecast, but Merit is mine, so I cannot vote.").await?;
    door.votes(&people.henrik, &proposal, "approve", "Within our risk limits even in the cold scenario.").await?;
    door.votes(&people.jonas, &proposal, "approve", "Better to pay a little now than to raise prices in January.").await?;

    let feed = json!({"amount": "12000", "board_id": "power-desk"});
    let why = "Our prices are fifteen minutes old. The intraday feed costs 1,000 a month.";
    let proposal =
        door.proposes(&people.henrik, zone, "resource_allocation", "Subscribe to intraday prices", why, feed).await?;
    door.votes(&people.sofia, &proposal, "abstain", "I know the vendor's founder, the others should decide.").await?;

    let gas = json!({"action": "trade.open", "amount": "45000", "board_id": "power-desk", "tool": "exchange-gateway", "params": {"product": "gas intraday"}});
    let why = "A cold front is forecast for Thursday with 60% confidence.";
    let proposal = door.proposes(&people.merit, zone, "task_execution", "Open an intraday position in gas", why, gas).await?;
    door.votes(&people.henrik, &proposal, "reject", "This is a bet, not a hedge. We have no mandate for bets.").await?;
    door.votes(&people.jonas, &proposal, "reject", "Nine tenths of the daily limit on a weather forecast: no.").await?;

    let tighter = json!({"changes": {"constraints": {"spending_limit": {"amount": "40000", "window": "day"}}}});
    let why = "We have not used more than 38,000 on any day of the last two years.";
    let title = "Lower the daily spending limit to 40,000";
    let proposal = door.proposes(&people.henrik, zone, "zone_change", title, why, tighter).await?;
    door.comments(&people.sofia, &proposal, "Fine with me if we can raise it again within a day.").await
}
