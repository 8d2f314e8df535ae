//! What can be asked of an organization.

use std::collections::BTreeSet;

use super::repute::Judged;
use crate::Moment;
use crate::actor::{OrganizationRole, PrincipalKind};
use crate::amount::Quantity;
use crate::ids::{MemberId, OrganizationId, ProposalId, ZoneId};
use crate::slug::Slug;
use crate::text::{Label, Name};

/// What can be asked of an organization.
#[derive(Clone, Debug)]
pub enum Command {
    /// Founds it, with its first owner.
    Found { id: OrganizationId, name: Name, slug: Slug, owner_id: MemberId, founder_id: Option<MemberId>, now: Moment },
    /// Gives it another name.
    Rename { name: Option<Name>, slug: Option<Slug>, now: Moment },
    /// Takes someone in. `granted_by` is the role of whoever asks.
    AddMember {
        id: MemberId,
        kind: PrincipalKind,
        role: OrganizationRole,
        sponsor_id: Option<MemberId>,
        agent_type: Option<Label>,
        skills: BTreeSet<Label>,
        granted_by: OrganizationRole,
        now: Moment,
    },
    /// Changes what someone is. Absent fields stay.
    ChangeMember {
        id: MemberId,
        role: Option<OrganizationRole>,
        sponsor_id: Option<Option<MemberId>>,
        agent_type: Option<Option<Label>>,
        skills: Option<BTreeSet<Label>>,
        granted_by: OrganizationRole,
        now: Moment,
    },
    /// Someone's name or address was corrected or erased, which the log does not hold (SPEC A7); also of who has left.
    ChangeProfile { id: MemberId, now: Moment },
    /// Lets someone go.
    RemoveMember { id: MemberId, granted_by: OrganizationRole, now: Moment },
    /// A judgement has its effect on reputation. Whoever judges sees to it that it has it once.
    Judge { judged: Judged, now: Moment },
    /// Puts reputation at stake for the work of a proposal.
    LockStake { member_id: MemberId, zone_id: ZoneId, proposal_id: ProposalId, amount: Quantity, now: Moment },
    /// Frees that stake, or burns it.
    ReleaseStake { member_id: MemberId, proposal_id: ProposalId, burnt: bool, now: Moment },
}
