//! What happened to an escalation.

use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};
use strum::{Display, EnumString, IntoStaticStr};
use utoipa::ToSchema;

use crate::Moment;
use crate::decider::{DomainEvent, stored_names};
use crate::ids::{EscalationId, MemberId, ProposalId, ZoneId};
use crate::proposal::{StallReason, Status as Outcome};
use crate::text::Prose;

/// What is contested.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(tag = "kind", rename_all = "snake_case")]
pub enum Contest {
    /// A decision: the question of `proposal_id` moves up (SPEC E1).
    Action {
        proposal_id: ProposalId,
        /// Why it moved up by itself, if nobody raised it.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        automatic: Option<StallReason>,
    },
    /// Who decides in the zone, and what should be done about it (SPEC E2).
    Governance {
        change: Map<String, Value>,
        /// How many distinct persons must sign, at least 1.
        cosigner_threshold: u32,
        /// Who stands behind the escalator.
        person_id: MemberId,
        /// Whom it was about when it was raised: leaving the role does not make it about nobody.
        #[serde(default, skip_serializing_if = "Vec::is_empty")]
        about: Vec<MemberId>,
    },
}

/// An escalation as it is raised.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Raised {
    /// Its id.
    pub escalation_id: EscalationId,
    /// The zone it is about.
    pub zone_id: ZoneId,
    /// The zone it goes to; the same one where that has no parent and the owners decide (SPEC E6).
    pub to_zone_id: ZoneId,
    /// Who raised it; the proposer of the question where nobody did.
    pub escalator_id: MemberId,
    /// Why.
    pub reason: Prose,
    /// What is contested.
    #[serde(flatten)]
    pub contest: Contest,
    /// When.
    pub raised_at: Moment,
}

/// Why an escalation came to nothing (SPEC E3).
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema, Display, IntoStaticStr, EnumString)]
#[serde(rename_all = "snake_case")]
#[strum(serialize_all = "snake_case")]
pub enum DismissalReason {
    /// The escalator took it back.
    Withdrawn,
    /// Whoever governs the parent refused to take it.
    Refused,
    /// The proposal that would have decided it was rejected, withdrawn or expired.
    NotUpheld,
    /// Its zone was archived.
    ZoneArchived,
    /// Its zone was moved away from the one that was asked, which decides nothing there any more.
    ZoneMoved,
}

/// What happened to an escalation.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(tag = "type")]
pub enum Event {
    /// It was raised.
    #[serde(rename = "escalation.raised")]
    Raised(Box<Raised>),
    /// Someone else signed it; `signatures` counts distinct persons.
    #[serde(rename = "escalation.cosigned")]
    Cosigned {
        escalation_id: EscalationId,
        zone_id: ZoneId,
        member_id: MemberId,
        person_id: MemberId,
        signatures: u32,
        cosigned_at: Moment,
    },
    /// It is a proposal now.
    #[serde(rename = "escalation.accepted")]
    Accepted { escalation_id: EscalationId, zone_id: ZoneId, proposal_id: ProposalId, accepted_at: Moment },
    /// That proposal has been decided.
    #[serde(rename = "escalation.resolved")]
    Resolved { escalation_id: EscalationId, zone_id: ZoneId, outcome: Outcome, resolved_at: Moment },
    /// It came to nothing.
    #[serde(rename = "escalation.dismissed")]
    Dismissed {
        escalation_id: EscalationId,
        zone_id: ZoneId,
        by: Option<MemberId>,
        reason: DismissalReason,
        #[serde(default, skip_serializing_if = "Option::is_none")]
        note: Option<Prose>,
        dismissed_at: Moment,
    },
}

stored_names!(Event {
    Raised => "escalation.raised",
    Cosigned => "escalation.cosigned",
    Accepted => "escalation.accepted",
    Resolved => "escalation.resolved",
    Dismissed => "escalation.dismissed",
});

impl DomainEvent for Event {
    fn event_type(&self) -> &'static str {
        self.stored_name()
    }

    fn zone_id(&self) -> Option<ZoneId> {
        match self {
            Self::Raised(raised) => Some(raised.zone_id),
            Self::Cosigned { zone_id, .. }
            | Self::Accepted { zone_id, .. }
            | Self::Resolved { zone_id, .. }
            | Self::Dismissed { zone_id, .. } => Some(*zone_id),
        }
    }
}
