//! What Site Reliability has decided, with one voice: a failover at night, a restart at the wrong time, and more replicas.

use chrono::TimeDelta;
use serde_json::json;

use super::door::Door;
use super::people::People;
use super::zones::Zones;

/// Three proposals in Site Reliability.
pub async fn story(door: &Door, people: &People, zones: &Zones) -> anyhow::Result<()> {
    door.tells_of(TimeDelta::days(5)).await;
    let zone = &zones.reliability;
    let failover = json!({"action": "infra.failover", "board_id": "platform", "params": {"service": "meter-gateway"}});
    let why = "The primary drops one reading in four hundred since 02:10.";
    let title = "Fail the meter gateway over to its standby";
    let proposal = door.proposes(&people.lantern, zone, "task_execution", title, why, failover.clone()).await?;
    door.votes(&people.priya, &proposal, "approve", "I am awake and watching. Go.").await?;
    door.carries_out(&people.lantern, &proposal, &failover).await?;

    let restart = json!({"action": "infra.restart", "board_id": "platform", "params": {"service": "price-feed"}});
    let why = "It has leaked two gigabytes since Monday.";
    let proposal = door.proposes(&people.lantern, zone, "task_execution", "Restart the price feed now", why, restart).await?;
    door.votes(&people.priya, &proposal, "reject", "Not while the exchange is open. Ask again after six.").await?;

    let scale = json!({"action": "infra.scale", "tool": "argo", "params": {"service": "portal", "replicas": 36}});
    let why = "The weather service expects the first storm tomorrow evening.";
    door.proposes(&people.lantern, zone, "task_execution", "Scale the portal to 36 replicas for the storm", why, scale).await?;
    Ok(())
}
