//! A row of either database, read by column name.

use chrono::{DateTime, Utc};
use projections::Data;
use serde_json::Value;
use sqlx::postgres::PgRow;
use sqlx::sqlite::SqliteRow;
use sqlx::types::{Json, JsonRawValue};
use sqlx::{Row as _, ValueRef};
use uuid::Uuid;

use super::error::StoreError;

/// A row of either database. SQLite keeps ids, moments and JSON as text.
pub enum Row {
    /// From SQLite.
    Sqlite(SqliteRow),
    /// From PostgreSQL.
    Postgres(PgRow),
}

type Read<T> = Result<T, StoreError>;

fn garbled(column: &str, error: impl std::error::Error + Send + Sync + 'static) -> StoreError {
    StoreError::Database(sqlx::Error::ColumnDecode { index: column.to_owned(), source: Box::new(error) })
}

impl Row {
    /// Whether the column is null.
    pub fn is_null(&self, column: &str) -> Read<bool> {
        Ok(match self {
            Self::Sqlite(row) => row.try_get_raw(column)?.is_null(),
            Self::Postgres(row) => row.try_get_raw(column)?.is_null(),
        })
    }

    /// `read` the column unless it is null.
    pub fn optional<T>(&self, column: &str, read: impl FnOnce(&Self, &str) -> Read<T>) -> Read<Option<T>> {
        if self.is_null(column)? { Ok(None) } else { read(self, column).map(Some) }
    }

    /// An id.
    pub fn id(&self, column: &str) -> Read<Uuid> {
        match self {
            Self::Sqlite(row) => Uuid::parse_str(row.try_get(column)?).map_err(|error| garbled(column, error)),
            Self::Postgres(row) => Ok(row.try_get(column)?),
        }
    }

    /// A whole number, not negative.
    pub fn number(&self, column: &str) -> Read<u64> {
        let number: i64 = match self {
            Self::Sqlite(row) => row.try_get(column)?,
            Self::Postgres(row) => row.try_get(column)?,
        };
        u64::try_from(number).map_err(|error| garbled(column, error))
    }

    /// A text.
    pub fn text(&self, column: &str) -> Read<String> {
        Ok(match self {
            Self::Sqlite(row) => row.try_get(column)?,
            Self::Postgres(row) => row.try_get(column)?,
        })
    }

    /// A moment.
    pub fn time(&self, column: &str) -> Read<DateTime<Utc>> {
        match self {
            Self::Sqlite(row) => {
                row.try_get::<&str, _>(column)?.parse().map_err(|error: chrono::ParseError| garbled(column, error))
            }
            Self::Postgres(row) => Ok(row.try_get(column)?),
        }
    }

    /// A fact, as it is written.
    pub fn data(&self, column: &str) -> Read<Data> {
        Ok(match self {
            Self::Sqlite(row) => Data::kept(row.try_get(column)?),
            Self::Postgres(row) => Data::kept(row.try_get::<Json<&JsonRawValue>, _>(column)?.0.get()),
        })
    }

    /// JSON.
    pub fn json(&self, column: &str) -> Read<Value> {
        match self {
            Self::Sqlite(row) => serde_json::from_str(row.try_get(column)?).map_err(|error| garbled(column, error)),
            Self::Postgres(row) => Ok(row.try_get(column)?),
        }
    }
}
