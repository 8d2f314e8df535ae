//! A log of an earlier version is taken over as it is.

use sqlx::migrate::Migrator;
use sqlx::sqlite::{SqliteConnectOptions, SqliteConnection};
use sqlx::{ConnectOptions, Connection, Row};
use trust_zones::entropy::sha256;
use trust_zones::store::Log;

use super::appending::tried;
use crate::harness::golden;

/// The version of the log before its rows got their order.
const BEFORE_ORDER: i64 = 7;
/// The version of the log whose index of correlations left the organization out.
const ANYBODYS_CORRELATIONS: i64 = 9;

/// All that a log holds, in order.
async fn rows(file: &mut SqliteConnection) -> Vec<Vec<String>> {
    let columns = "global_position || '', organization_id, position || '', event_id, aggregate_type, aggregate_id, sequence || '', event_type,
         event_version, payload, metadata, COALESCE(zone_id, 'none'), actor_id, actor_kind, correlation_id, causation_id, occurred_at, recorded_at";
    let text = format!("SELECT {columns} FROM events ORDER BY global_position");
    let rows = sqlx::query(&text).fetch_all(file).await.expect("rows");
    rows.iter().map(|row| (0..row.len()).map(|column| row.get(column)).collect()).collect()
}

#[tokio::test]
async fn what_was_written_before_the_rows_were_in_order_stays_as_it_was() {
    stays_as_it_was(BEFORE_ORDER).await;
}

#[tokio::test]
async fn what_was_written_while_correlations_were_anybodys_stays_as_it_was() {
    stays_as_it_was(ANYBODYS_CORRELATIONS).await;
}

/// Fills a log of an earlier version and opens it as the log of today.
async fn stays_as_it_was(version: i64) {
    let folder = tempfile::tempdir().expect("a folder");
    let path = folder.path().join("log.db");
    let options = SqliteConnectOptions::new().filename(&path).create_if_missing(true);
    let mut file = options.connect().await.expect("a file");
    let mut earlier: Migrator = sqlx::migrate!("migrations/sqlite/log");
    earlier.migrations.to_mut().retain(|migration| migration.version <= version);
    earlier.run(&mut file).await.expect("a log of that version");
    // Another order than that of the positions, and a position that is missing.
    for (global, organization, position, zone) in [(2, "a", 1, "NULL"), (1, "b", 1, "'z'"), (4, "a", 2, "'z'")] {
        let text = format!(
            "INSERT INTO events (global_position, organization_id, position, event_id, aggregate_type, aggregate_id, sequence, event_type,
                 event_version, payload, metadata, zone_id, actor_id, actor_kind, correlation_id, causation_id, occurred_at, recorded_at)
             VALUES ({global}, '{organization}', {position}, 'e{global}', 'organization', '{organization}', {position}, 'member.added', '1',
                 '{{\"n\": {global}}}', '{{}}', {zone}, 'who', 'human', 'c', 'd', '2026-01-05T10:00:0{global}.000000Z', 'then')"
        );
        sqlx::query(&text).execute(&mut file).await.expect("a row");
    }
    let before = rows(&mut file).await;
    assert_eq!(before.len(), 3);
    file.close().await.expect("closed");

    let log = Log::sqlite(&path).await.expect("the log of today");
    let mut file = options.connect().await.expect("the same file");
    assert_eq!(rows(&mut file).await, before);
    let index =
        sqlx::query("SELECT name FROM pragma_index_info('events_by_correlation') ORDER BY seqno").fetch_all(&mut file).await;
    let columns: Vec<String> = index.expect("columns").iter().map(|row| row.get(0)).collect();
    assert_eq!(columns, ["organization_id", "correlation_id", "position"]);
    let again = "INSERT OR REPLACE INTO events SELECT * FROM events WHERE global_position = 1";
    let anywhere = "INSERT INTO events (organization_id, position, event_id, aggregate_type, aggregate_id, sequence, event_type, event_version,
             payload, metadata, actor_id, actor_kind, correlation_id, causation_id, occurred_at)
         SELECT organization_id, 9, event_id, aggregate_type, aggregate_id, 9, event_type, event_version, payload, metadata, actor_id,
             actor_kind, correlation_id, causation_id, occurred_at FROM events WHERE global_position = 1";
    for attempt in [again, anywhere, "UPDATE events SET position = 7", "DELETE FROM events"] {
        let refused = tried(log.db(), &[attempt]).await.expect_err(attempt);
        assert!(refused.contains("appended, never changed"), "{attempt}: {refused}");
        let refused = sqlx::query(attempt).execute(&mut file).await.expect_err(attempt).to_string();
        assert!(refused.contains("appended, never changed"), "{attempt}: {refused}");
    }
    assert_eq!(rows(&mut file).await, before);
}

/// A log knows by their digests what has been done to it: where one of them is no longer known, it is not opened.
#[test]
fn what_has_been_done_to_a_log_stays_known() {
    let mut known = Vec::new();
    for folder in ["migrations/postgres/log", "migrations/sqlite/log"] {
        for file in std::fs::read_dir(golden::path(folder)).expect(folder) {
            let file = file.expect("a file");
            let digest = sha256(std::fs::read(file.path()).expect("a migration"));
            known.push(format!("{folder}/{} {digest}\n", file.file_name().display()));
        }
    }
    known.sort();
    golden::agrees("tests/golden/migrations.txt", &known.concat());
}
