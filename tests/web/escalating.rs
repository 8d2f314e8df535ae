//! Taking a decision, and the deciders, to the zone above.

use super::browser::Setup;
use super::nordlicht::Nordlicht;

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_decision_goes_up_and_can_be_followed_both_ways() {
    let company = Nordlicht::opens().await;
    let browser = company.at_a_browser_set_up("Priya", Setup { scripts: false, ..Setup::default() }).await;
    let proposal = company.proposal("Rent space").await;
    browser.goes_to(&format!("/proposals/{proposal}")).await;
    browser.presses("Take it to the zone above").await;
    browser.types("#objection", "We cannot wait for Henrik's replacement.").await;
    browser.clicks("form[action$='/escalate'] button").await;
    browser.sees("went up to the zone above").await;
    browser.sees("Escalated").await;
    browser.clicks("a[href^='/escalations/']").await;
    browser.sees("A decision is contested").await;
    browser.sees("We cannot wait for Henrik's replacement.").await;
    browser.clicks("#lineage li:last-child a").await;
    browser.sees("an escalation").await;
    browser.clicks("aside a[href^='/proposals/']").await;
    assert_eq!(browser.is_at().await, format!("/proposals/{proposal}"));
    browser.closes().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn two_who_do_not_trust_the_deciders_make_a_proposal_above() {
    let company = Nordlicht::opens().await;
    let tomasz = company.at_a_browser_set_up("Tomasz", Setup { scripts: false, ..Setup::default() }).await;
    tomasz.goes_to("/escalations").await;
    tomasz.presses("Contest who decides").await;
    tomasz.types("#f-reason", "Refunds wait for days.").await;
    tomasz.chooses("select[name=zone_id]", &company.zone("customer-care").await).await;
    tomasz.presses("Choose").await;
    assert_eq!(tomasz.holds("#f-reason").await, "Refunds wait for days.", "what was typed is kept");
    tomasz.presses("Sign and raise it").await;
    tomasz.sees("Nothing has been changed").await;
    tomasz.presses("Remove Amira Haddad as approver").await;
    tomasz.presses("Sign and raise it").await;
    tomasz.sees("1 of 2").await;
    let at = tomasz.is_at().await;
    let address = at.split('?').next().expect("a path").to_owned();
    tomasz.closes().await;

    let henrik = company.at_a_browser("Henrik").await;
    henrik.goes_to(&address).await;
    henrik.presses("Sign it too").await;
    henrik.sees("Being decided").await;
    henrik.sees("What decides it").await;
    henrik.closes().await;
}
