//! The log, for people: narrowed, told as a story, looked at closely, and taken away.

use super::browser::Setup;
use super::nordlicht::Nordlicht;

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_log_is_narrowed_and_told_without_scripts() {
    let company = Nordlicht::opens().await;
    let browser = company.at_a_browser_set_up("Ulrike", Setup { scripts: false, ..Setup::default() }).await;
    browser.goes_to("/audit").await;
    browser.chooses("select[name=type]", "proposal.vote_cast").await;
    browser.chooses("select[name=actor_id]", &company.id_of("Henrik")).await;
    browser.clicks(".filters button").await;
    let at = browser.arrives_at("type=proposal.vote_cast").await;
    assert!(at.contains("type=proposal.vote_cast") && at.contains("actor_id="), "{at}");
    let list = browser.reads("#list").await;
    assert!(list.contains("voted to") && !list.contains("proposed"), "{list}");

    browser.clicks(".told a[href*=entity]").await;
    let story = browser.reads("#list").await;
    assert!(!story.contains("the proposal"), "proposals are called by their titles: {story}");
    let (proposed, voted) = (story.find("proposed"), story.find("voted"));
    assert!(proposed.is_some() && proposed < voted, "a story begins at its beginning: {story}");
    browser.clicks(".told a[href^='/audit/']").await;
    browser.sees("As it is kept").await;
    let kept = browser.reads("pre").await;
    let kept: serde_json::Value = serde_json::from_str(&kept).expect("JSON");
    assert_eq!(kept["type"], "proposal.opened");
    browser.closes().await;
}

/// The sentences know every event that the demo organization has ever recorded.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn every_event_is_told_in_words_of_its_own() {
    let company = Nordlicht::opens().await;
    let browser = company.at_a_browser("Ulrike").await;
    browser.goes_to("/audit").await;
    loop {
        let told = browser.reads("#list").await;
        assert!(!told.contains(" recorded "), "{told}");
        if !browser.has(".pages a[href*=from_position]:last-child").await {
            break;
        }
        let before = browser.is_at().await;
        browser.clicks(".pages a:last-child").await;
        if browser.is_at().await == before || !browser.is_at().await.contains("from_position") {
            break;
        }
    }
    browser.closes().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_copy_holds_what_the_filters_leave_and_is_on_record() {
    let company = Nordlicht::opens().await;
    let browser = company.at_a_browser("Ulrike").await;
    browser.goes_to("/audit?type=zone.created").await;
    let text = browser
        .promise("const link = document.querySelector('a[download]'); return await (await fetch(link.href)).text()")
        .await;
    let text = text.as_str().expect("text").to_owned();
    let events: Vec<serde_json::Value> = text.lines().map(|line| serde_json::from_str(line).expect("JSON")).collect();
    assert_eq!(events.len(), 5, "{text}");
    assert!(events.iter().all(|event| event["type"] == "zone.created"), "{text}");
    browser.goes_to("/audit").await;
    browser.sees("took a copy of the log").await;
    browser.closes().await;

    let outsider = company.at_a_browser("Tomasz").await;
    let proposal = company.proposal("Refund up to 200").await;
    outsider.goes_to(&format!("/proposals/{proposal}")).await;
    assert!(!outsider.has("nav a[href='/audit']").await, "the whole log is not for everyone");
    outsider.presses("In the log").await;
    assert!(outsider.reads("#list").await.contains("proposed"), "what happened to a proposal is for who may read it");
    outsider.goes_to("/audit").await;
    outsider.sees("You may not see or do this here").await;
    outsider.closes().await;
}
