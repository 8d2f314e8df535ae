//! Zones: what they say and what holds, changing that with a look at what would come of it, roles, and how it was.

use super::browser::Setup;
use super::nordlicht::Nordlicht;

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn own_and_effective_values_stand_side_by_side_with_whoever_binds() {
    let company = Nordlicht::opens().await;
    let browser = company.at_a_browser_set_up("Jonas", Setup { scripts: false, ..Setup::default() }).await;
    browser.goes_to("/zones").await;
    let tree = browser.reads("#tree").await;
    assert!(tree.contains("Site Reliability") && tree.contains("open"), "{tree}");
    browser.presses("Site Reliability").await;
    let resources = browser.reads("section:has(#h-resource_scope)").await;
    assert!(resources.contains("60,000") && resources.contains("this zone"), "{resources}");
    assert!(resources.contains("argo") && resources.contains("Platform"), "tools are bound by the platform: {resources}");
    let incentives = browser.reads("section:has(#h-incentive_model)").await;
    assert!(incentives.contains("has sealed it") && !incentives.contains("Change"), "{incentives}");
    browser.closes().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_change_shows_what_it_would_do_before_it_is_saved_without_scripts() {
    let company = Nordlicht::opens().await;
    let browser = company.at_a_browser_set_up("Greta", Setup { scripts: false, ..Setup::default() }).await;
    let platform = company.zone("platform").await;

    browser.goes_to(&format!("/zones/{platform}/edit/resource_scope")).await;
    browser.types("#f-budget_limit", "3000000").await;
    browser.clicks("button[value=save]").await;
    browser.sees("It would be refused").await;
    let preview = browser.reads("#preview").await;
    assert!(
        preview.contains("Budget limit") && preview.contains("Nordlicht Energie") && preview.contains("2,000,000"),
        "{preview}"
    );
    assert!(browser.has(".field.wrong #f-budget_limit").await, "the fault stands at its field");
    assert_eq!(browser.holds("#f-budget_limit").await, "3000000", "what was typed is kept");

    browser.types("#f-budget_limit", "50000").await;
    browser.clicks(".compose-side button[value=preview]").await;
    let preview = browser.reads("#preview").await;
    assert!(preview.contains("400,000") && preview.contains("50,000"), "before and after: {preview}");
    assert!(preview.contains("Site Reliability"), "the zone below is bound: {preview}");
    browser.clicks("button[value=save]").await;
    browser.sees("it holds from now on").await;
    let zone = company.owner.get(&format!("/zones/{platform}")).await.expect(200);
    assert_eq!(zone.text("/resource_scope/budget_limit"), "50000");
    assert_eq!(zone.at("/resource_scope/limits/replicas"), 80, "what was not touched stays");
    browser.closes().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_preview_says_who_gains_or_loses_what_while_one_types() {
    let company = Nordlicht::opens().await;
    let browser = company.at_a_browser("Greta").await;
    let platform = company.zone("platform").await;
    browser.goes_to(&format!("/zones/{platform}/edit/constraints")).await;
    browser.types("#f-blocked_actions", "infra.destroy\ndeploy.production").await;
    browser.sees("no longer").await;
    let shifts = browser.reads(".shifts").await;
    assert!(shifts.contains("deploy.production") && shifts.contains("Ferry"), "{shifts}");
    let zone = company.owner.get(&format!("/zones/{platform}")).await.expect(200);
    assert_eq!(zone.at("/constraints/blocked_actions").as_array().map(Vec::len), Some(1), "looking changes nothing");
    browser.closes().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_decision_model_is_chosen_with_its_fields_or_proposed() {
    let company = Nordlicht::opens().await;
    let browser = company.at_a_browser("Greta").await;
    let (platform, care) = (company.zone("platform").await, company.zone("customer-care").await);

    browser.goes_to(&format!("/zones/{platform}/edit/decision_model")).await;
    browser.clicks("input[name=model_type][value=consensus]").await;
    browser.chooses("#f-fallback_model", "majority").await;
    browser.types("#f-quorum", "0.6").await;
    browser.clicks("button[value=save]").await;
    browser.sees("it holds from now on").await;
    let zone = company.owner.get(&format!("/zones/{platform}")).await.expect(200);
    assert_eq!(zone.text("/decision_model/model_type"), "consensus");
    assert_eq!(zone.text("/decision_model/fallback_model"), "majority");
    assert_eq!(zone.at("/decision_model/quorum"), 0.6);

    let amira = company.at_a_browser_set_up("Amira", Setup { scripts: false, ..Setup::default() }).await;
    amira.goes_to(&format!("/zones/{care}/edit/decision_model")).await;
    assert!(!amira.has("button[value=save]").await, "a gardener does not govern");
    amira.clicks("input[name=model_type][value=unilateral]").await;
    amira.clicks("button[value=propose]").await;
    amira.sees("its reviewers have been asked").await;
    amira.sees("Decision model of Customer Care").await;
    browser.closes().await;
    amira.closes().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_zone_is_made_staffed_moved_and_stopped_and_its_past_stays_visible() {
    let company = Nordlicht::opens().await;
    let browser = company.at_a_browser_set_up("Greta", Setup { scripts: false, ..Setup::default() }).await;
    let platform = company.zone("platform").await;
    browser.goes_to(&format!("/zones/new?parent_zone_id={platform}")).await;
    browser.presses("Create zone").await;
    browser.sees("Nothing has been changed").await;
    assert!(browser.has(".field.wrong #f-name").await, "a zone has a name");
    browser.types("#f-name", "Metering").await;
    browser.presses("Create zone").await;
    browser.sees("Zone created").await;
    let metering = company.zone("metering").await;

    browser.presses("Roles").await;
    browser.chooses("#f-member_id", &company.id_of("Priya")).await;
    browser.chooses("#f-role", "executor").await;
    browser.presses("Give the role").await;
    browser.sees("The role is given").await;

    browser.goes_to(&format!("/zones/{metering}/edit/place")).await;
    browser.chooses("#f-parent_zone_id", &company.zone("nordlicht-energie").await).await;
    browser.clicks("button[value=save]").await;
    browser.sees("it holds from now on").await;
    browser.goes_to(&format!("/zones/{metering}/edit/status")).await;
    browser.clicks("input[name=status][value=active]").await;
    browser.clicks("button[value=save]").await;
    browser.sees("it holds from now on").await;
    browser.goes_to(&format!("/zones/{metering}/edit/about")).await;
    browser.types("#f-name", "Meters").await;
    browser.clicks("button[value=save]").await;
    browser.sees("it holds from now on").await;
    let moved = company.owner.get(&format!("/zones/{metering}")).await.expect(200);
    assert_eq!(moved.text("/status"), "active");
    assert_eq!(moved.text("/name"), "Meters");

    browser.goes_to(&format!("/zones/{metering}/roles")).await;
    let taking = format!("form[action^='/zones/{metering}/roles/'][action$='/take']");
    browser.clicks(&format!("{taking} summary")).await;
    browser.clicks(&format!("{taking} button")).await;
    browser.sees("The role is taken away").await;
    for status in ["suspended", "active", "archived"] {
        browser.goes_to(&format!("/zones/{metering}/edit/status")).await;
        browser.clicks(&format!("input[name=status][value={status}]")).await;
        browser.clicks("button[value=save]").await;
        browser.sees("it holds from now on").await;
        let zone = company.owner.get(&format!("/zones/{metering}")).await.expect(200);
        assert_eq!(zone.text("/status"), status);
    }

    browser.goes_to(&format!("/zones/{metering}")).await;
    browser.presses("History").await;
    let history = browser.reads("#history").await;
    assert!(history.contains("made") && history.contains("moved"), "{history}");

    browser.clicks(".told li:last-child a[href*=as_of]").await;
    browser.sees("You see the zone as it was").await;
    assert_eq!(browser.reads("#zone-head h1").await, "Metering");
    browser.closes().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_change_of_what_has_changed_meanwhile_is_not_saved_unseen() {
    let company = Nordlicht::opens().await;
    let browser = company.at_a_browser_set_up("Greta", Setup { scripts: false, ..Setup::default() }).await;
    let platform = company.zone("platform").await;
    browser.goes_to(&format!("/zones/{platform}/edit/resource_scope")).await;
    let meanwhile = serde_json::json!({"resource_scope": {"budget_limit": "390000"}});
    company.owner.patch(&format!("/zones/{platform}"), meanwhile).await.expect(200);
    browser.types("#f-limits", "replicas: 60").await;
    browser.clicks("button[value=save]").await;
    browser.sees("Somebody has changed the zone since you began").await;
    assert_eq!(browser.holds("#f-limits").await, "replicas: 60", "what was typed is kept");
    let preview = browser.reads("#preview").await;
    assert!(preview.contains("390,000") && preview.contains("400,000"), "what would be undone is shown: {preview}");
    let zone = company.owner.get(&format!("/zones/{platform}")).await.expect(200);
    assert_eq!(zone.text("/resource_scope/budget_limit"), "390000");
    assert_eq!(zone.at("/resource_scope/limits/replicas"), 80);
    browser.closes().await;
}
