//! For everyone: by keys alone, with motion reduced, on a small screen, with words that help where something is wrong.

use serde_json::json;

use super::browser::Setup;
use super::nordlicht::Nordlicht;

/// The keys that `WebDriver` calls Tab and Enter.
const TAB: &str = "\u{E004}";
const ENTER: &str = "\u{E007}";

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn one_gets_about_by_keys_and_sees_where_one_is() {
    let company = Nordlicht::opens().await;
    let browser = company.at_a_browser("Greta").await;
    browser.goes_to("/proposals").await;
    browser.strikes(TAB).await;
    assert_eq!(browser.script("return document.activeElement.className").await, "skip");
    browser.strikes(ENTER).await;
    assert_eq!(browser.script("return document.activeElement.id").await, "main");
    // From one control to the next, each with an outline of its own, none a trap.
    for _ in 0..25 {
        browser.strikes(TAB).await;
        let told = browser
            .script(
                "const now = document.activeElement; const style = getComputedStyle(now);
                 const label = now.closest('label'); const beside = label && getComputedStyle(label);
                 return [now.tagName, style.outlineStyle, style.outlineWidth, beside ? beside.outlineStyle : ''];",
            )
            .await;
        assert!(told[1] != "none" || told[3] != "none", "{told}");
    }
    browser.strikes("gz").await;
    browser.arrives_at("/zones").await;
    browser.strikes("go").await;
    browser.sees("Decisions per day").await;
    browser.closes().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn nothing_moves_for_those_who_want_no_motion() {
    let company = Nordlicht::opens().await;
    let browser = company.at_a_browser("Greta").await;
    let moving = "return [...document.querySelectorAll('*')].some(one => {
        const style = getComputedStyle(one);
        return style.animationName !== 'none' || style.transitionDuration.split(',').some(time => parseFloat(time) > 0);
    })";
    assert_eq!(browser.script(moving).await, true, "a little, otherwise");
    let reduced = json!({"features": [{"name": "prefers-reduced-motion", "value": "reduce"}]});
    browser.devtools("Emulation.setEmulatedMedia", reduced).await;
    assert_eq!(browser.script(moving).await, false);
    browser.closes().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn moments_and_ids_are_short_and_whole_when_one_asks() {
    let company = Nordlicht::opens().await;
    let browser = company.at_a_browser("Greta").await;
    let proposal = company.proposal("Refund up to 200").await;
    browser.goes_to(&format!("/proposals/{proposal}")).await;
    let moment = browser.script("const time = document.querySelector('time'); return [time.textContent, time.title]").await;
    assert!(moment[0].as_str().is_some_and(|text| text.contains("ago")), "{moment}");
    assert!(moment[1].as_str().is_some_and(|text| text.contains("2026") && text.contains("UTC")), "{moment}");
    let copied = browser.script("return document.querySelector('.proposal-head .copy').dataset.copy").await;
    assert_eq!(copied, proposal.as_str(), "the whole id is copied");
    assert!(!browser.text().await.contains(&proposal), "and not shown");
    browser.closes().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn where_there_is_nothing_to_see_a_page_says_what_to_do() {
    let company = Nordlicht::opens().await;
    let small = Setup { scripts: false, size: (360, 740), ..Setup::default() };
    let browser = company.at_a_browser_set_up("Tomasz", small).await;
    for (path, words, way) in [
        ("/nowhere", "404", "a[href='/']"),
        ("/audit", "You may not see or do this here", "a[href='/']"),
        ("/proposals/not-an-id", "404", "a[href='/']"),
        ("/proposals?status=expired&risk=critical", "No proposals like this", "a[href='/proposals']"),
    ] {
        browser.goes_to(path).await;
        browser.sees(words).await;
        assert!(browser.has(&format!("main {way}")).await, "{path} leads on");
        let wide = browser.script("return document.documentElement.scrollWidth > document.documentElement.clientWidth").await;
        assert_eq!(wide, false, "{path} fits a small screen");
    }
    browser.closes().await;
}
