//! Judging finished work: opening, scoring, finalizing.

use serde_json::json;

use super::browser::Setup;
use super::nordlicht::Nordlicht;

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn finished_work_is_judged_and_moves_a_reputation() {
    let company = Nordlicht::opens().await;
    let care = company.zone("customer-care").await;
    let criteria = json!({"evaluation_criteria": {"criteria": [{"name": "benefit", "type": "human"}]}});
    company.owner.patch(&format!("/zones/{care}"), criteria).await.expect(200);
    let browser = company.at_a_browser_set_up("Greta", Setup { scripts: false, ..Setup::default() }).await;
    let watt = company.person("Watt").await;
    let task = json!({"action": "contact.script", "tool": "crm", "params": {"tone": "friendly"}});
    let work = json!({"zone_id": care, "type": "task_execution", "title": "Thank everyone who waited", "payload": task});
    let proposal = watt.post("/proposals", work).await.expect(201).id();
    for reviewer in ["Tomasz", "Jonas"] {
        company.person(reviewer).await.votes(&proposal, "approve").await.expect(200);
    }
    browser.goes_to(&format!("/proposals/{proposal}")).await;
    browser.presses("Judge how it was done").await;
    browser.sees("Evaluation").await;
    browser.types("input[name=score]", "0.9").await;
    browser.types("input[name=rationale]", "Nobody had to be thanked twice.").await;
    browser.presses("Give this score").await;
    browser.sees("Nobody had to be").await;
    browser.presses("Finalize").await;
    browser.sees("Result").await;
    browser.sees("Positive").await;
    browser.closes().await;
}
