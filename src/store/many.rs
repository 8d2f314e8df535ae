//! One text, run for many sets of values: on PostgreSQL at once, as arrays; on SQLite one after the other in one visit.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, OnceLock, PoisonError};

use projections::{Group, Json, Param, Statement};
use serde_json::value::RawValue;
use sqlx::postgres::PgArguments;
use sqlx::query::Query;
use sqlx::types::chrono::{DateTime, Utc};
use sqlx::types::{self, Uuid};

use super::db::Tx;
use super::error::StoreError;
use super::file;

/// The most sets of values in one statement.
const AT_ONCE: usize = 1_000;

impl Tx {
    /// Runs a text for many sets of values.
    pub async fn execute_many(&mut self, group: Group) -> Result<(), StoreError> {
        let tx = match self {
            Self::Sqlite(tx) => {
                tx.gather(move |connection| file::run(connection, &group));
                return Ok(());
            }
            Self::Postgres(tx) => tx,
        };
        let text = if group.rows.len() > 1 { at_once(group.sql, &group.rows[0]) } else { None };
        let Some(text) = text else {
            for params in group.rows {
                self.execute(Statement { params, ..Statement::new(group.sql) }).await?;
            }
            return Ok(());
        };
        for rows in group.rows.chunks(AT_ONCE) {
            let columns = 0..rows[0].len();
            let query = columns.fold(sqlx::query(&text), |query, column| with_column(query, rows, column));
            query.execute(&mut **tx).await?;
        }
        Ok(())
    }
}

type PgQuery<'q> = Query<'q, sqlx::Postgres, PgArguments>;

/// Binds one column of all rows as an array.
fn with_column<'q>(query: PgQuery<'q>, rows: &'q [Vec<Param>], column: usize) -> PgQuery<'q> {
    macro_rules! array {
        ($variant:ident, $type:ty, $read:expr) => {{
            let read = |row: &'q Vec<Param>| -> $type {
                match &row[column] {
                    Param::$variant(value) => $read(value),
                    _ => None,
                }
            };
            query.bind(rows.iter().map(read).collect::<Vec<$type>>())
        }};
    }
    match &rows[0][column] {
        Param::Id(_) => array!(Id, Option<Uuid>, |id: &Option<Uuid>| *id),
        Param::Int(_) => array!(Int, Option<i64>, |number: &Option<i64>| *number),
        Param::Text(_) => array!(Text, Option<&'q str>, |text: &'q Option<String>| text.as_deref()),
        Param::Time(_) => array!(Time, Option<DateTime<Utc>>, |moment: &Option<DateTime<Utc>>| *moment),
        Param::Json(_) => array!(Json, Option<types::Json<&'q RawValue>>, |json: &'q Option<Json>| json
            .as_ref()
            .map(|json| types::Json(&*json.0))),
        Param::Bool(_) => array!(Bool, Option<bool>, |yes: &bool| Some(*yes)),
    }
}

/// Texts as they were rewritten, by what they were made of.
type Texts = HashMap<&'static str, Option<Arc<str>>>;

static TEXTS: OnceLock<Mutex<Texts>> = OnceLock::new();

/// The text for many sets of values, if it has a form in which there is one.
fn at_once(sql: &'static str, params: &[Param]) -> Option<Arc<str>> {
    let mut texts = TEXTS.get_or_init(Mutex::default).lock().unwrap_or_else(PoisonError::into_inner);
    texts.entry(sql).or_insert_with(|| rewritten(sql, params).map(Arc::from)).clone()
}

/// Where the values of a set are called `b.p1`, `b.p2`, …
fn rewritten(sql: &str, params: &[Param]) -> Option<String> {
    let rows = rows(params);
    if let Some(rest) = sql.strip_prefix("UPDATE ") {
        let (change, which) = at_outer_where(rest)?;
        return Some(format!("UPDATE {} FROM {rows} WHERE {}", named(change), named(which)));
    }
    if let Some(rest) = sql.strip_prefix("DELETE FROM ") {
        let (table, which) = at_outer_where(rest)?;
        let equal: Vec<(&str, &str)> = which.split(" AND ").map(|part| part.split_once(" = ")).collect::<Option<_>>()?;
        let (columns, values): (Vec<&str>, Vec<String>) =
            equal.into_iter().map(|(column, value)| (column, named(value))).unzip();
        let (columns, values) = (columns.join(", "), values.join(", "));
        return Some(format!("DELETE FROM {table} WHERE ({columns}) IN (SELECT {values} FROM {rows})"));
    }
    if sql.starts_with("INSERT ") {
        const LEAVING: &str = " ON CONFLICT DO NOTHING";
        let (adding, otherwise) = sql.strip_suffix(LEAVING).map_or((sql, ""), |adding| (adding, LEAVING));
        let (table, values) = adding.split_once("VALUES (").filter(|_| !adding.contains("ON CONFLICT"))?;
        let values = values.trim_end().strip_suffix(')')?;
        return Some(format!("{table} SELECT {} FROM {rows}{otherwise}", named(values)));
    }
    None
}

/// What stands before and after the WHERE that is in no parentheses.
fn at_outer_where(sql: &str) -> Option<(&str, &str)> {
    const WHERE: &str = " WHERE ";
    let depth = |text: &str| text.matches('(').count() - text.matches(')').count();
    let (place, _) = sql.match_indices(WHERE).find(|(place, _)| depth(&sql[..*place]) == 0)?;
    Some((&sql[..place], &sql[place + WHERE.len()..]))
}

/// The sets of values as rows.
fn rows(params: &[Param]) -> String {
    let names: Vec<String> = (1..=params.len()).map(|number| format!("p{number}")).collect();
    let of = |(place, param): (usize, &Param)| format!("${}::{}[]", place + 1, kind(param));
    let arrays: Vec<String> = params.iter().enumerate().map(of).collect();
    format!("unnest({}) AS b ({})", arrays.join(", "), names.join(", "))
}

fn kind(param: &Param) -> &'static str {
    match param {
        Param::Id(_) => "uuid",
        Param::Int(_) => "bigint",
        Param::Text(_) => "text",
        Param::Time(_) => "timestamptz",
        Param::Json(_) => "jsonb",
        Param::Bool(_) => "boolean",
    }
}

/// `$1` becomes `b.p1`.
fn named(sql: &str) -> String {
    sql.replace('$', "b.p")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_form_has_one_for_many() {
        let params = [Param::Text(None), Param::Int(None)];
        let of = |sql| rewritten(sql, &params).expect("a form");
        let rows = "unnest($1::text[], $2::bigint[]) AS b (p1, p2)";
        assert_eq!(of("UPDATE t SET a = $2 WHERE id = $1"), format!("UPDATE t SET a = b.p2 FROM {rows} WHERE id = b.p1"));
        assert_eq!(
            of("DELETE FROM t WHERE id = $1 AND a = $2"),
            format!("DELETE FROM t WHERE (id, a) IN (SELECT b.p1, b.p2 FROM {rows})")
        );
        assert_eq!(
            of("INSERT INTO t (id, a) VALUES ($1, $2)"),
            format!("INSERT INTO t (id, a)  SELECT b.p1, b.p2 FROM {rows}")
        );
        assert_eq!(
            of("UPDATE t SET a = (SELECT b FROM u WHERE c = $2) WHERE id = $1"),
            format!("UPDATE t SET a = (SELECT b FROM u WHERE c = b.p2) FROM {rows} WHERE id = b.p1")
        );
        assert_eq!(
            of("INSERT INTO t (id, a) VALUES ($1, $2) ON CONFLICT DO NOTHING"),
            format!("INSERT INTO t (id, a)  SELECT b.p1, b.p2 FROM {rows} ON CONFLICT DO NOTHING")
        );
        let upsert = "INSERT INTO t (id, a) VALUES ($1, $2) ON CONFLICT (id) DO UPDATE SET a = excluded.a";
        assert_eq!(rewritten(upsert, &params), None, "one after the other");
    }
}
