//! What a filter leaves of the log is what is left when everything is read and the rest left out: however far the blocks are by which
//! it is found.

use aggregates::ids::{MemberId, OrganizationId, ZoneId};
use chrono::{DateTime, Duration, Utc};
use futures::future::join_all;
use projections::audit::{Filter, all_after};
use projections::blocks::{self, SIZE, block_of};
use projections::{Recorded, Statement};
use serde_json::json;
use trust_zones::engine::{App, Direction};

use crate::harness::{Person, TestApp};
use crate::on_both;

/// More than any log here is long.
const ALL: u64 = 10_000;

/// Someone says `number` things about a proposal, an hour apart every now and then.
async fn says(app: &TestApp, person: &Person, proposal: &str, number: usize) {
    let path = format!("/proposals/{proposal}/comments");
    for _ in 0..number / 20 {
        let said = join_all((0..20).map(|_| person.post(&path, json!({"text": "well"})))).await;
        assert!(said.iter().all(|said| said.status == 201));
        app.clock.advance(Duration::minutes(13));
    }
}

fn admits(filter: &Filter, event: &Recorded) -> bool {
    filter.actor_id.is_none_or(|actor| event.actor.id == actor)
        && filter.event_type.as_ref().is_none_or(|event_type| event.event_type == *event_type)
        && filter.zone_id.is_none_or(|zone| event.zone_id == Some(zone))
        && filter.from.is_none_or(|from| event.occurred_at >= from)
        && filter.to.is_none_or(|to| event.occurred_at < to)
}

fn expected(all: &[Recorded], filter: &Filter, direction: Direction, limit: u64) -> Vec<u64> {
    let mut left: Vec<u64> = all.iter().filter(|event| admits(filter, event)).map(|event| event.position).collect();
    match direction {
        Direction::Onwards(after) => left.retain(|position| *position > after),
        Direction::Backwards(before) => {
            left.retain(|position| *position < before);
            left.reverse();
        }
    }
    left.truncate(usize::try_from(limit).expect("a limit"));
    left
}

fn filters(actors: &[Option<MemberId>], zones: &[Option<ZoneId>], moments: &[Option<DateTime<Utc>>]) -> Vec<Filter> {
    let types = [None, Some("proposal.commented"), Some("proposal.opened"), Some("nothing.such")];
    let mut filters = Vec::new();
    for actor_id in actors.iter().copied() {
        for zone_id in zones.iter().copied() {
            for event_type in types.map(|event_type| event_type.map(str::to_owned)) {
                for (from, to) in moments.iter().copied().zip(moments.iter().copied().skip(1)) {
                    let event_type = event_type.clone();
                    filters.push(Filter { actor_id, zone_id, event_type, from, to, ..Filter::default() });
                }
            }
        }
    }
    filters
}

async fn is_as_expected(app: &App, organization: OrganizationId, all: &[Recorded], filters: &[Filter]) {
    let directions = [
        Direction::FROM_THE_END,
        Direction::Backwards(SIZE + 1),
        Direction::Backwards(2 * SIZE + 7),
        Direction::Onwards(0),
        Direction::Onwards(SIZE),
        Direction::Onwards(2 * SIZE - 3),
        Direction::Onwards(ALL),
    ];
    for (number, filter) in filters.iter().enumerate() {
        // Each filter one way, and all ways with some filter.
        let direction = directions[number % directions.len()];
        let limit = [1, 50, ALL][number % 3];
        let found = app.history(organization, filter.clone(), direction, limit).await.expect("a history");
        let found: Vec<u64> = found.iter().map(|event| event.position).collect();
        assert_eq!(found, expected(all, filter, direction, limit), "{filter:?} {direction:?} {limit}");
    }
}

on_both!(filters_leave_the_same_however_far_the_blocks_are, async |app: TestApp| {
    let (ann, bob) = (app.human("Ann", "member").await, app.human("Bob", "member").await);
    let mut zones = Vec::new();
    for name in ["Early", "Late", "Never"] {
        let zone = app.owner.makes_zone(json!({"name": name})).await;
        for approver in [&ann, &bob] {
            app.owner.assigns(&zone, approver, "approver").await.expect(201);
        }
        zones.push(zone);
    }
    let (early, late) = (app.owner.proposes_work(&zones[0]).await, app.owner.proposes_work(&zones[1]).await);
    let stranger = app.other_organization("Elsewhere").await;
    let began = app.clock.now();
    says(&app, &ann, &early, 220).await;
    let between = app.clock.now();
    says(&app, &bob, &late, 260).await;
    stranger.makes_zone(json!({"name": "Theirs"})).await;
    app.owner.proposes_work(&zones[0]).await;
    says(&app, &app.owner, &early, 240).await;
    app.settled().await;

    let service = &app.service.app;
    let organization: OrganizationId =
        app.owner.get("/organizations").await.expect(200).text("/items/0/id").parse().expect("an id");
    let all = service.log.events(all_after(organization, 0, ALL)).await.expect("the log");
    assert!(all.len() as u64 > 2 * SIZE + 100, "three blocks: {}", all.len());
    let id = |person: &Person| Some(person.id.parse::<MemberId>().expect("an id"));
    let actors = [None, id(&ann), id(&bob), id(&stranger)];
    let zones: Vec<Option<ZoneId>> =
        [None].into_iter().chain(zones.iter().map(|zone| Some(zone.parse().expect("an id")))).collect();
    let moments = [None, None, Some(between), None, Some(began), Some(between), Some(between + Duration::days(900)), None];
    let filters = filters(&actors, &zones, &moments);

    is_as_expected(service, organization, &all, &filters).await;
    let views = service.views.live();
    let blocks = async |last: Option<u64>| {
        let stopped = Statement::new(
            "UPDATE checkpoints SET global_position = $1, failed_at = $2, failure = 'stopped for a story' WHERE projection = 'blocks'",
        );
        let reached = last.map_or(0, |last| all[usize::try_from(last).expect("a place") - 1].global_position);
        views.db.execute(stopped.bind(reached).bind(reached + 1)).await.expect("stopped");
        let forgotten = Statement::new("DELETE FROM blocks WHERE block > $1");
        views
            .db
            .execute(forgotten.bind(last.map_or(-1, |last| i64::try_from(block_of(last)).expect("a block"))))
            .await
            .expect("forgotten");
    };
    blocks(Some(SIZE + 100)).await;
    is_as_expected(service, organization, &all, &filters).await;
    blocks(None).await;
    is_as_expected(service, organization, &all, &filters).await;
});

on_both!(a_moment_is_found_in_the_log, async |app: TestApp| {
    let (zone, ann) = (app.owner.makes_zone(json!({"name": "Zone"})).await, app.human("Ann", "member").await);
    app.owner.assigns(&zone, &ann, "approver").await.expect(201);
    let proposal = app.owner.proposes_work(&zone).await;
    says(&app, &app.owner, &proposal, 300).await;
    app.settled().await;
    let service = &app.service.app;
    let organization = app.owner.get("/organizations").await.expect(200).text("/items/0/id").parse().expect("an id");
    let all = service.log.events(all_after(organization, 0, ALL)).await.expect("the log");
    let year =
        |year: i32| DateTime::parse_from_rfc3339(&format!("{year:04}-12-31T23:59:59.999999999Z")).expect("a moment").to_utc();
    let among = all.iter().step_by(17).flat_map(|event| [event.occurred_at, event.occurred_at - Duration::microseconds(1)]);
    for moment in among.chain([year(0), year(1999), year(9999)]) {
        let last = all.iter().filter(|event| event.occurred_at <= moment).map(|event| event.position).max();
        assert_eq!(service.position_at(organization, moment).await.expect("a position"), last.unwrap_or(0), "{moment}");
    }
    let noted = Statement::new("SELECT COUNT(*) AS number FROM blocks WHERE facet = $1").bind("type:proposal.commented");
    let noted = service.views.live().db.row(noted).await.expect("a row").expect("a row").number("number").expect("a number");
    assert_eq!(noted, 2, "a block is noted once, not for each of its events");
    assert_eq!(blocks::block_of(all.last().expect("an event").position), 1);
});
