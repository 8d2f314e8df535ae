//! Every page, looked at: no complaints in the console, nothing that the policy stopped.

use super::nordlicht::Nordlicht;

/// The pages of the demo organization, each with its address.
pub async fn all(_company: &Nordlicht) -> Vec<(&'static str, String)> {
    vec![("overview", "/".to_owned())]
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
