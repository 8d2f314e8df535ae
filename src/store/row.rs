//! A row of either database, read by column name.

use chrono::{DateTime, Utc};
use projections::Data;
use rusqlite::types::Value as Stored;
use serde::de::{DeserializeOwned, IntoDeserializer};
use serde_json::Value;
use sqlx::postgres::PgRow;
use sqlx::sqlite::SqliteRow;
use sqlx::types::{Json, JsonRawValue};
use sqlx::{Row as _, ValueRef};
use uuid::Uuid;

use super::error::StoreError;
use super::file::FileRow;

/// A row of either database. SQLite keeps ids, moments and JSON as text.
pub enum Row {
    /// From SQLite.
    Sqlite(SqliteRow),
    /// From SQLite, within a transaction.
    File(FileRow),
    /// From PostgreSQL.
    Postgres(PgRow),
}

type Read<T> = Result<T, StoreError>;

fn garbled(column: &str, error: impl std::error::Error + Send + Sync + 'static) -> StoreError {
    StoreError::Database(sqlx::Error::ColumnDecode { index: column.to_owned(), source: Box::new(error) })
}

/// The text in a column.
fn text<'r>(row: &'r FileRow, column: &str) -> Read<&'r str> {
    match row.value(column) {
        Some(Stored::Text(text)) => Ok(text),
        _ => Err(StoreError::Database(sqlx::Error::ColumnNotFound(column.to_owned()))),
    }
}

/// The whole number in a column.
fn integer(row: &FileRow, column: &str) -> Read<i64> {
    match row.value(column) {
        Some(Stored::Integer(number)) => Ok(*number),
        _ => Err(StoreError::Database(sqlx::Error::ColumnNotFound(column.to_owned()))),
    }
}

impl Row {
    /// Whether the column is null.
    pub fn is_null(&self, column: &str) -> Read<bool> {
        Ok(match self {
            Self::Sqlite(row) => row.try_get_raw(column)?.is_null(),
            Self::File(row) => matches!(row.value(column), None | Some(Stored::Null)),
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
            Self::File(row) => Uuid::parse_str(text(row, column)?).map_err(|error| garbled(column, error)),
            Self::Postgres(row) => Ok(row.try_get(column)?),
        }
    }

    /// A whole number, not negative.
    pub fn number(&self, column: &str) -> Read<u64> {
        let number: i64 = match self {
            Self::Sqlite(row) => row.try_get(column)?,
            Self::File(row) => integer(row, column)?,
            Self::Postgres(row) => row.try_get(column)?,
        };
        u64::try_from(number).map_err(|error| garbled(column, error))
    }

    /// A text.
    pub fn text(&self, column: &str) -> Read<String> {
        Ok(match self {
            Self::Sqlite(row) => row.try_get(column)?,
            Self::File(row) => text(row, column)?.to_owned(),
            Self::Postgres(row) => row.try_get(column)?,
        })
    }

    /// A moment.
    pub fn time(&self, column: &str) -> Read<DateTime<Utc>> {
        match self {
            Self::Sqlite(row) => {
                row.try_get::<&str, _>(column)?.parse().map_err(|error: chrono::ParseError| garbled(column, error))
            }
            Self::File(row) => text(row, column)?.parse().map_err(|error: chrono::ParseError| garbled(column, error)),
            Self::Postgres(row) => Ok(row.try_get(column)?),
        }
    }

    /// A fact, as it is written.
    pub fn data(&self, column: &str) -> Read<Data> {
        Ok(match self {
            Self::Sqlite(row) => Data::kept(row.try_get(column)?),
            Self::File(row) => Data::kept(text(row, column)?),
            Self::Postgres(row) => Data::kept(row.try_get::<Json<&JsonRawValue>, _>(column)?.0.get()),
        })
    }

    /// One of the words that a type knows.
    pub fn word<T: DeserializeOwned>(&self, column: &str) -> Read<T> {
        let word = self.text(column)?;
        T::deserialize(word.into_deserializer()).map_err(|error: serde::de::value::Error| garbled(column, error))
    }

    /// A number with digits after the point, kept as text.
    pub fn decimal<T: DeserializeOwned>(&self, column: &str) -> Read<T> {
        serde_json::from_str(&self.text(column)?).map_err(|error| garbled(column, error))
    }

    /// What a type reads from JSON.
    pub fn read<T: DeserializeOwned>(&self, column: &str) -> Read<T> {
        serde_json::from_value(self.json(column)?).map_err(|error| garbled(column, error))
    }

    /// JSON.
    pub fn json(&self, column: &str) -> Read<Value> {
        match self {
            Self::Sqlite(row) => serde_json::from_str(row.try_get(column)?).map_err(|error| garbled(column, error)),
            Self::File(row) => serde_json::from_str(text(row, column)?).map_err(|error| garbled(column, error)),
            Self::Postgres(row) => Ok(row.try_get(column)?),
        }
    }
}
