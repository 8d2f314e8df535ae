//! What was said of finished work: a release that went well, a mailing that would do, one that should not have happened, and
//! one that is still being judged.

use chrono::TimeDelta;
use serde_json::{Value, json};

use super::door::{Door, Person};
use super::people::People;
use super::zones::Zones;

/// Four evaluations.
pub async fn story(door: &Door, people: &People, zones: &Zones) -> anyhow::Result<()> {
    door.tells_of(TimeDelta::days(4)).await;
    let release =
        json!({"action": "deploy.production", "board_id": "platform", "tool": "argo", "params": {"version": "4.2.1"}});
    let release = work(door, &people.ferry, &zones.platform, "Release billing engine 4.2.1", release).await?;
    door.votes(&people.henrik, &release, "approve", "A small step, and easy to take back.").await?;
    door.votes(&people.jonas, &release, "approve", "Tuesday morning, as agreed.").await?;
    let scores = [("quality", 0.95, "Not one invoice differed from the rehearsal."), ("on_time", 1.0, "Done before nine.")];
    judged(door, &people.tomasz, &release, &scores, true).await?;

    door.tells_of(TimeDelta::days(3)).await;
    let mailing =
        json!({"action": "contact.mailing", "board_id": "customer-desk", "tool": "crm", "params": {"households": 2400}});
    let mailing = work(door, &people.watt, &zones.customer_care, "Explain the new network fees by mail", mailing).await?;
    door.votes(&people.tomasz, &mailing, "approve", "The text is clear.").await?;
    door.votes(&people.jonas, &mailing, "approve", "Send it.").await?;
    let scores = [("benefit", 0.6, "Fewer calls, though not as many fewer as hoped."), ("on_time", 0.8, "A day late.")];
    judged(door, &people.henrik, &mailing, &scores, true).await?;

    door.tells_of(TimeDelta::days(2)).await;
    let reminder = json!({"action": "contact.reminder", "board_id": "customer-desk", "tool": "phone-bridge", "params": {"households": 300}});
    let reminder = work(door, &people.watt, &zones.customer_care, "Remind late payers by phone", reminder).await?;
    door.votes(&people.tomasz, &reminder, "approve", "They have had two letters.").await?;
    door.votes(&people.jonas, &reminder, "approve", "Politely, please.").await?;
    let scores =
        [("benefit", 0.2, "A third of them had paid. We apologized to a hundred households."), ("on_time", 0.9, "In time.")];
    judged(door, &people.henrik, &reminder, &scores, true).await?;

    door.tells_of(TimeDelta::hours(30)).await;
    let drill = json!({"action": "infra.drill", "tool": "terraform", "params": {"region": "north"}});
    let drill = work(door, &people.lantern, &zones.reliability, "Switch to the second region for an hour", drill).await?;
    door.votes(&people.priya, &drill, "approve", "Better on a quiet Sunday than in a storm.").await?;
    judged(door, &people.henrik, &drill, &[("quality", 0.9, "Nobody noticed, which was the point.")], false).await
}

async fn work(door: &Door, who: &Person, zone: &str, title: &str, task: Value) -> anyhow::Result<String> {
    door.proposes(who, zone, "task_execution", title, "Part of the plan for this month.", task).await
}

/// Opens a judgement; what the system cannot check is left to whoever judges.
async fn judged(door: &Door, judge: &Person, work: &str, scores: &[(&str, f64, &str)], complete: bool) -> anyhow::Result<()> {
    let judgement = door.makes_id(judge, "/evaluations", json!({"proposal_id": work})).await?;
    let path = format!("/evaluations/{judgement}");
    door.does(judge, &format!("{path}/auto-evaluate"), json!({})).await?;
    for (criterion, score, rationale) in scores {
        let score = json!({"criterion": criterion, "score": score, "rationale": rationale});
        door.does(judge, &format!("{path}/scores"), score).await?;
    }
    if complete { door.does(judge, &format!("{path}/finalize"), json!({})).await } else { Ok(()) }
}
