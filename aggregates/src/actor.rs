//! Who acts, and what they are in their organization.

use serde::{Deserialize, Serialize};
use strum::{Display, EnumString, IntoStaticStr};
use utoipa::ToSchema;

use crate::ids::MemberId;

/// Kinds of principals (SPEC A1).
#[derive(
    Clone,
    Copy,
    Debug,
    PartialEq,
    Eq,
    PartialOrd,
    Ord,
    Hash,
    Serialize,
    Deserialize,
    ToSchema,
    Display,
    IntoStaticStr,
    EnumString,
)]
#[serde(rename_all = "snake_case")]
#[strum(serialize_all = "snake_case")]
pub enum PrincipalKind {
    /// A person.
    Human,
    /// An AI agent, for whom a human sponsor may be accountable.
    Agent,
    /// A program that is not an agent.
    Service,
    /// Trust Zones itself.
    System,
}

/// Who did something.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct Actor {
    /// The principal.
    pub id: MemberId,
    /// Its kind.
    pub kind: PrincipalKind,
}

impl Actor {
    /// Trust Zones itself.
    pub const SYSTEM: Self = Self { id: MemberId::SYSTEM, kind: PrincipalKind::System };
}

/// Roles in an organization (SPEC A2).
#[derive(
    Clone,
    Copy,
    Debug,
    PartialEq,
    Eq,
    PartialOrd,
    Ord,
    Hash,
    Serialize,
    Deserialize,
    ToSchema,
    Display,
    IntoStaticStr,
    EnumString,
)]
#[serde(rename_all = "snake_case")]
#[strum(serialize_all = "snake_case")]
pub enum OrganizationRole {
    /// May do everything.
    Owner,
    /// Runs the organization day by day.
    Admin,
    /// Takes part.
    Member,
    /// Reads everything, changes nothing.
    Auditor,
}

impl OrganizationRole {
    /// Whether someone with this role may hand out `other`: nobody grants a role above their own (SPEC A2).
    pub fn may_grant(self, other: Self) -> bool {
        match self {
            Self::Owner => true,
            Self::Admin => other != Self::Owner,
            Self::Member => other == Self::Member,
            Self::Auditor => false,
        }
    }
}

/// Roles in a zone (SPEC Z8). They reach down to descendants.
#[derive(
    Clone,
    Copy,
    Debug,
    PartialEq,
    Eq,
    PartialOrd,
    Ord,
    Hash,
    Serialize,
    Deserialize,
    ToSchema,
    Display,
    IntoStaticStr,
    EnumString,
)]
#[serde(rename_all = "snake_case")]
#[strum(serialize_all = "snake_case")]
pub enum ZoneRole {
    /// Does the work.
    Executor,
    /// Decides proposals.
    Approver,
    /// Judges finished work.
    Evaluator,
    /// Tends the zone and chooses reviewers.
    Gardener,
}

impl ZoneRole {
    /// Whether handing it out changes who decides (SPEC C1): such assignments need `zone.govern`.
    pub fn governs(self) -> bool {
        matches!(self, Self::Approver | Self::Gardener)
    }
}
