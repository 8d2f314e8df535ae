//! What an escalation amounts to.

use serde::{Deserialize, Serialize};
use strum::{Display, EnumString, IntoStaticStr};
use utoipa::ToSchema;

use super::event::{Contest, DismissalReason, Event, Raised};
use super::raising::contested_people;
use crate::Moment;
use crate::ids::{MemberId, ProposalId};
use crate::permission::Authority;
use crate::proposal;
use crate::text::Prose;
use crate::zones::Tree;

/// Where an escalation stands (SPEC E3).
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, ToSchema, Display, IntoStaticStr, EnumString)]
#[serde(rename_all = "snake_case")]
#[strum(serialize_all = "snake_case")]
#[schema(as = EscalationStatus)]
pub enum Status {
    /// Waiting for signatures.
    #[default]
    Pending,
    /// A proposal in the parent zone decides it.
    Accepted,
    /// Decided.
    Resolved,
    /// Come to nothing.
    Dismissed,
}

/// One signature.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Signature {
    /// Whose account.
    pub member_id: MemberId,
    /// Which person.
    pub person_id: MemberId,
    /// When.
    pub at: Moment,
}

/// How it came to nothing.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Dismissal {
    /// By whom, where someone did it.
    pub by: Option<MemberId>,
    /// Why.
    pub reason: DismissalReason,
    /// In their words.
    pub note: Option<Prose>,
}

/// The escalation.
#[derive(Clone, Debug, Default)]
pub struct State {
    /// How it was raised, once it was.
    pub raised: Option<Raised>,
    /// Where it stands.
    pub status: Status,
    /// Who signed; the escalator of a governance escalation first.
    pub signatures: Vec<Signature>,
    /// The proposal that decides it.
    pub proposal_id: Option<ProposalId>,
    /// What that proposal became.
    pub outcome: Option<proposal::Status>,
    /// How it came to nothing, if it did.
    pub dismissal: Option<Dismissal>,
    /// When it last changed.
    pub updated_at: Option<Moment>,
}

impl State {
    /// Whether whoever raised it may take it back (SPEC E3): a petition until others have carried it up, a contested decision until it
    /// is decided, and not what nobody raised.
    pub fn may_be_withdrawn(&self) -> bool {
        match self.raised.as_ref().map(|raised| &raised.contest) {
            Some(Contest::Governance { .. }) => self.status == Status::Pending,
            Some(Contest::Action { automatic, .. }) => automatic.is_none() && self.is_live(),
            None => false,
        }
    }

    /// Why nobody needs the answer any more, if so: its zone is archived, or the zone that was asked is not above it any more.
    pub fn pointless(&self, tree: &Tree) -> Option<DismissalReason> {
        let raised = self.raised.as_ref().filter(|_| self.is_live())?;
        if tree.is_archived(raised.zone_id) {
            return Some(DismissalReason::ZoneArchived);
        }
        let asked_elsewhere = self.status == Status::Accepted && !tree.is_within(raised.zone_id, raised.to_zone_id);
        asked_elsewhere.then_some(DismissalReason::ZoneMoved)
    }

    /// Whom it is about: those it was about when it was raised, and those it is about now.
    pub fn about(&self, authority: &Authority) -> Vec<MemberId> {
        let Some(raised) = &self.raised else { return Vec::new() };
        let Contest::Governance { change, about, .. } = &raised.contest else { return Vec::new() };
        let mut people = contested_people(authority, raised.zone_id, change);
        people.extend(about);
        people.sort_unstable();
        people.dedup();
        people
    }

    /// Whether it may still come to something.
    pub fn is_live(&self) -> bool {
        self.raised.is_some() && matches!(self.status, Status::Pending | Status::Accepted)
    }

    /// Whether enough of those who are `here` have signed and no proposal decides it yet.
    pub fn is_carried(&self, here: impl Fn(MemberId) -> bool) -> bool {
        let needed = self.raised.as_ref().map(|raised| match &raised.contest {
            Contest::Governance { cosigner_threshold, .. } => *cosigner_threshold,
            Contest::Action { .. } => 0,
        });
        self.status == Status::Pending
            && needed.is_some_and(|needed| {
                let standing = self.signatures.iter().filter(|signature| here(signature.member_id)).count();
                u32::try_from(standing).unwrap_or(u32::MAX) >= needed
            })
    }

    pub(super) fn evolve(&mut self, event: &Event) {
        match event {
            Event::Raised(raised) => {
                if let Contest::Governance { person_id, .. } = raised.contest {
                    self.signatures.push(Signature { member_id: raised.escalator_id, person_id, at: raised.raised_at });
                }
                self.updated_at = Some(raised.raised_at);
                self.raised = Some((**raised).clone());
            }
            Event::Cosigned { member_id, person_id, cosigned_at, .. } => {
                self.updated_at = Some(*cosigned_at);
                // A person who signs anew, for an account that has gone, has signed once.
                self.signatures.retain(|signature| signature.person_id != *person_id);
                self.signatures.push(Signature { member_id: *member_id, person_id: *person_id, at: *cosigned_at });
            }
            Event::Accepted { proposal_id, accepted_at, .. } => {
                self.updated_at = Some(*accepted_at);
                self.status = Status::Accepted;
                self.proposal_id = Some(*proposal_id);
            }
            Event::Resolved { outcome, resolved_at, .. } => {
                self.updated_at = Some(*resolved_at);
                self.status = Status::Resolved;
                self.outcome = Some(*outcome);
            }
            Event::Dismissed { by, reason, note, dismissed_at, .. } => {
                self.updated_at = Some(*dismissed_at);
                self.status = Status::Dismissed;
                self.dismissal = Some(Dismissal { by: *by, reason: *reason, note: note.clone() });
            }
        }
    }
}
