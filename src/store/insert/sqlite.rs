//! An append on SQLite: rows one after the other in one visit, by statements that stay prepared.

use std::collections::BTreeMap;

use projections::Recorded;
use rusqlite::{CachedStatement, Connection, OptionalExtension as _, Result, ToSql, params};
use uuid::Uuid;
use uuid::fmt::Hyphenated;

use super::super::append::GivenAnswer;
use super::super::db::moment_text;
use super::super::heads::{Asked, Heads};
use super::{Way, signed, whole};

/// Where the log stands.
pub fn head(file: &Connection) -> Result<u64> {
    file.prepare_cached("SELECT position FROM log_head")?.query_row([], |row| row.get(0)).map(whole)
}

/// Where organizations, streams and keys stand.
pub fn look_up(file: &Connection, log: u64, asked: &Asked) -> Result<Heads> {
    let mut heads = Heads { log, ..Heads::default() };
    let mut of_organization = file.prepare_cached("SELECT position FROM organization_heads WHERE organization_id = ?1")?;
    for id in &asked.organizations {
        let found = of_organization.query_row([id.to_string()], |row| row.get(0)).optional()?;
        heads.organizations.insert(*id, found.map_or(0, whole));
    }
    let mut of_stream =
        file.prepare_cached("SELECT COALESCE(MAX(sequence), 0) FROM events WHERE aggregate_type = ?1 AND aggregate_id = ?2")?;
    for stream in &asked.streams {
        let found = of_stream.query_row([stream.aggregate_type, &*stream.aggregate_id], |row| row.get(0))?;
        heads.streams.insert(stream.clone(), whole(found));
    }
    let mut under_key = file.prepare_cached("SELECT 1 FROM idempotency_keys WHERE caller_id = ?1 AND key = ?2")?;
    for (caller, key) in &asked.keys {
        if under_key.exists([&caller.to_string(), key])? {
            heads.answered.insert((*caller, key.clone()));
        }
    }
    Ok(heads)
}

/// Binds the values of a row in the order of its columns.
struct Row<'s, 'c> {
    statement: &'s mut CachedStatement<'c>,
    place: usize,
}

impl Row<'_, '_> {
    fn value(&mut self, value: impl ToSql) -> Result<()> {
        self.place += 1;
        self.statement.raw_bind_parameter(self.place, value)
    }

    fn number(&mut self, number: u64) -> Result<()> {
        self.value(signed(number))
    }

    fn id(&mut self, id: Uuid) -> Result<()> {
        self.value(&*id.hyphenated().encode_lower(&mut [0; Hyphenated::LENGTH]))
    }
}

/// Writes events, heads and answers.
pub fn write(
    file: &Connection,
    way: Way,
    events: &[Recorded],
    organizations: &BTreeMap<Uuid, u64>,
    answers: &[GivenAnswer],
) -> Result<()> {
    insert(file, events)?;
    move_heads(file, way.to, organizations)?;
    keep(file, answers)
}

/// Writes events. One that is refused takes the transaction with it, and nothing in the text can fail halfway: otherwise SQLite would
/// copy each page before a row touches it, which takes longer than the row.
fn insert(file: &Connection, events: &[Recorded]) -> Result<()> {
    let now: String = file.prepare_cached("SELECT strftime('%Y-%m-%dT%H:%M:%fZ', 'now')")?.query_row([], |row| row.get(0))?;
    let mut statement = file.prepare_cached(
        "INSERT OR ROLLBACK INTO events (global_position, organization_id, position, event_id, aggregate_type, aggregate_id, sequence,
             event_type, event_version, payload, metadata, zone_id, actor_id, actor_kind, correlation_id, causation_id, occurred_at,
             recorded_at)
         VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, '{}', ?11, ?12, ?13, ?14, ?15, ?16, ?17)",
    )?;
    for event in events {
        let mut row = Row { statement: &mut statement, place: 0 };
        row.number(event.global_position)?;
        row.id(event.organization_id.0)?;
        row.number(event.position)?;
        row.id(event.id)?;
        row.value(&*event.aggregate_type)?;
        row.value(&*event.aggregate_id)?;
        row.number(event.sequence)?;
        row.value(&*event.event_type)?;
        row.value(&*event.version)?;
        row.value(event.data.as_str())?;
        match event.zone_id {
            Some(zone) => row.id(zone.0)?,
            None => row.value(rusqlite::types::Null)?,
        }
        row.id(event.actor.id.0)?;
        row.value(event.actor.kind.to_string())?;
        row.id(event.correlation_id)?;
        row.id(event.causation_id)?;
        row.value(moment_text(event.occurred_at))?;
        row.value(&now)?;
        statement.raw_execute()?;
    }
    Ok(())
}

/// Moves the heads of the log and of organizations.
fn move_heads(file: &Connection, head: u64, organizations: &BTreeMap<Uuid, u64>) -> Result<()> {
    let mut of_organization = file.prepare_cached(
        "INSERT INTO organization_heads (organization_id, position) VALUES (?1, ?2)
         ON CONFLICT (organization_id) DO UPDATE SET position = excluded.position",
    )?;
    for (id, position) in organizations {
        of_organization.execute(params![id.to_string(), signed(*position)])?;
    }
    file.prepare_cached("UPDATE log_head SET position = ?1")?.execute([signed(head)]).map(drop)
}

/// Keeps answers.
fn keep(file: &Connection, answers: &[GivenAnswer]) -> Result<()> {
    let mut statement = file.prepare_cached(
        "INSERT INTO idempotency_keys (caller_id, key, fingerprint, status, body, etag, location, position, recorded_at)
         VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9)",
    )?;
    for answer in answers {
        statement.execute(params![
            answer.caller_id.to_string(),
            answer.key,
            answer.fingerprint,
            answer.status,
            answer.body,
            answer.etag,
            answer.location,
            signed(answer.position),
            moment_text(answer.given_at),
        ])?;
    }
    Ok(())
}
