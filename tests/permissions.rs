//! Who may do what: every route of the description × no token, every role, and the owner of another organization, as a
//! committed table (`tests/golden/permissions.txt`). Each cell has a target of its own where the call changes it.

use std::fmt::Write as _;

use reqwest::Method;
use serde_json::{Value, json};

use crate::harness::{Kind, Person, Reply, Store, TestApp, golden};

/// The same route, asked in another way.
const VARIANTS: [&str; 10] = [
    "POST /api/v1/reservations/{id}/release (one's own)",
    "POST /api/v1/grants/{id}/use (one's own)",
    "GET /api/v1/audit (of one zone)",
    "POST /api/v1/tokens (one's own)",
    "DELETE /api/v1/tokens/{id} (one's own)",
    "PATCH /api/v1/members/{id} (oneself)",
    "PATCH /api/v1/zones/{id} (governing)",
    "POST /api/v1/zones/{id}/assignments (approver)",
    "DELETE /api/v1/zones/{id}/assignments/{assignment_id} (approver)",
    "POST /api/v1/proposals/{id}/withdraw (one's own)",
];

/// Every method and path of the description.
fn routes() -> Vec<String> {
    let description = serde_json::to_value(trust_zones::api::openapi()).expect("a description");
    let paths = description["paths"].as_object().expect("paths").clone();
    let methods = |(path, methods): (String, Value)| {
        let methods: Vec<String> = methods.as_object().expect("methods").keys().map(|method| method.to_uppercase()).collect();
        methods.into_iter().map(move |method| format!("{method} {path}"))
    };
    paths.into_iter().flat_map(methods).collect()
}

/// An organization with someone of every kind, and a zone in which four of them have a role.
struct World {
    app: TestApp,
    zone: String,
    proposer: Person,
    proposal: String,
    escalation: String,
    evaluation: String,
    reservation: String,
    organization: String,
    assignment: String,
    token: String,
    invite: String,
    grant: String,
    people: Vec<(&'static str, Person)>,
}

impl World {
    async fn begin() -> Self {
        let app = TestApp::on(Store::create(Kind::Sqlite).await, &["--sign-ins-per-minute", "100000"]).await;
        let owner = &app.owner;
        let zone = owner
            .makes_zone(
                json!({"name": "Platform", "evaluation_criteria": {"criteria": [{"name": "quality", "type": "human"}]}}),
            )
            .await;
        let mut people = vec![("none", app.stranger()), ("owner", owner.clone())];
        for role in ["admin", "member", "auditor"] {
            people.push((role, app.human(role, role).await));
        }
        for role in ["executor", "approver", "evaluator", "gardener"] {
            let person = app.human(role, "member").await;
            owner.assigns(&zone, &person, role).await.expect(201);
            people.push((role, person));
        }
        people.push(("elsewhere", app.other_organization("Elsewhere").await));
        let proposer = app.human("Proposer", "member").await;
        let proposal = proposer.proposes_work(&zone).await;
        let petition = json!({"reason": "Stop.", "change": {"status": "suspended"}});
        let escalation = proposer.post(&format!("/zones/{zone}/escalations"), petition).await.expect(201).id();
        let held = json!({"action": "work.do", "amount": "1", "principal_id": proposer.id});
        let assignment = app.owner.assigns(&zone, &proposer, "executor").await.expect(201).id();
        let organization = app.owner.get("/organizations/current").await.expect(200).id();
        let token = app.owner.post("/tokens", json!({"name": "theirs", "member_id": proposer.id})).await.expect(201).id();
        let invite = app.owner.post("/invites", json!({"role": "member"})).await.expect(201).id();
        let reservation = app.owner.post(&format!("/zones/{zone}/reservations"), held).await.expect(201).id();
        let mut world = Self {
            app,
            zone,
            proposer,
            proposal,
            escalation,
            evaluation: String::new(),
            reservation,
            organization,
            assignment,
            token,
            invite,
            grant: String::new(),
            people,
        };
        world.evaluation = world.fresh_evaluation().await;
        world.grant = world.fresh_grant(&world.proposer).await;
        world
    }

    /// Finished work of the proposer.
    async fn finished_work(&self) -> String {
        let zone = self.fresh_zone().await;
        let work = self.proposer.proposes_work(&zone).await;
        self.approver().votes(&work, "approve").await.expect(200);
        work
    }

    /// A judgement of finished work.
    async fn fresh_evaluation(&self) -> String {
        let work = self.finished_work().await;
        self.app.owner.post("/evaluations", json!({"proposal_id": work})).await.expect(201).id()
    }

    /// A petition about a zone that someone else has signed.
    async fn fresh_petition(&self) -> String {
        let zone = self.fresh_zone().await;
        let petition = json!({"reason": "Stop.", "change": {"status": "suspended"}});
        self.proposer.post(&format!("/zones/{zone}/escalations"), petition).await.expect(201).id()
    }

    fn approver(&self) -> &Person {
        &self.people.iter().find(|(role, _)| *role == "approver").expect("an approver").1
    }

    /// A zone below the one where the roles are, so that they reach down to it.
    async fn fresh_zone(&self) -> String {
        self.app.owner.makes_zone(json!({"name": "Below", "parent_zone_id": self.zone})).await
    }

    async fn fresh_proposal(&self) -> String {
        self.proposer.proposes_work(&self.fresh_zone().await).await
    }

    async fn fresh_member(&self) -> String {
        let member = json!({"kind": "human", "display_name": "Someone", "role": "member"});
        self.app.owner.post("/members", member).await.expect(201).id()
    }

    async fn fresh_token_of(&self, member: &str) -> String {
        self.app.owner.post("/tokens", json!({"name": "fresh", "member_id": member})).await.expect(201).id()
    }

    /// What someone has set aside for themselves; what the owner has for the proposer, if they may not.
    async fn fresh_reservation(&self, of: &Person) -> String {
        let path = format!("/zones/{}/reservations", self.zone);
        let own = of.post(&path, json!({"action": "work.do", "amount": "1"})).await;
        if own.status == 201 {
            return own.id();
        }
        let held = json!({"action": "work.do", "amount": "1", "principal_id": self.proposer.id});
        self.app.owner.post(&path, held).await.expect(201).id()
    }

    /// A grant for someone, or for the proposer where that one belongs elsewhere.
    async fn fresh_grant(&self, of: &Person) -> String {
        let zone = self.fresh_zone().await;
        let work = |executor: &str| {
            json!({"zone_id": zone, "type": "task_execution", "title": "Work",
            "payload": {"action": "work.do", "executor_id": executor}})
        };
        let mut proposed = self.app.owner.post("/proposals", work(&of.id)).await;
        if proposed.status != 201 {
            proposed = self.app.owner.post("/proposals", work(&self.proposer.id)).await;
        }
        let reviewer = proposed.expect(201).text("/electorate/0/member_id");
        let proposal = self.app.owner.get("/proposals?limit=1").await.expect(200).text("/items/0/id");
        let reviewer = &self.people.iter().find(|(_, person)| person.id == reviewer).expect("a reviewer").1;
        let position = reviewer.votes(&proposal, "approve").await.expect(200).position();
        self.app.owner.get(&format!("/grants?limit=1&after={position}")).await.expect(200).text("/items/0/id")
    }

    async fn fresh_assignment(&self, role: &str) -> (String, String) {
        let zone = self.fresh_zone().await;
        let held = self.app.owner.assigns(&zone, &self.proposer, role).await.expect(201).id();
        (zone, held)
    }

    /// A proposal whose execution has failed for a reason that is gone.
    async fn failed_execution(&self) -> String {
        let zone = self.fresh_zone().await;
        let proposal = self.proposer.proposes_work(&zone).await;
        let path = format!("/zones/{zone}");
        self.app.owner.patch(&path, json!({"constraints": {"blocked_actions": ["work.do"]}})).await.expect(200);
        assert_eq!(self.approver().votes(&proposal, "approve").await.expect(200).text("/execution/status"), "failed");
        self.app.owner.patch(&path, json!({"constraints": null})).await.expect(200);
        proposal
    }

    /// A path to read, with ids of things that are there.
    fn readable(&self, path: &str) -> String {
        let path = path.replace("/zones/{id}", &format!("/zones/{}", self.zone));
        let path = path.replace("/members/{id}", &format!("/members/{}", self.proposer.id));
        let path = path.replace("/proposals/{id}", &format!("/proposals/{}", self.proposal));
        let path = path.replace("/escalations/{id}", &format!("/escalations/{}", self.escalation));
        let path = path.replace("/evaluations/{id}", &format!("/evaluations/{}", self.evaluation));
        let path = path.replace("/reservations/{id}", &format!("/reservations/{}", self.reservation));
        let path = path.replace("/organizations/{id}", &format!("/organizations/{}", self.organization));
        let path = path.replace("/tokens/{id}", &format!("/tokens/{}", self.token));
        let path = path.replace("/grants/{id}", &format!("/grants/{}", self.grant));
        let path = path.replace("/invites/{id}", &format!("/invites/{}", self.invite));
        let path = path.replace("{assignment_id}", &self.assignment);
        assert!(!path.contains('{'), "no case for {path}: say here what it reads");
        if path.ends_with("/who-can") { format!("{path}?action=work.do") } else { path }
    }

    /// One cell: `who` asks for `route`.
    #[expect(clippy::too_many_lines, reason = "a table")]
    async fn ask(&self, route: &str, who: &Person) -> Reply {
        let nothing = || json!({});
        let (method, path) = route.split_once(' ').expect("a method and a path");
        let path = path.strip_prefix("/api/v1").unwrap_or(path);
        if path == "/audit (of one zone)" {
            return who.get(&format!("/audit?zone_id={}", self.zone)).await;
        }
        if method == "GET" {
            return who.get(&self.readable(path)).await;
        }
        let of_zone = async |action: &str| {
            let zone = self.fresh_zone().await;
            format!("/zones/{zone}{action}")
        };
        let of_proposal = async |action: &str| {
            let proposal = self.fresh_proposal().await;
            format!("/proposals/{proposal}{action}")
        };
        let me = if who.id.is_empty() { &self.proposer.id } else { &who.id };
        match (method, path) {
            ("POST", "/organizations") => who.post(path, json!({"name": "Another"})).await,
            ("PATCH", "/organizations/current") => who.patch(path, json!({"name": "Renamed"})).await,
            ("POST", "/members") => who.post(path, json!({"kind": "human", "display_name": "New", "role": "member"})).await,
            ("PATCH", "/members/{id}") => {
                who.patch(&format!("/members/{}", self.fresh_member().await), json!({"skills": ["rust"]})).await
            }
            ("PATCH", "/members/{id} (oneself)") => {
                who.patch(&format!("/members/{me}"), json!({"display_name": "Myself"})).await
            }
            ("DELETE", "/members/{id}") => who.delete(&format!("/members/{}", self.fresh_member().await)).await,
            ("POST", "/tokens") => who.post(path, json!({"name": "theirs", "member_id": self.fresh_member().await})).await,
            ("POST", "/tokens (one's own)") => who.post("/tokens", json!({"name": "mine"})).await,
            ("DELETE", "/tokens/{id}") => {
                let token = self.fresh_token_of(&self.proposer.id).await;
                who.delete(&format!("/tokens/{token}")).await
            }
            ("DELETE", "/tokens/{id} (one's own)") => {
                let own = who.post("/tokens", json!({"name": "mine"})).await;
                let token = if own.status == 201 { own.id() } else { self.fresh_token_of(&self.proposer.id).await };
                who.delete(&format!("/tokens/{token}")).await
            }
            ("DELETE", "/invites/{id}") => {
                let invite = self.app.owner.post("/invites", json!({"role": "member"})).await.expect(201).id();
                who.delete(&format!("/invites/{invite}")).await
            }
            ("POST", "/invites") => who.post(path, json!({"role": "member"})).await,
            ("POST", "/invites/accept") => {
                let code = self.app.owner.post("/invites", json!({"role": "member"})).await.expect(201).text("/code");
                who.post(path, json!({"code": code, "display_name": "Guest"})).await
            }
            ("POST", "/zones") => who.post(path, json!({"name": "New", "parent_zone_id": self.zone})).await,
            ("PATCH", "/zones/{id}") => who.patch(&of_zone("").await, json!({"description": "tended"})).await,
            ("PATCH", "/zones/{id} (governing)") => {
                who.patch(&of_zone("").await, json!({"decision_model": {"model_type": "unilateral"}})).await
            }
            ("POST", "/zones/{id}/activate") => {
                let draft = json!({"name": "Draft", "parent_zone_id": self.zone, "status": "draft"});
                let draft = self.app.owner.makes_zone(draft).await;
                who.post(&format!("/zones/{draft}/activate"), nothing()).await
            }
            ("POST", "/zones/{id}/suspend") => who.post(&of_zone("/suspend").await, nothing()).await,
            ("POST", "/zones/{id}/archive") => who.post(&of_zone("/archive").await, nothing()).await,
            ("POST", "/zones/{id}/move") => {
                let to = self.fresh_zone().await;
                who.post(&of_zone("/move").await, json!({"parent_zone_id": to})).await
            }
            ("POST", "/zones/{id}/assignments") => {
                who.post(&of_zone("/assignments").await, json!({"member_id": self.proposer.id, "role": "executor"})).await
            }
            ("POST", "/zones/{id}/assignments (approver)") => {
                who.post(&of_zone("/assignments").await, json!({"member_id": self.proposer.id, "role": "approver"})).await
            }
            ("DELETE", "/zones/{id}/assignments/{assignment_id}") => {
                let (zone, held) = self.fresh_assignment("executor").await;
                who.delete(&format!("/zones/{zone}/assignments/{held}")).await
            }
            ("DELETE", "/zones/{id}/assignments/{assignment_id} (approver)") => {
                let (zone, held) = self.fresh_assignment("approver").await;
                who.delete(&format!("/zones/{zone}/assignments/{held}")).await
            }
            ("POST", "/zones/{id}/check") => who.post(&of_zone("/check").await, json!({"action": "work.do"})).await,
            ("POST", "/checks") => who.post(path, json!({"checks": [{"zone_id": self.zone, "action": "work.do"}]})).await,
            ("POST", "/zones/{id}/simulate") => {
                who.post(&format!("/zones/{}/simulate", self.zone), json!({"changes": {"description": "Other"}})).await
            }
            ("POST", "/zones/{id}/reservations") => {
                let path = format!("/zones/{}/reservations", self.zone);
                who.post(&path, json!({"action": "work.do", "amount": "1"})).await
            }
            ("POST", "/reservations/{id}/commit") => {
                let held = self.fresh_reservation(&self.proposer).await;
                who.post(&format!("/reservations/{held}/commit"), nothing()).await
            }
            ("POST", "/reservations/{id}/release") => {
                let held = self.fresh_reservation(&self.proposer).await;
                who.post(&format!("/reservations/{held}/release"), nothing()).await
            }
            ("POST", "/reservations/{id}/release (one's own)") => {
                let held = self.fresh_reservation(who).await;
                who.post(&format!("/reservations/{held}/release"), nothing()).await
            }
            ("POST", "/grants/{id}/use") => {
                who.post(&format!("/grants/{}/use", self.fresh_grant(&self.proposer).await), nothing()).await
            }
            ("POST", "/grants/{id}/use (one's own)") => {
                who.post(&format!("/grants/{}/use", self.fresh_grant(who).await), nothing()).await
            }
            ("POST", "/proposals") => {
                let work = json!({"action": "work.do", "executor_id": self.proposer.id});
                let zone = self.fresh_zone().await;
                who.post(path, json!({"zone_id": zone, "type": "task_execution", "title": "Work", "payload": work})).await
            }
            ("POST", "/proposals/{id}/votes") => who.post(&of_proposal("/votes").await, json!({"choice": "approve"})).await,
            ("POST", "/proposals/{id}/recuse") => who.post(&of_proposal("/recuse").await, nothing()).await,
            ("POST", "/proposals/{id}/withdraw") => who.post(&of_proposal("/withdraw").await, nothing()).await,
            ("POST", "/proposals/{id}/withdraw (one's own)") => {
                let work = json!({"action": "work.do", "executor_id": self.proposer.id});
                let zone = self.fresh_zone().await;
                let own = json!({"zone_id": zone, "type": "task_execution", "title": "Work", "payload": work});
                let own = who.post("/proposals", own).await;
                let id = if own.status == 201 { own.id() } else { self.fresh_proposal().await };
                who.post(&format!("/proposals/{id}/withdraw"), nothing()).await
            }
            ("POST", "/proposals/{id}/comments") => who.post(&of_proposal("/comments").await, json!({"text": "Hm."})).await,
            ("POST", "/me/inbox/read") => who.post(path, json!({"up_to": 1_000_000})).await,
            ("POST", "/evaluations") => who.post(path, json!({"proposal_id": self.finished_work().await})).await,
            ("POST", "/evaluations/{id}/scores") => {
                let score = json!({"criterion": "quality", "score": 1, "rationale": "I looked."});
                who.post(&format!("/evaluations/{}/scores", self.fresh_evaluation().await), score).await
            }
            ("POST", "/evaluations/{id}/auto-evaluate") => {
                who.post(&format!("/evaluations/{}/auto-evaluate", self.fresh_evaluation().await), nothing()).await
            }
            ("POST", "/evaluations/{id}/finalize") => {
                let evaluation = self.fresh_evaluation().await;
                let score = json!({"criterion": "quality", "score": 1, "rationale": "I looked."});
                self.app.owner.post(&format!("/evaluations/{evaluation}/scores"), score).await.expect(200);
                who.post(&format!("/evaluations/{evaluation}/finalize"), nothing()).await
            }
            ("POST", "/proposals/{id}/delegate") => {
                who.post(&of_proposal("/delegate").await, json!({"member_id": self.app.owner.id})).await
            }
            ("POST", "/proposals/{id}/escalate") => who.post(&of_proposal("/escalate").await, json!({"reason": "No."})).await,
            ("POST", "/zones/{id}/escalations") => {
                let petition = json!({"reason": "Stop.", "change": {"status": "suspended"}});
                who.post(&of_zone("/escalations").await, petition).await
            }
            ("POST", "/escalations/{id}/cosign") => {
                who.post(&format!("/escalations/{}/cosign", self.fresh_petition().await), nothing()).await
            }
            ("POST", "/escalations/{id}/dismiss") => {
                who.post(&format!("/escalations/{}/dismiss", self.fresh_petition().await), nothing()).await
            }
            ("POST", "/escalations/{id}/withdraw") => {
                who.post(&format!("/escalations/{}/withdraw", self.fresh_petition().await), nothing()).await
            }
            ("POST", "/proposals/{id}/retry-execution") => {
                let proposal = self.failed_execution().await;
                who.post(&format!("/proposals/{proposal}/retry-execution"), nothing()).await
            }
            _ => panic!("no case for {route}: add one"),
        }
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn who_may_do_what_is_as_committed() {
    let world = World::begin().await;
    let mut rows = routes();
    rows.extend(VARIANTS.map(str::to_owned));
    rows.sort_by_key(|route| {
        let (method, path) = route.split_once(' ').expect("a method and a path");
        (path.to_owned(), method.to_owned())
    });
    let width = rows.iter().map(String::len).max().unwrap_or(0);
    let mut table = String::from("# Made by tests/permissions.rs: who may do what. UPDATE_GOLDEN=1 rewrites it.\n");
    let titles: Vec<String> = world.people.iter().map(|(role, _)| format!("{role:>9}")).collect();
    writeln!(table, "{:width$} {}", "", titles.join(" ")).expect("a text takes any line");
    for route in &rows {
        let mut cells = Vec::new();
        for (role, person) in &world.people {
            let reply = world.ask(route, person).await;
            assert!(reply.status < 500, "{route} as {role}: {} {}", reply.status, reply.body);
            let cell = if (200..300).contains(&reply.status) { "ok".to_owned() } else { reply.status.to_string() };
            cells.push(format!("{cell:>9}"));
        }
        writeln!(table, "{route:width$} {}", cells.join(" ")).expect("a text takes any line");
    }
    golden::agrees("tests/golden/permissions.txt", &table);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn every_route_needs_a_token_but_taking_up_an_invitation() {
    let app = TestApp::start(Kind::Sqlite).await;
    let before = app.service.app.log.head().await.expect("a head");
    let mut asked = 0;
    for route in routes() {
        let (method, path) = route.split_once(' ').expect("a method and a path");
        let Some(path) = path.strip_prefix("/api/v1") else { continue };
        let path = path.replace("{id}", &app.owner.id).replace("{assignment_id}", &app.owner.id);
        let method = Method::from_bytes(method.as_bytes()).expect("a method");
        // Neither with a body that fits, nor with one that does not, nor with another scheme.
        for (headers, body) in [
            (vec![], None),
            (vec![], Some(b"{}".to_vec())),
            (vec![], Some(b"nonsense".to_vec())),
            (vec![("authorization", "Basic b3duZXI6b3duZXI=")], None),
            (vec![("authorization", "Bearer")], None),
        ] {
            let reply = app.stranger().send(method.clone(), &path, &headers, body).await;
            if route == "POST /api/v1/invites/accept" {
                assert!(matches!(reply.status, 400 | 422), "{route}: {} {}", reply.status, reply.body);
            } else {
                let reply = reply.expect_problem(401, "unauthenticated");
                assert_eq!(reply.header("www-authenticate"), "Bearer", "{route}");
            }
            asked += 1;
        }
    }
    assert!(asked >= 5 * 40, "only {asked} requests: the description has lost its routes");
    assert_eq!(app.service.app.log.head().await.expect("a head"), before, "nothing has happened");
}
