//! Invitations: one person, one role, once, for a limited time.

use chrono::Duration;
use serde::{Deserialize, Serialize};
use strum::IntoStaticStr;

use crate::actor::OrganizationRole;
use crate::decider::{DomainEvent, stored_names};
use crate::ids::{InviteId, MemberId};
use crate::rejection::{Fault, Kind, Rejected};
use crate::{Decider, Moment};

/// The longest that an invitation is good for, in days.
pub const LONGEST_DAYS: i64 = 90;

/// What can be asked of an invitation.
#[derive(Clone, Debug)]
pub enum Command {
    /// Invites someone. `granted_by` is the role of whoever asks.
    Create {
        id: InviteId,
        role: OrganizationRole,
        invited_by: MemberId,
        granted_by: OrganizationRole,
        expires_at: Moment,
        now: Moment,
    },
    /// Joins by it. `granted_by` is the role that whoever invited has now, as long as they may invite.
    Accept { member_id: MemberId, granted_by: Option<OrganizationRole>, now: Moment },
    /// Takes it back. `granted_by` is the role of whoever asks.
    Revoke { granted_by: OrganizationRole, now: Moment },
}

/// What happened to an invitation.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "type")]
pub enum Event {
    /// Someone was invited.
    #[serde(rename = "invite.created")]
    Created {
        invite_id: InviteId,
        role: OrganizationRole,
        /// Who invited; older events do not say.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        invited_by: Option<MemberId>,
        expires_at: Moment,
        created_at: Moment,
    },
    /// They joined.
    #[serde(rename = "invite.accepted")]
    Accepted { invite_id: InviteId, member_id: MemberId, accepted_at: Moment },
    /// It was taken back.
    #[serde(rename = "invite.revoked")]
    Revoked { invite_id: InviteId, revoked_at: Moment },
}

stored_names!(Event { Created => "invite.created", Accepted => "invite.accepted", Revoked => "invite.revoked" });

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
    /// Who invited, where the log says so.
    pub invited_by: Option<MemberId>,
    /// From when on it is worthless.
    pub expires_at: Option<Moment>,
    /// When it was made.
    pub created_at: Option<Moment>,
    /// Who joined by it.
    pub accepted_by: Option<MemberId>,
    /// When it was taken back.
    pub revoked_at: Option<Moment>,
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
    /// Taken back.
    #[error("the invitation has been revoked")]
    InviteRevoked,
    /// It holds only as long as whoever invited could invite again.
    #[error("whoever invited may not give this role any more")]
    InviterMayNotGrant,
    /// Nobody grants a role above their own.
    #[error("a role of {0} is above your own")]
    RoleAboveOwn(OrganizationRole),
    /// Worthless from the start.
    #[error("expires_at must lie in the future")]
    ExpiresInThePast,
    /// Good for too long.
    #[error("expires_at must lie within {LONGEST_DAYS} days")]
    ExpiresTooLate,
}

impl Rejected for Rejection {
    fn code(&self) -> &'static str {
        self.into()
    }

    fn kind(&self) -> Kind {
        match self {
            Self::NoSuchInvite => Kind::Missing,
            Self::InviteUsed | Self::InviteExpired | Self::InviteRevoked | Self::InviterMayNotGrant => Kind::Conflict,
            Self::RoleAboveOwn(_) => Kind::Forbidden,
            Self::ExpiresInThePast | Self::ExpiresTooLate => Kind::Rule,
        }
    }

    fn faults(&self) -> Vec<Fault> {
        match self {
            Self::RoleAboveOwn(_) => vec![Fault::new("/role", self.code(), self.to_string())],
            Self::ExpiresInThePast | Self::ExpiresTooLate => {
                vec![Fault::new("/expires_at", self.code(), self.to_string())]
            }
            Self::NoSuchInvite | Self::InviteUsed | Self::InviteExpired | Self::InviteRevoked | Self::InviterMayNotGrant => {
                Vec::new()
            }
        }
    }
}

fn may_grant(own: OrganizationRole, granted: OrganizationRole) -> Result<(), Rejection> {
    if own.may_grant(granted) { Ok(()) } else { Err(Rejection::RoleAboveOwn(granted)) }
}

impl State {
    fn accept(&self, member_id: MemberId, granted_by: Option<OrganizationRole>, now: Moment) -> Result<Vec<Event>, Rejection> {
        let (invite_id, role) = self.id.zip(self.role).ok_or(Rejection::NoSuchInvite)?;
        if self.accepted_by.is_some() {
            return Err(Rejection::InviteUsed);
        }
        if self.revoked_at.is_some() {
            return Err(Rejection::InviteRevoked);
        }
        if self.expires_at.is_some_and(|expires_at| now >= expires_at) {
            return Err(Rejection::InviteExpired);
        }
        // Where the log does not say who invited, there is nobody to ask.
        if self.invited_by.is_some() && !granted_by.is_some_and(|own| own.may_grant(role)) {
            return Err(Rejection::InviterMayNotGrant);
        }
        Ok(vec![Event::Accepted { invite_id, member_id, accepted_at: now }])
    }

    fn revoke(&self, granted_by: OrganizationRole, now: Moment) -> Result<Vec<Event>, Rejection> {
        let (invite_id, role) = self.id.zip(self.role).ok_or(Rejection::NoSuchInvite)?;
        may_grant(granted_by, role)?;
        if self.accepted_by.is_some() {
            return Err(Rejection::InviteUsed);
        }
        if self.revoked_at.is_some() {
            return Ok(vec![]);
        }
        Ok(vec![Event::Revoked { invite_id, revoked_at: now }])
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
            Command::Create { id, role, invited_by, granted_by, expires_at, now } => {
                may_grant(granted_by, role)?;
                if expires_at <= now {
                    return Err(Rejection::ExpiresInThePast);
                }
                if expires_at - now > Duration::days(LONGEST_DAYS) {
                    return Err(Rejection::ExpiresTooLate);
                }
                let invited_by = Some(invited_by);
                Ok(vec![Event::Created { invite_id: id, role, invited_by, expires_at, created_at: now }])
            }
            Command::Accept { member_id, granted_by, now } => state.accept(member_id, granted_by, now),
            Command::Revoke { granted_by, now } => state.revoke(granted_by, now),
        }
    }

    fn evolve(state: &mut State, event: &Event) {
        match event {
            Event::Created { invite_id, role, invited_by, expires_at, created_at } => {
                state.id = Some(*invite_id);
                state.role = Some(*role);
                state.invited_by = *invited_by;
                state.expires_at = Some(*expires_at);
                state.created_at = Some(*created_at);
            }
            Event::Accepted { member_id, .. } => state.accepted_by = Some(*member_id),
            Event::Revoked { revoked_at, .. } => state.revoked_at = Some(*revoked_at),
        }
    }
}
