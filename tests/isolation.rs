//! Whatever belongs to another organization does not exist here: 404 in paths, bodies and payloads alike (SPEC A3).

use reqwest::Method;
use serde_json::{Value, json};

use crate::harness::{Person, Reply, TestApp};
use crate::on_both;

/// What an organization has.
struct Belongings {
    owner: Person,
    member: Person,
    zone: String,
    child: String,
    assignment: String,
    proposal: String,
    escalation: String,
    token: String,
    invite: String,
    reservation: String,
    grant: String,
}

impl Belongings {
    async fn of(owner: &Person) -> Self {
        let member = owner.takes_in(json!({"kind": "human", "display_name": "Member", "role": "member"})).await;
        let zone = owner.makes_zone(json!({"name": "Zone"})).await;
        let child = owner.makes_zone(json!({"name": "Child", "parent_zone_id": zone})).await;
        let assignment = owner.assigns(&zone, &member, "approver").await.expect(201).id();
        let proposal = owner.proposes_work(&zone).await;
        let petition = json!({"reason": "Stop.", "change": {"status": "suspended"}});
        let escalation = owner.post(&format!("/zones/{zone}/escalations"), petition).await.expect(201).id();
        let token = owner.post("/tokens", json!({"name": "another", "member_id": member.id})).await.expect(201).id();
        let invite = owner.post("/invites", json!({"role": "member"})).await.expect(201).id();
        let held = json!({"action": "work.do", "amount": "1"});
        let reservation = owner.post(&format!("/zones/{zone}/reservations"), held).await.expect(201).id();
        let granted = owner.proposes_work(&zone).await;
        let position = member.votes(&granted, "approve").await.expect(200).position();
        let grant = owner.get(&format!("/grants?after={position}")).await.expect(200).text("/items/0/id");
        Self { owner: owner.clone(), member, zone, child, assignment, proposal, escalation, token, invite, reservation, grant }
    }
}

async fn ask(person: &Person, (method, path, body): &(Method, String, Value)) -> Reply {
    let body = (!body.is_null()).then(|| body.to_string().into_bytes());
    person.send(method.clone(), path, &[], body).await
}

/// The position of the last event of someone's organization.
async fn head(owner: &Person) -> Value {
    owner.get("/audit?limit=1").await.expect(200).at("/items/0/position").clone()
}

/// Every path that names something, with a body that fits. Those that destroy come last.
fn paths(of: &Belongings) -> Vec<(Method, String, Value)> {
    let Belongings { member, zone, child, assignment, proposal, escalation, token, invite, reservation, grant, .. } = of;
    let get = |path: String| (Method::GET, path, Value::Null);
    let post = |path: String, body: Value| (Method::POST, path, body);
    let delete = |path: String| (Method::DELETE, path, Value::Null);
    let policy = json!({"constraints": {"max_concurrent_tasks": 3}});
    vec![
        get(format!("/members/{}", member.id)),
        get(format!("/zones/{zone}")),
        get(format!("/zones/{zone}?as_of=1000000")),
        get(format!("/zones/{zone}/children")),
        get(format!("/zones/{zone}/ancestry")),
        get(format!("/zones/{zone}/effective-policy")),
        get(format!("/zones/{zone}/assignments")),
        get(format!("/zones/{zone}/budget")),
        get(format!("/zones/{zone}/who-can?action=work.do")),
        get(format!("/zones/{zone}/what-can")),
        post(format!("/zones/{zone}/simulate"), json!({"changes": {"description": "Other"}})),
        post(format!("/zones/{zone}/check"), json!({"action": "work.do", "at_position": 10})),
        get(format!("/zones/{zone}/reservations")),
        get(format!("/reservations/{reservation}")),
        post(format!("/zones/{zone}/reservations"), json!({"action": "work.do", "amount": "1"})),
        post(format!("/reservations/{reservation}/commit"), json!({})),
        post(format!("/reservations/{reservation}/release"), json!({})),
        get(format!("/grants/{grant}")),
        post(format!("/grants/{grant}/use"), json!({})),
        get(format!("/proposals/{proposal}")),
        get(format!("/proposals/{proposal}?as_of=1000000")),
        get(format!("/audit?zone_id={zone}")),
        get(format!("/audit?zone_id={zone}&aggregate_id={proposal}")),
        post(format!("/zones/{zone}/check"), json!({"action": "work.do"})),
        post(format!("/zones/{zone}/check"), json!({"action": "work.do", "record": true})),
        (Method::PATCH, format!("/members/{}", member.id), json!({"display_name": "Mallory"})),
        (Method::PATCH, format!("/zones/{child}"), policy),
        post(format!("/zones/{child}/move"), json!({"parent_zone_id": null})),
        post(format!("/zones/{child}/suspend"), json!({})),
        post(format!("/zones/{child}/activate"), json!({})),
        post(format!("/zones/{child}/archive"), json!({})),
        post(format!("/proposals/{proposal}/comments"), json!({"text": "Hello"})),
        post(format!("/proposals/{proposal}/votes"), json!({"choice": "approve"})),
        post(format!("/proposals/{proposal}/recuse"), json!({})),
        post(format!("/proposals/{proposal}/retry-execution"), json!({})),
        post(format!("/proposals/{proposal}/delegate"), json!({"member_id": member.id})),
        post(format!("/proposals/{proposal}/escalate"), json!({"reason": "No."})),
        post(format!("/proposals/{proposal}/withdraw"), json!({})),
        get(format!("/escalations/{escalation}")),
        get(format!("/escalations/{escalation}?as_of=1000000")),
        post(format!("/zones/{zone}/escalations"), json!({"reason": "Stop.", "change": {"status": "suspended"}})),
        post(format!("/escalations/{escalation}/cosign"), json!({})),
        post(format!("/escalations/{escalation}/dismiss"), json!({})),
        post(format!("/escalations/{escalation}/withdraw"), json!({})),
        get(format!("/zones/{zone}/assignments/{assignment}")),
        get(format!("/tokens/{token}")),
        get(format!("/invites/{invite}")),
        delete(format!("/zones/{zone}/assignments/{assignment}")),
        delete(format!("/tokens/{token}")),
        delete(format!("/members/{}", member.id)),
    ]
}

on_both!(nothing_of_another_organization_can_be_reached_by_path, async |app: TestApp| {
    let ours = Belongings::of(&app.owner).await;
    let theirs = Belongings::of(&app.other_organization("Rivals").await).await;
    let before = head(&ours.owner).await;
    for request in paths(&ours) {
        ask(&theirs.owner, &request).await.expect_problem(404, "not_found");
        let reply = ask(&theirs.member, &request).await;
        assert!([403, 404].contains(&reply.status), "{request:?}: {}", reply.body);
        assert!(!String::from_utf8_lossy(&reply.raw).contains("Acme"), "{request:?}");
    }
    let mixed = format!("/zones/{}/assignments/{}", theirs.zone, ours.assignment);
    theirs.owner.delete(&mixed).await.expect_problem(404, "not_found");
    assert_eq!(head(&ours.owner).await, before, "nothing was written");
    for request in paths(&ours) {
        let reply = ask(&ours.owner, &request).await;
        assert_ne!(reply.status, 404, "the same is there for its owner: {request:?}");
    }
});

/// A member with these keys besides the usual.
fn agent(sponsor: &str) -> Value {
    json!({"kind": "agent", "display_name": "Bot", "role": "member", "sponsor_id": sponsor})
}

fn listed(member: &str) -> Value {
    json!({"reviewer_selection": "static", "static_reviewers": [member]})
}

fn weighing(member: &str) -> Value {
    json!({"model_type": "weighted", "weights": {member: 3}})
}

fn proposal(zone: &str, kind: &str, payload: &Value) -> Value {
    json!({"zone_id": zone, "type": kind, "title": "A title", "payload": payload})
}

/// Every body that names something of `named`, asked within `own`, and where it does.
fn bodies(own: &Belongings, bot: &str, named: &Belongings) -> Vec<(Method, String, Value, &'static str)> {
    let (member, zone) = (named.member.id.as_str(), named.zone.as_str());
    let post = |path: &str, body: Value, at| (Method::POST, path.to_owned(), body, at);
    let here = &own.child;
    let change = |changes: Value| proposal(here, "zone_change", &json!({"changes": changes}));
    let fallback = json!({"model_type": "consensus", "fallback_model": "weighted", "weights": {member: 3}});
    let membership = |operation: &str| json!({"operation": operation, "member_id": member, "role": "approver"});
    let elsewhere = json!({"zone_id": zone, "changes": {"name": "Theirs"}});
    let members_elsewhere = json!({"zone_id": zone, "operation": "add", "member_id": own.member.id, "role": "executor"});
    let at_zone = format!("/zones/{here}");
    vec![
        post("/members", agent(member), "/sponsor_id"),
        (Method::PATCH, format!("/members/{bot}"), json!({"sponsor_id": member}), "/sponsor_id"),
        post("/tokens", json!({"name": "theirs", "member_id": member}), ""),
        post("/zones", json!({"name": "Below", "parent_zone_id": zone}), "/parent_zone_id"),
        post("/zones", json!({"name": "New", "approval_policy": listed(member)}), "/approval_policy/static_reviewers"),
        post("/zones", json!({"name": "New", "decision_model": weighing(member)}), "/decision_model/weights"),
        post("/zones", json!({"name": "New", "decision_model": fallback}), "/decision_model/weights"),
        (Method::PATCH, at_zone.clone(), json!({"approval_policy": listed(member)}), "/approval_policy/static_reviewers"),
        (Method::PATCH, at_zone.clone(), json!({"decision_model": weighing(member)}), "/decision_model/weights"),
        post(&format!("{at_zone}/move"), json!({"parent_zone_id": zone}), "/parent_zone_id"),
        post(&format!("{at_zone}/assignments"), json!({"member_id": member, "role": "executor"}), "/member_id"),
        post(&format!("{at_zone}/check"), json!({"action": "work.do", "principal_id": member}), "/principal_id"),
        post("/checks", json!({"checks": [{"zone_id": zone, "action": "work.do"}]}), "/checks/0/zone_id"),
        post(
            "/checks",
            json!({"checks": [{"zone_id": here, "action": "work.do", "principal_id": member}]}),
            "/checks/0/principal_id",
        ),
        post(
            &format!("{at_zone}/reservations"),
            json!({"action": "work.do", "amount": "1", "principal_id": member}),
            "/principal_id",
        ),
        post("/proposals", proposal(zone, "task_execution", &json!({"action": "work.do"})), "/zone_id"),
        post(
            "/proposals",
            proposal(here, "task_execution", &json!({"action": "work.do", "executor_id": member})),
            "/payload/executor_id",
        ),
        post(
            "/proposals",
            proposal(here, "resource_allocation", &json!({"amount": "1", "beneficiary_id": member})),
            "/payload/beneficiary_id",
        ),
        post("/proposals", proposal(here, "membership_change", &membership("add")), "/payload/member_id"),
        post("/proposals", proposal(here, "membership_change", &members_elsewhere), "/payload/zone_id"),
        post("/proposals", proposal(here, "zone_change", &elsewhere), "/payload/zone_id"),
        post("/proposals", change(json!({"parent_zone_id": zone})), "/payload/changes/parent_zone_id"),
        post("/proposals", change(json!({"approval_policy": listed(member)})), "/payload/changes"),
        post("/proposals", change(json!({"decision_model": weighing(member)})), "/payload/changes"),
    ]
}

on_both!(nothing_of_another_organization_can_be_named_in_a_body, async |app: TestApp| {
    let ours = Belongings::of(&app.owner).await;
    let theirs = Belongings::of(&app.other_organization("Rivals").await).await;
    let bot = theirs.owner.post("/members", agent(&theirs.member.id)).await.expect(201).id();
    let before = (head(&ours.owner).await, head(&theirs.owner).await);
    for (method, path, body, at) in bodies(&theirs, &bot, &ours) {
        let reply = ask(&theirs.owner, &(method, path.clone(), body.clone())).await;
        assert_eq!(reply.status, 404, "{path} {body}: {}", reply.body);
        let pointed = reply.body.pointer("/errors/0/pointer").and_then(Value::as_str).unwrap_or_default();
        assert!(pointed.starts_with(at), "{path} {body}: {}", reply.body);
    }
    assert_eq!((head(&ours.owner).await, head(&theirs.owner).await), before, "nothing was written");
    for (method, path, body, _) in bodies(&theirs, &bot, &theirs) {
        let reply = ask(&theirs.owner, &(method, path.clone(), body.clone())).await;
        assert_ne!(reply.status, 404, "the same is there for its owner: {path} {body}: {}", reply.body);
    }
});

on_both!(what_a_stored_proposal_names_is_looked_up_in_its_own_organization, async |app: TestApp| {
    let ours = Belongings::of(&app.owner).await;
    let theirs = Belongings::of(&app.other_organization("Rivals").await).await;
    let change = json!({"approval_policy": {"static_reviewers": [ours.member.id]}});
    theirs.owner.patch(&format!("/zones/{}", theirs.zone), change.clone()).await.expect(404);
    ours.owner.patch(&format!("/zones/{}", ours.zone), change).await.expect(200);
    let shown = theirs.owner.get(&format!("/zones/{}", theirs.zone)).await.expect(200);
    assert_eq!(*shown.at("/approval_policy"), Value::Null);
});

on_both!(lists_and_streams_show_only_ones_own_organization, async |app: TestApp| {
    let ours = Belongings::of(&app.owner).await;
    let theirs = Belongings::of(&app.other_organization("Rivals").await).await;
    app.settled().await;
    let of_ours = [&ours.member.id, &ours.zone, &ours.child, &ours.proposal, &ours.token, &ours.assignment];
    let lists = [
        "/organizations/current".to_owned(),
        "/members".to_owned(),
        "/tokens".to_owned(),
        "/invites".to_owned(),
        "/zones".to_owned(),
        "/zones/tree".to_owned(),
        "/proposals".to_owned(),
        "/proposals/pending-reviews".to_owned(),
        "/grants".to_owned(),
        "/audit?limit=200".to_owned(),
        "/events".to_owned(),
        "/me".to_owned(),
        format!("/zones?parent_zone_id={}", ours.zone),
        format!("/proposals?zone_id={}", ours.zone),
        format!("/proposals?proposer_id={}", ours.owner.id),
        format!("/proposals?reviewer_id={}", ours.member.id),
        format!("/tokens?member_id={}", ours.member.id),
        format!("/grants?principal_id={}", ours.owner.id),
        format!("/audit?aggregate_id={}", ours.proposal),
        format!("/audit?actor_id={}", ours.owner.id),
    ];
    for path in &lists {
        let reply = theirs.owner.get(path).await.expect(200);
        let said = String::from_utf8_lossy(&reply.raw);
        assert!(!of_ours.iter().any(|id| said.contains(id.as_str())), "{path}: {said}");
    }
    let members = theirs.owner.get("/members").await.expect(200);
    assert_eq!(members.items().len(), 2, "but its own it shows: {}", members.body);
    let events = theirs.owner.get("/audit?limit=200&order=asc").await.expect(200);
    assert_eq!(*events.at("/items/0/position"), json!(1), "each organization counts from 1");
});

on_both!(a_token_opens_only_the_organization_it_was_made_in, async |app: TestApp| {
    let eve = app.other_organization("Rivals").await;
    let here = app.owner.get("/me").await.expect(200).text("/organization_id");
    let there = eve.get("/me").await.expect(200).text("/organization_id");
    assert_ne!(here, there);
    assert_ne!(eve.id, app.owner.id, "the founder is another principal there");
    let mine = app.owner.get("/organizations").await.expect(200);
    assert!(mine.items().iter().any(|item| item["id"] == there.as_str()), "the founder knows what they founded");
    assert!(!eve.get("/organizations").await.expect(200).items().iter().any(|item| item["id"] == here.as_str()));
});
