//! What a database does when asked for nothing but one-row inserts: the measure of everything else.

use std::path::Path;
use std::process::Command;
use std::time::{Duration, Instant};

use anyhow::Context;
use sqlx::ConnectOptions;
use sqlx::sqlite::{SqliteConnectOptions, SqliteJournalMode, SqliteSynchronous};

use crate::figures::Figure;

/// As large as the event of a vote.
const PAYLOAD: &str = r#"{"proposal_id":"0199b1c2-7a4e-7c3d-8e6f-1a2b3c4d5e6f","zone_id":"0199b1c2-7a4e-7c3d-8e6f-1a2b3c4d5e70","member_id":"0199b1c2-7a4e-7c3d-8e6f-1a2b3c4d5e71","choice":"approve","rationale":"it is within the budget and the plan is sound","tally":{"approve":4,"reject":0,"abstain":0,"outstanding":8,"approve_weight":4,"reject_weight":0,"abstain_weight":0,"outstanding_weight":8},"cast_at":"2026-01-05T10:00:00.123456Z"}"#;

/// Runs a program to its end; says what it wrote.
pub fn run(program: &str, arguments: &[&str]) -> anyhow::Result<String> {
    let output = Command::new(program).args(arguments).output().with_context(|| format!("{program} cannot be run"))?;
    let complaint = String::from_utf8_lossy(&output.stderr);
    anyhow::ensure!(output.status.success(), "{program} failed: {complaint}");
    Ok(String::from_utf8_lossy(&output.stdout).into_owned())
}

/// Runs SQL; says what it answers, without decoration.
pub fn psql(url: &str, sql: &str) -> anyhow::Result<String> {
    run("psql", &["-X", "-q", "-A", "-t", "-v", "ON_ERROR_STOP=1", "-d", url, "-c", sql])
}

/// The version of the server, and whether it is durable.
pub fn postgres_settings(url: &str) -> anyhow::Result<String> {
    let setting = |name: &str| psql(url, &format!("SHOW {name}")).map(|value| value.trim().to_owned());
    let (version, fsync, commit) = (setting("server_version")?, setting("fsync")?, setting("synchronous_commit")?);
    let warning = if fsync == "on" && commit == "on" { "" } else { " (NOT DURABLE: set TZ_POSTGRES_DURABLE=1)" };
    Ok(format!("{version}, fsync {fsync}, synchronous_commit {commit}{warning}"))
}

/// One-row inserts by `pgbench`.
pub fn pgbench(url: &str, clients: usize, length: Duration, folder: &Path) -> anyhow::Result<Figure> {
    psql(url, "CREATE TABLE IF NOT EXISTS bare (id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY, payload jsonb NOT NULL)")?;
    let script = folder.join("insert.sql");
    std::fs::write(&script, format!("INSERT INTO bare (payload) VALUES ('{PAYLOAD}');\n"))?;
    let (script, clients) = (script.display().to_string(), clients.to_string());
    // pgbench counts in whole seconds.
    let seconds = length.as_secs_f64().ceil().to_string();
    let threads = if clients == "1" { "1" } else { "2" };
    let said = run("pgbench", &["-n", "-f", &script, "-c", &clients, "-j", threads, "-T", &seconds, url])?;
    let after = |key: &str| -> Option<f64> { said.split_once(key)?.1.split_whitespace().next()?.parse().ok() };
    let per_second = after("tps = ").with_context(|| format!("pgbench told no rate: {said}"))?;
    let mean = after("latency average = ").unwrap_or_default();
    Ok(Figure { per_second, p50_ms: mean, p99_ms: f64::NAN, cpu_us: [f64::NAN; 3] })
}

/// One-row transactions on SQLite, one after the other on one connection: WAL, fully synchronous.
pub fn sqlite_loop(folder: &Path, length: Duration) -> anyhow::Result<Figure> {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
    runtime.block_on(async {
        let options = SqliteConnectOptions::new()
            .filename(folder.join("bare.db"))
            .create_if_missing(true)
            .journal_mode(SqliteJournalMode::Wal)
            .synchronous(SqliteSynchronous::Full);
        let mut connection = options.connect().await?;
        let table = "CREATE TABLE IF NOT EXISTS bare (id integer PRIMARY KEY AUTOINCREMENT, payload text NOT NULL)";
        sqlx::query(table).execute(&mut connection).await?;
        let (began, mut taken) = (Instant::now(), Vec::new());
        while began.elapsed() < length {
            let asked = Instant::now();
            sqlx::query("INSERT INTO bare (payload) VALUES ($1)").bind(PAYLOAD).execute(&mut connection).await?;
            taken.push(asked.elapsed());
        }
        Ok(Figure::of(taken, began.elapsed()))
    })
}
