//! No language model ever delays an answer: submissions to a service whose provider hangs against submissions to one without a
//! provider, in one run: `TZ_POSTGRES_DURABLE=1 scripts/with-postgres cargo bench --bench gardener`.
//!
//! Both zones leave the choice of reviewers to the gardener. Clients keep to a pace, so that both services are asked the same;
//! latency counts from when a request was due. The provider takes connections and never says a word: every proposal runs into its
//! timeout of a second, and the clock lets the rules choose while others are submitted. Rounds alternate; the median of each
//! figure is shown.

mod client;
mod service;

use std::net::{SocketAddr, TcpListener};
use std::sync::Mutex;
use std::time::{Duration, Instant};

use client::Client;
use serde_json::json;
use service::Running;

const CLIENTS: u32 = 8;
/// Submissions a second, all clients together.
const PACE: u32 = 80;
const LENGTH: Duration = Duration::from_secs(6);
const ROUNDS: usize = 5;

#[expect(clippy::disallowed_methods, reason = "the benchmark is told by its environment, it has no configuration")]
fn postgres() -> Option<String> {
    std::env::var("TEST_DATABASE_URL").ok()
}

fn main() -> anyhow::Result<()> {
    // `cargo test --benches` runs it too, without `--bench`: there is nothing to test.
    if !std::env::args().any(|argument| argument == "--bench") {
        return Ok(());
    }
    let mute = provider_that_hangs()?;
    println!(
        "{CLIENTS} clients, {PACE} submissions a second, {} s for each measurement, the median of {ROUNDS} rounds\n",
        LENGTH.as_secs()
    );
    println!("| database | provider | p50 ms | p99 ms | p99 ÷ without |");
    println!("|---|---|---:|---:|---:|");
    for url in
        [None, postgres()].into_iter().enumerate().filter(|(place, url)| *place == 0 || url.is_some()).map(|(_, url)| url)
    {
        compare(url.as_deref(), mute)?;
    }
    Ok(())
}

fn compare(url: Option<&str>, mute: SocketAddr) -> anyhow::Result<()> {
    let name = if url.is_some() { "PostgreSQL" } else { "SQLite" };
    let folder = tempfile::tempdir()?;
    let without = Running::start(&folder.path().join("without"), url, "without", None)?;
    let hanging = Running::start(&folder.path().join("hanging"), url, "hanging", Some(mute))?;
    let (mut plain, mut hung) = (Vec::new(), Vec::new());
    for round in 0..=ROUNDS {
        let (one, other) = (submissions(&without)?, submissions(&hanging)?);
        // The first round warms up.
        if round > 0 {
            plain.push(one);
            hung.push(other);
        }
    }
    let of = |rounds: &[Figure], read: fn(&Figure) -> f64| median(rounds.iter().map(read).collect());
    let (before, after) = (of(&plain, |figure| figure.p99_ms), of(&hung, |figure| figure.p99_ms));
    println!("| {name} | none | {:.2} | {before:.2} | 1.00 |", of(&plain, |figure| figure.p50_ms));
    println!("| {name} | hangs | {:.2} | {after:.2} | {:.2} |", of(&hung, |figure| figure.p50_ms), after / before);
    hanging.must_have_let_rules_choose()
}

struct Figure {
    p50_ms: f64,
    p99_ms: f64,
}

fn median(mut numbers: Vec<f64>) -> f64 {
    numbers.sort_unstable_by(f64::total_cmp);
    numbers.get(numbers.len() / 2).copied().unwrap_or(f64::NAN)
}

/// Takes connections and holds them, without a word.
fn provider_that_hangs() -> anyhow::Result<SocketAddr> {
    let listener = TcpListener::bind("127.0.0.1:0")?;
    let address = listener.local_addr()?;
    std::thread::spawn(move || {
        let mut held = std::collections::VecDeque::new();
        for connection in listener.incoming().flatten() {
            held.push_back(connection);
            // The asker has long given up on the oldest.
            if held.len() > 200 {
                held.pop_front();
            }
        }
    });
    Ok(address)
}

fn submissions(service: &Running) -> anyhow::Result<Figure> {
    let body = json!({"zone_id": service.zone, "type": "task_execution", "title": "Read the meters",
        "description": "All of them, by Friday.", "payload": {"action": "meters.read"}})
    .to_string();
    let all: Mutex<Vec<Duration>> = Mutex::default();
    let step = Duration::from_secs(1) * CLIENTS / PACE;
    let began = Instant::now();
    std::thread::scope(|scope| {
        let one = |number: u32| {
            let mut client = Client::connect(service.address)?;
            let mut due = began + step * number / CLIENTS;
            let mut taken = Vec::new();
            while due < began + LENGTH {
                std::thread::sleep(due.saturating_duration_since(Instant::now()));
                client.expect(201, "POST", "/proposals", &service.owner, &body)?;
                taken.push(due.elapsed());
                due += step;
            }
            all.lock().unwrap_or_else(std::sync::PoisonError::into_inner).append(&mut taken);
            anyhow::Ok(())
        };
        let threads: Vec<_> = (0..CLIENTS).map(|number| scope.spawn(move || one(number))).collect();
        threads.into_iter().try_for_each(|thread| thread.join().map_err(|_| anyhow::anyhow!("a client panicked"))?)
    })?;
    let mut taken = all.into_inner().unwrap_or_else(std::sync::PoisonError::into_inner);
    taken.sort_unstable();
    let at = |percent: usize| {
        let place = (taken.len() * percent / 100).min(taken.len().saturating_sub(1));
        taken.get(place).map_or(f64::NAN, |taken| taken.as_secs_f64() * 1000.0)
    };
    Ok(Figure { p50_ms: at(50), p99_ms: at(99) })
}
