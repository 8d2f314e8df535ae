//! Requests that arrive at once (SPEC P8, P10, Z1, Z3, A2, H3, R3): 200 rounds of each race, none of which may go wrong; the
//! log is read afterwards and must say that every accepted vote counted once and that nothing happened twice.

use std::collections::BTreeMap;

use futures::future::join_all;
use projections::{Recorded, Statement};
use serde_json::{Value, json};

use crate::harness::{Kind, Person, Reply, Store, TestApp, log_of};
use crate::on_both;

/// How often each race is run.
const ROUNDS: usize = 200;

/// A zone with two approvers, reviewed by both.
struct Court {
    zone: String,
    ann: Person,
    bob: Person,
}

impl Court {
    async fn sits(app: &TestApp, model: Value) -> Self {
        let (ann, bob) = tokio::join!(app.human("Ann", "member"), app.human("Bob", "member"));
        let zone = json!({"name": "Court", "decision_model": model, "approval_policy": {"reviewers_by_risk": {"low": 2}}});
        let zone = app.owner.makes_zone(zone).await;
        app.owner.assigns(&zone, &ann, "approver").await.expect(201);
        app.owner.assigns(&zone, &bob, "approver").await.expect(201);
        Self { zone, ann, bob }
    }
}

fn threshold(k: u32) -> Value {
    json!({"model_type": "threshold", "threshold": k})
}

/// What the log says of one proposal.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
struct Story {
    votes: BTreeMap<String, usize>,
    outcomes: Vec<String>,
    executions: usize,
    failures: usize,
    grants: usize,
    last_approvals: u64,
}

/// The story of every proposal, after checking what holds for each: a vote per voter, a tally that counts it, at most one
/// outcome, at most one execution, and nothing decided after the outcome.
fn stories(log: &[Recorded]) -> BTreeMap<String, Story> {
    let mut stories: BTreeMap<String, Story> = BTreeMap::new();
    for event in log {
        let data = event.data.value();
        let proposal = data["proposal_id"].as_str().unwrap_or_default().to_owned();
        let story = stories.entry(proposal.clone()).or_default();
        match event.event_type.as_ref() {
            "proposal.vote_cast" => {
                assert!(story.outcomes.is_empty(), "a vote on {proposal} counted after {:?}", story.outcomes);
                let voter = data["member_id"].as_str().expect("a voter").to_owned();
                *story.votes.entry(voter).or_default() += 1;
                let tally = &data["tally"];
                story.last_approvals = number(&tally["approve"]);
                let counted = number(&tally["approve"]) + number(&tally["reject"]) + number(&tally["abstain"]);
                assert_eq!(counted, story.votes.len() as u64, "the tally of {proposal} counts every vote: {tally}");
            }
            "proposal.approved" | "proposal.rejected" | "proposal.expired" | "proposal.withdrawn" => {
                story.outcomes.push(event.event_type.to_string());
            }
            "proposal.execution_succeeded" => story.executions += 1,
            "proposal.execution_failed" => story.failures += 1,
            "grant.issued" => story.grants += 1,
            _ => {}
        }
    }
    stories.remove("");
    for (proposal, story) in &stories {
        assert!(story.votes.values().all(|times| *times == 1), "every vote on {proposal} counts once: {story:?}");
        assert!(story.outcomes.len() <= 1, "{proposal} has at most one outcome: {story:?}");
        assert!(story.executions <= 1 && story.grants <= 1, "{proposal} is executed at most once: {story:?}");
    }
    stories
}

fn number(tally: &Value) -> u64 {
    tally.as_u64().expect("a count")
}

fn statuses(replies: &[&Reply]) -> Vec<u16> {
    let mut statuses: Vec<u16> = replies.iter().map(|reply| reply.status).collect();
    statuses.sort_unstable();
    statuses
}

fn positions_have_no_gaps(log: &[Recorded]) {
    let mut heads: BTreeMap<String, u64> = BTreeMap::new();
    for (index, event) in log.iter().enumerate() {
        assert_eq!(event.global_position, index as u64 + 1);
        let head = heads.entry(event.organization_id.to_string()).or_default();
        *head += 1;
        assert_eq!(event.position, *head);
    }
}

on_both!(two_approvers_at_once_meet_a_threshold_of_two, async |app: TestApp| {
    let court = Court::sits(&app, threshold(2)).await;
    let mut decided = Vec::new();
    for round in 0..ROUNDS {
        let proposal = app.owner.proposes_work(&court.zone).await;
        let (one, other) = tokio::join!(court.ann.votes(&proposal, "approve"), court.bob.votes(&proposal, "approve"));
        assert_eq!((one.status, other.status), (200, 200), "round {round}: {} {}", one.body, other.body);
        let mut seen = [one.text("/status"), other.text("/status")];
        seen.sort();
        assert_eq!(seen, ["approved", "pending_review"], "round {round}: one vote decides, the other does not");
        let after = app.owner.get(&format!("/proposals/{proposal}")).await.expect(200);
        assert_eq!((after.text("/status"), after.text("/execution/status")), ("approved".to_owned(), "succeeded".to_owned()));
        decided.push(proposal);
    }
    let log = log_of(&app).await;
    positions_have_no_gaps(&log);
    let stories = stories(&log);
    for proposal in &decided {
        let story = &stories[proposal];
        assert_eq!((story.votes.len(), story.last_approvals, story.executions, story.grants), (2, 2, 1, 1), "{story:?}");
        assert_eq!(story.outcomes, ["proposal.approved"]);
    }
});

on_both!(approve_against_reject_at_a_threshold_of_one_is_approved_once, async |app: TestApp| {
    let court = Court::sits(&app, threshold(1)).await;
    let mut decided = Vec::new();
    for round in 0..ROUNDS {
        let proposal = app.owner.proposes_work(&court.zone).await;
        let (yes, no) = tokio::join!(court.ann.votes(&proposal, "approve"), court.bob.votes(&proposal, "reject"));
        assert_eq!((yes.status, yes.text("/status")), (200, "approved".to_owned()), "round {round}: {}", yes.body);
        match no.status {
            200 => assert_eq!(no.text("/status"), "pending_review", "round {round}: a first rejection decides nothing"),
            _ => drop(no.expect_problem(409, "not_pending")),
        }
        let after = app.owner.get(&format!("/proposals/{proposal}")).await.expect(200);
        assert_eq!(after.text("/status"), "approved");
        decided.push((proposal, yes, round));
    }
    let stories = stories(&log_of(&app).await);
    for (proposal, ..) in &decided {
        let story = &stories[proposal];
        assert_eq!((story.outcomes.clone(), story.executions, story.grants), (vec!["proposal.approved".to_owned()], 1, 1));
    }
});

on_both!(approve_against_reject_where_the_first_decides_has_one_winner, async |app: TestApp| {
    let court = Court::sits(&app, json!({"model_type": "unilateral"})).await;
    let mut decided = Vec::new();
    for round in 0..ROUNDS {
        let proposal = app.owner.proposes_work(&court.zone).await;
        let (yes, no) = tokio::join!(court.ann.votes(&proposal, "approve"), court.bob.votes(&proposal, "reject"));
        assert_eq!(statuses(&[&yes, &no]), [200, 409], "round {round}: {} {}", yes.body, no.body);
        let (winner, loser, outcome) = if yes.status == 200 { (yes, no, "approved") } else { (no, yes, "rejected") };
        assert_eq!(winner.text("/status"), outcome);
        loser.expect_problem(409, "not_pending");
        let after = app.owner.get(&format!("/proposals/{proposal}")).await.expect(200);
        assert_eq!(after.text("/status"), outcome);
        decided.push((proposal, outcome));
    }
    let stories = stories(&log_of(&app).await);
    for (proposal, outcome) in decided {
        let story = &stories[&proposal];
        assert_eq!(story.outcomes, [format!("proposal.{outcome}")]);
        assert_eq!((story.votes.len(), story.executions), (1, usize::from(outcome == "approved")));
    }
});

on_both!(the_same_reviewer_twice_at_once_counts_once, async |app: TestApp| {
    let court = Court::sits(&app, threshold(2)).await;
    let third = app.human("Cat", "member").await;
    app.owner.assigns(&court.zone, &third, "approver").await.expect(201);
    let three = json!({"approval_policy": {"reviewers_by_risk": {"low": 3}}});
    app.owner.patch(&format!("/zones/{}", court.zone), three).await.expect(200);
    let mut proposals = Vec::new();
    for round in 0..ROUNDS {
        let (same, other) = tokio::join!(app.owner.proposes_work(&court.zone), app.owner.proposes_work(&court.zone));
        let (one, again) = tokio::join!(court.ann.votes(&same, "approve"), court.ann.votes(&same, "approve"));
        assert_eq!((one.status, again.status), (200, 200), "round {round}: {} {}", one.body, again.body);
        let (yes, no) = tokio::join!(court.ann.votes(&other, "approve"), court.ann.votes(&other, "abstain"));
        assert_eq!(statuses(&[&yes, &no]), [200, 409], "round {round}: {} {}", yes.body, no.body);
        if yes.status == 409 { yes } else { no }.expect_problem(409, "already_voted");
        for proposal in [&same, &other] {
            let after = app.owner.get(&format!("/proposals/{proposal}")).await.expect(200);
            assert_eq!(after.text("/status"), "pending_review", "round {round}: one person is not two");
        }
        proposals.extend([same, other]);
    }
    let stories = stories(&log_of(&app).await);
    for proposal in &proposals {
        assert_eq!((stories[proposal].votes.len(), stories[proposal].outcomes.len()), (1, 0));
    }
});

on_both!(two_moves_that_would_form_a_cycle_do_not, async |app: TestApp| {
    let owner = &app.owner;
    let a = owner.makes_zone(json!({"name": "A"})).await;
    let b = owner.makes_zone(json!({"name": "B"})).await;
    for round in 0..ROUNDS {
        let under = async |zone: &str, parent: &str| {
            owner.post(&format!("/zones/{zone}/move"), json!({"parent_zone_id": parent})).await
        };
        let (one, other) = tokio::join!(under(&a, &b), under(&b, &a));
        assert_eq!(statuses(&[&one, &other]), [200, 422], "round {round}: {} {}", one.body, other.body);
        let (moved, parent, refused) = if one.status == 200 { (&a, &b, other) } else { (&b, &a, one) };
        refused.expect_problem(422, "cycle");
        let tree = owner.get("/zones/tree").await.expect(200);
        assert_eq!(tree.items().len(), 1, "round {round}: one root: {}", tree.body);
        assert_eq!((tree.text("/items/0/id"), tree.text("/items/0/children/0/id")), (parent.clone(), moved.clone()));
        assert_eq!(tree.at("/items/0/children/0/children"), &json!([]));
        owner.post(&format!("/zones/{moved}/move"), json!({"parent_zone_id": null})).await.expect(200);
    }
    let log = log_of(&app).await;
    let moves = log.iter().filter(|event| event.event_type == "zone.moved").count();
    assert_eq!(moves, 2 * ROUNDS, "one move and one back in each round");
});

on_both!(an_explicit_slug_is_given_once, async |app: TestApp| {
    let owner = &app.owner;
    for round in 0..ROUNDS {
        let zone = json!({"name": "Eight", "slug": format!("eight-{round}")});
        let replies = join_all((0..8).map(|_| owner.post("/zones", zone.clone()))).await;
        assert_eq!(statuses(&replies.iter().collect::<Vec<_>>()), [201, 409, 409, 409, 409, 409, 409, 409], "round {round}");
        for refused in replies.into_iter().filter(|reply| reply.status != 201) {
            refused.expect_problem(409, "slug_taken");
        }
    }
    let log = log_of(&app).await;
    assert_eq!(log.iter().filter(|event| event.event_type == "zone.created").count(), ROUNDS);
});

on_both!(one_idempotency_key_has_one_effect_and_one_answer, async |app: TestApp| {
    let owner = &app.owner;
    for round in 0..ROUNDS {
        let key = format!("key-{round}");
        let headers = [("idempotency-key", key.as_str())];
        let replies = join_all((0..8).map(|_| owner.post_with("/zones", json!({"name": "Once"}), &headers))).await;
        let first = replies[0].clone().expect(201);
        let what = |reply: &Reply| {
            let told = ["etag", "location", "trust-zones-position", "content-type"].map(|name| reply.header(name));
            (reply.status, reply.body.clone(), told)
        };
        for reply in &replies {
            assert_eq!(what(reply), what(&first), "round {round}");
        }
    }
    let log = log_of(&app).await;
    assert_eq!(log.iter().filter(|event| event.event_type == "zone.created").count(), ROUNDS, "one effect for each key");
});

on_both!(two_retries_of_one_execution_have_one_effect, async |app: TestApp| {
    let court = Court::sits(&app, threshold(1)).await;
    let zone = format!("/zones/{}", court.zone);
    let mut proposals = Vec::new();
    for round in 0..ROUNDS {
        let proposal = app.owner.proposes_work(&court.zone).await;
        app.owner.patch(&zone, json!({"constraints": {"blocked_actions": ["work.do"]}})).await.expect(200);
        let decided = court.ann.votes(&proposal, "approve").await.expect(200);
        assert_eq!(decided.text("/execution/status"), "failed", "round {round}");
        app.owner.patch(&zone, json!({"constraints": null})).await.expect(200);
        let retry = async || app.owner.post(&format!("/proposals/{proposal}/retry-execution"), json!({})).await;
        let (one, other) = tokio::join!(retry(), retry());
        assert_eq!(statuses(&[&one, &other]), [200, 409], "round {round}: {} {}", one.body, other.body);
        let (done, late) = if one.status == 200 { (one, other) } else { (other, one) };
        assert_eq!(done.text("/execution/status"), "succeeded");
        late.expect_problem(409, "nothing_to_execute");
        proposals.push(proposal);
    }
    let stories = stories(&log_of(&app).await);
    for proposal in &proposals {
        let story = &stories[proposal];
        assert_eq!((story.failures, story.executions, story.grants), (1, 1, 1), "{story:?}");
    }
});

on_both!(two_owners_who_remove_each_other_leave_one_owner, async |app: TestApp| {
    // Whoever has been removed fails to sign in, more often than an address usually may.
    let app = TestApp::on(Store::create(app.store.kind()).await, &["--sign-ins-per-minute", "100000"]).await;
    let mut owner = app.owner.clone();
    for round in 0..ROUNDS {
        let rival = owner.takes_in(json!({"kind": "human", "display_name": "Rival", "role": "owner"})).await;
        let (theirs, mine) = (format!("/members/{}", rival.id), format!("/members/{}", owner.id));
        let (one, other) = tokio::join!(owner.delete(&theirs), rival.delete(&mine));
        let (winner, loser, refused) = match (one.status, other.status) {
            (204, _) => (owner, rival, other),
            (_, 204) => (rival, owner, one),
            both => panic!("round {round}: {both:?}, one of them removes the other"),
        };
        assert!(matches!(refused.status, 401 | 403), "round {round}: {} {}", refused.status, refused.body);
        let owners = winner.get("/members?role=owner").await.expect(200);
        let ids: Vec<&str> = owners.items().iter().filter_map(|owner| owner["id"].as_str()).collect();
        assert_eq!(ids, [winner.id.as_str()], "round {round}: one owner remains");
        loser.get("/me").await.expect(401);
        owner = winner;
    }
    let log = log_of(&app).await;
    assert_eq!(log.iter().filter(|event| event.event_type == "member.removed").count(), ROUNDS);
});

on_both!(one_invite_takes_one_person_in, async |app: TestApp| {
    let stranger = app.stranger();
    for round in 0..ROUNDS {
        let code = app.owner.post("/invites", json!({"role": "member"})).await.expect(201).text("/code");
        let accept = async |guest: usize| {
            let body = json!({"code": code, "display_name": format!("Guest {guest}")});
            stranger.post("/invites/accept", body).await
        };
        let replies = join_all((0..8).map(accept)).await;
        assert_eq!(statuses(&replies.iter().collect::<Vec<_>>()), [201, 409, 409, 409, 409, 409, 409, 409], "round {round}");
        for refused in replies.into_iter().filter(|reply| reply.status != 201) {
            refused.expect_problem(409, "invite_used");
        }
    }
    let log = log_of(&app).await;
    assert_eq!(log.iter().filter(|event| event.event_type == "invite.accepted").count(), ROUNDS);
    assert_eq!(log.iter().filter(|event| event.event_type == "member.added").count(), ROUNDS + 1, "with the owner");
    let profiles = app.service.app.log.profiles(log[0].organization_id, None).await.expect("profiles");
    assert_eq!(profiles.len(), ROUNDS + 1, "nothing is kept of those who came too late");
});

/// Counts what the projector does to rows: each committed change of what a proposal has come to, each answer, and each grant. How votes
/// stand is written once for several of them.
const COUNT_WRITES: [&str; 5] = [
    "CREATE TABLE writes (what text NOT NULL, id uuid NOT NULL)",
    "CREATE FUNCTION count_write() RETURNS trigger LANGUAGE plpgsql AS $$
     BEGIN
         IF TG_TABLE_NAME = 'grants' THEN INSERT INTO public.writes VALUES ('grant', NEW.proposal_id);
         ELSIF TG_TABLE_NAME = 'reviewers' THEN INSERT INTO public.writes VALUES ('answer', NEW.proposal_id);
         ELSE INSERT INTO public.writes VALUES (TG_OP, NEW.proposal_id);
         END IF;
         RETURN NULL;
     END $$",
    "CREATE TRIGGER counted AFTER INSERT OR UPDATE OF status, execution_status ON projections_1.proposals
     FOR EACH ROW EXECUTE FUNCTION count_write()",
    "CREATE TRIGGER counted AFTER UPDATE OF choice ON projections_1.reviewers FOR EACH ROW EXECUTE FUNCTION count_write()",
    "CREATE TRIGGER counted AFTER INSERT ON projections_1.grants FOR EACH ROW EXECUTE FUNCTION count_write()",
];

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn votes_through_two_processes_count_once_and_are_projected_once() {
    let app = TestApp::start(Kind::Postgres).await;
    let (second, address) = app.second_process().await;
    let db = app.service.app.log.db();
    for sql in COUNT_WRITES {
        db.execute(Statement::new(sql)).await.expect(sql);
    }
    let court = Court::sits(&app, threshold(2)).await;
    let elsewhere = court.bob.speaking_to(address);
    let mut decided = Vec::new();
    for round in 0..50 {
        let proposal = app.owner.proposes_work(&court.zone).await;
        let (one, other) = tokio::join!(court.ann.votes(&proposal, "approve"), elsewhere.votes(&proposal, "approve"));
        assert_eq!((one.status, other.status), (200, 200), "round {round}: {} {}", one.body, other.body);
        let mut seen = [one.text("/status"), other.text("/status")];
        seen.sort();
        assert_eq!(seen, ["approved", "pending_review"], "round {round}");
        let after = one.position().max(other.position());
        for reader in [&app.owner, &app.owner.speaking_to(address)] {
            let seen = reader.get(&format!("/proposals/{proposal}?after={after}")).await.expect(200);
            assert_eq!(seen.text("/status"), "approved", "round {round}: every process knows");
            let listed = reader.get(&format!("/proposals?limit=1&after={after}")).await.expect(200);
            assert_eq!(listed.text("/items/0/status"), "approved", "round {round}: every process lists it");
        }
        decided.push(proposal);
    }
    let log = log_of(&app).await;
    positions_have_no_gaps(&log);
    let stories = stories(&log);
    let rows = db.rows(Statement::new("SELECT what, id FROM writes")).await.expect("counted writes");
    let mut writes: BTreeMap<(String, String), usize> = BTreeMap::new();
    for row in rows {
        *writes.entry((row.id("id").expect("an id").to_string(), row.text("what").expect("what"))).or_default() += 1;
    }
    for proposal in &decided {
        let story = &stories[proposal];
        assert_eq!((story.votes.len(), story.executions, story.grants), (2, 1, 1), "{story:?}");
        let times = |what: &str| writes.get(&(proposal.clone(), what.to_owned())).copied().unwrap_or(0);
        // The approval and the execution each change the row once, and each vote that of its seat.
        let written = ["INSERT", "UPDATE", "answer", "grant"].map(times);
        assert_eq!(written, [1, 2, 2, 1], "each event of {proposal} is projected once");
    }
    second.end().await;
    app.owner.speaking_to(app.address).get("/readyz").await.expect(200);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_one_process_wrote_is_judged_in_another_by_what_holds_since_on_postgres() {
    let app = TestApp::start(Kind::Postgres).await;
    let (second, address) = app.second_process().await;
    let ann = app.human("Ann", "member").await;
    let elsewhere = app.owner.speaking_to(address);
    for round in 0..50 {
        let zone = app.owner.makes_zone(json!({"name": format!("Zone {round}")})).await;
        app.owner.assigns(&zone, &ann, "approver").await.expect(201);
        let body = json!({"zone_id": zone, "type": "task_execution", "title": "Work", "payload": {"action": "work.do"}});
        let opened = app.owner.post("/proposals", body).await.expect(201);
        let after = opened.position();
        let listed = elsewhere.get(&format!("/proposals?limit=1&after={after}")).await.expect(200);
        assert_eq!(listed.text("/items/0/id"), opened.id(), "round {round}: its zone is known");
        elsewhere.get(&format!("/audit?zone_id={zone}&limit=1&after={after}")).await.expect(200);
        let waiting =
            ann.speaking_to(address).get(&format!("/proposals/pending-reviews?limit=1&after={after}")).await.expect(200);
        assert_eq!(waiting.text("/items/0/id"), opened.id(), "round {round}");
    }
    second.end().await;
}
