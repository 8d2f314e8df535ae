//! The SQL of an append, in each dialect: one statement for any number of events, and few in
//! all, since each is a way to the database and back.

use std::collections::{BTreeMap, BTreeSet};

use projections::{Recorded, Statement};
use serde::Serialize;
use serde_json::json;
use sqlx::Row as _;
use uuid::Uuid;

use super::append::{GivenAnswer, Stream};
use super::db::{Tx, moment_text};
use super::error::StoreError;

/// What a batch needs to know of the log once it holds the head.
pub struct Heads {
    /// The last global position.
    pub log: u64,
    /// The last position of each organization.
    pub organizations: BTreeMap<Uuid, u64>,
    /// The last sequence of each stream.
    pub streams: BTreeMap<Stream, u64>,
    /// Keys that have an answer.
    pub answered: BTreeSet<(Uuid, String)>,
}

fn whole(number: i64) -> u64 {
    u64::try_from(number).unwrap_or(0)
}

fn signed(number: u64) -> i64 {
    i64::try_from(number).unwrap_or(i64::MAX)
}

impl Tx {
    /// Takes the head of the log: from here to the end of the transaction nobody else appends.
    pub async fn take_head(&mut self) -> Result<u64, StoreError> {
        Ok(match self {
            Self::Sqlite(tx) => whole(sqlx::query_scalar("SELECT position FROM log_head").fetch_one(&mut **tx).await?),
            Self::Postgres(tx) => {
                whole(sqlx::query_scalar("SELECT position FROM log_head FOR UPDATE").fetch_one(&mut **tx).await?)
            }
        })
    }

    /// Where the given organizations, streams and keys stand.
    pub async fn heads(
        &mut self,
        organizations: BTreeSet<Uuid>,
        streams: BTreeSet<Stream>,
        keys: BTreeSet<(Uuid, String)>,
    ) -> Result<Heads, StoreError> {
        let log = self.take_head().await?;
        match self {
            Self::Sqlite(tx) => {
                let mut heads =
                    Heads { log, organizations: BTreeMap::new(), streams: BTreeMap::new(), answered: BTreeSet::new() };
                for id in organizations {
                    let found = sqlx::query_scalar("SELECT position FROM organization_heads WHERE organization_id = $1")
                        .bind(id.to_string())
                        .fetch_optional(&mut **tx)
                        .await?;
                    heads.organizations.insert(id, found.map_or(0, whole));
                }
                let streams: Vec<Stream> = streams.into_iter().collect();
                let asked: Vec<_> = streams.iter().map(|stream| (stream.aggregate_type, &stream.aggregate_id)).collect();
                let found: Vec<i64> = sqlx::query_scalar(
                    "SELECT COALESCE((SELECT MAX(sequence) FROM events
                         WHERE aggregate_type = s.value ->> 0 AND aggregate_id = s.value ->> 1), 0)
                       FROM json_each($1) AS s ORDER BY s.key",
                )
                .bind(json!(asked).to_string())
                .fetch_all(&mut **tx)
                .await?;
                heads.streams = streams.into_iter().zip(found.into_iter().map(whole)).collect();
                for (caller, key) in keys {
                    let found: Option<i64> =
                        sqlx::query_scalar("SELECT position FROM idempotency_keys WHERE caller_id = $1 AND key = $2")
                            .bind(caller.to_string())
                            .bind(&key)
                            .fetch_optional(&mut **tx)
                            .await?;
                    if found.is_some() {
                        heads.answered.insert((caller, key));
                    }
                }
                Ok(heads)
            }
            Self::Postgres(tx) => {
                let organizations: Vec<Uuid> = organizations.into_iter().collect();
                let streams: Vec<Stream> = streams.into_iter().collect();
                let (types, ids): (Vec<&str>, Vec<String>) =
                    streams.iter().map(|stream| (stream.aggregate_type, stream.aggregate_id.clone())).unzip();
                let (callers, keys): (Vec<Uuid>, Vec<String>) = keys.into_iter().unzip();
                let rows = sqlx::query(
                    "SELECT 1 AS kind, ordinal, COALESCE((SELECT position FROM organization_heads h WHERE h.organization_id = o.id), 0) AS found
                       FROM unnest($1::uuid[]) WITH ORDINALITY AS o (id, ordinal)
                     UNION ALL
                     SELECT 2, ordinal, COALESCE((SELECT MAX(sequence) FROM events e
                         WHERE e.aggregate_type = s.aggregate_type AND e.aggregate_id = s.aggregate_id), 0)
                       FROM unnest($2::text[], $3::text[]) WITH ORDINALITY AS s (aggregate_type, aggregate_id, ordinal)
                     UNION ALL
                     SELECT 3, ordinal, (SELECT COUNT(*) FROM idempotency_keys i WHERE i.caller_id = k.caller AND i.key = k.key)
                       FROM unnest($4::uuid[], $5::text[]) WITH ORDINALITY AS k (caller, key, ordinal)",
                )
                .bind(&organizations)
                .bind(&types)
                .bind(&ids)
                .bind(&callers)
                .bind(&keys)
                .fetch_all(&mut **tx)
                .await?;
                let mut heads =
                    Heads { log, organizations: BTreeMap::new(), streams: BTreeMap::new(), answered: BTreeSet::new() };
                for row in rows {
                    let place = usize::try_from(row.try_get::<i64, _>("ordinal")? - 1).unwrap_or(usize::MAX);
                    let found = whole(row.try_get("found")?);
                    match row.try_get::<i32, _>("kind")? {
                        1 => drop(heads.organizations.insert(organizations[place], found)),
                        2 => drop(heads.streams.insert(streams[place].clone(), found)),
                        _ if found > 0 => drop(heads.answered.insert((callers[place], keys[place].clone()))),
                        _ => {}
                    }
                }
                Ok(heads)
            }
        }
    }

    /// Writes events, heads and answers.
    pub async fn insert(
        &mut self,
        events: &[Recorded],
        head: u64,
        organizations: &BTreeMap<Uuid, u64>,
        answers: &[GivenAnswer],
    ) -> Result<(), StoreError> {
        match self {
            Self::Sqlite(_) => self.insert_into_file(events, head, organizations, answers).await,
            Self::Postgres(tx) => {
                insert_at_once(tx, events, organizations, head).await?;
                if !answers.is_empty() {
                    answer_at_once(tx, answers).await?;
                }
                Ok(())
            }
        }
    }

    async fn insert_into_file(
        &mut self,
        events: &[Recorded],
        head: u64,
        organizations: &BTreeMap<Uuid, u64>,
        answers: &[GivenAnswer],
    ) -> Result<(), StoreError> {
        let statement = Statement::new(
            "INSERT INTO events (global_position, organization_id, position, event_id, aggregate_type, aggregate_id, sequence,
                 event_type, event_version, payload, metadata, zone_id, actor_id, actor_kind, correlation_id, causation_id, occurred_at)
             SELECT e.value ->> 0, e.value ->> 1, e.value ->> 2, e.value ->> 3, e.value ->> 4, e.value ->> 5, e.value ->> 6,
                 e.value ->> 7, e.value ->> 8, e.value ->> 9, '{}', e.value ->> 10, e.value ->> 11, e.value ->> 12, e.value ->> 13,
                 e.value ->> 14, e.value ->> 15
               FROM json_each($1) AS e",
        );
        let rows: Vec<_> = events.iter().map(columns).collect();
        self.execute(statement.bind(serde_json::to_string(&rows).expect("columns are plain data"))).await?;
        for (id, position) in organizations {
            let statement = Statement::new(
                "INSERT INTO organization_heads (organization_id, position) VALUES ($1, $2)
                 ON CONFLICT (organization_id) DO UPDATE SET position = excluded.position",
            );
            self.execute(statement.bind(*id).bind(*position)).await?;
        }
        for answer in answers {
            let statement = Statement::new(
                "INSERT INTO idempotency_keys (caller_id, key, fingerprint, status, body, etag, location, position, recorded_at)
                 VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9)",
            )
            .bind(answer.caller_id)
            .bind(answer.key.as_str())
            .bind(answer.fingerprint.as_str())
            .bind(i64::from(answer.status))
            .bind(answer.body.as_str())
            .bind(answer.etag.clone())
            .bind(answer.location.clone())
            .bind(answer.position)
            .bind(answer.given_at);
            self.execute(statement).await?;
        }
        self.execute(Statement::new("UPDATE log_head SET position = $1").bind(head)).await
    }
}

/// An event as SQLite keeps it, in the order of the columns.
fn columns(event: &Recorded) -> impl Serialize + '_ {
    (
        event.global_position,
        event.organization_id,
        event.position,
        event.id,
        &event.aggregate_type,
        &event.aggregate_id,
        event.sequence,
        &event.event_type,
        &event.version,
        event.data.as_str(),
        event.zone_id,
        event.actor.id,
        event.actor.kind.to_string(),
        event.correlation_id,
        event.causation_id,
        moment_text(event.occurred_at),
    )
}

type PgTx = sqlx::Transaction<'static, sqlx::Postgres>;

async fn insert_at_once(
    tx: &mut PgTx,
    events: &[Recorded],
    organizations: &BTreeMap<Uuid, u64>,
    head: u64,
) -> Result<(), StoreError> {
    fn column<'e, T>(events: &'e [Recorded], read: impl Fn(&'e Recorded) -> T) -> Vec<T> {
        events.iter().map(read).collect()
    }
    let (ids, positions): (Vec<Uuid>, Vec<i64>) = organizations.iter().map(|(id, position)| (*id, signed(*position))).unzip();
    sqlx::query(
        "WITH heads AS (
             INSERT INTO organization_heads (organization_id, position) SELECT * FROM unnest($17::uuid[], $18::bigint[])
             ON CONFLICT (organization_id) DO UPDATE SET position = excluded.position),
         head AS (
             UPDATE log_head SET position = $19 FROM (SELECT pg_notify('trust_zones_log', $19::text)) AS told)
         INSERT INTO events (global_position, organization_id, position, event_id, aggregate_type, aggregate_id, sequence,
             event_type, event_version, payload, zone_id, actor_id, actor_kind, correlation_id, causation_id, occurred_at, metadata)
         SELECT *, '{}'::jsonb FROM unnest($1::bigint[], $2::uuid[], $3::bigint[], $4::uuid[], $5::text[], $6::text[], $7::bigint[],
             $8::text[], $9::text[], $10::text[]::jsonb[], $11::uuid[], $12::uuid[], $13::text[], $14::uuid[], $15::uuid[], $16::timestamptz[])",
    )
    .bind(column(events, |event| signed(event.global_position)))
    .bind(column(events, |event| event.organization_id.0))
    .bind(column(events, |event| signed(event.position)))
    .bind(column(events, |event| event.id))
    .bind(column(events, |event| event.aggregate_type.as_str()))
    .bind(column(events, |event| event.aggregate_id.as_str()))
    .bind(column(events, |event| signed(event.sequence)))
    .bind(column(events, |event| event.event_type.as_str()))
    .bind(column(events, |event| event.version.as_str()))
    .bind(column(events, |event| event.data.as_str()))
    .bind(column(events, |event| event.zone_id.map(|zone| zone.0)))
    .bind(column(events, |event| event.actor.id.0))
    .bind(column(events, |event| event.actor.kind.to_string()))
    .bind(column(events, |event| event.correlation_id))
    .bind(column(events, |event| event.causation_id))
    .bind(column(events, |event| event.occurred_at))
    .bind(&ids)
    .bind(&positions)
    .bind(signed(head))
    .execute(&mut **tx)
    .await?;
    Ok(())
}

async fn answer_at_once(tx: &mut PgTx, answers: &[GivenAnswer]) -> Result<(), StoreError> {
    fn column<'a, T>(answers: &'a [GivenAnswer], read: impl Fn(&'a GivenAnswer) -> T) -> Vec<T> {
        answers.iter().map(read).collect()
    }
    sqlx::query(
        "INSERT INTO idempotency_keys (caller_id, key, fingerprint, status, body, etag, location, position, recorded_at)
         SELECT * FROM unnest($1::uuid[], $2::text[], $3::text[], $4::integer[], $5::text[], $6::text[], $7::text[], $8::bigint[],
             $9::timestamptz[])",
    )
    .bind(column(answers, |answer| answer.caller_id))
    .bind(column(answers, |answer| answer.key.as_str()))
    .bind(column(answers, |answer| answer.fingerprint.as_str()))
    .bind(column(answers, |answer| i32::from(answer.status)))
    .bind(column(answers, |answer| answer.body.as_str()))
    .bind(column(answers, |answer| answer.etag.clone()))
    .bind(column(answers, |answer| answer.location.clone()))
    .bind(column(answers, |answer| signed(answer.position)))
    .bind(column(answers, |answer| answer.given_at))
    .execute(&mut **tx)
    .await?;
    Ok(())
}
