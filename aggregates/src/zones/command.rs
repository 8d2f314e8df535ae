//! What can be asked of a zone tree.

use super::changes::Changes;
use super::facts::Assignee;
use super::tree::Status;
use crate::Moment;
use crate::actor::ZoneRole;
use crate::ids::{AssignmentId, ProposalId, ZoneId};
use crate::policy::Policies;
use crate::slug::Slug;
use crate::text::{Name, Prose};

/// What can be asked of a zone tree.
#[derive(Clone, Debug)]
pub enum Command {
    /// Makes a zone.
    Create {
        id: ZoneId,
        parent_zone_id: Option<ZoneId>,
        name: Name,
        slug: Option<Slug>,
        description: Prose,
        status: Status,
        policies: Box<Policies>,
        now: Moment,
    },
    /// Changes a zone.
    Change { zone_id: ZoneId, changes: Box<Changes>, by_proposal: Option<ProposalId>, now: Moment },
    /// Gives someone a role.
    Assign {
        zone_id: ZoneId,
        assignment_id: AssignmentId,
        assignee: Box<Assignee>,
        role: ZoneRole,
        by_proposal: Option<ProposalId>,
        now: Moment,
    },
    /// Takes a role away.
    Unassign { zone_id: ZoneId, assignment_id: AssignmentId, by_proposal: Option<ProposalId>, now: Moment },
}
