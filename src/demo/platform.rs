//! What the Platform has decided, with two approvals: a release after second thoughts, a migration still to be decided, a
//! role, a change one zone down, and a data centre from whose decision someone stood back.

use chrono::TimeDelta;
use serde_json::json;

use super::door::Door;
use super::people::People;
use super::zones::Zones;

/// Five proposals in the Platform.
pub async fn story(door: &Door, people: &People, zones: &Zones) -> anyhow::Result<()> {
    door.tells_of(TimeDelta::days(8)).await;
    software(door, people, zones).await?;
    door.tells_of(TimeDelta::days(7)).await;
    roles_and_rules(door, people, zones).await?;
    door.tells_of(TimeDelta::days(6)).await;
    data_centre(door, people, zones).await
}

async fn software(door: &Door, people: &People, zones: &Zones) -> anyhow::Result<()> {
    let zone = &zones.platform;
    let release =
        json!({"action": "deploy.production", "board_id": "platform", "tool": "argo", "params": {"version": "4.2.0"}});
    let why = "The new rounding of invoices, the cause of the March overcharge. Tested on a copy of all accounts.";
    let title = "Release billing engine 4.2";
    let proposal = door.proposes(&people.ferry, zone, "task_execution", title, why, release.clone()).await?;
    door.votes(&people.henrik, &proposal, "reject", "I see no way back if the rounding is wrong again.").await?;
    door.comments(&people.ferry, &proposal, "Version 4.1 stays deployed beside it, switching back takes a minute.").await?;
    door.votes(&people.henrik, &proposal, "approve", "With 4.1 standing by, yes.").await?;
    door.votes(&people.jonas, &proposal, "approve", "Release it on a Tuesday morning, please.").await?;
    door.carries_out(&people.ferry, &proposal, &release).await?;

    let migration = json!({"action": "infra.migrate", "tool": "terraform", "executor_id": people.ferry.id, "params": {"database": "meters"}});
    let why = "The old version gets no more fixes from November on. Two hours of read-only meters on a Sunday.";
    let title = "Move the meter database to PostgreSQL 17";
    let proposal = door.proposes(&people.priya, zone, "task_execution", title, why, migration).await?;
    door.votes(&people.jonas, &proposal, "approve", "The plan is sound, and we have done it once before.").await?;
    door.comments(&people.henrik, &proposal, "I would like to see the rehearsal first.").await
}

async fn roles_and_rules(door: &Door, people: &People, zones: &Zones) -> anyhow::Result<()> {
    let zone = &zones.platform;
    let join = json!({"operation": "add", "member_id": people.tomasz.id, "role": "evaluator"});
    let body = json!({
        "zone_id": zone, "type": "membership_change", "title": "Let Tomasz judge the billing releases", "payload": join,
        "description": "He hears first when an invoice is wrong.",
        "decision_model": {"model_type": "threshold", "threshold": 3},
    });
    let proposal = door.makes_id(&people.priya, "/proposals", body).await?;
    door.votes(&people.jonas, &proposal, "approve", "Nobody knows the invoices better.").await?;
    door.votes(&people.henrik, &proposal, "approve", "A judge from outside the team is what was missing.").await?;
    door.votes(&people.greta, &proposal, "approve", "Gladly.").await?;

    let scale = json!({"zone_id": zones.reliability, "changes": {"resource_scope": {"limits": {"replicas": 40}}}});
    let why = "In the last storm the portal needed 31 replicas and was allowed 24.";
    let title = "Let Site Reliability scale to 40 replicas";
    let proposal = door.proposes(&people.lantern, zone, "zone_change", title, why, scale).await?;
    door.votes(&people.priya, &proposal, "approve", "The cluster has room for 80.").await?;
    door.votes(&people.henrik, &proposal, "approve", "A bounded cost for a bounded time.").await
}

async fn data_centre(door: &Door, people: &People, zones: &Zones) -> anyhow::Result<()> {
    let centre = json!({"amount": "240000", "board_id": "platform"});
    let why = "A second site, so that one flooded cellar does not stop the meter readings.";
    let title = "Rent space in a second data centre";
    let proposal = door.proposes(&people.priya, &zones.platform, "resource_allocation", title, why, centre).await?;
    door.comments(&people.henrik, &proposal, "My brother works for the landlord, so I stand back from this one.").await?;
    door.recuses(&people.henrik, &proposal).await?;
    door.votes(&people.jonas, &proposal, "approve", "The cellar has flooded before.").await
}
