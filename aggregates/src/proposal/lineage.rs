//! How proposals hang together across zones: the way up that an undecided one may take, and what one in a parent zone was
//! opened for (SPEC section 8).

use serde::{Deserialize, Serialize};
use strum::{Display, EnumString, IntoStaticStr};
use utoipa::ToSchema;

use crate::Moment;
use crate::ids::{EscalationId, ProposalId, ZoneId};
use crate::policy::EscalationPolicy;

/// When a proposal escalates by itself, as its zone's policy says when it opens (SPEC E5, D1, D2).
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct WayUp {
    /// Undecided at this moment.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub at: Option<Moment>,
    /// When nobody can decide it any more.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub on_deadlock: bool,
    /// When its deadline passes undecided.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub at_deadline: bool,
}

impl WayUp {
    /// What `policy` says of a proposal that opens at `now`. A deadlock goes up only where there is a parent (SPEC D1).
    pub fn under(policy: &EscalationPolicy, has_parent: bool, now: Moment) -> Self {
        let on_deadlock = policy.auto_escalate_on_deadlock.unwrap_or(false) && has_parent;
        let at = policy.auto_escalate_after_hours.and_then(|hours| hours.hours_after(now));
        Self { at_deadline: on_deadlock || at.is_some(), at, on_deadlock }
    }

    /// Whether it never escalates by itself.
    pub fn is_none(&self) -> bool {
        *self == Self::default()
    }
}

/// What a proposal in a parent zone was opened for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Lineage {
    /// The escalation it decides.
    pub escalation_id: EscalationId,
    /// The proposal whose question it decides; none for a governance escalation.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub source_id: Option<ProposalId>,
    /// Whether the owners decide, above whom there is nobody (SPEC E6).
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub last_instance: bool,
}

impl Lineage {
    /// Whether the owners decide about a root zone as such (SPEC E2, E6).
    pub fn is_about_a_root(self) -> bool {
        self.last_instance && self.source_id.is_none()
    }
}

/// Why an undecided proposal came to a stop.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema, Display, IntoStaticStr, EnumString)]
#[serde(rename_all = "snake_case")]
#[strum(serialize_all = "snake_case")]
pub enum StallReason {
    /// Nobody can decide it any more.
    Deadlock,
    /// Its deadline passed and too few took part.
    Deadline,
    /// It waited longer than its zone lets questions wait.
    AutoEscalateAfterHours,
}

impl StallReason {
    /// The reason as a sentence.
    pub fn in_words(self) -> &'static str {
        match self {
            Self::Deadlock => "Nobody can decide it any more.",
            Self::Deadline => "Its deadline passed and too few took part.",
            Self::AutoEscalateAfterHours => "It waited longer than its zone lets questions wait.",
        }
    }
}

/// Where a proposal's question went.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct WentUp {
    /// The escalation that took it there.
    pub escalation_id: EscalationId,
    /// The proposal that decides it there.
    pub parent_id: ProposalId,
    /// The zone in which that is decided.
    pub to_zone_id: ZoneId,
}
