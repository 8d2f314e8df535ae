//! Every page, looked at: no complaints in the console, nothing that the policy stopped.

use serde_json::json;

use super::axe::barriers;
use super::browser::Setup;
use super::nordlicht::Nordlicht;

/// The pages of the demo organization, each with its name and address.
pub async fn all(company: &Nordlicht) -> Vec<(&'static str, String)> {
    let proposal = async |title: &str| format!("/proposals/{}", company.proposal(title).await);
    let mut pages = vec![
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
        ("compose", format!("/proposals/new?zone_id={}", company.zone("platform").await)),
        ("compose-zone-change", format!("/proposals/new?type=zone_change&zone_id={}", company.zone("customer-care").await)),
        ("escalations", "/escalations".to_owned()),
        ("escalations-none", "/escalations?status=dismissed".to_owned()),
        ("escalate", format!("/escalations/new?zone_id={}", company.zone("customer-care").await)),
        ("evaluations", "/evaluations".to_owned()),
        ("zones", "/zones".to_owned()),
        ("zone-new", "/zones/new".to_owned()),
        ("zone", format!("/zones/{}", company.zone("site-reliability").await)),
        ("zone-as-of", format!("/zones/{}?as_of=40", company.zone("energy-trading").await)),
        ("zone-roles", format!("/zones/{}/roles", company.zone("platform").await)),
        ("zone-history", format!("/zones/{}/history", company.zone("platform").await)),
        ("zone-constraints", format!("/zones/{}/edit/constraints", company.zone("platform").await)),
        ("zone-resources", format!("/zones/{}/edit/resource_scope", company.zone("platform").await)),
        ("zone-approval", format!("/zones/{}/edit/approval_policy", company.zone("customer-care").await)),
        ("zone-model", format!("/zones/{}/edit/decision_model", company.zone("energy-trading").await)),
        ("zone-sealed", format!("/zones/{}/edit/incentive_model", company.zone("energy-trading").await)),
        ("zone-seals", format!("/zones/{}/edit/sealed", company.zone("energy-trading").await)),
        ("zone-responsibilities", format!("/zones/{}/edit/responsibilities", company.zone("platform").await)),
        ("zone-qualifications", format!("/zones/{}/edit/agent_qualifications", company.zone("platform").await)),
        ("zone-alignment", format!("/zones/{}/edit/alignment_requirements", company.zone("platform").await)),
        ("zone-escalation", format!("/zones/{}/edit/escalation_policy", company.zone("platform").await)),
        ("zone-evaluation", format!("/zones/{}/edit/evaluation_criteria", company.zone("platform").await)),
        ("zone-about", format!("/zones/{}/edit/about", company.zone("platform").await)),
        ("zone-place", format!("/zones/{}/edit/place", company.zone("platform").await)),
        ("zone-status", format!("/zones/{}/edit/status", company.zone("platform").await)),
        ("members", "/members".to_owned()),
        ("member-remove", format!("/members/{}?remove=1", company.id_of("Watt"))),
        ("member", format!("/members/{}", company.id_of("Amira"))),
        ("member-agent", format!("/members/{}", company.id_of("Ferry"))),
        ("member-new", "/members/new".to_owned()),
        ("tokens", "/tokens".to_owned()),
        ("invites", "/invites".to_owned()),
        ("join", "/join".to_owned()),
        ("check", "/check".to_owned()),
        (
            "check-answer",
            format!(
                "/check?principal_id={}&action=deploy.production&zone_id={}",
                company.id_of("Ferry"),
                company.zone("platform").await
            ),
        ),
        ("audit", "/audit".to_owned()),
        ("audit-event", "/audit/60".to_owned()),
        ("audit-story", format!("/audit?order=asc&entity={}", company.proposal("Refund up to 200").await)),
        ("not-found", "/nowhere".to_owned()),
    ];
    for (name, list) in [("escalation", "/escalations"), ("evaluation", "/evaluations")] {
        let found = company.owner.get(list).await.expect(200);
        pages.extend(found.items().first().map(|item| (name, format!("{list}/{}", item["id"].as_str().expect("an id")))));
    }
    pages
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn every_page_is_quiet_in_the_console_and_without_barriers() {
    let company = Nordlicht::opens().await;
    let mut found = Vec::new();
    for (dark, size) in [(false, (1280, 900)), (true, (360, 740))] {
        let browser = company.at_a_browser_set_up("Jonas", Setup { dark, size, ..Setup::default() }).await;
        for (name, address) in all(&company).await {
            browser.goes_to(&address).await;
            let complaints = browser.complaints().await.into_iter().filter(|told| name != "not-found" || !told.contains("404"));
            found.extend(complaints.map(|told| format!("{name} {size:?}: {told}")));
            found.extend(barriers(&browser).await.into_iter().map(|told| format!("{name} {size:?}: {told}")));
            let wider = browser.script("return document.documentElement.scrollWidth - innerWidth").await;
            if wider.as_i64().unwrap_or(0) > 0 {
                found.push(format!("{name} {size:?}: {wider} wider than the window"));
            }
        }
        browser.closes().await;
    }
    assert!(found.is_empty(), "{}", found.join("\n"));
}

/// Everything that a first visit loads, in bytes on the wire.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_first_page_is_small() {
    let company = Nordlicht::opens().await;
    let browser = company.at_a_browser("Jonas").await;
    browser.devtools("Network.clearBrowserCache", json!({})).await;
    for (name, address) in all(&company).await {
        browser.devtools("Network.clearBrowserCache", json!({})).await;
        browser.goes_to(&address).await;
        let sizes = "const own = performance.getEntriesByType('navigation').concat(performance.getEntriesByType('resource'));
                     return own.reduce((sum, entry) => sum + entry.transferSize, 0)";
        let bytes = browser.script(sizes).await.as_f64().expect("a size");
        println!("{name}: {bytes} bytes");
        assert!(bytes < 60_000.0, "{name}: {bytes} bytes");
    }
    browser.closes().await;
}
