//! An append on PostgreSQL: one statement for any number of events.

use std::collections::BTreeMap;

use projections::Recorded;
use sqlx::Row as _;
use uuid::Uuid;

use super::super::append::{GivenAnswer, Stream};
use super::super::error::StoreError;
use super::super::heads::{Asked, Heads};
use super::{signed, whole};

type PgTx = sqlx::Transaction<'static, sqlx::Postgres>;

/// Locks the row of the log's head; says where it stands.
pub async fn take_head(tx: &mut PgTx) -> Result<u64, StoreError> {
    Ok(whole(sqlx::query_scalar("SELECT position FROM log_head FOR UPDATE").fetch_one(&mut **tx).await?))
}

/// Where organizations, streams and keys stand.
pub async fn look_up(tx: &mut PgTx, log: u64, asked: Asked) -> Result<Heads, StoreError> {
    let mut heads = Heads { log, ..Heads::default() };
    if asked.is_empty() {
        return Ok(heads);
    }
    let organizations: Vec<Uuid> = asked.organizations.into_iter().collect();
    let streams: Vec<Stream> = asked.streams.into_iter().collect();
    let (types, ids): (Vec<&str>, Vec<&str>) =
        streams.iter().map(|stream| (stream.aggregate_type, stream.aggregate_id.as_str())).unzip();
    let (callers, keys): (Vec<Uuid>, Vec<String>) = asked.keys.into_iter().unzip();
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

/// Writes events and heads.
pub async fn insert(
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

/// Keeps answers.
pub async fn keep(tx: &mut PgTx, answers: &[GivenAnswer]) -> Result<(), StoreError> {
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
