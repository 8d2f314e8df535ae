//! Who was who and what held where: an organization's authority as it was at a position of its log (SPEC C4, L7).

use std::sync::Arc;

use aggregates::Decider;
use aggregates::Moment;
use aggregates::ids::OrganizationId;
use aggregates::ledger::Ledger;
use aggregates::organization::Organization;
use aggregates::permission::Authority;
use aggregates::zones::Zones;
use projections::{Recorded, Unreadable, audit};

use super::app::App;
use crate::store::StoreError;

/// How many events are read at once.
const STRIDE: u64 = 1_000;

/// An authority as it was.
#[derive(Clone, Debug, Default)]
pub struct Past {
    /// Who was who, what held where, what was spent.
    pub authority: Authority,
    /// The position of the last event that made it so.
    pub position: u64,
    /// When the event at the position asked for happened.
    pub at: Option<Moment>,
}

impl Past {
    /// Follows one event of the log; what says nothing of people, zones and money leaves everything as it was.
    pub fn follow(&mut self, event: &Recorded) -> Result<(), Unreadable> {
        let authority = &mut self.authority;
        match event.aggregate_type.as_ref() {
            Organization::TYPE => Organization::evolve(Arc::make_mut(&mut authority.organization), &event.read()?),
            Zones::TYPE => Zones::evolve(Arc::make_mut(&mut authority.tree), &event.read()?),
            Ledger::TYPE => Ledger::evolve(Arc::make_mut(&mut authority.ledger), &event.read()?),
            _ => return Ok(()),
        }
        self.position = event.position;
        Ok(())
    }
}

impl App {
    /// The authority of an organization at `position`.
    pub async fn past(&self, organization: OrganizationId, position: u64) -> Result<Past, StoreError> {
        let mut past = Past::default();
        let mut read = 0;
        loop {
            let events = self.log.events(audit::of_authority(organization, read, position, STRIDE)).await?;
            let Some(last) = events.last().map(|last| last.position) else { break };
            for event in &events {
                past.follow(event)?;
            }
            read = last;
        }
        let there = self.log.events(audit::all_after(organization, position.saturating_sub(1), 1));
        past.at = there.await?.first().map(|event| event.occurred_at);
        Ok(past)
    }
}
