//! Figures, and the table they are shown in.

use std::collections::BTreeMap;
use std::time::Duration;

/// One measurement.
#[derive(Clone, Copy, Debug)]
pub struct Figure {
    pub per_second: f64,
    /// The mean where nothing else is known (`pgbench`).
    pub p50_ms: f64,
    pub p99_ms: f64,
}

impl Figure {
    /// From how long each took, and all together.
    pub fn of(mut taken: Vec<Duration>, elapsed: Duration) -> Self {
        taken.sort_unstable();
        let at = |percent: usize| {
            let place = (taken.len() * percent / 100).min(taken.len().saturating_sub(1));
            taken.get(place).map_or(f64::NAN, |taken| taken.as_secs_f64() * 1000.0)
        };
        let number = u32::try_from(taken.len()).map_or(f64::NAN, f64::from);
        Self { per_second: number / elapsed.as_secs_f64(), p50_ms: at(50), p99_ms: at(99) }
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
        eprintln!("{database}, {clients} clients: {:.0} {what}s/s", figure.per_second);
        self.rounds.entry((database, clients, what)).or_default().push(figure);
    }

    fn median(&self, database: &'static str, clients: usize, what: &'static str) -> Option<Figure> {
        let rounds = self.rounds.get(&(database, clients, what))?;
        let of = |read: fn(&Figure) -> f64| median(rounds.iter().map(read).collect());
        Some(Figure { per_second: of(|f| f.per_second), p50_ms: of(|f| f.p50_ms), p99_ms: of(|f| f.p99_ms) })
    }

    /// Prints the table; ratios are medians over the bare inserts of the same database and number of clients.
    pub fn print(&self) {
        println!("\n| database | clients | what | per second | ÷ bare | p50 ms | p99 ms |");
        println!("|---|---:|---|---:|---:|---:|---:|");
        for (database, clients, what) in self.rounds.keys() {
            let (Some(figure), Some(bare)) =
                (self.median(database, *clients, what), self.median(database, *clients, "bare insert"))
            else {
                continue;
            };
            let p99 = if figure.p99_ms.is_nan() { "–".to_owned() } else { format!("{:.2}", figure.p99_ms) };
            println!(
                "| {database} | {clients} | {what} | {:.0} | {:.2} | {:.2} | {p99} |",
                figure.per_second,
                figure.per_second / bare.per_second,
                figure.p50_ms,
            );
        }
    }
}
