//! Read models laid open, to compare them with what a replay gives.

use std::collections::BTreeMap;

use projections::TABLES;
use trust_zones::store::Db;

/// Every row of every read model, as text.
pub async fn rows_of(views: &Db) -> BTreeMap<&'static str, Vec<String>> {
    let mut tables = BTreeMap::new();
    for table in TABLES {
        let rows: Vec<String> = match views {
            Db::Sqlite { read, .. } => {
                let columns = sqlx::query_scalar::<_, String>("SELECT name FROM pragma_table_info($1) ORDER BY cid");
                let columns = columns.bind(table).fetch_all(read).await.expect("columns").join(", ");
                let sql = format!("SELECT json_array({columns}) AS line FROM {table} ORDER BY line");
                sqlx::query_scalar(&sql).fetch_all(read).await.expect(table)
            }
            Db::Postgres(pool) => {
                let sql = format!("SELECT to_jsonb(t)::text AS line FROM {table} t ORDER BY line");
                sqlx::query_scalar(&sql).fetch_all(pool).await.expect(table)
            }
        };
        tables.insert(table, rows);
    }
    tables
}
