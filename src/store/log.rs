//! Reading the log, and what is kept beside it.

use std::path::Path;

use aggregates::Decider;
use aggregates::actor::{Actor, PrincipalKind};
use aggregates::ids::{MemberId, OrganizationId, ZoneId};
use chrono::{DateTime, Utc};
use cqrs_es::Aggregate;
use projections::{Recorded, Statement, audit};
use uuid::Uuid;

use super::append::GivenAnswer;
use super::db::Db;
use super::error::StoreError;
use super::file::Flushed;
use super::hosted::{self, Hosted};
use super::row::Row;

/// The log.
#[derive(Clone, Debug)]
pub struct Log {
    db: Db,
    writes: Db,
}

/// A token's secret half, as kept.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct KeptSecret {
    /// Whose log the token is in.
    pub organization_id: OrganizationId,
    /// The token.
    pub token_id: Uuid,
    /// SHA-256 of the secret, lower-case hex.
    pub secret_sha256: String,
}

/// A person's name and address.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Profile {
    /// Who.
    pub member_id: MemberId,
    /// Their name.
    pub display_name: String,
    /// Their address.
    pub email: Option<String>,
}

impl Log {
    /// Opens the log in an SQLite file and brings its schema up to date.
    pub async fn sqlite(path: &Path) -> Result<Self, StoreError> {
        let db = Db::sqlite(path, Flushed::Always).await?;
        if let Db::Sqlite { read, .. } = &db {
            sqlx::migrate!("migrations/sqlite/log").run(read).await?;
        }
        Ok(Self { writes: db.clone(), db })
    }

    /// Opens the log on PostgreSQL and brings its schema up to date.
    pub async fn postgres(url: &str) -> Result<Self, StoreError> {
        let db = Db::postgres(url, None, true, 16).await?;
        if let Db::Postgres(pool) = &db {
            // Another process may be at it, and for long.
            let mut patient = pool.acquire().await?;
            sqlx::query("SET lock_timeout = 0").execute(&mut *patient).await?;
            sqlx::migrate!("migrations/postgres/log").run(&mut *patient).await?;
            sqlx::query("RESET lock_timeout").execute(&mut *patient).await?;
        }
        Ok(Self { db, writes: Db::postgres(url, None, true, 4).await? })
    }

    /// The database.
    pub fn db(&self) -> &Db {
        &self.db
    }

    /// The database by connections that nobody who reads takes from whoever writes.
    pub fn writes(&self) -> &Db {
        &self.writes
    }

    /// The state of one aggregate and the length of its stream.
    pub async fn load<D>(&self, id: &str) -> Result<(D::State, u64), StoreError>
    where
        Hosted<D>: Aggregate,
        D: Decider + Send + Sync + 'static,
    {
        hosted::load::<D>(&self.db, id).await
    }

    /// The facts of one aggregate after `sequence`.
    pub async fn tail<D>(&self, id: &str, sequence: u64) -> Result<Vec<D::Event>, StoreError>
    where
        Hosted<D>: Aggregate,
        D: Decider + Send + Sync + 'static,
    {
        hosted::tail::<D>(&self.db, id, sequence).await
    }

    /// Events, by a statement of [`projections::audit`].
    pub async fn events(&self, statement: Statement) -> Result<Vec<Recorded>, StoreError> {
        self.db.rows(statement).await?.iter().map(recorded).collect()
    }

    /// A number that a statement finds in `column`, if it finds a row.
    pub async fn number(&self, statement: Statement, column: &str) -> Result<Option<u64>, StoreError> {
        self.db.row(statement).await?.map(|row| row.number(column)).transpose()
    }

    /// The last global position.
    pub async fn head(&self) -> Result<u64, StoreError> {
        Ok(self.number(Statement::new("SELECT position FROM log_head"), "position").await?.unwrap_or(0))
    }

    /// The last position of an organization.
    pub async fn organization_head(&self, organization: OrganizationId) -> Result<u64, StoreError> {
        Ok(self.number(audit::head(organization), "position").await?.unwrap_or(0))
    }

    /// The organization whose founding is the first event of all.
    pub async fn first_organization(&self) -> Result<Option<OrganizationId>, StoreError> {
        let first = self.db.row(Statement::new("SELECT organization_id FROM events WHERE global_position = 1")).await?;
        first.map(|row| row.id("organization_id").map(OrganizationId)).transpose()
    }

    /// The answer given under a key.
    pub async fn answer(&self, caller: Uuid, key: &str) -> Result<Option<GivenAnswer>, StoreError> {
        let statement = Statement::new(
            "SELECT fingerprint, status, body, etag, location, position, recorded_at FROM idempotency_keys WHERE caller_id = $1 AND key = $2",
        );
        let Some(row) = self.db.row(statement.bind(caller).bind(key)).await? else { return Ok(None) };
        let status: i64 = match &row {
            Row::Postgres(row) => i64::from(sqlx::Row::try_get::<i32, _>(row, "status")?),
            Row::Sqlite(_) | Row::File(_) => i64::try_from(row.number("status")?).unwrap_or(200),
        };
        Ok(Some(GivenAnswer {
            caller_id: caller,
            key: key.to_owned(),
            fingerprint: row.text("fingerprint")?,
            status: u16::try_from(status).unwrap_or(200),
            body: row.text("body")?,
            etag: row.optional("etag", Row::text)?,
            location: row.optional("location", Row::text)?,
            position: row.number("position")?,
            given_at: row.time("recorded_at")?,
        }))
    }

    /// Forgets answers given before a moment, the oldest first; says how many those were.
    pub async fn forget_answers(&self, before: DateTime<Utc>, limit: u64) -> Result<usize, StoreError> {
        let statement = Statement::new(
            "DELETE FROM idempotency_keys WHERE (caller_id, key) IN (
                 SELECT caller_id, key FROM idempotency_keys WHERE recorded_at < $1 ORDER BY recorded_at LIMIT $2)
             RETURNING position",
        );
        let mut tx = self.db.begin().await?;
        let forgotten = tx.rows(statement.bind(before).bind(limit)).await?.len();
        tx.commit().await?;
        Ok(forgotten)
    }

    /// The secret kept for a token's prefix.
    pub async fn token_secret(&self, prefix: &str) -> Result<Option<KeptSecret>, StoreError> {
        let statement = Statement::new("SELECT organization_id, token_id, secret_sha256 FROM token_secrets WHERE prefix = $1");
        let row = self.db.row(statement.bind(prefix)).await?;
        row.map(|row| {
            Ok(KeptSecret {
                organization_id: OrganizationId(row.id("organization_id")?),
                token_id: row.id("token_id")?,
                secret_sha256: row.text("secret_sha256")?,
            })
        })
        .transpose()
    }

    /// The invitation whose code has this digest.
    pub async fn invite(&self, code_sha256: &str) -> Result<Option<(OrganizationId, Uuid)>, StoreError> {
        let statement = Statement::new("SELECT organization_id, invite_id FROM invite_secrets WHERE code_sha256 = $1");
        let row = self.db.row(statement.bind(code_sha256)).await?;
        row.map(|row| Ok((OrganizationId(row.id("organization_id")?), row.id("invite_id")?))).transpose()
    }

    /// Whether an invitation is one of an organization.
    pub async fn has_invite(&self, organization: OrganizationId, invite: Uuid) -> Result<bool, StoreError> {
        let statement = Statement::new("SELECT invite_id FROM invite_secrets WHERE organization_id = $1 AND invite_id = $2");
        Ok(self.db.row(statement.bind(organization).bind(invite)).await?.is_some())
    }

    /// Names and addresses in an organization; of one member where one is given.
    pub async fn profiles(&self, organization: OrganizationId, member: Option<MemberId>) -> Result<Vec<Profile>, StoreError> {
        let statement = match member {
            None => Statement::new("SELECT member_id, display_name, email FROM profiles WHERE organization_id = $1"),
            Some(_) => Statement::new(
                "SELECT member_id, display_name, email FROM profiles WHERE organization_id = $1 AND member_id = $2",
            ),
        };
        let statement = statement.bind(organization);
        let statement = if member.is_some() { statement.bind(member) } else { statement };
        let rows = self.db.rows(statement).await?;
        let read = |row: &Row| {
            Ok(Profile {
                member_id: MemberId(row.id("member_id")?),
                display_name: row.text("display_name")?,
                email: row.optional("email", Row::text)?,
            })
        };
        rows.iter().map(read).collect()
    }
}

/// Keeps a name and an address.
pub fn keep_profile(organization: OrganizationId, profile: &Profile) -> Statement {
    Statement::new(
        "INSERT INTO profiles (organization_id, member_id, display_name, email) VALUES ($1, $2, $3, $4)
         ON CONFLICT (organization_id, member_id) DO UPDATE SET display_name = excluded.display_name, email = excluded.email",
    )
    .bind(organization)
    .bind(profile.member_id)
    .bind(profile.display_name.as_str())
    .bind(profile.email.clone())
}

/// Keeps another name for someone, or none, and leaves the address alone.
pub fn keep_name(organization: OrganizationId, member: MemberId, name: &str) -> Statement {
    Statement::new(
        "INSERT INTO profiles (organization_id, member_id, display_name) VALUES ($1, $2, $3)
         ON CONFLICT (organization_id, member_id) DO UPDATE SET display_name = excluded.display_name",
    )
    .bind(organization)
    .bind(member)
    .bind(name)
}

/// Keeps another address for someone, or none, and leaves the name alone.
pub fn keep_address(organization: OrganizationId, member: MemberId, email: Option<String>) -> Statement {
    Statement::new(
        "INSERT INTO profiles (organization_id, member_id, display_name, email) VALUES ($1, $2, '', $3)
         ON CONFLICT (organization_id, member_id) DO UPDATE SET email = excluded.email",
    )
    .bind(organization)
    .bind(member)
    .bind(email)
}

/// Keeps the secret half of a token.
pub fn keep_token_secret(prefix: &str, secret: &KeptSecret) -> Statement {
    Statement::new("INSERT INTO token_secrets (prefix, token_id, organization_id, secret_sha256) VALUES ($1, $2, $3, $4)")
        .bind(prefix)
        .bind(secret.token_id)
        .bind(secret.organization_id)
        .bind(secret.secret_sha256.as_str())
}

/// Keeps the digest of an invitation's code.
pub fn keep_invite_secret(code_sha256: &str, invite: Uuid, organization: OrganizationId) -> Statement {
    Statement::new("INSERT INTO invite_secrets (code_sha256, invite_id, organization_id) VALUES ($1, $2, $3)")
        .bind(code_sha256)
        .bind(invite)
        .bind(organization)
}

/// Reads an event from a row.
pub fn recorded(row: &Row) -> Result<Recorded, StoreError> {
    let global_position = row.number("global_position")?;
    let kind = row.text("actor_kind")?;
    let unknown = || StoreError::Unreadable(global_position, format!("`{kind}` is no kind of actor"));
    let kind: PrincipalKind = kind.parse().map_err(|_| unknown())?;
    Ok(Recorded {
        global_position,
        position: row.number("position")?,
        id: row.id("event_id")?,
        organization_id: OrganizationId(row.id("organization_id")?),
        aggregate_type: row.text("aggregate_type")?.into(),
        aggregate_id: row.text("aggregate_id")?.into(),
        sequence: row.number("sequence")?,
        event_type: row.text("event_type")?.into(),
        version: row.text("event_version")?.into(),
        occurred_at: row.time("occurred_at")?,
        actor: Actor { id: MemberId(row.id("actor_id")?), kind },
        zone_id: row.optional("zone_id", Row::id)?.map(ZoneId),
        correlation_id: row.id("correlation_id")?,
        causation_id: row.id("causation_id")?,
        data: row.data("payload")?,
    })
}
