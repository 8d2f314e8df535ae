//! Durable commands over HTTP against bare one-row inserts, in one run on one machine (SPEC section 16):
//! `TZ_POSTGRES_DURABLE=1 scripts/with-postgres cargo bench --bench durable`.
//!
//! The service runs in a process of its own and is spoken to over TCP on loopback with connections kept alive. Every round
//! measures bare inserts, submissions and votes one after the other, for each number of clients; what is shown is the
//! median round. `TZ_BENCH_SECONDS` sets how long each measurement takes, `TZ_BENCH_CLIENTS` (such as `64`) how many clients
//! there are.

mod bare;
mod client;
mod commands;
mod cpu;
mod figures;
mod service;

use std::time::{Duration, Instant};

use figures::Figures;
use service::Running;

/// How many clients speak at once.
const CLIENTS: &str = "1,16,64";
/// How often everything is measured.
const ROUNDS: u32 = 3;
/// No round begins after this; one takes about a third of it.
const LAST_BEGINNING: Duration = Duration::from_secs(150);

#[expect(clippy::disallowed_methods, reason = "the benchmark is told by its environment, it has no configuration")]
fn told(name: &str) -> Option<String> {
    std::env::var(name).ok()
}

fn main() -> anyhow::Result<()> {
    // `cargo test --benches` runs it too, without `--bench`: there is nothing to test.
    if !std::env::args().any(|argument| argument == "--bench") {
        return Ok(());
    }
    let seconds = told("TZ_BENCH_SECONDS").and_then(|seconds| seconds.parse().ok()).unwrap_or(2.0_f64);
    let length = Duration::from_secs_f64(seconds.clamp(0.1, 10.0));
    let clients = told("TZ_BENCH_CLIENTS").unwrap_or_else(|| CLIENTS.to_owned());
    let clients: Vec<usize> = clients.split(',').map(|number| number.trim().parse()).collect::<Result<_, _>>()?;
    let rounds = told("TZ_BENCH_ROUNDS").and_then(|rounds| rounds.parse().ok()).unwrap_or(ROUNDS);
    let postgres = told("TEST_DATABASE_URL");
    if postgres.is_none() {
        println!("PostgreSQL is left out: run through scripts/with-postgres");
    }
    if let Some(url) = &postgres {
        println!("PostgreSQL {}", bare::postgres_settings(url)?);
    }
    println!("{} processors, {length:?} for each measurement, the median of up to {rounds} rounds", processors());
    println!("{}", commands::DESCRIBED);

    let began = Instant::now();
    let mut figures = Figures::default();
    let folder = tempfile::tempdir()?;
    let mut running = vec![Running::on_sqlite(folder.path())?];
    if let Some(url) = &postgres {
        running.push(Running::on_postgres(url, folder.path())?);
    }
    for round in 1..=rounds {
        if round > 1 && began.elapsed() > LAST_BEGINNING {
            println!("stopped after {} rounds to keep to the time", round - 1);
            break;
        }
        for service in &running {
            for clients in &clients {
                measure(service, *clients, length, folder.path(), &mut figures)?;
            }
        }
    }
    figures.print();
    println!("\ntook {:.0} s", began.elapsed().as_secs_f64());
    Ok(())
}

fn processors() -> usize {
    std::thread::available_parallelism().map_or(1, std::num::NonZeroUsize::get)
}

fn measure(
    service: &Running,
    clients: usize,
    length: Duration,
    folder: &std::path::Path,
    figures: &mut Figures,
) -> anyhow::Result<()> {
    service.settle()?;
    let (before, began) = (service.players.spent(), Instant::now());
    let bare = match &service.database {
        Some(url) => bare::pgbench(url, clients, length, folder)?,
        None => bare::sqlite_loop(folder, length)?,
    };
    let bare = bare.costing(service.players.spent() - before, began.elapsed());
    figures.note(service.name, clients, "bare insert", bare);
    let (submitted, _) = commands::submit(service, &service.everyday, clients, length)?;
    figures.note(service.name, clients, "submission", submitted);
    service.settle()?;
    let (submitted, proposals) = commands::submit(service, &service.zone, clients, length)?;
    figures.note(service.name, clients, "submission to 12", submitted);
    service.settle()?;
    let voted = commands::vote(service, clients, length, proposals)?;
    figures.note(service.name, clients, "vote", voted);
    Ok(())
}
