//! How much processor time who has used: what a ratio of rates means on a machine where everyone shares the processors.

use std::fs;
use std::ops::Sub;

/// Processor time, in hundredths of a second, of the three who take part.
#[derive(Clone, Copy, Debug, Default)]
pub struct Spent {
    pub service: u64,
    pub database: u64,
    pub client: u64,
}

impl Sub for Spent {
    type Output = Self;

    fn sub(self, before: Self) -> Self {
        Self {
            service: self.service.saturating_sub(before.service),
            database: self.database.saturating_sub(before.database),
            client: self.client.saturating_sub(before.client),
        }
    }
}

/// Who takes part.
#[derive(Clone, Copy, Debug)]
pub struct Players {
    pub service: u32,
    /// The parent of all processes of PostgreSQL.
    pub postmaster: Option<u32>,
}

/// A process: its parent, its own time, and the time of children it has seen end.
struct Process {
    parent: u32,
    own: u64,
    children: u64,
}

/// Reads `/proc`; where there is none, nothing is known.
fn process(id: u32) -> Option<Process> {
    let text = fs::read_to_string(format!("/proc/{id}/stat")).ok()?;
    // The name of the program is in brackets and may hold anything.
    let fields: Vec<&str> = text.rsplit_once(')')?.1.split_whitespace().collect();
    let number = |place: usize| fields.get(place).and_then(|field| field.parse::<u64>().ok());
    Some(Process { parent: fields.get(1)?.parse().ok()?, own: number(11)? + number(12)?, children: number(13)? + number(14)? })
}

impl Players {
    /// What has been used so far.
    pub fn spent(&self) -> Spent {
        let mut spent = Spent {
            service: process(self.service).map_or(0, |service| service.own),
            database: self.postmaster.and_then(process).map_or(0, |parent| parent.own + parent.children),
            client: process(std::process::id()).map_or(0, |client| client.own + client.children),
        };
        let Some(postmaster) = self.postmaster else { return spent };
        let ids =
            fs::read_dir("/proc").into_iter().flatten().filter_map(|entry| entry.ok()?.file_name().to_str()?.parse().ok());
        for server in ids.filter_map(process).filter(|process| process.parent == postmaster) {
            spent.database += server.own;
        }
        spent
    }
}
