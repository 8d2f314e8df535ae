//! An append on PostgreSQL: one statement for any number of events, heads and answers.

use std::collections::BTreeMap;

use projections::Recorded;
use sqlx::{PgExecutor, Row as _};
use uuid::Uuid;

use super::super::append::{GivenAnswer, Stream};
use super::super::error::StoreError;
use super::super::heads::{Asked, Heads};
use super::{Way, signed, whole};

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
        streams.iter().map(|stream| (stream.aggregate_type, &*stream.aggregate_id)).unzip();
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

/// Writes events, heads and answers by one statement, if the log stands where `way` begins; says whether it does. Whoever finds the head
/// locked waits, and looks again.
pub async fn write<'c>(
    server: impl PgExecutor<'c>,
    way: Way,
    events: &[Recorded],
    organizations: &BTreeMap<Uuid, u64>,
    answers: &[GivenAnswer],
) -> Result<bool, StoreError> {
    fn column<'e, R, T>(rows: &'e [R], read: impl Fn(&'e R) -> T) -> Vec<T> {
        rows.iter().map(read).collect()
    }
    let (ids, positions): (Vec<Uuid>, Vec<i64>) = organizations.iter().map(|(id, position)| (*id, signed(*position))).unzip();
    let moved = sqlx::query(
        "WITH head AS (
             UPDATE log_head SET position = $2 WHERE position = $1
             RETURNING position, pg_notify('trust_zones_log', $2::text)::text AS told),
         heads AS (
             INSERT INTO organization_heads (organization_id, position)
             SELECT heads.* FROM unnest($3::uuid[], $4::bigint[]) AS heads, head
             ON CONFLICT (organization_id) DO UPDATE SET position = excluded.position),
         facts AS (
             INSERT INTO events (global_position, organization_id, position, event_id, aggregate_type, aggregate_id, sequence,
                 event_type, event_version, payload, zone_id, actor_id, actor_kind, correlation_id, causation_id, occurred_at, metadata)
             SELECT facts.*, '{}'::jsonb FROM unnest($5::bigint[], $6::uuid[], $7::bigint[], $8::uuid[], $9::text[], $10::text[],
                 $11::bigint[], $12::text[], $13::text[], $14::text[]::jsonb[], $15::uuid[], $16::uuid[], $17::text[], $18::uuid[],
                 $19::uuid[], $20::timestamptz[]) AS facts, head),
         answers AS (
             INSERT INTO idempotency_keys (caller_id, key, fingerprint, status, body, etag, location, position, recorded_at)
             SELECT answers.* FROM unnest($21::uuid[], $22::text[], $23::text[], $24::integer[], $25::text[], $26::text[],
                 $27::text[], $28::bigint[], $29::timestamptz[]) AS answers, head)
         SELECT position FROM head",
    )
    .bind(signed(way.from))
    .bind(signed(way.to))
    .bind(&ids)
    .bind(&positions)
    .bind(column(events, |event| signed(event.global_position)))
    .bind(column(events, |event| event.organization_id.0))
    .bind(column(events, |event| signed(event.position)))
    .bind(column(events, |event| event.id))
    .bind(column(events, |event| event.aggregate_type.as_ref()))
    .bind(column(events, |event| &*event.aggregate_id))
    .bind(column(events, |event| signed(event.sequence)))
    .bind(column(events, |event| event.event_type.as_ref()))
    .bind(column(events, |event| event.version.as_ref()))
    .bind(column(events, |event| event.data.as_str()))
    .bind(column(events, |event| event.zone_id.map(|zone| zone.0)))
    .bind(column(events, |event| event.actor.id.0))
    .bind(column(events, |event| event.actor.kind.to_string()))
    .bind(column(events, |event| event.correlation_id))
    .bind(column(events, |event| event.causation_id))
    .bind(column(events, |event| event.occurred_at))
    .bind(column(answers, |answer| answer.caller_id))
    .bind(column(answers, |answer| answer.key.as_str()))
    .bind(column(answers, |answer| answer.fingerprint.as_str()))
    .bind(column(answers, |answer| i32::from(answer.status)))
    .bind(column(answers, |answer| answer.body.as_str()))
    .bind(column(answers, |answer| answer.etag.clone()))
    .bind(column(answers, |answer| answer.location.clone()))
    .bind(column(answers, |answer| signed(answer.position)))
    .bind(column(answers, |answer| answer.given_at))
    .fetch_optional(server)
    .await?;
    Ok(moved.is_some())
}
