//! Figures, and the table they are shown in.

use std::collections::BTreeMap;
use std::time::Duration;

use crate::cpu::Spent;

/// One measurement.
#[derive(Clone, Copy, Debug)]
pub struct Figure {
    pub per_second: f64,
    /// The mean where nothing else is known (`pgbench`).
    pub p50_ms: f64,
    pub p99_ms: f64,
    /// Processor time for one, in microseconds: of the service, the database, the client.
    pub cpu_us: [f64; 3],
}

fn float(number: u64) -> f64 {
    u32::try_from(number).map_or(f64::NAN, f64::from)
}

impl Figure {
    /// From how long each took, and all together.
    pub fn of(mut taken: Vec<Duration>, elapsed: Duration) -> Self {
        taken.sort_unstable();
        let at = |percent: usize| {
            let place = (taken.len() * percent / 100).min(taken.len().saturating_sub(1));
            taken.get(place).map_or(f64::NAN, |taken| taken.as_secs_f64() * 1000.0)
        };
        let per_second = float(taken.len() as u64) / elapsed.as_secs_f64();
        Self { per_second, p50_ms: at(50), p99_ms: at(99), cpu_us: [f64::NAN; 3] }
    }

    /// The same, with what it cost in all, over `elapsed`.
    #[must_use]
    pub fn costing(self, spent: Spent, elapsed: Duration) -> Self {
        let number = self.per_second * elapsed.as_secs_f64();
        let each = |hundredths: u64| float(hundredths) * 10_000.0 / number;
        Self { cpu_us: [each(spent.service), each(spent.database), each(spent.client)], ..self }
    }
}

/// All measurements, by database, number of clients and what was done.
#[derive(Default)]
pub struct Figures {
    rounds: BTreeMap<(&'static str, usize, &'static str), Vec<Figure>>,
}

fn median(mut numbers: Vec<f64>) -> f64 {
    numbers.sort_unstable_by(f64::total_cmp);
    numbers.get(numbers.len() / 2).copied().unwrap_or(f64::NAN)
}

impl Figures {
    /// Notes the figure of one round.
    pub fn note(&mut self, database: &'static str, clients: usize, what: &'static str, figure: Figure) {
        let [service, server, client] = figure.cpu_us;
        eprintln!(
            "{database}, {clients} clients: {:.0} {what}s/s, CPU µs each: service {service:.0}, database {server:.0}, client {client:.0}",
            figure.per_second
        );
        self.rounds.entry((database, clients, what)).or_default().push(figure);
    }

    fn median(
        &self,
        database: &'static str,
        clients: usize,
        what: &'static str,
        read: impl Fn(&Figure, &Figure) -> f64,
    ) -> f64 {
        let of = |what| self.rounds.get(&(database, clients, what)).map_or(&[][..], Vec::as_slice);
        median(of(what).iter().zip(of("bare insert")).map(|(figure, bare)| read(figure, bare)).collect())
    }

    /// Prints the table; ratios are medians of those over the bare inserts of the same round.
    pub fn print(&self) {
        println!(
            "\n| database | clients | what | per second | ÷ bare | p50 ms | p99 ms | CPU µs: service | database | client |"
        );
        println!("|---|---:|---|---:|---:|---:|---:|---:|---:|---:|");
        let shown = |number: f64, digits: usize| if number.is_nan() { "–".to_owned() } else { format!("{number:.digits$}") };
        for (database, clients, what) in self.rounds.keys().copied() {
            let of = |read: fn(&Figure) -> f64| self.median(database, clients, what, |figure, _| read(figure));
            let cells = [
                shown(of(|figure| figure.per_second), 0),
                shown(self.median(database, clients, what, |figure, bare| figure.per_second / bare.per_second), 2),
                shown(of(|figure| figure.p50_ms), 2),
                shown(of(|figure| figure.p99_ms), 2),
                shown(of(|figure| figure.cpu_us[0]), 0),
                shown(of(|figure| figure.cpu_us[1]), 0),
                shown(of(|figure| figure.cpu_us[2]), 0),
            ];
            println!("| {database} | {clients} | {what} | {} |", cells.join(" | "));
        }
    }
}
