//! The demo makes what it promises, once.

use std::collections::{BTreeMap, BTreeSet};

use aggregates::Moment;
use chrono::TimeDelta;
use serde_json::Value;
use trust_zones::clock::Clock;

use crate::harness::{Kind, Person, Store, beginning, serve};

/// How often each text at `pointer` occurs.
fn counted(items: &[Value], pointer: &str) -> BTreeMap<String, usize> {
    let mut counts = BTreeMap::new();
    for text in items.iter().filter_map(|item| item.pointer(pointer)?.as_str()) {
        *counts.entry(text.to_owned()).or_insert(0) += 1;
    }
    counts
}

fn counts<const N: usize>(expected: [(&str, usize); N]) -> BTreeMap<String, usize> {
    expected.into_iter().map(|(text, number)| (text.to_owned(), number)).collect()
}

async fn makes_an_organization_once(kind: Kind) {
    let store = Store::create(kind).await;
    let (service, address) = serve(&store, &[], Clock::standing_at(beginning())).await;
    let founded = trust_zones::demo::bootstrap(&service).await.expect("a demo").expect("an empty store");
    let http = reqwest::Client::builder().build().expect("a client");
    let owner = Person::new(http, address, founded.owner_id.to_string(), founded.token);

    assert_eq!(service.app.clock.now(), beginning(), "it is told up to now");
    let first = owner.get("/audit?order=asc&limit=1").await.expect(200).text("/items/0/occurred_at");
    assert_eq!(first.parse::<Moment>().expect("a moment"), beginning() - TimeDelta::days(13), "and from a fortnight ago");
    people_and_zones_are_there(&owner).await;
    proposals_stand_in_every_state(&owner).await;
    disputes_and_judgements_are_there(&owner).await;

    let head = service.app.log.head().await.expect("a head");
    assert!(trust_zones::demo::bootstrap(&service).await.expect("a second start").is_none());
    assert_eq!(service.app.log.head().await.expect("a head"), head, "a second start makes nothing");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn of_two_that_start_at_once_one_tells_and_both_come_to_now() {
    for _ in 0..5 {
        let store = Store::create(Kind::Postgres).await;
        let (one, _) = serve(&store, &[], Clock::standing_at(beginning())).await;
        let (other, _) = serve(&store, &[], Clock::standing_at(beginning())).await;
        let told = tokio::join!(trust_zones::demo::bootstrap(&one), trust_zones::demo::bootstrap(&other));
        let told = [told.0, told.1].map(|told| told.expect("an answer").is_some());
        assert_eq!(told.iter().filter(|told| **told).count(), 1, "{told:?}");
        for service in [&one, &other] {
            assert_eq!(service.app.clock.now(), beginning(), "nobody stays behind");
        }
    }
}

async fn people_and_zones_are_there(owner: &Person) {
    let members = owner.get("/members?limit=200").await.expect(200);
    assert_eq!(counted(members.items(), "/kind"), counts([("human", 8), ("agent", 5)]));
    assert_eq!(counted(members.items(), "/role"), counts([("owner", 1), ("admin", 1), ("member", 10), ("auditor", 1)]));
    let agents = members.items().iter().filter(|member| member["kind"] == "agent");
    assert!(agents.clone().all(|agent| agent["sponsor_id"].is_string() && agent["agent_type"].is_string()));

    let zones = owner.get("/zones?limit=200").await.expect(200);
    assert_eq!(zones.items().len(), 5);
    let models: BTreeSet<String> = counted(zones.items(), "/decision_model/model_type").into_keys().collect();
    assert_eq!(models, BTreeSet::from(["unilateral", "threshold", "majority", "weighted", "consensus"].map(str::to_owned)));
    let sections = [
        "responsibilities",
        "resource_scope",
        "agent_qualifications",
        "alignment_requirements",
        "incentive_model",
        "constraints",
        "decision_model",
        "approval_policy",
        "escalation_policy",
        "evaluation_criteria",
        "sealed",
    ];
    for section in sections {
        assert!(zones.items().iter().any(|zone| !zone[section].is_null()), "no zone writes {section}");
    }
    let in_force = zones.items().iter().filter(|zone| zone["in_force"] == true);
    assert_eq!(in_force.count(), 5);
    let deepest = zones.items().iter().find(|zone| zone["slug"] == "site-reliability").expect("a zone");
    let ancestry = owner.get(&format!("/zones/{}/ancestry", deepest["id"].as_str().expect("an id"))).await.expect(200);
    assert_eq!(ancestry.items().len(), 3, "{}", ancestry.body);
}

async fn proposals_stand_in_every_state(owner: &Person) {
    let proposals = owner.get("/proposals?limit=200").await.expect(200);
    let proposals = proposals.items();
    let statuses = counts([("pending_review", 9), ("approved", 16), ("escalated", 1), ("rejected", 4), ("withdrawn", 1)]);
    assert_eq!(counted(proposals, "/status"), statuses);
    let types = counts([("task_execution", 21), ("resource_allocation", 3), ("zone_change", 4), ("membership_change", 3)]);
    assert_eq!(counted(proposals, "/type"), types);
    assert_eq!(counted(proposals, "/execution/status"), counts([("succeeded", 14), ("held", 1), ("failed", 1)]));
    let reasons =
        counts([("votes", 17), ("auto_approved", 1), ("deadlock", 1), ("withdrawn_by_proposer", 1), ("escalation", 1)]);
    assert_eq!(counted(proposals, "/resolution/reason"), reasons);
    assert_eq!(counted(proposals, "/decision_model/model_type").len(), 5, "every model has been asked");

    let told = owner.get("/audit?limit=200").await.expect(200);
    let told = counted(told.items(), "/type");
    for fact in ["proposal.commented", "proposal.reviewer_recused", "proposal.vote_changed"] {
        assert!(told.contains_key(fact), "{fact} is missing from {told:?}");
    }
    let refused = told.keys().any(|fact| fact.starts_with("access."));
    assert!(!refused, "nothing was refused: {told:?}");
}

async fn disputes_and_judgements_are_there(owner: &Person) {
    let escalations = owner.get("/escalations?limit=200").await.expect(200);
    assert_eq!(counted(escalations.items(), "/kind"), counts([("action", 2), ("governance", 2)]));
    let statuses = counts([("resolved", 1), ("accepted", 1), ("pending", 1), ("dismissed", 1)]);
    assert_eq!(counted(escalations.items(), "/status"), statuses);
    let evaluations = owner.get("/evaluations?limit=200").await.expect(200);
    assert_eq!(counted(evaluations.items(), "/status"), counts([("completed", 3), ("in_review", 1), ("pending", 4)]));
    assert_eq!(counted(evaluations.items(), "/signal"), counts([("positive", 1), ("neutral", 1), ("negative", 1)]));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_demo_makes_an_organization_once_on_sqlite() {
    makes_an_organization_once(Kind::Sqlite).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_demo_makes_an_organization_once_on_postgres() {
    makes_an_organization_once(Kind::Postgres).await;
}
