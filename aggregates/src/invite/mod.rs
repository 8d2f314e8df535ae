//! Invitations: one person, one role, once, for a limited time.

use serde::{Deserialize, Serialize};
use strum::IntoStaticStr;

use crate::actor::OrganizationRole;
use crate::decider::{DomainEvent, stored_names};
use crate::ids::{InviteId, MemberId};
use crate::rejection::{Fault, Kind, Rejected};
use crate::{Decider, Moment};

/// What can be asked of an invitation.
#[derive(Clone, Debug)]
pub enum Command {
    /// Invites someone. `granted_by` is the role of whoever asks.
    Create { id: InviteId, role: OrganizationRole, granted_by: OrganizationRole, expires_at: Moment, now: Moment },
    /// Joins by it.
    Accept { member_id: MemberId, now: Moment },
}

/// What happened to an invitation.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "type")]
pub enum Event {
    /// Someone was invited.
    #[serde(rename = "invite.created")]
    Created { invite_id: InviteId, role: OrganizationRole, expires_at: Moment, created_at: Moment },
    /// They joined.
    #[serde(rename = "invite.accepted")]
    Accepted { invite_id: InviteId, member_id: MemberId, accepted_at: Moment },
}

stored_names!(Event { Created => "invite.created", Accepted => "invite.accepted" });

impl DomainEvent for Event {
    fn event_type(&self) -> &'static str {
        self.stored_name()
    }
}

/// The invitation as it stands.
#[derive(Clone, Debug, Default)]
pub struct State {
    /// Its id, once created.
    pub id: Option<InviteId>,
    /// The role it gives.
    pub role: Option<OrganizationRole>,
    /// From when on it is worthless.
    pub expires_at: Option<Moment>,
    /// Who joined by it.
    pub accepted_by: Option<MemberId>,
}

/// Why an invitation does not work.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error, IntoStaticStr)]
#[strum(serialize_all = "snake_case")]
pub enum Rejection {
    /// No such invitation.
    #[error("there is no such invitation")]
    NoSuchInvite,
    /// Used already.
    #[error("the invitation has been used")]
    InviteUsed,
    /// Too late.
    #[error("the invitation has expired")]
    InviteExpired,
    /// Nobody grants a role above their own.
    #[error("a role of {0} is above your own")]
    RoleAboveOwn(OrganizationRole),
    /// Worthless from the start.
    #[error("expires_at must lie in the future")]
    ExpiresInThePast,
}

impl Rejected for Rejection {
    fn code(&self) -> &'static str {
        self.into()
    }

    fn kind(&self) -> Kind {
        match self {
            Self::NoSuchInvite => Kind::Missing,
            Self::InviteUsed | Self::InviteExpired => Kind::Conflict,
            Self::RoleAboveOwn(_) => Kind::Forbidden,
            Self::ExpiresInThePast => Kind::Rule,
        }
    }

    fn faults(&self) -> Vec<Fault> {
        match self {
            Self::RoleAboveOwn(_) => vec![Fault::new("/role", self.code(), self.to_string())],
            Self::ExpiresInThePast => vec![Fault::new("/expires_at", self.code(), self.to_string())],
            Self::NoSuchInvite | Self::InviteUsed | Self::InviteExpired => Vec::new(),
        }
    }
}

/// The invitation as an aggregate.
pub struct Invite;

impl Decider for Invite {
    const TYPE: &'static str = "invite";
    type State = State;
    type Command = Command;
    type Event = Event;
    type Rejection = Rejection;

    fn decide(state: &State, command: Command) -> Result<Vec<Event>, Rejection> {
        match command {
            Command::Create { id, role, granted_by, expires_at, now } => {
                if !granted_by.may_grant(role) {
                    return Err(Rejection::RoleAboveOwn(role));
                }
                if expires_at <= now {
                    return Err(Rejection::ExpiresInThePast);
                }
                Ok(vec![Event::Created { invite_id: id, role, expires_at, created_at: now }])
            }
            Command::Accept { member_id, now } => {
                let invite_id = state.id.ok_or(Rejection::NoSuchInvite)?;
                if state.accepted_by.is_some() {
                    return Err(Rejection::InviteUsed);
                }
                if state.expires_at.is_some_and(|expires_at| now >= expires_at) {
                    return Err(Rejection::InviteExpired);
                }
                Ok(vec![Event::Accepted { invite_id, member_id, accepted_at: now }])
            }
        }
    }

    fn evolve(state: &mut State, event: &Event) {
        match event {
            Event::Created { invite_id, role, expires_at, created_at: _ } => {
                state.id = Some(*invite_id);
                state.role = Some(*role);
                state.expires_at = Some(*expires_at);
            }
            Event::Accepted { member_id, .. } => state.accepted_by = Some(*member_id),
        }
    }
}
