//! Who comes in: the first owner, the local token, invitations, auditors, and those who guess (SPEC A2–A5, A8).

use reqwest::Method;
use serde_json::{Value, json};

use crate::harness::{Kind, Store, TestApp};
use crate::on_both;

const LOCAL_TOKEN: &str = "0f1e2d3c4b5a69788796a5b4c3d2e1f00f1e2d3c4b5a69788796a5b4c3d2e1f0";

on_both!(the_first_start_founds_an_organization_and_no_later_one_does, async |app: TestApp| {
    assert!(app.owner.token.starts_with("tz_"));
    assert!(app.service.bootstrap("Another", "Someone").await.expect("an answer").is_none());
    let (second, address) = app.second_process().await;
    assert!(second.bootstrap("Another", "Someone").await.expect("an answer").is_none());
    let there = app.owner.speaking_to(address).get("/organizations").await.expect(200);
    assert_eq!(there.items().len(), 1);
    let founded = app.owner.get("/audit?type=organization.founded").await.expect(200);
    assert_eq!(founded.items().len(), 1);
});

on_both!(a_token_revoked_in_another_process_founds_nothing, async |app: TestApp| {
    let (second, address) = app.second_process().await;
    for round in 0..10 {
        let issued = app.owner.post("/tokens", json!({"name": "short-lived"})).await.expect(201);
        let elsewhere = app.owner.with_token(&issued.text("/token")).speaking_to(address);
        elsewhere.get("/me").await.expect(200);
        app.owner.delete(&format!("/tokens/{}", issued.id())).await.expect(204);
        let founded = elsewhere.post("/organizations", json!({"name": format!("Late {round}")})).await;
        assert_eq!(founded.status, 401, "round {round}: {}", founded.body);
    }
    app.owner.post("/organizations", json!({"name": "In time"})).await.expect(201);
    second.end().await;
});

on_both!(the_last_owner_stays, async |app: TestApp| {
    let path = format!("/members/{}", app.owner.id);
    app.owner.delete(&path).await.expect_problem(409, "last_owner");
    app.owner.patch(&path, json!({"role": "admin"})).await.expect_problem(409, "last_owner");
    let second = app.human("Second", "owner").await;
    app.owner.patch(&path, json!({"role": "admin"})).await.expect(200);
    app.owner.delete(&format!("/members/{}", second.id)).await.expect_problem(403, "role_above_own");
    second.delete(&format!("/members/{}", second.id)).await.expect_problem(409, "last_owner");
    second.delete(&path).await.expect(204);
});

on_both!(nobody_grants_a_role_above_their_own, async |app: TestApp| {
    let (admin, member) = (app.human("Ada", "admin").await, app.human("Mia", "member").await);
    let new = |role: &str| json!({"kind": "human", "display_name": "New", "role": role});
    admin.post("/members", new("owner")).await.expect_problem(403, "role_above_own");
    admin.post("/members", new("admin")).await.expect(201);
    admin.post("/invites", json!({"role": "owner"})).await.expect_problem(403, "role_above_own");
    admin.patch(&format!("/members/{}", member.id), json!({"role": "owner"})).await.expect_problem(403, "role_above_own");
    admin.patch(&format!("/members/{}", admin.id), json!({"role": "owner"})).await.expect_problem(403, "role_above_own");
    for change in [json!({"role": "member"}), json!({"display_name": "Somebody"}), json!({"email": "some@where.example"})] {
        admin.patch(&format!("/members/{}", app.owner.id), change).await.expect_problem(403, "role_above_own");
    }
    admin.patch(&format!("/members/{}", member.id), json!({"display_name": "Maria"})).await.expect(200);
    member.post("/members", new("member")).await.expect_problem(403, "forbidden");
    let agent = json!({"kind": "agent", "display_name": "Bot", "role": "owner"});
    app.owner.post("/members", agent).await.expect_problem(422, "owner_not_human");
});

on_both!(an_invitation_is_taken_up_once_and_in_time, async |app: TestApp| {
    let invited = app.owner.post("/invites", json!({"role": "admin"})).await.expect(201);
    let code = invited.text("/code");
    let accept = |code: &str| json!({"code": code, "display_name": "Ida", "email": "ida@example.org"});
    let joined = app.stranger().post("/invites/accept", accept(&code)).await.expect(201);
    let ida = app.person(&joined.id(), &joined.text("/token"));
    let me = ida.get("/me").await.expect(200);
    assert_eq!((me.text("/role").as_str(), me.text("/display_name").as_str()), ("admin", "Ida"));
    app.stranger().post("/invites/accept", accept(&code)).await.expect_problem(409, "invite_used");
    app.stranger().post("/invites/accept", accept("tzi_wrong")).await.expect_problem(404, "not_found");

    let brief = json!({"role": "member", "expires_at": "2026-01-05T11:00:00Z"});
    let brief = app.owner.post("/invites", brief).await.expect(201).text("/code");
    let usual = app.owner.post("/invites", json!({"role": "member"})).await.expect(201);
    assert_eq!(usual.text("/expires_at"), "2026-01-12T10:00:00Z");
    app.clock.advance(chrono::Duration::hours(1));
    app.stranger().post("/invites/accept", accept(&brief)).await.expect_problem(409, "invite_expired");
    app.stranger().post("/invites/accept", accept(&usual.text("/code"))).await.expect(201);

    let listed = app.owner.get("/invites").await.expect(200);
    assert!(listed.items().iter().any(|invite| invite["accepted_by"] == joined.id()));
    assert!(!String::from_utf8_lossy(&listed.raw).contains(&code), "codes are shown once");
    let log = app.owner.get("/audit?limit=200").await.expect(200);
    let said = String::from_utf8_lossy(&log.raw);
    assert!(!said.contains("ida@example.org") && !said.contains("Ida"), "names and addresses are outside the log");
});

on_both!(an_invitation_holds_only_while_its_inviter_could_make_it, async |app: TestApp| {
    let accept = |code: String| json!({"code": code, "display_name": "Ida"});
    let invite = |role: &str| json!({"role": role});
    let [gone, demoted] = [app.human("Gil", "admin").await, app.human("Dan", "admin").await];
    let of_gone = gone.post("/invites", invite("admin")).await.expect(201);
    assert_eq!(of_gone.text("/invited_by"), gone.id);
    let of_demoted = demoted.post("/invites", invite("admin")).await.expect(201).text("/code");
    let below_demoted = demoted.post("/invites", invite("member")).await.expect(201).text("/code");
    app.owner.delete(&format!("/members/{}", gone.id)).await.expect(204);
    app.owner.patch(&format!("/members/{}", demoted.id), invite("member")).await.expect(200);
    for code in [of_gone.text("/code"), of_demoted, below_demoted.clone()] {
        app.stranger().post("/invites/accept", accept(code)).await.expect_problem(409, "inviter_may_not_grant");
    }
    app.owner.patch(&format!("/members/{}", demoted.id), invite("admin")).await.expect(200);
    app.stranger().post("/invites/accept", accept(below_demoted)).await.expect(201);

    let far = json!({"role": "member", "expires_at": "2026-04-06T10:00:00Z"});
    let refused = app.owner.post("/invites", far).await.expect_problem(422, "expires_too_late");
    assert_eq!(refused.text("/errors/0/pointer"), "/expires_at");
    app.owner.post("/invites", json!({"role": "member", "expires_at": "2026-04-05T10:00:00Z"})).await.expect(201);
});

on_both!(an_invitation_is_taken_back, async |app: TestApp| {
    let [admin, member] = [app.human("Ada", "admin").await, app.human("Mia", "member").await];
    let invited = app.owner.post("/invites", json!({"role": "owner"})).await.expect(201);
    let path = format!("/invites/{}", invited.id());
    let accept = json!({"code": invited.text("/code"), "display_name": "Ida"});
    app.other_organization("Rivals").await.delete(&path).await.expect_problem(404, "not_found");
    member.delete(&path).await.expect_problem(403, "forbidden");
    admin.delete(&path).await.expect_problem(403, "role_above_own");
    app.owner.send(Method::DELETE, &path, &[("if-match", "\"2\"")], None).await.expect_problem(412, "stale_version");
    app.owner.delete(&path).await.expect(204);
    app.owner.delete(&path).await.expect(204);
    let revoked = app.owner.get("/audit?type=invite.revoked").await.expect(200);
    assert_eq!(revoked.items().len(), 1, "once");
    app.stranger().post("/invites/accept", accept).await.expect_problem(409, "invite_revoked");
    let listed = app.owner.get("/invites").await.expect(200);
    assert_eq!(listed.text("/items/0/revoked_at"), "2026-01-05T10:00:00Z");
    assert_eq!(listed.text("/items/0/invited_by"), app.owner.id);

    let taken = app.owner.post("/invites", json!({"role": "member"})).await.expect(201);
    let accept = json!({"code": taken.text("/code"), "display_name": "Ida"});
    let key = [("idempotency-key", "joining")];
    let joined = app.stranger().post_with("/invites/accept", accept.clone(), &key).await.expect(201);
    let again = app.stranger().post_with("/invites/accept", accept, &key).await.expect(201);
    assert_eq!((again.id(), again.at("/token")), (joined.id(), &Value::Null), "joined once, and the token is shown once");
    app.owner.delete(&format!("/invites/{}", taken.id())).await.expect_problem(409, "invite_used");
});

on_both!(no_token_is_revoked_by_who_could_not_issue_it, async |app: TestApp| {
    let admin = app.human("Ada", "admin").await;
    let of_owner = app.owner.post("/tokens", json!({"name": "spare"})).await.expect(201).id();
    admin.delete(&format!("/tokens/{of_owner}")).await.expect_problem(403, "role_above_own");
    let of_admin = app.owner.post("/tokens", json!({"name": "spare", "member_id": admin.id})).await.expect(201).id();
    let path = format!("/tokens/{of_admin}");
    app.owner.send(Method::DELETE, &path, &[("if-match", "\"2\"")], None).await.expect_problem(412, "stale_version");
    app.owner.send(Method::DELETE, &path, &[("if-match", "\"1\"")], None).await.expect(204);
    let own = admin.post("/tokens", json!({"name": "mine"})).await.expect(201).id();
    admin.delete(&format!("/tokens/{own}")).await.expect(204);
    app.owner.delete(&format!("/tokens/{of_owner}")).await.expect(204);
});

on_both!(a_token_makes_nothing_that_outlives_or_outreaches_it, async |app: TestApp| {
    let brief = json!({"name": "brief", "expires_at": "2026-01-06T00:00:00Z"});
    let brief = app.owner.with_token(&app.owner.post("/tokens", brief).await.expect(201).text("/token"));
    let until = |moment: Value| json!({"name": "next", "expires_at": moment});
    for longer in [Value::Null, json!("2026-01-06T00:00:01Z")] {
        let refused = brief.post("/tokens", until(longer)).await.expect_problem(403, "wider_than_token");
        assert_eq!(refused.text("/errors/0/pointer"), "/expires_at");
    }
    brief.post("/tokens", until(json!("2026-01-06T00:00:00Z"))).await.expect(201);
    let invited = brief.post("/invites", json!({"role": "member"})).await.expect(201);
    assert_eq!(invited.text("/expires_at"), "2026-01-06T00:00:00Z");
    let longer = json!({"role": "member", "expires_at": "2026-01-07T00:00:00Z"});
    brief.post("/invites", longer).await.expect_problem(403, "wider_than_token");

    let narrow = app.owner.post("/tokens", json!({"name": "narrow", "actions": ["member.*"]})).await.expect(201);
    let narrow = app.owner.with_token(&narrow.text("/token"));
    narrow.post("/invites", json!({"role": "member"})).await.expect_problem(403, "wider_than_token");
});

on_both!(an_auditor_reads_everything_and_changes_nothing, async |app: TestApp| {
    let ann = app.human("Ann", "member").await;
    let zone = app.owner.makes_zone(json!({"name": "Zone"})).await;
    app.owner.assigns(&zone, &ann, "approver").await.expect(201);
    let ada = app.human("Ada", "auditor").await;
    app.owner.assigns(&zone, &ada, "gardener").await.expect(201);
    app.owner.assigns(&zone, &ada, "approver").await.expect(201);
    let proposal = app.owner.proposes_work(&zone).await;
    let token = app.owner.post("/tokens", json!({"name": "another"})).await.expect(201).id();
    for path in [
        "/organizations",
        "/organizations/current",
        "/members",
        "/tokens",
        "/invites",
        "/zones",
        "/zones/tree",
        "/proposals",
        "/proposals/pending-reviews",
        "/grants",
        "/audit",
        "/events",
        "/me",
    ] {
        ada.get(path).await.expect(200);
    }
    let all_tokens = app.owner.get("/tokens").await.expect(200).items().len();
    assert_eq!(ada.get("/tokens").await.expect(200).items().len(), all_tokens);
    for path in [
        format!("/zones/{zone}"),
        format!("/zones/{zone}/effective-policy"),
        format!("/zones/{zone}/assignments"),
        format!("/proposals/{proposal}"),
        format!("/members/{}", ann.id),
    ] {
        ada.get(&path).await.expect(200);
    }
    let post = |path: String, body: Value| (Method::POST, path, body);
    let writes = [
        post("/organizations".to_owned(), json!({"name": "Another"})),
        (Method::PATCH, "/organizations/current".to_owned(), json!({"name": "Another"})),
        post("/members".to_owned(), json!({"kind": "human", "display_name": "New", "role": "member"})),
        (Method::PATCH, format!("/members/{}", ann.id), json!({"display_name": "Another"})),
        (Method::DELETE, format!("/members/{}", ann.id), json!({})),
        post("/tokens".to_owned(), json!({"name": "hers", "member_id": ann.id})),
        (Method::DELETE, format!("/tokens/{token}"), json!({})),
        post("/invites".to_owned(), json!({"role": "auditor"})),
        post("/zones".to_owned(), json!({"name": "New"})),
        post("/zones".to_owned(), json!({"name": "New", "parent_zone_id": zone})),
        (Method::PATCH, format!("/zones/{zone}"), json!({"name": "Another"})),
        (Method::PATCH, format!("/zones/{zone}"), json!({"decision_model": {"model_type": "consensus"}})),
        post(format!("/zones/{zone}/suspend"), json!({})),
        post(format!("/zones/{zone}/archive"), json!({})),
        post(format!("/zones/{zone}/move"), json!({"parent_zone_id": null})),
        post(format!("/zones/{zone}/assignments"), json!({"member_id": ann.id, "role": "executor"})),
        post(
            "/proposals".to_owned(),
            json!({"zone_id": zone, "type": "task_execution", "title": "Work", "payload": {"action": "work.do"}}),
        ),
        post(format!("/proposals/{proposal}/votes"), json!({"choice": "approve"})),
        post(format!("/proposals/{proposal}/recuse"), json!({})),
        post(format!("/proposals/{proposal}/withdraw"), json!({})),
        post(format!("/proposals/{proposal}/comments"), json!({"text": "Hm"})),
        post(format!("/proposals/{proposal}/retry-execution"), json!({})),
    ];
    for (method, path, body) in writes {
        let reply = ada.send(method, &path, &[], Some(body.to_string().into_bytes())).await;
        assert_eq!(reply.status, 403, "{path} {body}: {}", reply.body);
    }
    let electorate = ada.get(&format!("/proposals/{proposal}")).await.expect(200);
    assert!(!electorate.at("/electorate").to_string().contains(&ada.id), "and is asked nothing");
});

async fn a_local_token_stands_for_the_first_owner(kind: Kind) {
    let app = TestApp::on(Store::create(kind).await, &["--local-auth-token", LOCAL_TOKEN]).await;
    let local = app.owner.with_token(LOCAL_TOKEN);
    assert_eq!(local.get("/me").await.expect(200).id(), app.owner.id);
    let made = local.post("/zones", json!({"name": "Zone"})).await.expect(201);
    let event = app.owner.get("/audit?type=zone.created").await.expect(200);
    assert_eq!(event.text("/items/0/aggregate_id"), app.owner.get("/me").await.expect(200).text("/organization_id"));
    assert_eq!(event.text("/items/0/actor/id"), app.owner.id, "{}", made.id());
    app.owner.with_token(&LOCAL_TOKEN.replace('0', "1")).get("/me").await.expect_problem(401, "unauthenticated");
    app.owner.with_token(&LOCAL_TOKEN[1..]).get("/me").await.expect_problem(401, "unauthenticated");
    app.owner.get("/me").await.expect(200);
}

async fn a_local_token_stands_for_nobody_else(kind: Kind) {
    let app = TestApp::on(Store::create(kind).await, &["--local-auth-token", LOCAL_TOKEN]).await;
    let local = app.owner.with_token(LOCAL_TOKEN);
    let second = app.human("Second", "owner").await;
    second.patch(&format!("/members/{}", app.owner.id), json!({"role": "member"})).await.expect(200);
    local.get("/me").await.expect_problem(401, "unauthenticated");
    second.patch(&format!("/members/{}", app.owner.id), json!({"role": "owner"})).await.expect(200);
    assert_eq!(local.get("/me").await.expect(200).id(), app.owner.id);
    second.delete(&format!("/members/{}", app.owner.id)).await.expect(204);
    local.get("/me").await.expect_problem(401, "unauthenticated");
    local.post("/zones", json!({"name": "Zone"})).await.expect_problem(401, "unauthenticated");
}

async fn guessing_is_slowed_down(kind: Kind) {
    let app = TestApp::on(Store::create(kind).await, &["--sign-ins-per-minute", "3"]).await;
    let guesser = app.owner.with_token("tz_guess_guess");
    for _ in 0..3 {
        guesser.get("/me").await.expect_problem(401, "unauthenticated");
    }
    let slowed = guesser.get("/me").await.expect_problem(429, "too_many_requests");
    let wait: u64 = slowed.header("retry-after").parse().expect("seconds");
    assert!((1..=60).contains(&wait), "{wait}");
    let accept = json!({"code": "tzi_guess", "display_name": "Guesser"});
    app.stranger().post("/invites/accept", accept).await.expect_problem(429, "too_many_requests");
    app.owner.get("/me").await.expect(200);
}

async fn a_credential_has_its_share_of_requests(kind: Kind) {
    let app = TestApp::on(Store::create(kind).await, &["--requests-per-second", "2"]).await;
    let replies = futures::future::join_all((0..30).map(|_| app.owner.get("/me"))).await;
    let slowed = replies.into_iter().find(|reply| reply.status != 200).expect("one of thirty at once is slowed down");
    let slowed = slowed.expect_problem(429, "too_many_requests");
    assert!(slowed.header("retry-after").parse::<u64>().is_ok_and(|wait| wait >= 1));
}

macro_rules! on_both_with_flags {
    ($($name:ident),+ $(,)?) => {$(
        mod $name {
            use super::Kind;

            #[tokio::test(flavor = "multi_thread", worker_threads = 2)]
            async fn on_sqlite() {
                super::$name(Kind::Sqlite).await;
            }

            #[tokio::test(flavor = "multi_thread", worker_threads = 2)]
            async fn on_postgres() {
                super::$name(Kind::Postgres).await;
            }
        }
    )+};
}
on_both_with_flags!(
    a_local_token_stands_for_the_first_owner,
    a_local_token_stands_for_nobody_else,
    guessing_is_slowed_down,
    a_credential_has_its_share_of_requests
);
