//! Who is who and what holds where, per organization, in memory. Follows the log event by event; a gap sends it back to
//! the log.

use std::collections::HashMap;
use std::sync::{Arc, RwLock};

use aggregates::Decider;
use aggregates::ids::OrganizationId;
use aggregates::ledger::Ledger;
use aggregates::organization::Organization;
use aggregates::permission::Authority;
use aggregates::zones::Zones;
use projections::{Recorded, audit};

use crate::store::{Log, StoreError, Stream};

/// The authority of one organization at a known place in the log. What rests on it names that place as a guard.
#[derive(Clone, Debug, Default)]
pub struct Ruling {
    /// Who is who and what holds where.
    pub authority: Authority,
    /// Whose.
    pub organization_id: Option<OrganizationId>,
    /// How long the organization's stream was.
    pub organization_sequence: u64,
    /// How long the zone tree's stream was.
    pub tree_sequence: u64,
    /// How long the ledger's stream was.
    pub ledger_sequence: u64,
    /// The organization's position of the last event it rests on.
    pub position: u64,
}

impl Ruling {
    /// The streams a decision under this ruling rests on.
    pub fn guards(&self) -> Vec<(Stream, u64)> {
        let id = self.organization_id.map(|id| id.to_string()).unwrap_or_default();
        vec![(Stream::of::<Organization>(&id), self.organization_sequence), (Stream::of::<Zones>(&id), self.tree_sequence)]
    }

    fn lengths(&self) -> [u64; 3] {
        [self.organization_sequence, self.tree_sequence, self.ledger_sequence]
    }

    fn follow(&mut self, event: &Recorded) -> Followed {
        let (sequence, known) = match event.aggregate_type.as_ref() {
            Organization::TYPE => (event.sequence, &mut self.organization_sequence),
            Zones::TYPE => (event.sequence, &mut self.tree_sequence),
            Ledger::TYPE => (event.sequence, &mut self.ledger_sequence),
            _ => return Followed::Yes,
        };
        if sequence <= *known {
            return Followed::Yes;
        }
        if sequence > *known + 1 {
            return Followed::Gap;
        }
        *known = sequence;
        self.position = self.position.max(event.position);
        let authority = &mut self.authority;
        let applied = match event.aggregate_type.as_ref() {
            Organization::TYPE => {
                event.read().map(|event| Organization::evolve(Arc::make_mut(&mut authority.organization), &event))
            }
            Zones::TYPE => event.read().map(|event| Zones::evolve(Arc::make_mut(&mut authority.tree), &event)),
            _ => event.read().map(|event| Ledger::evolve(Arc::make_mut(&mut authority.ledger), &event)),
        };
        if applied.is_ok() { Followed::Yes } else { Followed::Gap }
    }
}

/// Whether a ruling rests on streams of this type.
fn rests_on(aggregate_type: &str) -> bool {
    matches!(aggregate_type, Organization::TYPE | Zones::TYPE | Ledger::TYPE)
}

enum Followed {
    Yes,
    Gap,
}

/// What is known of one organization: how long its streams are at least, and the ruling if it is held.
#[derive(Default)]
struct Known {
    organization_sequence: u64,
    tree_sequence: u64,
    ledger_sequence: u64,
    ruling: Option<Arc<Ruling>>,
}

impl Known {
    fn see(&mut self, event: &Recorded) {
        let seen = match event.aggregate_type.as_ref() {
            Organization::TYPE => &mut self.organization_sequence,
            Zones::TYPE => &mut self.tree_sequence,
            _ => &mut self.ledger_sequence,
        };
        *seen = (*seen).max(event.sequence);
    }

    fn is_newer_than(&self, ruling: &Ruling) -> bool {
        self.organization_sequence > ruling.organization_sequence
            || self.tree_sequence > ruling.tree_sequence
            || self.ledger_sequence > ruling.ledger_sequence
    }
}

/// The authorities of all organizations in use.
#[derive(Default)]
pub struct Authorities {
    known: RwLock<HashMap<OrganizationId, Known>>,
}

impl Authorities {
    /// The ruling for an organization, from memory or the log. An organization that does not exist has an empty one.
    pub async fn ruling(&self, log: &Log, organization: OrganizationId) -> Result<Arc<Ruling>, StoreError> {
        if let Some(known) = self.recall(organization) {
            return Ok(known);
        }
        self.reload(log, organization).await
    }

    /// The ruling as the log has it now.
    pub async fn fresh(&self, log: &Log, organization: OrganizationId) -> Result<Arc<Ruling>, StoreError> {
        let Some(known) = self.recall(organization) else {
            return self.reload(log, organization).await;
        };
        let id = organization.to_string();
        let mut ruling = (*known).clone();
        macro_rules! read_on {
            ($aggregate:ty, $sequence:ident, $state:ident) => {
                let later = log.tail::<$aggregate>(&id, known.$sequence).await?;
                if !later.is_empty() {
                    let state = Arc::make_mut(&mut ruling.authority.$state);
                    for event in &later {
                        <$aggregate>::evolve(state, event);
                    }
                    ruling.$sequence += later.len() as u64;
                    let at = log.number(audit::position_of(<$aggregate>::TYPE, &id, ruling.$sequence), "position").await?;
                    ruling.position = ruling.position.max(at.unwrap_or(0));
                }
            };
        }
        read_on!(Organization, organization_sequence, organization);
        read_on!(Zones, tree_sequence, tree);
        read_on!(Ledger, ledger_sequence, ledger);
        if ruling.lengths() == known.lengths() {
            return Ok(known);
        }
        let ruling = Arc::new(ruling);
        self.put(organization, &ruling);
        Ok(ruling)
    }

    async fn reload(&self, log: &Log, organization: OrganizationId) -> Result<Arc<Ruling>, StoreError> {
        let id = organization.to_string();
        let (people, organization_sequence) = log.load::<Organization>(&id).await?;
        let (tree, tree_sequence) = log.load::<Zones>(&id).await?;
        let (ledger, ledger_sequence) = log.load::<Ledger>(&id).await?;
        // The position of the last event it rests on, whether it was followed or loaded: every process says the same.
        let mut position = 0;
        let streams =
            [(Organization::TYPE, organization_sequence), (Zones::TYPE, tree_sequence), (Ledger::TYPE, ledger_sequence)];
        for (stream, sequence) in streams {
            let at = log.number(audit::position_of(stream, &id, sequence), "position").await?;
            position = position.max(at.unwrap_or(0));
        }
        let authority = Authority { ledger: Arc::new(ledger), ..Authority::new(people, tree) };
        let ruling = Arc::new(Ruling {
            authority,
            organization_id: Some(organization),
            organization_sequence,
            tree_sequence,
            ledger_sequence,
            position,
        });
        if organization_sequence > 0 {
            self.put(organization, &ruling);
        }
        Ok(ruling)
    }

    /// Follows events as they are committed here or elsewhere.
    pub fn follow(&self, events: &[Recorded]) {
        for event in events.iter().filter(|event| rests_on(&event.aggregate_type)) {
            let mut known = self.known.write().unwrap_or_else(std::sync::PoisonError::into_inner);
            let known = known.entry(event.organization_id).or_default();
            known.see(event);
            let held = known.ruling.as_mut().map(|ruling| Arc::make_mut(ruling).follow(event));
            if matches!(held, Some(Followed::Gap)) {
                known.ruling = None;
            }
        }
    }

    fn recall(&self, organization: OrganizationId) -> Option<Arc<Ruling>> {
        let known = self.known.read().unwrap_or_else(std::sync::PoisonError::into_inner);
        known.get(&organization).and_then(|known| known.ruling.clone())
    }

    /// Holds a ruling that was read from the log, unless events have been seen since that it does not know.
    fn put(&self, organization: OrganizationId, ruling: &Arc<Ruling>) {
        let mut known = self.known.write().unwrap_or_else(std::sync::PoisonError::into_inner);
        let known = known.entry(organization).or_default();
        if known.is_newer_than(ruling) {
            return;
        }
        known.organization_sequence = ruling.organization_sequence;
        known.tree_sequence = ruling.tree_sequence;
        known.ledger_sequence = ruling.ledger_sequence;
        known.ruling = Some(Arc::clone(ruling));
    }
}
