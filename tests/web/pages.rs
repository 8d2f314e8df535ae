//! Every page, looked at: no complaints in the console, nothing that the policy stopped.

use super::nordlicht::Nordlicht;

/// The pages of the demo organization, each with its name and address.
pub async fn all(company: &Nordlicht) -> Vec<(&'static str, String)> {
    let proposal = async |title: &str| format!("/proposals/{}", company.proposal(title).await);
    vec![
        ("sign-in", "/sign-in".to_owned()),
        ("overview", "/".to_owned()),
        ("inbox", "/inbox".to_owned()),
        ("inbox-one", format!("/inbox/{}", company.proposal("Rent space").await)),
        ("proposals", "/proposals".to_owned()),
        ("proposals-none", "/proposals?risk=critical&status=expired".to_owned()),
        ("proposal-open", proposal("Move the meter database").await),
        ("proposal-zone-change", proposal("Refund up to 200").await),
        ("proposal-weighted", proposal("Hedge 40%").await),
        ("proposal-failed", proposal("Staff a second").await),
        ("not-found", "/nowhere".to_owned()),
    ]
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn every_page_is_quiet_in_the_console() {
    let company = Nordlicht::opens().await;
    let browser = company.at_a_browser("Greta").await;
    for (name, address) in all(&company).await {
        browser.goes_to(&address).await;
        let complaints = browser.complaints().await;
        assert!(complaints.is_empty(), "{name}: {complaints:?}");
    }
    browser.closes().await;
}
