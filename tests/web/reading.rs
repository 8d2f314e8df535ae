//! Pages read without a browser, on both databases: every list with every filter, and who may see nothing.

use reqwest::redirect;
use serde_json::json;

use crate::harness::{Person, TestApp};
use crate::on_both;

/// Someone whose browser is signed in, without the browser.
struct Reader {
    http: reqwest::Client,
    base: String,
    cookie: String,
}

impl Reader {
    async fn of(app: &TestApp, person: &Person) -> Self {
        let http = reqwest::Client::builder().redirect(redirect::Policy::none()).build().expect("a client");
        let base = format!("http://{}", app.address);
        let form = http.post(format!("{base}/sign-in")).header("origin", &base).body(format!("token={}", person.token));
        let answer = form.send().await.expect("an answer");
        let cookie = answer.headers()["set-cookie"].to_str().expect("a cookie").split(';').next().expect("a pair").to_owned();
        Self { http, base, cookie }
    }

    async fn reads(&self, path: &str) -> (u16, String) {
        let answer = self.http.get(format!("{}{path}", self.base)).header("cookie", &self.cookie).send().await.expect("a page");
        (answer.status().as_u16(), answer.text().await.expect("text"))
    }
}

on_both!(every_list_takes_every_filter, async |app: TestApp| {
    let ann = app.human("Ann", "member").await;
    let zone = app.owner.makes_zone(json!({"name": "Work"})).await;
    app.owner.assigns(&zone, &ann, "approver").await.expect(201);
    let proposal = app.owner.proposes_work(&zone).await;
    app.settled().await;
    let reader = Reader::of(&app, &ann).await;

    let all = format!(
        "status=pending_review&zone_id={zone}&type=task_execution&risk=low&proposer_id={}&reviewer_id={}&opened_from=2026-01-01&opened_to=2027-01-01T00:00:00Z",
        app.owner.id, ann.id
    );
    for query in [all.as_str(), "", "status=pending_review", "risk=low", "opened_from=2026-01-05"] {
        let (status, page) = reader.reads(&format!("/proposals?{query}")).await;
        assert!(status == 200 && page.contains("Some work"), "{query}: {status}");
    }
    for query in
        ["status=approved", "risk=high", "type=zone_change", "decided_from=2026-01-01", "opened_to=2026-01-01", "before=1"]
    {
        let (status, page) = reader.reads(&format!("/proposals?{query}")).await;
        assert!(status == 200 && !page.contains("Some work"), "{query}: {status}");
    }
    for odd in ["status=nonsense", "zone_id=x", "before=-1", "opened_from=never", "risk=%00", "reviewer_id=nobody"] {
        let (status, page) = reader.reads(&format!("/proposals?{odd}")).await;
        assert!(status == 400 && page.contains("cannot be narrowed like that"), "{odd}: {status}");
        assert!(!page.contains("Some work"), "{odd} shows more than was asked for");
    }
    let owner = Reader::of(&app, &app.owner).await;
    for odd in ["actor_id=bogus", "zone_id=bogus", "from=yesterday", "correlation_id=1", "to=a%00b"] {
        for page in ["/audit", "/audit/download"] {
            let (status, text) = owner.reads(&format!("{page}?{odd}")).await;
            assert!(status == 400 && !text.contains("zone.created"), "{page}?{odd}: {status}");
        }
    }
    for odd in ["/audit?type=%00", "/audit?entity=%00&order=asc", "/audit/download?type=a%00b"] {
        let (status, text) = owner.reads(odd).await;
        assert!(status == 200 && !text.contains("/audit/1\""), "{odd} finds nothing: {status}");
    }

    let (status, inbox) = reader.reads("/inbox").await;
    assert!(status == 200 && inbox.contains("Some work"));
    let (status, overview) = reader.reads("/").await;
    assert!(status == 200 && overview.contains("Open by risk"));
    for (list, name) in [("escalations", "pending"), ("evaluations", "in_review")] {
        for query in ["", &format!("?status={name}"), &format!("?zone_id={zone}&status={name}&before=9")] {
            assert_eq!(reader.reads(&format!("/{list}{query}")).await.0, 200, "{list}{query}");
        }
        assert_eq!(reader.reads(&format!("/{list}?status=none")).await.0, 400, "{list}");
    }

    ann.votes(&proposal, "approve").await.expect(200);
    app.settled().await;
    let (_, page) = reader.reads("/proposals?decided_from=2026-01-01&status=approved").await;
    assert!(page.contains("Some work"));
    let (_, inbox) = reader.reads("/inbox").await;
    assert!(inbox.contains("Nothing waits for you"));
});

on_both!(a_new_organization_is_shown_where_to_begin, async |app: TestApp| {
    let owner = Reader::of(&app, &app.owner).await;
    for (page, words) in [
        ("/", "Set up your organization"),
        ("/proposals", "No proposals yet"),
        ("/proposals/new", "There are no zones yet"),
        ("/check", "There are no zones yet"),
    ] {
        let (status, text) = owner.reads(page).await;
        assert!(status == 200 && text.contains(words), "{page}: {status}");
    }
    let auditor = app.human("Aud", "auditor").await;
    let auditor = Reader::of(&app, &auditor).await;
    assert!(!auditor.reads("/").await.1.contains("Set up your organization"), "who makes no zones is not told to");
    for form in ["/proposals/new", "/escalations/new"] {
        assert_eq!(auditor.reads(form).await.0, 403, "{form}");
    }
    app.owner.makes_zone(json!({"name": "Work"})).await;
    app.settled().await;
    assert!(!owner.reads("/").await.1.contains("Set up your organization"));
});

on_both!(what_a_zone_hides_is_on_no_page, async |app: TestApp| {
    let ann = app.human("Ann", "member").await;
    let shut = app.owner.makes_zone(json!({"name": "Behind the curtain"})).await;
    let below = app.owner.makes_zone(json!({"name": "Deeper still", "parent_zone_id": shut})).await;
    app.owner.assigns(&shut, &ann, "approver").await.expect(201);
    for zone in [&shut, &below] {
        app.owner.proposes_work(zone).await;
    }
    app.settled().await;
    let reader = Reader::of(&app, &ann).await;
    let pages = ["/zones", "/proposals", "/proposals/new", "/inbox"];
    for page in pages {
        let (_, text) = reader.reads(page).await;
        assert!(text.contains("Behind the curtain") && text.contains("Deeper still"), "{page}");
    }
    let blocks = json!({"constraints": {"blocked_actions": ["zone.read"]}});
    app.owner.patch(&format!("/zones/{shut}"), blocks).await.expect(200);
    for page in pages {
        let (status, text) = reader.reads(page).await;
        assert_eq!(status, 200, "{page}");
        assert!(!text.contains("Behind the curtain") && !text.contains("Deeper still"), "{page}");
        assert!(!text.contains("Some work"), "{page}");
    }
});

on_both!(the_inbox_tells_what_changed_until_it_is_read, async |app: TestApp| {
    let ann = app.human("Ann", "member").await;
    let zone = app.owner.makes_zone(json!({"name": "Work"})).await;
    app.owner.assigns(&zone, &ann, "approver").await.expect(201);
    let proposal = app.owner.proposes_work(&zone).await;
    ann.votes(&proposal, "approve").await.expect(200);
    app.settled().await;
    let reader = Reader::of(&app, &app.owner).await;
    let (_, inbox) = reader.reads("/inbox").await;
    assert!(inbox.contains("Proposal approved: Some work") && inbox.contains("Unread:"), "{inbox}");
    let post =
        reader.http.post(format!("{}/inbox/read", reader.base)).header("origin", &reader.base).header("cookie", &reader.cookie);
    assert_eq!(post.body("up_to=1000").send().await.expect("an answer").status(), 303);
    app.settled().await;
    let (_, inbox) = reader.reads("/inbox").await;
    assert!(inbox.contains("Proposal approved: Some work") && !inbox.contains("Unread:"), "{inbox}");
});

on_both!(nothing_of_another_organization_is_on_a_page, async |app: TestApp| {
    let zone = app.owner.makes_zone(json!({"name": "Work"})).await;
    let ann = app.human("Ann", "member").await;
    app.owner.assigns(&zone, &ann, "approver").await.expect(201);
    let proposal = app.owner.proposes_work(&zone).await;
    app.settled().await;
    let stranger = Reader::of(&app, &app.other_organization("Globex").await).await;
    for path in [format!("/proposals/{proposal}"), format!("/inbox/{proposal}"), "/proposals/nonsense".to_owned()] {
        let (status, page) = stranger.reads(&path).await;
        assert_eq!(status, 404, "{path}");
        assert!(page.contains("There is nothing here") && !page.contains("Some work"), "{path}");
    }
    let (_, page) = stranger.reads("/proposals").await;
    assert!(!page.contains("Some work"));
});

on_both!(pages_and_live_news_are_for_those_who_are_signed_in, async |app: TestApp| {
    let nobody = Reader { cookie: "tz_session=nonsense".to_owned(), ..Reader::of(&app, &app.owner).await };
    for path in ["/", "/inbox", "/proposals", "/proposals/new", "/escalations", "/evaluations", "/live"] {
        let answer =
            nobody.http.get(format!("{}{path}", nobody.base)).header("cookie", &nobody.cookie).send().await.expect("an answer");
        assert_eq!(answer.status(), 303, "{path}");
        let to = answer.headers()["location"].to_str().expect("a place").to_owned();
        assert!(to.starts_with("/sign-in"), "{path} leads to {to}");
    }
});

on_both!(failed_sign_ins_are_limited_per_address, async |app: TestApp| {
    let reader = Reader::of(&app, &app.owner).await;
    let mut refused = 0;
    for _ in 0..70 {
        let form = reader.http.post(format!("{}/sign-in", reader.base)).header("origin", &reader.base).body("token=tz_no_body");
        refused = form.send().await.expect("an answer").status().as_u16();
    }
    assert_eq!(refused, 429);
});
