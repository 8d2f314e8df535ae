//! From the inbox to a decision: by keys, by forms without scripts, and before other people's eyes.

use std::time::Duration;

use super::browser::Setup;
use super::nordlicht::Nordlicht;

/// The key that `WebDriver` calls Enter.
const ENTER: &str = "\u{E007}";

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn one_decides_from_the_inbox_by_keys_alone() {
    let company = Nordlicht::opens().await;
    let browser = company.at_a_browser("Jonas").await;
    browser.strikes("gi").await;
    browser.sees("Refund up to 200 without a review").await;
    browser.strikes("j").await;
    browser.strikes("j").await;
    browser.strikes(ENTER).await;
    let at = browser.is_at().await;
    assert!(at.starts_with("/inbox/"), "{at}");
    let title = browser.reads("#proposal-head h1").await;
    browser.strikes("r").await;
    assert_eq!(browser.script("return document.activeElement.id").await, "cast", "a key chooses, another confirms");
    browser.strikes(ENTER).await;
    browser.sees("Your vote counts").await;
    assert!(!browser.reads("#inbox-list > .rows").await.contains(&title), "what was voted on waits no more");

    let proposal = company.proposal(&title).await;
    let voted = company.owner.get(&format!("/proposals/{proposal}")).await.expect(200);
    let jonas = company.id_of("Jonas");
    let electorate = voted.at("/electorate").as_array().expect("an electorate").clone();
    let mine = electorate.iter().find(|elector| elector["member_id"] == jonas.as_str()).expect("a seat");
    assert_eq!(mine["vote"]["choice"], "reject");
    browser.closes().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_proposal_says_what_exactly_would_happen_and_takes_a_vote_without_scripts() {
    let company = Nordlicht::opens().await;
    let browser = company.at_a_browser_set_up("Jonas", Setup { scripts: false, ..Setup::default() }).await;
    let proposal = company.proposal("Refund up to 200").await;
    browser.goes_to(&format!("/proposals/{proposal}")).await;
    let before_and_after = browser.reads(".differences tbody").await;
    assert!(before_and_after.contains("150") && before_and_after.contains("200"), "{before_and_after}");
    browser.sees("Changes of zones begin at high").await;
    browser.sees("Kept out by a conflict of interest").await;
    browser.sees("Approver of Customer Care").await;

    browser.types("#rationale", &"x".repeat(10_001)).await;
    browser.clicks("label.yes span").await;
    browser.clicks("#cast").await;
    browser.sees("Must not be longer than 10000 characters").await;
    assert_eq!(browser.script("return 1").await, 1);
    assert!(browser.has(".ballot input[value=approve][checked]").await, "what was chosen is still chosen");
    browser.types("#rationale", "It saves an hour a day.").await;
    browser.clicks("#cast").await;
    browser.sees("Your vote counts").await;
    browser.sees("It saves an hour a day.").await;
    browser.sees("Approved").await;

    browser.types("#comment", "Let us look at it again in June.").await;
    browser.presses("Comment").await;
    browser.sees("Let us look at it again in June.").await;
    browser.closes().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn one_takes_back_stands_back_and_hands_on_without_scripts() {
    let company = Nordlicht::opens().await;
    let plain = Setup { scripts: false, ..Setup::default() };
    let henrik = company.at_a_browser_set_up("Henrik", plain).await;
    let lower = format!("/proposals/{}", company.proposal("Lower the daily").await);
    henrik.goes_to(&lower).await;
    henrik.presses("Take it back").await;
    henrik.clicks("form[action$='/withdraw'] button").await;
    henrik.sees("It has been taken back").await;
    henrik.sees("Withdrawn").await;
    henrik.closes().await;

    let jonas = company.at_a_browser_set_up("Jonas", plain).await;
    jonas.goes_to(&format!("/proposals/{}", company.proposal("Subscribe to intraday").await)).await;
    jonas.presses("Stand back from this decision").await;
    jonas.clicks("form[action$='/recuse'] button").await;
    jonas.sees("You stood back").await;
    jonas.closes().await;

    let tomasz = company.person("Tomasz").await;
    let task = serde_json::json!({"zone_id": company.zone("customer-care").await, "type": "task_execution",
        "title": "Hand this on", "payload": {"action": "refund.single", "amount": "41000"}});
    let made = tomasz.post("/proposals", task).await.expect(201);
    let seats = made.at("/electorate").as_array().expect("seats").clone();
    let sits = |name: &str| seats.iter().any(|seat| seat["member_id"] == company.id_of(name).as_str());
    assert!(sits("Amira") && !sits("Greta"), "{}", made.body);
    let amira = company.at_a_browser_set_up("Amira", plain).await;
    amira.goes_to(&format!("/proposals/{}", made.id())).await;
    amira.presses("Let someone decide in your place").await;
    amira.clicks("form[action$='/delegate'] button").await;
    amira.reads("details[open] strong.fault").await;
    amira.chooses("#delegate", &company.id_of("Greta")).await;
    amira.clicks("form[action$='/delegate'] button").await;
    amira.sees("Your seat is handed on").await;
    amira.closes().await;
    let shown = company.owner.get(&format!("/proposals/{}", made.id())).await.expect(200);
    let seats = shown.at("/electorate").as_array().expect("seats").clone();
    let greta = seats.iter().find(|seat| seat["member_id"] == company.id_of("Greta").as_str()).expect("a seat");
    assert_eq!(greta["delegated_by"], company.id_of("Amira"));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_vote_in_one_browser_is_seen_in_another_within_a_second() {
    let company = Nordlicht::opens().await;
    let proposal = company.proposal("Subscribe to intraday").await;
    let watching = company.at_a_browser("Greta").await;
    watching.goes_to(&format!("/proposals/{proposal}")).await;
    watching.script("window.sameDocument = true").await;
    let list = company.at_a_browser("Sofia").await;
    list.goes_to("/proposals?status=pending_review").await;
    list.sees("Subscribe to intraday").await;
    list.sees("Lower the daily").await;
    let side = watching.reads("#proposal-side").await;
    let row = format!("a[href='/proposals/{proposal}'] .row-tally");
    assert!(list.has(&row).await);
    let inbox = company.at_a_browser("Jonas").await;
    inbox.goes_to("/inbox").await;
    let badge = async || {
        let number = inbox.script("return Number(document.getElementById('badge').textContent.match(/\\d+/)[0])").await;
        number.as_u64().expect("a number")
    };
    let waiting = badge().await;

    let voter = company.at_a_browser("Jonas").await;
    voter.goes_to(&format!("/proposals/{proposal}")).await;
    voter.clicks("label.yes span").await;
    voter.types("#rationale", "Prices move every quarter of an hour.").await;
    voter.clicks("#cast").await;
    let took = watching.sees("Prices move every quarter of an hour.").await;
    assert!(took < Duration::from_secs(1), "{took:?}");
    voter.closes().await;
    assert_ne!(watching.reads("#proposal-side").await, side, "where it stands moves with it");
    let began = std::time::Instant::now();
    while list.has(&row).await {
        assert!(began.elapsed() < Duration::from_secs(10), "what is decided leaves the list of what is open");
    }
    while badge().await != waiting - 1 {
        assert!(began.elapsed() < Duration::from_secs(10), "the badge stays at {waiting}");
    }
    inbox.closes().await;
    let jonas = company.person("Jonas").await;
    assert_eq!(watching.script("return window.sameDocument").await, true, "without reloading");

    // A tab that was away goes on from where it was.
    watching.devtools("Network.enable", serde_json::json!({})).await;
    let away =
        |offline: bool| serde_json::json!({"offline": offline, "latency": 0, "downloadThroughput": -1, "uploadThroughput": -1});
    watching.devtools("Network.emulateNetworkConditions", away(true)).await;
    let comment = serde_json::json!({"text": "Said while you were away."});
    jonas.post(&format!("/proposals/{proposal}/comments"), comment).await.expect(201);
    watching.devtools("Network.emulateNetworkConditions", away(false)).await;
    watching.sees("Said while you were away.").await;
    watching.closes().await;
    list.closes().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_is_being_written_is_not_swept_away_by_news() {
    let company = Nordlicht::opens().await;
    let proposal = company.proposal("Subscribe to intraday").await;
    let jonas = company.at_a_browser("Jonas").await;
    jonas.goes_to(&format!("/proposals/{proposal}")).await;
    jonas.types("#comment", "I am still thinking about").await;
    let greta = company.person("Greta").await;
    let said = serde_json::json!({"text": "Take your time."});
    greta.post(&format!("/proposals/{proposal}/comments"), said).await.expect(201);
    jonas.sees("Take your time.").await;
    assert_eq!(jonas.script("return document.getElementById('comment').value").await, "I am still thinking about");
    jonas.closes().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_one_looks_at_stays_what_one_votes_on() {
    let company = Nordlicht::opens().await;
    let jonas = company.at_a_browser("Jonas").await;
    jonas.goes_to("/inbox").await;
    let title = jonas.reads("#proposal-head h1").await;
    let proposal = company.proposal(&title).await;
    // Elsewhere the question is answered: the next would be shown in its place.
    let elsewhere = company.person("Jonas").await;
    elsewhere.votes(&proposal, "approve").await.expect(200);
    jonas.sees("does not wait for you any more").await;
    assert_eq!(jonas.reads("#proposal-head h1").await, title, "nothing is exchanged under one's hands");
    assert!(jonas.has(&format!("#proposal-{proposal}")).await);
    jonas.presses("Go on").await;
    assert_ne!(jonas.reads("#proposal-head h1").await, title);
    jonas.closes().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn news_of_something_else_closes_nothing_and_takes_no_focus() {
    let company = Nordlicht::opens().await;
    let proposal = company.proposal("Subscribe to intraday").await;
    let jonas = company.at_a_browser("Jonas").await;
    jonas.goes_to(&format!("/proposals/{proposal}")).await;
    jonas.presses("Take it to the zone above").await;
    jonas.clicks("#objection").await;
    jonas.script("window.before = document.body.dataset.position").await;
    let other = company.proposal("Lower the daily").await;
    let greta = company.person("Greta").await;
    let said = serde_json::json!({"text": "Elsewhere."});
    greta.post(&format!("/proposals/{other}/comments"), said).await.expect(201);
    jonas
        .promise("while (document.body.dataset.position === window.before) await new Promise(r => setTimeout(r, 20)); return 1")
        .await;
    assert_eq!(jonas.script("return document.activeElement.id").await, "objection");
    assert_eq!(jonas.script("return document.getElementById('objection').closest('details').open").await, true);
    assert_eq!(jonas.script("return document.getElementById('news').hidden").await, true, "nothing here has changed");
    jonas.closes().await;
}
