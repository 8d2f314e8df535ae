//! Laws of the ledger: sums over subtrees never pass a limit on their path, and nothing is lost on the way.

use proptest::prelude::*;
use serde_json::{Value, json};
use uuid::Uuid;

use super::*;
use crate::Moment;
use crate::action::Action;
use crate::amount::Amount;
use crate::ids::{MemberId, ReservationId, ZoneId};
use crate::organization::{Event as Joined, Organization};
use crate::permission::{Ask, Authority, budget, check};
use crate::policy::SpendingWindow;
use crate::zones::{Event as Zoned, Zones};

const NOW: &str = "2026-01-05T10:00:00Z";
const ZONES: u128 = 6;

fn now() -> Moment {
    NOW.parse().expect("a moment")
}

fn owner() -> MemberId {
    MemberId(Uuid::from_u128(1))
}

fn zone(number: u128) -> ZoneId {
    ZoneId(Uuid::from_u128(100 + number))
}

fn created(number: u128, parent: Option<u128>, limit: Option<u32>) -> Zoned {
    let policies = limit.map_or_else(|| json!({}), |limit| json!({"resource_scope": {"budget_limit": limit}}));
    let event: Value = json!({"type": "zone.created", "zone_id": zone(number), "parent_zone_id": parent.map(zone), "name": "zone",
        "slug": format!("zone-{number}"), "description": "", "status": "active", "policies": policies, "created_at": NOW});
    serde_json::from_value(event).expect("an event")
}

fn authority(zones: &[Zoned]) -> Authority {
    let joined: Joined = serde_json::from_value(json!({"type": "member.added", "member_id": owner(), "kind": "human",
        "role": "owner", "sponsor_id": null, "agent_type": null, "skills": [], "added_at": NOW}))
    .expect("an event");
    Authority::new(Organization::replay(&[joined]), Zones::replay(zones))
}

fn ask(amount: u32) -> Ask {
    let action = Action::parse("work.do").expect("an action");
    Ask { amount: Some(Amount::parse(&amount.to_string()).expect("an amount")), ..Ask::plain(owner(), action, now()) }
}

/// One thing that may happen.
#[derive(Clone, Debug)]
enum Step {
    Reserve { zone: u128, amount: u32 },
    Commit { nth: usize, percent: u32 },
    Draw { nth: usize, percent: u32 },
    Release { nth: usize },
    Move { zone: u128, to: Option<u128> },
}

fn step() -> impl Strategy<Value = Step> {
    prop_oneof![
        6 => (0..ZONES, 0..60_u32).prop_map(|(zone, amount)| Step::Reserve { zone, amount }),
        2 => (any::<usize>(), 0..=100_u32).prop_map(|(nth, percent)| Step::Commit { nth, percent }),
        1 => (any::<usize>(), 1..=100_u32).prop_map(|(nth, percent)| Step::Draw { nth, percent }),
        2 => any::<usize>().prop_map(|nth| Step::Release { nth }),
        1 => (1..ZONES, proptest::option::of(0..ZONES)).prop_map(|(zone, to)| Step::Move { zone, to }),
    ]
}

/// What is set aside and spent in and below a zone, added up by hand.
fn by_hand(books: &[(u128, u32, u32)], authority: &Authority, root: u128) -> u32 {
    let inside = |number: u128| authority.tree.is_within(zone(number), zone(root));
    books.iter().filter(|(number, ..)| inside(*number)).map(|(_, open, spent)| open + spent).sum()
}

proptest! {
    #[test]
    fn no_reservation_takes_a_subtree_beyond_a_limit_above_it(
        limits in proptest::collection::vec(proptest::option::of(20..150_u32), 6),
        parents in proptest::collection::vec(0..6_usize, 6),
        steps in proptest::collection::vec(step(), 1..80),
    ) {
        let mut events: Vec<Zoned> = Vec::new();
        for number in 0..ZONES {
            let index = usize::try_from(number).expect("small");
            let parent = (index > 0).then(|| u128::try_from(parents[index] % index).expect("small"));
            events.push(created(number, parent, limits[index]));
        }
        let mut authority = authority(&events);
        // Zone, open, spent of every reservation, in the order of their ids.
        let mut books: Vec<(u128, u32, u32)> = Vec::new();
        for (index, step) in steps.into_iter().enumerate() {
            let id = |nth: usize| ReservationId(Uuid::from_u128(1_000 + nth as u128));
            let amount = |number: u32| Amount::parse(&number.to_string()).expect("an amount");
            let command = match step {
                Step::Reserve { zone: number, amount: asked } => {
                    let fits = (0..ZONES).filter(|above| authority.tree.is_within(zone(number), zone(*above))).all(|above| {
                        let limit = limits[usize::try_from(above).expect("small")];
                        limit.is_none_or(|limit| by_hand(&books, &authority, above) + asked <= limit)
                    });
                    let answer = check(&authority, zone(number), &ask(asked));
                    prop_assert_eq!(answer.is_allowed(), fits, "step {}: {:?}", index, answer);
                    if !fits {
                        let binding = answer.reasons[0].zone_id.expect("a zone that binds");
                        prop_assert!(authority.tree.is_within(zone(number), binding));
                        continue;
                    }
                    books.push((number, asked, 0));
                    Command::Reserve(Box::new(Terms {
                        reservation_id: id(books.len() - 1),
                        zone_id: zone(number),
                        principal_id: owner(),
                        reserved_by: owner(),
                        action: ask(0).action,
                        amount: amount(asked),
                        holder: Holder::Task,
                        counted_seconds: None,
 asked: None,
                        reserved_at: now(),
                        expires_at: now() + chrono::Duration::hours(1),
                    }))
                }
                Step::Move { zone: number, to } => {
                    let cycle = to.is_some_and(|to| authority.tree.is_within(zone(to), zone(number)));
                    let from_zone_id = authority.tree.zone(zone(number)).and_then(|zone| zone.parent_zone_id);
                    if !cycle {
                        let mut tree = (*authority.tree).clone();
                        let (zone_id, to_zone_id) = (zone(number), to.map(zone));
                        Zones::evolve(&mut tree, &Zoned::Moved { zone_id, from_zone_id, to_zone_id, by_proposal: None, moved_at: now() });
                        authority = authority.with_tree(tree);
                    }
                    continue;
                }
                Step::Commit { nth, percent } | Step::Draw { nth, percent } if !books.is_empty() => {
                    let nth = nth % books.len();
                    let held = books[nth].1;
                    let actual = held * percent / 100;
                    let open = authority.ledger.open(id(nth)).is_some();
                    if !open {
                        let refused = Ledger::decide(&authority.ledger, Command::Release { reservation_id: id(nth), now: now() });
                        prop_assert_eq!(refused, Err(Rejection::NotReserved));
                        continue;
                    }
                    books[nth].2 += actual;
                    if matches!(step, Step::Draw { .. }) && actual < held {
                        books[nth].1 = held - actual;
                        Command::Draw { reservation_id: id(nth), amount: amount(actual), now: now() }
                    } else {
                        books[nth].1 = 0;
                        Command::Commit { reservation_id: id(nth), actual: Some(amount(actual)), now: now() }
                    }
                }
                Step::Release { nth } if !books.is_empty() && authority.ledger.open(id(nth % books.len())).is_some() => {
                    let nth = nth % books.len();
                    books[nth].1 = 0;
                    Command::Release { reservation_id: id(nth), now: now() }
                }
                Step::Commit { .. } | Step::Draw { .. } | Step::Release { .. } => continue,
            };
            let mut ledger = (*authority.ledger).clone();
            for event in Ledger::decide(&ledger, command).expect("it can be done") {
                Ledger::evolve(&mut ledger, &event);
            }
            authority.ledger = std::sync::Arc::new(ledger);
            for number in 0..ZONES {
                let shown = budget(&authority, zone(number), now()).expect("a budget");
                let booked = shown.reserved.plus(shown.spent);
                prop_assert_eq!(booked, amount(by_hand(&books, &authority, number)), "zone {}", number);
            }
        }
    }

    #[test]
    fn no_span_of_a_rate_holds_more_than_it_admits(
        gaps in proptest::collection::vec(0..700_i64, 1..120),
        most in 1..6_u32,
    ) {
        let rates = json!({"constraints": {"rate_limits": [{"action": "work.*", "max": most, "per_seconds": 1}]}});
        let mut event = serde_json::to_value(created(0, None, None)).expect("JSON");
        event["policies"] = rates;
        let mut authority = authority(&[serde_json::from_value(event).expect("an event")]);
        let mut admitted: Vec<Moment> = Vec::new();
        let mut at = now();
        for gap in gaps {
            at += chrono::Duration::milliseconds(gap);
            let question = Ask { now: at, amount: None, ..ask(0) };
            let fits = admitted.iter().filter(|earlier| **earlier > at - chrono::Duration::seconds(1)).count() < most as usize;
            prop_assert_eq!(check(&authority, zone(0), &question).is_allowed(), fits);
            if fits {
                admitted.push(at);
                let counted_seconds = authority.counted_seconds(zone(0), &question).expect("a rate");
                let mut ledger = (*authority.ledger).clone();
                let (zone_id, principal_id, action) = (zone(0), owner(), question.action);
                Ledger::evolve(&mut ledger, &Event::Admitted { zone_id, principal_id, action, counted_seconds, asked: None, admitted_at: at });
                authority.ledger = std::sync::Arc::new(ledger);
            }
        }
    }
}

#[test]
fn windows_begin_at_the_zones_midnight_also_when_clocks_are_changed() {
    let starts = |window, clock: &str, at: &str| {
        let began = start_of(window, clock.parse().expect("a clock"), at.parse().expect("a moment"));
        began.map(|began| began.to_rfc3339_opts(chrono::SecondsFormat::Secs, true))
    };
    let day = |clock: &str, at: &str| starts(SpendingWindow::Day, clock, at).expect("a day");
    assert_eq!(day("UTC", NOW), "2026-01-05T00:00:00Z");
    assert_eq!(day("Europe/Berlin", "2026-03-29T21:59:59Z"), "2026-03-28T23:00:00Z");
    assert_eq!(day("Europe/Berlin", "2026-03-29T22:00:00Z"), "2026-03-29T22:00:00Z", "the day of the change has 23 hours");
    // Where the clock jumps over midnight, the day begins an hour late.
    assert_eq!(day("Africa/Cairo", "2026-04-24T12:00:00Z"), "2026-04-23T22:00:00Z");
    assert_eq!(day("Asia/Kathmandu", NOW), "2026-01-04T18:15:00Z");
    let week = starts(SpendingWindow::Week, "America/New_York", "2026-03-11T12:00:00Z");
    assert_eq!(week.expect("a week"), "2026-03-09T04:00:00Z", "from Monday");
    let month = starts(SpendingWindow::Month, "America/New_York", "2026-03-11T12:00:00Z");
    assert_eq!(month.expect("a month"), "2026-03-01T05:00:00Z");
    assert_eq!(starts(SpendingWindow::Total, "UTC", NOW), None);
}

#[test]
fn the_next_window_begins_where_this_one_ends() {
    for clock in ["UTC", "Europe/Berlin", "Africa/Cairo", "Asia/Kathmandu", "America/New_York", "Australia/Lord_Howe"] {
        let clock = clock.parse().expect("a clock");
        for hours in 0..2 * 366 * 8 {
            let at = now() + chrono::Duration::hours(3 * hours);
            for window in [SpendingWindow::Day, SpendingWindow::Week, SpendingWindow::Month] {
                let next = next_start(window, clock, at).expect("there is a next one");
                assert!(next > at, "{window:?} at {at} by {clock}");
                assert_eq!(start_of(window, clock, next), Some(next), "{window:?} at {at} by {clock}");
                let last = next - chrono::Duration::microseconds(1);
                assert_eq!(start_of(window, clock, last), start_of(window, clock, at), "{window:?} at {at} by {clock}");
            }
            assert_eq!(next_start(SpendingWindow::Total, clock, at), None);
        }
    }
}

#[test]
fn what_lapsed_or_was_closed_stays_so() {
    let reservation_id = ReservationId(Uuid::from_u128(7));
    let ends = now() + chrono::Duration::minutes(1);
    let reserved = Event::Reserved(Box::new(Terms {
        reservation_id,
        zone_id: zone(0),
        principal_id: owner(),
        reserved_by: owner(),
        action: ask(0).action,
        amount: Amount::parse("10.5").expect("an amount"),
        holder: Holder::Task,
        counted_seconds: None,
        asked: None,
        reserved_at: now(),
        expires_at: ends,
    }));
    let standing = Ledger::replay([&reserved]);
    let Event::Reserved(terms) = &reserved else { panic!("a reservation") };
    assert_eq!(Ledger::decide(&standing, Command::Reserve(terms.clone())), Err(Rejection::AlreadyReserved));
    let early = Ledger::decide(&standing, Command::Lapse { reservation_id, now: now() });
    assert_eq!(early, Err(Rejection::NotDue(ends)));
    let late = Ledger::decide(&standing, Command::Commit { reservation_id, actual: None, now: ends });
    assert_eq!(late, Err(Rejection::ReservationLapsed(ends)));
    let lapsed = Ledger::decide(&standing, Command::Lapse { reservation_id, now: ends }).expect("it is due");
    assert_eq!(lapsed, [Event::Lapsed { reservation_id, zone_id: zone(0), lapsed_at: ends }]);
    let after = Ledger::replay([&reserved, &lapsed[0]]);
    assert_eq!(Ledger::decide(&after, Command::Lapse { reservation_id, now: ends }), Ok(vec![]));
    assert_eq!(after.accounts().next().map(|(_, account)| account.booked_since(None)), Some(Amount::ZERO));
}
