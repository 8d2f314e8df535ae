//! Writing the ledger: one's turn, the authority with the books as they will be, and the way into a plan.

use std::sync::Arc;
use std::sync::atomic::Ordering;

use aggregates::Decider;
use aggregates::ledger::{Command, Ledger};
use aggregates::permission::Authority;

use super::attempt::{Attempt, Loaded, Plan};
use super::desk::Turn;
use super::problem::Problem;
use crate::store::Stream;

/// One's turn at the ledger.
pub struct Booking {
    /// Who is who, what holds where, and the books as they are when everything handed in before is in the log.
    pub authority: Authority,
    loaded: Loaded<Ledger>,
    turn: Turn,
}

impl Attempt {
    /// Takes a turn at the organization's ledger, or goes on with the one that the plan has. It ends when the plan is handed in, or
    /// given up.
    pub async fn booking(&self, plan: &mut Plan) -> Result<Booking, Problem> {
        let organization = self.caller.organization_id;
        if let Some((turn, sequence, state)) = plan.turn.take() {
            let authority = Authority { ledger: Arc::clone(&state), ..self.ruling.authority.clone() };
            let loaded = Loaded { stream: Stream::of::<Ledger>(organization), state, sequence };
            return Ok(Booking { authority, loaded, turn });
        }
        let turn = self.app.parts.desks.turn(organization).await;
        let ruling = self.app.ruling(organization).await?;
        let (mut sequence, mut state) = (ruling.ledger_sequence, Arc::clone(&ruling.authority.ledger));
        let ahead = turn.ahead().filter(|(ahead, _)| *ahead > sequence && !self.verifying);
        if let Some(ahead) = ahead {
            self.speculates.store(true, Ordering::Relaxed);
            (sequence, state) = ahead;
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
        Ok(Booking { authority, loaded, turn })
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
        plan.turn = Some((self.turn, self.loaded.sequence, self.loaded.state));
    }
}
