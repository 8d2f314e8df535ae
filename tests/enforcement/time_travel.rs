//! What was answered once is answered for ever (SPEC C4): a thousand checks during a history drawn from a fixed seed, each of
//! them asked again when everything has changed.

use chrono::Duration;
use serde_json::{Value, json};

use crate::harness::{Person, TestApp};
use crate::on_both;

const CHECKS: usize = 1_000;

/// Numbers from a fixed seed (`SplitMix64`).
struct Dice(u64);

impl Dice {
    fn below(&mut self, bound: usize) -> usize {
        self.0 = self.0.wrapping_add(0x9E37_79B9_7F4A_7C15);
        let mixed = (self.0 ^ (self.0 >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
        let mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
        usize::try_from((mixed ^ (mixed >> 31)) % bound as u64).expect("a small number")
    }

    fn one_of<T: Clone>(&mut self, of: &[T]) -> T {
        of[self.below(of.len())].clone()
    }
}

const ACTIONS: [&str; 6] = ["work.do", "work.never", "pay.bill", "deploy.site", "zone.write", "proposal.approve"];

/// Something that changes what may be done.
async fn something_happens(app: &TestApp, dice: &mut Dice, zones: &[String], people: &[Person], held: &mut Vec<String>) {
    let owner = &app.owner;
    let zone = dice.one_of(zones);
    let constraints = |keys: Value| json!({"constraints": keys});
    // What is refused (a limit wider than the parent's, a repeated status) is part of life.
    match dice.below(9) {
        0 => {
            drop(
                owner.patch(&format!("/zones/{zone}"), constraints(json!({"blocked_actions": [dice.one_of(&ACTIONS)]}))).await,
            );
        }
        1 => {
            let allowed = dice.one_of(&[json!(null), json!(["work.*"]), json!(["pay.*", "deploy.*"])]);
            drop(owner.patch(&format!("/zones/{zone}"), constraints(json!({"allowed_actions": allowed}))).await);
        }
        2 => {
            let limit = json!({"resource_scope": {"budget_limit": dice.below(200)}});
            drop(owner.patch(&format!("/zones/{zone}"), limit).await);
        }
        3 => {
            let rates = json!([{"action": "pay.*", "max": dice.below(4), "per_seconds": 600}]);
            let spending = json!({"amount": dice.below(100), "window": "day"});
            drop(
                owner
                    .patch(&format!("/zones/{zone}"), constraints(json!({"rate_limits": rates, "spending_limit": spending})))
                    .await,
            );
        }
        4 => {
            let assigned = owner.assigns(&zone, &dice.one_of(people), dice.one_of(&["executor", "approver"])).await;
            if assigned.status == 201 && dice.below(2) == 0 {
                drop(owner.delete(&format!("/zones/{zone}/assignments/{}", assigned.id())).await);
            }
        }
        5 => drop(owner.post(&format!("/zones/{zone}/{}", dice.one_of(&["suspend", "activate"])), json!({})).await),
        6 => {
            let body = json!({"action": "work.do", "amount": dice.below(30)});
            let reserved = owner.post(&format!("/zones/{zone}/reservations"), body).await;
            if reserved.status == 201 {
                held.push(reserved.id());
            }
        }
        7 => {
            if let Some(id) = held.pop() {
                drop(owner.post(&format!("/reservations/{id}/{}", dice.one_of(&["commit", "release"])), json!({})).await);
            }
        }
        _ => drop(owner.post(&format!("/zones/{zone}/move"), json!({"parent_zone_id": dice.one_of(zones)})).await),
    }
    app.clock.advance(Duration::seconds(i64::try_from(dice.below(3_000)).expect("small")));
}

on_both!(a_thousand_answers_are_given_again_at_their_positions, async |app: TestApp| {
    let mut dice = Dice(4);
    let root = app.owner.makes_zone(json!({"name": "Root"})).await;
    let mut zones = vec![root.clone()];
    for number in 0..5 {
        let zone = json!({"name": format!("Zone {number}"), "parent_zone_id": dice.one_of(&zones)});
        zones.push(app.owner.makes_zone(zone).await);
    }
    let people = [app.human("Ann", "member").await, app.agent("Bot", None).await, app.human("Adm", "admin").await];
    let (mut told, mut held) = (Vec::new(), Vec::new());
    while told.len() < CHECKS {
        if dice.below(4) == 0 {
            something_happens(&app, &mut dice, &zones, &people, &mut held).await;
        }
        let zone = dice.one_of(&zones);
        let amount = dice.one_of(&[Value::Null, json!("5"), json!("40")]);
        let asked = json!({"action": dice.one_of(&ACTIONS), "principal_id": dice.one_of(&people).id, "amount": amount});
        let answer = app.owner.post(&format!("/zones/{zone}/check"), asked.clone()).await.expect(200).body;
        told.push((zone, asked, answer));
    }
    for answer in ["allow", "deny"] {
        assert!(told.iter().filter(|(_, _, told)| told["decision"] == answer).count() > 50, "{answer} is given often enough");
    }
    for (index, (zone, mut asked, answer)) in told.into_iter().enumerate() {
        asked["at_position"] = answer["position"].clone();
        asked["at"] = answer["decided_at"].clone();
        let again = app.owner.post(&format!("/zones/{zone}/check"), asked).await.expect(200).body;
        assert_eq!(again, answer, "check {index}");
    }
});
