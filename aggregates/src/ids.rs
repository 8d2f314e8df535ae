//! Identifiers: every id is its own type, so that a zone can never be passed where a member is meant.

use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Serialize};
use utoipa::ToSchema;
use uuid::Uuid;

macro_rules! ids {
    ($($(#[$doc:meta])* $name:ident),+ $(,)?) => {$(
        $(#[$doc])*
        #[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize, ToSchema)]
        #[serde(transparent)]
        pub struct $name(pub Uuid);

        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                self.0.fmt(f)
            }
        }

        impl fmt::Debug for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                write!(f, "{}({})", stringify!($name), self.0)
            }
        }

        impl FromStr for $name {
            type Err = uuid::Error;

            fn from_str(text: &str) -> Result<Self, Self::Err> {
                Uuid::parse_str(text).map(Self)
            }
        }

        impl From<Uuid> for $name {
            fn from(id: Uuid) -> Self {
                Self(id)
            }
        }
    )+};
}

ids! {
    /// An organization: the unit of isolation and of log positions.
    OrganizationId,
    /// A principal: a human, an agent, a service or the system, as a member of one organization.
    MemberId,
    /// A zone.
    ZoneId,
    /// A member's role in a zone.
    AssignmentId,
    /// A proposal.
    ProposalId,
    /// A comment on a proposal.
    CommentId,
    /// An API token (its public identity, not its secret).
    TokenId,
    /// An invitation to join an organization.
    InviteId,
    /// A grant: the right to do one approved thing.
    GrantId,
    /// A question taken to the parent zone.
    EscalationId,
    /// A judgement of finished work.
    EvaluationId,
    /// An amount set aside in the ledger.
    ReservationId,
}

impl MemberId {
    /// The principal that acts when no person does: clocks and reactions.
    pub const SYSTEM: Self = Self(Uuid::nil());
}
