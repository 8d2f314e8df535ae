//! What can be asked of an escalation.

use super::event::{DismissalReason, Raised};
use crate::Moment;
use crate::ids::{MemberId, ProposalId};
use crate::proposal;

/// What can be asked of an escalation.
#[derive(Clone, Debug)]
pub enum Command {
    /// Raises it.
    Raise(Box<Raised>),
    /// Signs it. `person_id` is who stands behind `member_id`: persons are counted, not accounts. The signatures of those who are
    /// `gone` count no more, and stand in nobody's way.
    Cosign { member_id: MemberId, person_id: MemberId, gone: Vec<MemberId>, now: Moment },
    /// The proposal that decides it opens in this very transaction.
    Accept { proposal_id: ProposalId, now: Moment },
    /// That proposal has been decided.
    Resolve { outcome: proposal::Status, now: Moment },
    /// It comes to nothing.
    Dismiss { by: Option<MemberId>, reason: DismissalReason, note: Option<crate::text::Prose>, now: Moment },
}
