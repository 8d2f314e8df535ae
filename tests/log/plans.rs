//! What a page of a long list goes by: an index that knows its filter, or the order itself; never the whole table.

use aggregates::ids::{MemberId, OrganizationId, ZoneId};
use projections::audit::Stretch;
use projections::{Param, Statement, audit, blocks, desk, evaluations, grants, proposals};
use sqlx::Row;
use trust_zones::entropy::new_id;
use trust_zones::store::Db;

use crate::harness::{Kind, TestApp};

/// How the database goes about a statement.
async fn plan(db: &Db, statement: Statement) -> String {
    let Db::Sqlite { read, .. } = db else { panic!("the story is about SQLite") };
    let text = format!("EXPLAIN QUERY PLAN {}", statement.sql);
    let mut query = sqlx::query(&text);
    for param in statement.params {
        query = match param {
            Param::Id(id) => query.bind(id.map(|id| id.to_string())),
            Param::Int(number) => query.bind(number),
            Param::Text(text) => query.bind(text),
            Param::Time(moment) => query.bind(moment.map(|moment| moment.to_rfc3339())),
            Param::Json(_) | Param::Bool(_) => panic!("no filter is of this kind"),
        };
    }
    let rows = query.fetch_all(read).await.expect("a plan");
    rows.iter().map(|row| row.get::<String, _>("detail")).collect::<Vec<_>>().join("; ")
}

#[tokio::test]
async fn pages_go_by_an_index_of_their_filter() {
    let app = TestApp::start(Kind::Sqlite).await;
    let service = &app.service.app;
    let (log, views) = (service.log.db(), service.views.live());
    let organization = OrganizationId(new_id());
    let (member, zone) = (Some(MemberId(new_id())), Some(ZoneId(new_id())));
    let now = Some(app.clock.now());
    let none = audit::Filter::default;
    let filters = [
        (none(), "events_position"),
        (audit::Filter { zone_id: zone, actor_id: member, from: now, to: now, ..none() }, "events_position"),
        (audit::Filter { aggregate_id: Some(new_id().to_string()), ..none() }, "sqlite_autoindex_events_1 (aggregate_id=?)"),
        (audit::Filter { correlation_id: Some(new_id()), ..none() }, "events_by_correlation"),
    ];
    for (filter, index) in filters {
        for page in [audit::newest_first, audit::oldest_first] {
            let plan = plan(log, page(organization, filter.clone(), Stretch { after: 256, before: 513 }, 50)).await;
            assert!(plan.contains(index) && !plan.contains("SCAN"), "{filter:?} goes by {plan}");
        }
    }
    let known = plan(log, audit::position_by(organization, 1_000)).await;
    assert!(known.contains("events_position") && !known.contains("TEMP B-TREE"), "{known}");
    let all = audit::Filter { zone_id: zone, actor_id: member, event_type: Some("proposal.opened".to_owned()), ..none() };
    let spanned = blocks::spanned(organization, now, None);
    for statement in
        [blocks::holding(organization, &all, 0, 9, true, 50), blocks::holding(organization, &all, 0, 9, false, 50), spanned]
    {
        let plan = plan(&views.db, statement).await;
        assert!(plan.contains("PRIMARY KEY") && !plan.contains("SCAN") && !plan.contains("TEMP B-TREE"), "{plan}");
    }
    let none = proposals::Filter::default;
    let filters = [
        (none(), "proposals_in_order"),
        (proposals::Filter { proposer_id: member, ..none() }, "proposals_by_proposer"),
        (proposals::Filter { zone_id: zone, ..none() }, "proposals_by_zone"),
        (proposals::Filter { status: Some("approved".to_owned()), ..none() }, "proposals_by_status"),
        (proposals::Filter { reviewer_id: member, ..none() }, "proposals_in_order"),
    ];
    for (filter, index) in filters {
        let plan = plan(&views.db, proposals::page(organization, filter.clone(), 1_000, 50)).await;
        assert!(plan.contains(index) && !plan.contains("SCAN p"), "{filter:?} goes by {plan}");
        assert!(!plan.contains("TEMP B-TREE"), "{filter:?} is in order: {plan}");
    }
    let waiting = plan(&views.db, proposals::pending_reviews(organization, MemberId(new_id()), 1_000, 50)).await;
    assert!(waiting.contains("reviewers_pending") && !waiting.contains("SCAN"), "{waiting}");
    assert!(!waiting.contains("TEMP B-TREE"), "{waiting}");
    let counted = plan(&views.db, desk::waiting_for(MemberId(new_id()))).await;
    assert!(counted.contains("COVERING INDEX reviewers_pending"), "{counted}");
    let moments = [app.clock.now(); 3];
    for statement in [desk::open(organization, moments), desk::open_by_zone(organization)] {
        let plan = plan(&views.db, statement).await;
        assert!(plan.contains("COVERING INDEX proposals_open") && !plan.contains("TEMP B-TREE"), "{plan}");
    }
    let none = evaluations::Filter::default;
    let filters = [
        (none(), "evaluations_in_order"),
        (evaluations::Filter { executor_id: member, ..none() }, "evaluations_by_executor"),
        (evaluations::Filter { zone_id: zone, ..none() }, "evaluations_by_zone"),
    ];
    for (filter, index) in filters {
        let plan = plan(&views.db, evaluations::page(organization, filter, 1_000, 50)).await;
        assert!(plan.contains(index) && !plan.contains("SCAN"), "{filter:?} goes by {plan}");
        assert!(!plan.contains("TEMP B-TREE"), "{filter:?} is in order: {plan}");
    }
    let waiting = plan(&views.db, evaluations::unfinished(organization, 0, 50)).await;
    assert!(waiting.contains("evaluations_unfinished") && !waiting.contains("SCAN"), "{waiting}");
    for (principal, zone, index) in
        [(member, None, "grants_by_principal"), (None, zone, "grants_by_zone"), (member, zone, "grants_by_principal")]
    {
        for statement in
            [grants::page(organization, principal, zone, 1_000, 50), grants::standing(organization, principal, zone)]
        {
            let plan = plan(&views.db, statement).await;
            assert!(plan.contains(index) && !plan.contains("SCAN"), "{plan}");
        }
    }
}
