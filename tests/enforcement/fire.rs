//! Limits under fire: 64 at once, 50 rounds, and not one too many.

use chrono::Duration;
use futures::future::join_all;
use serde_json::{Value, json};

use super::{budget, executor, reserves};
use crate::harness::{Kind, Person, Store, TestApp};
use crate::on_both;

const CLIENTS: usize = 64;
const ROUNDS: usize = 50;

/// No request is refused for being one of many.
async fn unhurried(app: &TestApp) -> TestApp {
    TestApp::on(Store::create(app.store.kind()).await, &["--requests-per-second", "1000000"]).await
}

/// How many of 64 reservations of 10 at once, in these zones in turn, are admitted.
async fn admitted(worker: &Person, zones: &[&str]) -> usize {
    let replies = join_all((0..CLIENTS).map(|client| reserves(worker, zones[client % zones.len()], "10"))).await;
    for reply in replies.iter().filter(|reply| reply.status != 201) {
        assert_eq!((reply.status, reply.text("/code")), (422, "budget_exceeded".to_owned()), "{}", reply.body);
    }
    replies.iter().filter(|reply| reply.status == 201).count()
}

on_both!(a_limit_that_fits_ten_admits_ten_of_sixty_four, async |app: TestApp| {
    let app = unhurried(&app).await;
    let root = app.owner.makes_zone(json!({"name": "Root"})).await;
    let worker = executor(&app, &root).await;
    let limited = |limit: Value, parent: &str, name: String| json!({"name": name, "parent_zone_id": parent, "resource_scope": {"budget_limit": limit}});
    for round in 0..ROUNDS {
        let own = app.owner.makes_zone(limited(json!("100"), &root, format!("Own {round}"))).await;
        assert_eq!(admitted(&worker, &[&own]).await, 10, "round {round}: at the zone");
        let parent = app.owner.makes_zone(limited(json!("109.99"), &root, format!("Parent {round}"))).await;
        let one = app.owner.makes_zone(json!({"name": format!("One {round}"), "parent_zone_id": parent})).await;
        let other = app.owner.makes_zone(json!({"name": format!("Other {round}"), "parent_zone_id": parent})).await;
        assert_eq!(admitted(&worker, &[&one, &other]).await, 10, "round {round}: two siblings under one parent");
        let shown = budget(&worker, &parent).await;
        assert_eq!((&shown["reserved"], &shown["remaining"]), (&json!("100"), &json!("9.99")));
    }
});

// The same clients with sums of every size, through two processes where there can be two: what is admitted depends on who was
// admitted before, and whoever builds on one that was refused must not stay.
on_both!(no_mixture_of_sums_passes_a_limit, async |app: TestApp| {
    const SUMS: [u64; 8] = [1, 60, 5, 50, 20, 10, 33, 2];
    let app = unhurried(&app).await;
    let root = app.owner.makes_zone(json!({"name": "Root"})).await;
    let worker = executor(&app, &root).await;
    let second = match app.store.kind() {
        Kind::Postgres => Some(app.second_process().await),
        Kind::Sqlite => None,
    };
    let elsewhere = second.as_ref().map_or_else(|| worker.clone(), |(_, address)| worker.speaking_to(*address));
    for round in 0..ROUNDS {
        let limited =
            json!({"name": format!("Zone {round}"), "parent_zone_id": root, "resource_scope": {"budget_limit": "100"}});
        let zone = app.owner.makes_zone(limited).await;
        let ask = async |client: usize| {
            let person = if client.is_multiple_of(2) { &worker } else { &elsewhere };
            let sum = SUMS[(client * 5 + round * 3) % SUMS.len()];
            let reply = reserves(person, &zone, &sum.to_string()).await;
            if reply.status == 201 {
                (sum, reply.position())
            } else {
                assert_eq!((reply.status, reply.text("/code")), (422, "budget_exceeded".to_owned()), "{}", reply.body);
                (0, 0)
            }
        };
        let replies = join_all((0..CLIENTS).map(ask)).await;
        let taken: u64 = replies.iter().map(|(sum, _)| sum).sum();
        assert!(taken <= 100, "round {round}: {taken} of 100");
        // The other process may have been the last.
        let last = replies.iter().map(|(_, position)| *position).max().expect("replies");
        let shown = worker.get(&format!("/zones/{zone}/budget?after={last}")).await.expect(200).body;
        assert_eq!(shown["reserved"], json!(taken.to_string()), "round {round}");
    }
    if let Some((service, _)) = second {
        service.end().await;
    }
});

on_both!(five_a_second_are_never_six, async |app: TestApp| {
    let app = unhurried(&app).await;
    let rates = json!({"rate_limits": [{"action": "work.*", "max": 5, "per_seconds": 1}]});
    let zone = app.owner.makes_zone(json!({"name": "Zone", "constraints": rates})).await;
    let worker = executor(&app, &zone).await;
    let second = match app.store.kind() {
        Kind::Postgres => Some(app.second_process().await),
        Kind::Sqlite => None,
    };
    let elsewhere = second.as_ref().map_or_else(|| worker.clone(), |(_, address)| worker.speaking_to(*address));
    let path = format!("/zones/{zone}/check");
    let mut admitted: Vec<i64> = Vec::new();
    for round in 0..ROUNDS {
        let ask = async |client: usize| {
            let person = if client.is_multiple_of(2) { &worker } else { &elsewhere };
            person.post(&path, json!({"action": "work.do"})).await.expect(200).text("/decision") == "allow"
        };
        let now = app.clock.now().timestamp_millis();
        let allowed = join_all((0..CLIENTS).map(ask)).await.into_iter().filter(|allowed| *allowed).count();
        admitted.extend(std::iter::repeat_n(now, allowed));
        let window = admitted.iter().filter(|at| **at > now - 1000).count();
        assert_eq!(window, 5, "round {round}: as many as may be, and not one more");
        app.clock.advance(Duration::milliseconds([170, 1000, 400, 999][round % 4]));
    }
    if let Some((service, _)) = second {
        service.end().await;
    }
});

on_both!(a_grant_used_by_sixteen_at_once_is_used_once, async |app: TestApp| {
    let app = unhurried(&app).await;
    let zone = json!({"name": "Zone", "approval_policy": {"auto_approve": {"types": ["task_execution"]}},
        "resource_scope": {"budget_limit": "500"}});
    let zone = app.owner.makes_zone(zone).await;
    for round in 0..ROUNDS {
        let payload = json!({"action": "work.do", "amount": "10", "params": {"round": round}});
        let body = json!({"zone_id": zone, "type": "task_execution", "title": "Work", "payload": payload});
        let proposal = app.owner.post("/proposals", body).await.expect(201);
        assert_eq!(proposal.text("/execution/status"), "succeeded", "{}", proposal.body);
        let grant = app.owner.get("/grants?limit=1").await.expect(200).text("/items/0/id");
        let path = format!("/grants/{grant}/use");
        let replies = join_all((0..16).map(|_| app.owner.post(&path, json!({"params": {"round": round}})))).await;
        let used = replies.iter().filter(|reply| reply.status == 200).count();
        assert_eq!(used, 1, "round {round}");
        for refused in replies.into_iter().filter(|reply| reply.status != 200) {
            refused.expect_problem(409, "grant_used");
        }
    }
    let shown = budget(&app.owner, &zone).await;
    assert_eq!((&shown["reserved"], &shown["spent"], &shown["remaining"]), (&json!("0"), &json!("500"), &json!("0")));
});

/// A die that falls the same way in every run.
struct Dice(u64);

impl Dice {
    fn roll(&mut self, sides: u64) -> u64 {
        self.0 = self.0.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        (self.0 >> 33) % sides
    }
}

// Whatever the tree and whoever comes first: what is set aside and spent in a subtree never passes a limit above it.
on_both!(no_subtree_of_any_tree_passes_a_limit, async |app: TestApp| {
    const ZONES: usize = 7;
    let app = unhurried(&app).await;
    let root = app.owner.makes_zone(json!({"name": "Root"})).await;
    let worker = executor(&app, &root).await;
    let second = match app.store.kind() {
        Kind::Postgres => Some(app.second_process().await),
        Kind::Sqlite => None,
    };
    let elsewhere = second.as_ref().map_or_else(|| worker.clone(), |(_, address)| worker.speaking_to(*address));
    for round in 0..20_u64 {
        let mut dice = Dice(round);
        let mut zones: Vec<(String, u64)> = vec![(root.clone(), 1_000)];
        for number in 0..ZONES {
            let (parent, above) = zones[usize::try_from(dice.roll(zones.len() as u64)).expect("small")].clone();
            let limit = (dice.roll(3) > 0).then(|| 20 + dice.roll(above.min(150)));
            let limit = limit.map(|limit| limit.min(above));
            let mut zone = json!({"name": format!("Zone {round}.{number}"), "parent_zone_id": parent});
            if let Some(limit) = limit {
                zone["resource_scope"] = json!({"budget_limit": limit.to_string()});
            }
            zones.push((app.owner.makes_zone(zone).await, limit.unwrap_or(above)));
        }
        let deeds: Vec<(String, u64, u64)> = (0..CLIENTS)
            .map(|_| {
                let zone = 1 + dice.roll(ZONES as u64);
                (zones[usize::try_from(zone).expect("small")].0.clone(), 1 + dice.roll(60), dice.roll(3))
            })
            .collect();
        let act = async |(client, (zone, sum, then)): (usize, (String, u64, u64))| {
            let person = if client.is_multiple_of(2) { &worker } else { &elsewhere };
            let reply = reserves(person, &zone, &sum.to_string()).await;
            if reply.status != 201 {
                assert_eq!((reply.status, reply.text("/code")), (422, "budget_exceeded".to_owned()), "{}", reply.body);
                return;
            }
            let path = format!("/reservations/{}", reply.id());
            match then {
                0 => drop(person.post(&format!("{path}/release"), json!({})).await.expect(200)),
                1 => drop(person.post(&format!("{path}/commit"), json!({"actual": (sum / 2).to_string()})).await.expect(200)),
                _ => {}
            }
        };
        join_all(deeds.into_iter().enumerate().map(act)).await;
        for (zone, _) in &zones[1..] {
            for line in budget(&worker, zone).await["limits"].as_array().expect("limits") {
                let number = |key: &str| line[key].as_str().and_then(|text| text.parse::<f64>().ok()).expect("a number");
                assert!(number("booked") <= number("limit"), "round {round}: {line}");
            }
        }
    }
    if let Some((service, _)) = second {
        service.end().await;
    }
});
