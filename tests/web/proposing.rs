//! Composing proposals of all four types, with a look before the leap; finding them again.

use super::browser::Setup;
use super::nordlicht::Nordlicht;

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn one_looks_before_one_proposes_without_scripts() {
    let company = Nordlicht::opens().await;
    let browser = company.at_a_browser_set_up("Tomasz", Setup { scripts: false, ..Setup::default() }).await;
    browser.goes_to("/proposals").await;
    browser.presses("New proposal").await;
    let care = company.zone("customer-care").await;
    browser.chooses("#f-zone_id", &care).await;
    browser.types("#f-title", "Refund a broken meter").await;
    browser.types("#f-action", "refund.single").await;
    browser.types("#f-amount", "a lot").await;
    browser.presses("Propose").await;
    browser.sees("Nothing has been changed").await;
    assert!(browser.has(".field.wrong #f-amount").await, "the fault stands at its field");
    browser.types("#f-amount", "39000").await;
    browser.clicks(".compose-side button[value=preview]").await;
    browser.sees("Who would be asked").await;
    let preview = browser.reads("#preview").await;
    assert!(preview.contains("65 % of 60,000"), "{preview}");
    assert!(preview.contains("Medium risk") && preview.contains("Amira Haddad") && preview.contains("Majority"), "{preview}");
    browser.presses("Propose").await;
    browser.sees("its reviewers have been asked").await;
    browser.sees("Refund a broken meter").await;
    let proposal = company.proposal("Refund a broken meter").await;
    let made = company.owner.get(&format!("/proposals/{proposal}")).await.expect(200);
    assert_eq!(made.text("/payload/amount"), "39000");
    assert_eq!(made.text("/proposer_id"), company.id_of("Tomasz"));
    browser.closes().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn why_is_said_to_the_reviewers_and_changes_nothing_else() {
    let company = Nordlicht::opens().await;
    let browser = company.at_a_browser_set_up("Priya", Setup { scripts: false, ..Setup::default() }).await;
    let platform = company.zone("platform").await;
    browser.goes_to(&format!("/proposals/new?zone_id={platform}")).await;
    browser.types("#f-title", "A little less").await;
    browser.types("#f-description", "Costs fell.").await;
    browser.clicks("button[value='type:zone_change']").await;
    assert_eq!(browser.holds("#f-title").await, "A little less", "another type keeps what was typed");
    assert_eq!(browser.holds("#f-zone_id").await, platform);
    browser.types("#f-budget_limit", "1000").await;
    browser.presses("Propose").await;
    browser.sees("its reviewers have been asked").await;
    let proposal = company.proposal("A little less").await;
    let made = company.owner.get(&format!("/proposals/{proposal}")).await.expect(200);
    assert_eq!(made.text("/description"), "Costs fell.");
    assert_eq!(made.at("/payload/changes"), &serde_json::json!({"resource_scope": {"budget_limit": "1000"}}));
    browser.closes().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn every_type_can_be_composed() {
    let company = Nordlicht::opens().await;
    let browser = company.at_a_browser("Priya").await;
    let platform = company.zone("platform").await;

    browser.goes_to(&format!("/proposals/new?type=resource_allocation&zone_id={platform}")).await;
    browser.types("#f-title", "More disks").await;
    browser.types("#f-amount", "900.50").await;
    browser.presses("Propose").await;
    browser.sees("900.50").await;

    browser.goes_to(&format!("/proposals/new?type=membership_change&zone_id={platform}")).await;
    browser.types("#f-title", "Let Sofia judge releases").await;
    browser.chooses("#f-role", "evaluator").await;
    browser.chooses("#f-member_id", &company.id_of("Sofia")).await;
    browser.presses("Propose").await;
    browser.sees("becomes evaluator").await;

    browser.goes_to(&format!("/proposals/new?type=zone_change&zone_id={platform}")).await;
    browser.types("#f-title", "Spend less").await;
    browser.types("#f-budget_limit", "9000000").await;
    browser.presses("Propose").await;
    browser.sees("Nothing has been changed").await;
    assert!(browser.has(".field.wrong #f-budget_limit").await, "wider than the company allows");
    browser.types("#f-budget_limit", "300000").await;
    browser.types("#f-blocked_actions", "infra.destroy\ninfra.sell").await;
    browser.clicks("input[name=set_blocked]").await;
    browser.presses("Propose").await;
    browser.sees("2 things change").await;
    browser.sees("infra.sell").await;
    browser.closes().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn figures_lead_to_the_lists_behind_them() {
    let company = Nordlicht::opens().await;
    let browser = company.at_a_browser_set_up("Greta", Setup { scripts: false, ..Setup::default() }).await;
    let open = browser.reads("a.figure[href*=pending_review] strong").await;
    browser.clicks("a.figure[href*=pending_review]").await;
    let rows = browser.reads("#list").await;
    assert_eq!(rows.matches("Open").count().to_string(), open, "{rows}");
    browser.chooses("select[name=risk]", "high").await;
    browser.clicks(".filters button").await;
    let at = browser.arrives_at("risk=high").await;
    assert!(at.contains("risk=high") && at.contains("status=pending_review"), "{at}");
    let rows = browser.reads("#list").await;
    assert!(rows.contains("Refund up to 200") && !rows.contains("Subscribe to intraday"), "{rows}");
    browser.goes_to("/").await;
    browser.clicks("#days a").await;
    browser.arrives_at("decided_from=").await;
    browser.sees("Refund the March overcharge").await;

    browser.goes_to("/").await;
    let going_on = browser.reads("a.figure[href^='/escalations'] strong").await;
    let live = ["pending", "accepted"].map(|status| format!("/escalations?limit=200&status={status}"));
    let mut known = 0;
    for path in live {
        known += company.owner.get(&path).await.expect(200).items().len();
    }
    assert_eq!(going_on, known.to_string());
    let care = company.zone("customer-care").await;
    let budget = company.owner.get(&format!("/zones/{care}/budget")).await.expect(200);
    assert_eq!((budget.at("/reserved"), budget.at("/spent")), (&serde_json::json!("0"), &serde_json::json!("18485")));
    let used = browser.reads(&format!("#budgets a[href='/zones/{care}']")).await;
    assert!(used.contains("18,485") && used.contains("60,000"), "{used}");
    browser.clicks(&format!("#budgets a[href='/zones/{care}']")).await;
    let limits = browser.reads("#limits").await;
    assert!(limits.contains("41,515 left") && limits.contains("of Nordlicht Energie"), "{limits}");
    browser.goes_to("/zones").await;
    assert!(browser.reads("#tree").await.contains("18,485 of 60,000"));
    let ferry = company.id_of("Ferry");
    browser.goes_to(&format!("/members/{ferry}")).await;
    let reputation = browser.reads("#reputation").await;
    assert!(reputation.contains("Positive +1.44") && reputation.contains("a judgement"), "{reputation}");
    browser.closes().await;
}
