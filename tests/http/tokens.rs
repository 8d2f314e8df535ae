//! Tokens: they narrow their principal, end when they should, and are worthless at once when revoked (SPEC A4).

use serde_json::{Value, json};

use crate::harness::TestApp;
use crate::on_both;

on_both!(a_token_is_for_what_it_names_and_no_more, async |app: TestApp| {
    let ann = app.human("Ann", "member").await;
    let zone = app.owner.makes_zone(json!({"name": "Zone"})).await;
    app.owner.assigns(&zone, &ann, "approver").await.expect(201);
    let token = ann.post("/tokens", json!({"name": "reader", "actions": ["zone.read", "proposal.review"]})).await.expect(201);
    let narrow = ann.with_token(&token.text("/token"));
    narrow.get(&format!("/zones/{zone}")).await.expect(200);
    let proposal = app.owner.proposes_work(&zone).await;
    narrow.votes(&proposal, "approve").await.expect_problem(403, "outside_token_scope");
    let body = json!({"zone_id": zone, "type": "task_execution", "title": "Work", "payload": {"action": "work.do"}});
    narrow.post("/proposals", body.clone()).await.expect_problem(403, "outside_token_scope");
    narrow.votes(&proposal, "abstain").await.expect(200);
    let allowed = narrow.post(&format!("/zones/{zone}/check"), json!({"action": "proposal.approve"})).await.expect(200);
    assert_eq!(allowed.text("/decision"), "deny");
    assert_eq!(allowed.text("/reasons/0/code"), "outside_token_scope");
    ann.post("/proposals", body).await.expect(201);
});

on_both!(a_token_never_gives_what_its_principal_has_not, async |app: TestApp| {
    let ann = app.human("Ann", "member").await;
    let token = ann.post("/tokens", json!({"name": "wishful", "actions": ["*"]})).await.expect(201).text("/token");
    ann.with_token(&token).post("/zones", json!({"name": "Zone"})).await.expect_problem(403, "forbidden");
});

on_both!(a_token_makes_none_that_is_for_more_than_itself, async |app: TestApp| {
    let narrow = json!({"name": "narrow", "actions": ["token.*", "zone.read"]});
    let narrow = app.owner.with_token(&app.owner.post("/tokens", narrow).await.expect(201).text("/token"));
    for actions in [Value::Null, json!(["*"]), json!(["zone.*"]), json!(["zone.read", "zone.write"])] {
        let refused = narrow.post("/tokens", json!({"name": "wider", "actions": actions})).await;
        refused.expect_problem(403, "wider_than_token");
    }
    narrow.post("/tokens", json!({"name": "narrower", "actions": ["zone.read"]})).await.expect(201);
});

on_both!(a_token_ends_when_it_says, async |app: TestApp| {
    let ends = json!({"name": "brief", "expires_at": "2026-01-05T10:30:00Z"});
    let brief = app.owner.with_token(&app.owner.post("/tokens", ends.clone()).await.expect(201).text("/token"));
    app.clock.advance(chrono::Duration::minutes(30) - chrono::Duration::microseconds(1));
    brief.get("/me").await.expect(200);
    app.clock.advance(chrono::Duration::microseconds(1));
    brief.get("/me").await.expect_problem(401, "unauthenticated");
    brief.post("/zones", json!({"name": "Zone"})).await.expect_problem(401, "unauthenticated");
    app.owner.post("/tokens", ends).await.expect_problem(422, "expires_in_the_past");
});

on_both!(a_revoked_token_is_worthless_at_once_and_only_that_one, async |app: TestApp| {
    let ann = app.human("Ann", "member").await;
    let made = ann.post("/tokens", json!({"name": "second"})).await.expect(201);
    let second = ann.with_token(&made.text("/token"));
    second.get("/me").await.expect(200);
    ann.delete(&format!("/tokens/{}", made.id())).await.expect(204);
    second.get("/me").await.expect_problem(401, "unauthenticated");
    ann.get("/me").await.expect(200);
    let listed = ann.get("/tokens").await.expect(200);
    let revoked = listed.items().iter().find(|token| token["id"] == made.id()).expect("it is still listed");
    assert!(!revoked["revoked_at"].is_null());
    assert!(!String::from_utf8_lossy(&listed.raw).contains(made.text("/token").rsplit('_').next().expect("a secret")));
});

on_both!(whoever_is_removed_has_no_token_left, async |app: TestApp| {
    let ann = app.human("Ann", "admin").await;
    ann.get("/me").await.expect(200);
    app.owner.delete(&format!("/members/{}", ann.id)).await.expect(204);
    ann.get("/me").await.expect_problem(401, "unauthenticated");
    let found = app.owner.get("/audit?type=access.sign_in_failed").await.expect(200);
    assert_eq!(found.text("/items/0/data/reason"), "member_left", "that it was tried is on record");
});

on_both!(a_right_prefix_with_a_wrong_secret_opens_nothing_and_is_on_record, async |app: TestApp| {
    let (stem, secret) = app.owner.token.rsplit_once('_').expect("a secret");
    let turned: String = secret.chars().rev().collect();
    app.owner.with_token(&format!("{stem}_{turned}")).get("/me").await.expect_problem(401, "unauthenticated");
    let found = app.owner.get("/audit?type=access.sign_in_failed").await.expect(200);
    assert_eq!(found.items().len(), 1);
    assert!(!found.body.to_string().contains(&turned), "the wrong secret is not");
});

on_both!(others_tokens_are_for_those_who_run_the_organization, async |app: TestApp| {
    let (ann, bob) = (app.human("Ann", "member").await, app.human("Bob", "admin").await);
    let hers = ann.post("/tokens", json!({"name": "hers"})).await.expect(201).id();
    ann.post("/tokens", json!({"name": "his", "member_id": bob.id})).await.expect_problem(403, "forbidden");
    bob.post("/tokens", json!({"name": "theirs", "member_id": app.owner.id})).await.expect_problem(403, "role_above_own");
    ann.get(&format!("/tokens?member_id={}", bob.id)).await.expect_problem(403, "forbidden");
    bob.delete(&format!("/tokens/{hers}")).await.expect(204);
});

on_both!(a_token_for_less_or_for_a_while_founds_no_organization, async |app: TestApp| {
    let soon = (app.clock.now() + chrono::Duration::hours(1)).to_rfc3339();
    for body in [
        json!({"name": "less", "actions": ["organization.create"]}),
        json!({"name": "a while", "expires_at": soon}),
        json!({"name": "both", "actions": ["*"], "expires_at": soon}),
    ] {
        let made = app.owner.post("/tokens", body).await.expect(201);
        let narrow = app.owner.with_token(&made.text("/token"));
        narrow.post("/organizations", json!({"name": "Another"})).await.expect_problem(403, "wider_than_token");
    }
    app.owner.post("/organizations", json!({"name": "Another"})).await.expect(201);
});

on_both!(what_is_tried_elsewhere_leaves_no_trace_here, async |app: TestApp| {
    let other = app.other_organization("Other").await;
    let wrong = |person: &crate::harness::Person| {
        let (stem, secret) = person.token.rsplit_once('_').expect("a secret");
        person.with_token(&format!("{stem}_{}", secret.chars().rev().collect::<String>()))
    };
    for person in [&app.owner, &other, &other, &app.owner, &other] {
        wrong(person).get("/me").await.expect_problem(401, "unauthenticated");
    }
    for (person, times) in [(&app.owner, 2), (&other, 3)] {
        let found = person.get("/audit?type=access.sign_in_failed").await.expect(200);
        let sequences: Vec<&Value> = found.items().iter().map(|event| &event["sequence"]).collect();
        assert_eq!(sequences, (1..=times).rev().map(|number| json!(number)).collect::<Vec<_>>().iter().collect::<Vec<_>>());
    }
});

on_both!(a_token_for_an_action_is_enough_for_it, async |app: TestApp| {
    let zone = app.owner.makes_zone(json!({"name": "Zone", "resource_scope": {"budget_limit": "10"}})).await;
    let ann = app.human("Ann", "member").await;
    app.owner.assigns(&zone, &ann, "executor").await.expect(201);
    app.owner.assigns(&zone, &ann, "approver").await.expect(201);
    let with = async |actions: Value| {
        ann.with_token(&ann.post("/tokens", json!({"name": "narrow", "actions": actions})).await.expect(201).text("/token"))
    };
    let narrow = with(json!(["task.create"])).await;
    let check = format!("/zones/{zone}/check");
    assert_eq!(narrow.post(&check, json!({"action": "task.create"})).await.expect(200).text("/decision"), "allow");
    let denied = narrow.post(&check, json!({"action": "task.update"})).await.expect(200);
    assert_eq!(
        (denied.text("/decision"), denied.text("/reasons/0/code")),
        ("deny".to_owned(), "outside_token_scope".to_owned())
    );
    let many = json!({"checks": [{"zone_id": zone, "action": "task.create"}]});
    assert_eq!(narrow.post("/checks", many).await.expect(200).text("/items/0/decision"), "allow");
    let evaluation = json!({"subject": {"type": "user", "id": ann.id}, "resource": {"type": "zone", "id": zone}, "action": {"name": "task.create"}});
    assert_eq!(*narrow.post("/access/v1/evaluation", evaluation).await.expect(200).at("/decision"), true);
    let held = json!({"action": "task.create", "amount": "1"});
    let held = narrow.post(&format!("/zones/{zone}/reservations"), held).await.expect(201).id();
    narrow.post(&format!("/reservations/{held}/commit"), json!({})).await.expect(200);
    narrow
        .post(&check, json!({"action": "task.create", "principal_id": app.owner.id}))
        .await
        .expect_problem(403, "outside_token_scope");
    narrow.get(&format!("/zones/{zone}")).await.expect_problem(403, "outside_token_scope");

    let proposal = app.owner.proposes_work(&zone).await;
    with(json!(["proposal.review"])).await.post(&format!("/proposals/{proposal}/recuse"), json!({})).await.expect(200);
});

on_both!(whoever_may_not_read_tokens_is_not_shown_anothers, async |app: TestApp| {
    let (ann, bob) = (app.human("Ann", "member").await, app.human("Bob", "member").await);
    ann.get(&format!("/tokens?member_id={}", bob.id)).await.expect_problem(403, "forbidden");
    for path in ["/tokens".to_owned(), format!("/tokens?member_id={}", ann.id)] {
        let own = ann.get(&path).await.expect(200);
        assert!(own.items().iter().all(|token| token["member_id"] == ann.id));
    }
    let hers = app.owner.get(&format!("/tokens?member_id={}", bob.id)).await.expect(200);
    assert!(hers.items().iter().all(|token| token["member_id"] == bob.id) && !hers.items().is_empty());
});

on_both!(what_another_process_has_done_to_it_is_read_after_its_position, async |app: TestApp| {
    let (second, address) = app.second_process().await;
    let elsewhere = app.owner.speaking_to(address);
    for _ in 0..10 {
        let token = app.owner.post("/tokens", json!({"name": "brief"})).await.expect(201).id();
        let invite = app.owner.post("/invites", json!({"role": "member"})).await.expect(201);
        for place in [format!("/tokens/{token}"), format!("/invites/{}", invite.id())] {
            let before = elsewhere.get(&format!("{place}?after={}", invite.position())).await.expect(200);
            assert_eq!(*before.at("/revoked_at"), Value::Null);
            let position = app.owner.delete(&place).await.expect(204).position();
            let after = elsewhere.get(&format!("{place}?after={position}")).await.expect(200);
            assert_ne!(*after.at("/revoked_at"), Value::Null, "{place}");
            assert_ne!(after.header("etag"), before.header("etag"), "{place}");
        }
    }
    second.end().await;
});
