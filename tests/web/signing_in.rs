//! Signing in with a token, out again, and between organizations.

use serde_json::json;

use super::browser::Setup;
use super::nordlicht::browser_at;
use crate::harness::TestApp;
use crate::on_both;

on_both!(one_signs_in_and_out_without_scripts, async |app: TestApp| {
    let browser = browser_at(&app, Setup { scripts: false, ..Setup::default() }).await;
    browser.goes_to("/?said=switched").await;
    assert_eq!(browser.is_at().await, "/sign-in");
    browser.types("#token", "tz_nobody_knows").await;
    browser.clicks("form[action='/sign-in'] button").await;
    browser.sees("not known here").await;
    browser.types("#token", &app.owner.token).await;
    browser.clicks("form[action='/sign-in'] button").await;
    browser.sees("Olivia Owner").await;
    assert_eq!(browser.is_at().await, "/");
    browser.clicks("form[action='/sign-out'] button").await;
    browser.sees("You are signed out").await;
    browser.goes_to("/").await;
    assert_eq!(browser.is_at().await, "/sign-in");
    browser.closes().await;
});

on_both!(a_revoked_token_ends_the_session_at_once, async |app: TestApp| {
    let ann = app.human("Ann", "member").await;
    let browser = browser_at(&app, Setup::default()).await;
    browser.signs_in(&ann.token).await;
    let token = ann.get("/me").await.expect(200).text("/token/id");
    app.owner.delete(&format!("/tokens/{token}")).await.expect(204);
    browser.goes_to("/").await;
    browser.sees("Your session has ended").await;
    browser.closes().await;
});

on_both!(one_browser_looks_at_several_organizations, async |app: TestApp| {
    let other = app.other_organization("Globex").await;
    let browser = browser_at(&app, Setup::default()).await;
    browser.signs_in(&app.owner.token).await;
    browser.clicks(".organization summary").await;
    browser.presses("Sign in to another organization").await;
    browser.types("#token", &other.token).await;
    browser.clicks("form[action='/sign-in'] button.first").await;
    browser.sees("Globex").await;
    browser.clicks(".organization summary").await;
    browser.presses("Acme").await;
    browser.sees("another organization now").await;
    assert_eq!(browser.reads(".organization summary .name").await, "Acme");

    // A form that was opened for one organization is not carried out in another that was switched to meanwhile.
    let there = other.get("/me").await.expect(200).text("/organization_id");
    let before = other.get("/zones").await.expect(200).items().len();
    browser.goes_to("/zones/new").await;
    browser.types("#f-name", "Meant for Acme").await;
    let switch =
        format!("await fetch('/organization', {{method: 'POST', body: new URLSearchParams({{organization_id: '{there}'}})}})");
    browser.promise(&switch).await;
    browser.presses("Create zone").await;
    browser.sees("opened for another organization").await;
    assert_eq!(other.get("/zones").await.expect(200).items().len(), before);
    browser.closes().await;
});

on_both!(a_form_from_elsewhere_changes_nothing, async |app: TestApp| {
    let http = reqwest::Client::builder().redirect(reqwest::redirect::Policy::none()).build().expect("a client");
    let base = format!("http://{}", app.address);
    let form = format!("token={}", app.owner.token);
    let post = |origin: &'static str, site: &'static str| {
        let request = http.post(format!("{base}/sign-in")).body(form.clone());
        request.header("origin", origin).header("sec-fetch-site", site).send()
    };
    let refused = post("https://evil.example", "cross-site").await.expect("an answer");
    assert_eq!(refused.status(), 403);
    assert!(refused.headers().get("set-cookie").is_none());
    assert!(refused.text().await.expect("a page").contains("another site"));

    let origin: &'static str = base.clone().leak();
    let accepted = post(origin, "same-origin").await.expect("an answer");
    assert_eq!(accepted.status(), 303);
    let cookie = accepted.headers()["set-cookie"].to_str().expect("a cookie").to_owned();
    assert!(cookie.contains("HttpOnly; SameSite=Strict"), "{cookie}");
    let session = cookie.split(';').next().expect("a pair").to_owned();
    let page = http.get(&base).header("cookie", &session).send().await.expect("a page");
    let policy = page.headers()["content-security-policy"].to_str().expect("a policy").to_owned();
    assert!(policy.starts_with("default-src 'none'") && !policy.contains("unsafe"), "{policy}");
    assert_eq!(page.status(), 200);
});

on_both!(a_session_may_no_more_than_its_token, async |app: TestApp| {
    let narrow =
        app.owner.post("/tokens", json!({"name": "narrow", "actions": ["task.create"]})).await.expect(201).text("/token");
    let browser = browser_at(&app, Setup::default()).await;
    browser.signs_in(&narrow).await;
    browser.sees("You may not see or do this here").await;
    browser.closes().await;
});

on_both!(one_changes_between_organizations_without_scripts, async |app: TestApp| {
    let other = app.other_organization("Globex").await;
    let browser = browser_at(&app, Setup { scripts: false, ..Setup::default() }).await;
    browser.signs_in(&app.owner.token).await;
    browser.clicks(".organization summary").await;
    browser.presses("Sign in to another organization").await;
    browser.types("#token", &other.token).await;
    browser.clicks("form[action='/sign-in'] button.first").await;
    browser.sees("Globex").await;
    browser.clicks(".organization summary").await;
    browser.presses("Acme").await;
    browser.sees("another organization now").await;
    browser.clicks("form[action='/sign-out'] button").await;
    browser.sees("You are signed out").await;
    browser.closes().await;
});

on_both!(whoever_is_invited_joins_without_scripts_and_is_signed_in, async |app: TestApp| {
    let invite = app.owner.post("/invites", json!({"role": "member"})).await.expect(201);
    let browser = browser_at(&app, Setup { scripts: false, ..Setup::default() }).await;
    browser.goes_to("/sign-in").await;
    browser.clicks("a[href='/join']").await;
    browser.types("#f-code", "tzi_wrong").await;
    browser.types("#f-display_name", "Inga Invited").await;
    browser.clicks("form[action='/join'] button").await;
    browser.sees("No invitation has this code").await;
    browser.types("#f-code", &invite.text("/code")).await;
    browser.clicks("form[action='/join'] button").await;
    browser.sees("You have joined").await;
    let token = browser.reads("#secret").await;
    browser.clicks("form[action='/sign-in'] button.first").await;
    browser.sees("Inga Invited").await;
    let me = app.person("", &token).get("/me").await.expect(200);
    assert_eq!((me.text("/display_name"), me.text("/role")), ("Inga Invited".to_owned(), "member".to_owned()));
    browser.closes().await;
});
