//! What can be asked of an organization.

use std::collections::BTreeSet;

use crate::Moment;
use crate::actor::{OrganizationRole, PrincipalKind};
use crate::ids::{MemberId, OrganizationId};
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
    /// Lets someone go.
    RemoveMember { id: MemberId, granted_by: OrganizationRole, now: Moment },
}
