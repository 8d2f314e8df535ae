//! Writing the ledger: one's turn, the authority with the books as they will be, and the way into a plan.

use std::sync::Arc;
use std::sync::atomic::Ordering;

use aggregates::Decider;
use aggregates::ledger::{self, Command, Ledger};
use aggregates::permission::Authority;

use super::attempt::{Attempt, Loaded};
use super::desk::Turn;
use super::plan::Plan;
use super::problem::Problem;
use crate::store::Stream;

/// One's turn at the ledger.
pub struct Booking {
    /// Who is who, what holds where, and the books as they are when everything handed in before is in the log.
    pub authority: Authority,
    loaded: Loaded<Ledger>,
    turn: Turn,
    /// On whose ticket it builds, where that is not in the log yet.
    builds_on: Option<u64>,
}

/// A turn in a plan: it ends when the plan is handed in.
pub struct PlannedTurn {
    /// The turn.
    pub turn: Turn,
    /// On whose ticket the plan builds.
    pub builds_on: Option<u64>,
    /// How long the ledger was.
    pub before: u64,
    /// What it is after the plan.
    pub state: Arc<ledger::State>,
}

impl Attempt {
    /// Takes a turn at the organization's ledger, or goes on with the one that the plan has. It ends when the plan is handed in, or
    /// given up.
    pub async fn booking(&self, plan: &mut Plan) -> Result<Booking, Problem> {
        let organization = self.caller.organization_id;
        if let Some(PlannedTurn { turn, builds_on, before, state }) = plan.turn.take() {
            let authority = Authority { ledger: Arc::clone(&state), ..self.ruling.authority.clone() };
            let loaded = Loaded { stream: Stream::of::<Ledger>(organization), state, sequence: before };
            return Ok(Booking { authority, loaded, turn, builds_on });
        }
        let turn = self.app.parts.desks.turn(organization).await;
        let ruling = self.app.ruling(organization).await?;
        let (mut sequence, mut state) = (ruling.ledger_sequence, Arc::clone(&ruling.authority.ledger));
        let ahead = turn.ahead().filter(|ahead| ahead.sequence > sequence && !self.verifying);
        let builds_on = ahead.as_ref().map(|ahead| ahead.ticket);
        if let Some(ahead) = ahead {
            self.speculates.store(true, Ordering::Relaxed);
            (sequence, state) = (ahead.sequence, ahead.state);
        } else if self.from_log {
            let later = self.app.log.tail::<Ledger>(&organization.to_string(), sequence).await?;
            sequence += later.len() as u64;
            let books = Arc::make_mut(&mut state);
            for event in &later {
                Ledger::evolve(books, event);
            }
        }
        let authority = Authority { ledger: Arc::clone(&state), ..self.ruling.authority.clone() };
        let loaded = Loaded { stream: Stream::of::<Ledger>(organization), state, sequence };
        Ok(Booking { authority, loaded, turn, builds_on })
    }
}

impl Booking {
    /// Decides `command` and adds what follows to the plan.
    pub async fn decide(&mut self, plan: &mut Plan, command: Command) -> Result<(), Problem> {
        self.loaded.state = plan.decide(&self.loaded, command).await?;
        self.authority.ledger = Arc::clone(&self.loaded.state);
        Ok(())
    }

    /// Hands the turn to the plan: the next one's comes when the plan is handed in.
    pub fn hand_to(self, plan: &mut Plan) {
        let Self { loaded, turn, builds_on, .. } = self;
        plan.turn = Some(PlannedTurn { turn, builds_on, before: loaded.sequence, state: loaded.state });
    }
}
