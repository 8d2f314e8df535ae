//! Members, their tokens and invitations; and asking who may do what.

use super::browser::{Browser, Setup};
use super::nordlicht::Nordlicht;

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_agent_is_taken_in_given_a_token_and_let_go_without_scripts() {
    let company = Nordlicht::opens().await;
    let browser = company.at_a_browser_set_up("Greta", Setup { scripts: false, ..Setup::default() }).await;
    browser.goes_to("/members").await;
    let members = browser.reads("#members").await;
    assert!(members.contains("answers for it"), "sponsors stand beside agents: {members}");
    browser.presses("New member").await;
    browser.chooses("#f-sponsor_id", &company.id_of("Priya")).await;
    browser.types("#f-agent_type", "release").await;
    browser.types("#f-skills", "kubernetes, argo").await;
    browser.presses("Add member").await;
    browser.sees("Nothing has been changed").await;
    assert!(browser.has(".field.wrong #f-display_name").await, "everyone has a name");
    assert_eq!(browser.holds("#f-skills").await, "kubernetes, argo", "what was typed is kept");
    browser.types("#f-display_name", "Pilot").await;
    browser.presses("Add member").await;
    browser.sees("Member added").await;
    let standing = browser.reads("#standing").await;
    assert!(standing.contains("Priya Raman") && standing.contains("kubernetes"), "{standing}");
    let pilot = browser.is_at().await.split(['/', '?']).nth(2).expect("an id").to_owned();

    browser.presses("Their tokens").await;
    browser.types("#f-name", "deploys").await;
    browser.chooses("#f-member_id", &pilot).await;
    browser.types("#f-actions", "deploy.*\nzone.read").await;
    browser.presses("Make the token").await;
    let token = browser.reads("#secret").await;
    assert!(token.starts_with("tz_"), "{token}");
    // Sent twice, a token is made once, and only the first answer can show it.
    browser.goes_to("/tokens").await;
    browser.types("#f-name", "twice").await;
    let sent = "const form = document.querySelector(\"form[action='/tokens']\");
        await fetch('/tokens', {method: 'POST', body: new URLSearchParams(new FormData(form))})";
    browser.promise(sent).await;
    browser.presses("Make the token").await;
    browser.sees("was made before").await;
    assert!(!browser.has("#secret").await);
    let known = company.owner.with_token(&token).get("/me").await.expect(200);
    assert_eq!(known.text("/id"), pilot, "{}", known.body);
    browser.goes_to("/tokens").await;
    assert!(!browser.text().await.contains(&token), "it is shown once");
    for _ in 0..2 {
        browser.clicks("form[action$='/revoke'] summary").await;
        browser.clicks("form[action$='/revoke'] button").await;
        browser.sees("The token no longer works").await;
    }
    company.owner.with_token(&token).get("/me").await.expect(401);

    browser.goes_to(&format!("/members/{pilot}")).await;
    browser.types("#f-skills", "kubernetes").await;
    browser.presses("Save").await;
    browser.sees("It is changed").await;
    browser.presses("Remove").await;
    browser.clicks("form[action$='/remove'] button").await;
    browser.sees("Member removed").await;
    let gone = company.owner.get(&format!("/members/{pilot}")).await.expect(200);
    assert_eq!(gone.at("/active"), false);
    browser.closes().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_invitation_lets_one_person_in() {
    let company = Nordlicht::opens().await;
    let browser = company.at_a_browser("Jonas").await;
    browser.goes_to("/invites").await;
    browser.chooses("#f-role", "auditor").await;
    browser.clicks("form[action='/invites'] button").await;
    let code = browser.reads("#secret").await;
    let body = serde_json::json!({"code": code, "display_name": "Ines Kraft"});
    company.owner.post("/invites/accept", body).await.expect(201);
    browser.goes_to("/invites").await;
    let invites = browser.reads("#invites").await;
    assert!(invites.contains("Taken up") && invites.contains("Ines Kraft"), "{invites}");
    browser.clicks("form[action='/invites'] button").await;
    let code = browser.reads("#secret").await;
    browser.goes_to("/invites").await;
    browser.clicks("form[action^='/invites/'] summary").await;
    browser.clicks("form[action^='/invites/'] button").await;
    browser.sees("Nobody can join by this invitation any more").await;
    let body = serde_json::json!({"code": code, "display_name": "Too Late"});
    company.owner.post("/invites/accept", body).await.expect_problem(409, "invite_revoked");
    browser.closes().await;

    let member = company.at_a_browser("Tomasz").await;
    member.goes_to("/invites").await;
    member.sees("You may not see or do this here").await;
    member.closes().await;
}

async fn asks(browser: &Browser, who: &str, action: &str, zone: &str) -> String {
    browser.goes_to("/check").await;
    browser.chooses("#f-principal_id", who).await;
    browser.types("#f-action", action).await;
    browser.chooses("#f-zone_id", zone).await;
    browser.presses("Ask").await;
    browser.reads("#answer").await
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_check_shows_the_way_down_the_tree_and_which_word_decided() {
    let company = Nordlicht::opens().await;
    let browser = company.at_a_browser_set_up("Tomasz", Setup { scripts: false, ..Setup::default() }).await;
    let (ferry, platform) = (company.id_of("Ferry"), company.zone("platform").await);
    let answer = asks(&browser, &ferry, "deploy.production", &platform).await;
    assert!(answer.contains("After an approved proposal"), "{answer}");
    let decides = browser.reads("li.decides").await;
    assert!(decides.contains("Nordlicht Energie") && decides.contains("contract.sign"), "{decides}");

    let answer = asks(&browser, &ferry, "infra.destroy", &platform).await;
    assert!(answer.starts_with("No") && answer.contains("is blocked"), "{answer}");
    assert!(browser.reads("li.decides").await.contains("Platform"));

    let answer = asks(&browser, &ferry, "task.create", &platform).await;
    assert!(answer.starts_with("Yes") && answer.contains("Holds here: executor"), "{answer}");

    asks(&browser, &ferry, "Not an action", &platform).await;
    assert!(browser.has(".field.wrong #f-action").await, "the fault stands at its field");
    browser.closes().await;
}
