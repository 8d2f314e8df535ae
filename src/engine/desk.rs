//! The desk at which an organization's ledger is written. Everybody in the organization writes the same stream, so whoever
//! writes takes a turn, decides on what those before have handed in (committed or not yet), and gives the turn on as soon as
//! the writer has it: a whole queue is written in one transaction. Links keep it honest: where something handed in before is
//! refused, everything that built on it is refused too, and begins again.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use aggregates::ids::OrganizationId;
use aggregates::ledger::State;
use tokio::sync::{OwnedSemaphorePermit, Semaphore};

/// The desks of all organizations in use.
#[derive(Default)]
pub struct Desks {
    desks: Mutex<HashMap<OrganizationId, Arc<Desk>>>,
}

/// What has been handed in last.
#[derive(Clone)]
pub struct Ahead {
    /// By which ticket.
    pub ticket: u64,
    /// How long the ledger will be.
    pub sequence: u64,
    /// What it will be.
    pub state: Arc<State>,
}

/// One organization's desk.
struct Desk {
    turn: Arc<Semaphore>,
    handed_in: Mutex<HandedIn>,
}

#[derive(Default)]
struct HandedIn {
    /// Counts the times that something handed in was refused.
    round: u64,
    /// How many turns there were.
    turns: u64,
    ahead: Option<Ahead>,
}

/// One's turn at a desk.
pub struct Turn {
    /// What it is called by those that build on it.
    pub ticket: u64,
    desk: Arc<Desk>,
    _permit: OwnedSemaphorePermit,
}

/// What is to be said at the desk when the writer has answered.
pub struct HandedOver {
    desk: Arc<Desk>,
    round: u64,
}

fn locked<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

impl Desks {
    /// Waits for one's turn; first come, first served.
    pub async fn turn(&self, organization: OrganizationId) -> Turn {
        let new = || Arc::new(Desk { turn: Arc::new(Semaphore::new(1)), handed_in: Mutex::default() });
        let desk = Arc::clone(locked(&self.desks).entry(organization).or_insert_with(new));
        let permit = Arc::clone(&desk.turn).acquire_owned().await.expect("a desk is never closed");
        let mut handed_in = locked(&desk.handed_in);
        handed_in.turns += 1;
        let ticket = handed_in.turns;
        drop(handed_in);
        Turn { ticket, desk, _permit: permit }
    }
}

impl Turn {
    /// What will be in the ledger when everything handed in is.
    pub fn ahead(&self) -> Option<Ahead> {
        locked(&self.desk.handed_in).ahead.clone()
    }

    /// Gives the turn on: what leads to this state has been handed in.
    pub fn hand_over(self, sequence: u64, state: Arc<State>) -> HandedOver {
        let mut handed_in = locked(&self.desk.handed_in);
        handed_in.ahead = Some(Ahead { ticket: self.ticket, sequence, state });
        let round = handed_in.round;
        drop(handed_in);
        HandedOver { desk: Arc::clone(&self.desk), round }
    }
}

impl HandedOver {
    /// It was refused, and so is what others built on it.
    pub fn was_refused(self) {
        let mut handed_in = locked(&self.desk.handed_in);
        if handed_in.round == self.round {
            handed_in.round += 1;
            handed_in.ahead = None;
        }
    }
}
