//! What happened to a proposal.

use std::sync::Arc;

use serde::{Deserialize, Serialize};
use strum::{Display, EnumString, IntoStaticStr};
use utoipa::ToSchema;

use super::choosing::{Awaited, Chooser};
use super::electorate::{Conflict, Elector};
use super::lineage::{Lineage, StallReason, WayUp};
use super::state::Status;
use super::subject::Subject;
use crate::Moment;
use crate::decider::{DomainEvent, stored_names};
use crate::decision_model::{Choice, DecisionModel, Tally};
use crate::gardener::Consultation;
use crate::ids::{CommentId, EscalationId, EvaluationId, GrantId, MemberId, ProposalId, ZoneId};
use crate::policy::Risk;
use crate::text::{Name, Prose};

/// Everything the outcome will rest on, frozen (SPEC P7).
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Opening {
    /// Its id.
    pub proposal_id: ProposalId,
    /// Where it is decided.
    pub zone_id: ZoneId,
    /// Who proposes.
    pub proposer_id: MemberId,
    /// In a line.
    pub title: Name,
    /// At length.
    pub description: Prose,
    /// What it is about.
    pub subject: Subject,
    /// How risky it is.
    pub risk_level: Risk,
    /// How votes become an outcome.
    pub decision_model: DecisionModel,
    /// The zone's own rule, where the proposer chose a stricter one: an approval must pass both.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub zone_model: Option<DecisionModel>,
    /// Who decides: for good, or until the gardener has chosen.
    pub electorate: Vec<Elector>,
    /// Among whom the gardener may choose, where it is asked.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub to_be_chosen: Option<Box<Awaited>>,
    /// Who was kept out.
    pub conflicts: Vec<Conflict>,
    /// Whether an approval needs a human's vote (SPEC D4).
    pub human_required: bool,
    /// Whether nobody is asked (SPEC P4).
    pub auto_approved: bool,
    /// Whether votes may be changed.
    pub votes_may_change: bool,
    /// Minutes between approval and execution.
    pub veto_window_minutes: u32,
    /// When the clock decides.
    pub deadline: Option<Moment>,
    /// When the question loses its point.
    pub expires_at: Option<Moment>,
    /// The log position of the policy all this rests on.
    pub policy_position: u64,
    /// When it opened.
    pub opened_at: Moment,
    /// When it escalates by itself.
    #[serde(default, skip_serializing_if = "WayUp::is_none")]
    pub way_up: WayUp,
    /// What it was opened for, if it decides an escalation.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub lineage: Option<Lineage>,
}

/// Why a reviewer left the electorate.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema, Display, IntoStaticStr, EnumString)]
#[serde(rename_all = "snake_case")]
#[strum(serialize_all = "snake_case")]
pub enum RecusalReason {
    /// They stood back.
    Recused,
    /// They left the organization.
    MembershipLost,
    /// They lost the role it rested on.
    RoleLost,
    /// They handed their seat to someone else.
    Delegated,
}

/// What happened to a proposal.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(tag = "type")]
pub enum Event {
    /// It opened.
    #[serde(rename = "proposal.opened")]
    Opened(Arc<Opening>),
    /// A reviewer voted; `tally` counts the vote.
    #[serde(rename = "proposal.vote_cast")]
    VoteCast {
        proposal_id: ProposalId,
        zone_id: ZoneId,
        member_id: MemberId,
        choice: Choice,
        rationale: Prose,
        tally: Tally,
        cast_at: Moment,
    },
    /// A reviewer changed their vote; `tally` counts the new one.
    #[serde(rename = "proposal.vote_changed")]
    VoteChanged {
        proposal_id: ProposalId,
        zone_id: ZoneId,
        member_id: MemberId,
        from: Choice,
        choice: Choice,
        rationale: Prose,
        tally: Tally,
        cast_at: Moment,
    },
    /// A reviewer left the electorate; `tally` counts without them.
    #[serde(rename = "proposal.reviewer_recused")]
    ReviewerRecused {
        proposal_id: ProposalId,
        zone_id: ZoneId,
        member_id: MemberId,
        reason: RecusalReason,
        tally: Tally,
        recused_at: Moment,
    },
    /// It was approved, and is to be executed: at once, or when `held_until` has come.
    #[serde(rename = "proposal.approved")]
    Approved {
        proposal_id: ProposalId,
        zone_id: ZoneId,
        reason: String,
        tally: Tally,
        held_until: Option<Moment>,
        decided_at: Moment,
    },
    /// It was rejected.
    #[serde(rename = "proposal.rejected")]
    Rejected { proposal_id: ProposalId, zone_id: ZoneId, reason: String, tally: Tally, decided_at: Moment },
    /// Its time ran out undecided; nobody said no.
    #[serde(rename = "proposal.expired")]
    Expired { proposal_id: ProposalId, zone_id: ZoneId, reason: String, tally: Tally, expired_at: Moment },
    /// It was taken back.
    #[serde(rename = "proposal.withdrawn")]
    Withdrawn { proposal_id: ProposalId, zone_id: ZoneId, reason: String, withdrawn_at: Moment },
    /// Someone said something about it.
    #[serde(rename = "proposal.commented")]
    Commented {
        proposal_id: ProposalId,
        zone_id: ZoneId,
        comment_id: CommentId,
        author_id: MemberId,
        text: Prose,
        commented_at: Moment,
    },
    /// Its effects took place, in the transaction that records this.
    #[serde(rename = "proposal.execution_succeeded")]
    ExecutionSucceeded { proposal_id: ProposalId, zone_id: ZoneId, grant_id: Option<GrantId>, executed_at: Moment },
    /// Its effects were not admitted.
    #[serde(rename = "proposal.execution_failed")]
    ExecutionFailed { proposal_id: ProposalId, zone_id: ZoneId, code: String, reason: String, failed_at: Moment },
    /// Its reviewers were chosen, and with them, perhaps, a higher risk and a stricter model (SPEC G3).
    #[serde(rename = "proposal.reviewers_chosen")]
    ReviewersChosen {
        proposal_id: ProposalId,
        zone_id: ZoneId,
        electorate: Vec<Elector>,
        risk_level: Risk,
        decision_model: DecisionModel,
        chosen_by: Chooser,
        /// Why rules chose although a model was to be asked.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        fallback: Option<String>,
        #[serde(default, skip_serializing_if = "Option::is_none")]
        consultation: Option<Consultation>,
        chosen_at: Moment,
    },
    /// A reviewer handed their seat to `elector`; `tally` counts as before.
    #[serde(rename = "proposal.review_delegated")]
    ReviewDelegated {
        proposal_id: ProposalId,
        zone_id: ZoneId,
        from_id: MemberId,
        elector: Elector,
        tally: Tally,
        delegated_at: Moment,
    },
    /// It came to a stop undecided; what follows in the same transaction says what became of it.
    #[serde(rename = "proposal.stalled")]
    Stalled { proposal_id: ProposalId, zone_id: ZoneId, reason: StallReason, tally: Tally, stalled_at: Moment },
    /// Its question went up; `parent_proposal_id` decides it there.
    #[serde(rename = "proposal.escalated")]
    Escalated {
        proposal_id: ProposalId,
        zone_id: ZoneId,
        escalation_id: EscalationId,
        parent_proposal_id: ProposalId,
        to_zone_id: ZoneId,
        reason: String,
        escalated_at: Moment,
    },
    /// It should have gone up, and nobody there could decide it.
    #[serde(rename = "proposal.escalation_failed")]
    EscalationFailed { proposal_id: ProposalId, zone_id: ZoneId, code: String, reason: String, failed_at: Moment },
    /// Its escalation came to nothing: it stands where it stood, and what was due is due again.
    #[serde(rename = "proposal.reinstated")]
    Reinstated {
        proposal_id: ProposalId,
        zone_id: ZoneId,
        escalation_id: EscalationId,
        status: Status,
        due_at: Option<Moment>,
        held_until: Option<Moment>,
        /// When it goes up by itself, if it still may.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        escalates_at: Option<Moment>,
        reinstated_at: Moment,
    },
    /// What came of it is being judged.
    #[serde(rename = "proposal.evaluation_opened")]
    EvaluationOpened {
        proposal_id: ProposalId,
        zone_id: ZoneId,
        evaluation_id: EvaluationId,
        executor_id: MemberId,
        opened_at: Moment,
    },
}

stored_names!(Event {
    Opened => "proposal.opened",
    VoteCast => "proposal.vote_cast",
    VoteChanged => "proposal.vote_changed",
    ReviewerRecused => "proposal.reviewer_recused",
    Approved => "proposal.approved",
    Rejected => "proposal.rejected",
    Expired => "proposal.expired",
    Withdrawn => "proposal.withdrawn",
    Commented => "proposal.commented",
    ExecutionSucceeded => "proposal.execution_succeeded",
    ExecutionFailed => "proposal.execution_failed",
    ReviewersChosen => "proposal.reviewers_chosen",
    ReviewDelegated => "proposal.review_delegated",
    Stalled => "proposal.stalled",
    Escalated => "proposal.escalated",
    EscalationFailed => "proposal.escalation_failed",
    Reinstated => "proposal.reinstated",
    EvaluationOpened => "proposal.evaluation_opened",
});

impl DomainEvent for Event {
    fn event_type(&self) -> &'static str {
        self.stored_name()
    }

    fn zone_id(&self) -> Option<ZoneId> {
        match self {
            Self::Opened(opening) => Some(opening.zone_id),
            Self::VoteCast { zone_id, .. }
            | Self::VoteChanged { zone_id, .. }
            | Self::ReviewerRecused { zone_id, .. }
            | Self::Approved { zone_id, .. }
            | Self::Rejected { zone_id, .. }
            | Self::Expired { zone_id, .. }
            | Self::Withdrawn { zone_id, .. }
            | Self::Commented { zone_id, .. }
            | Self::ExecutionSucceeded { zone_id, .. }
            | Self::ExecutionFailed { zone_id, .. }
            | Self::ReviewersChosen { zone_id, .. }
            | Self::ReviewDelegated { zone_id, .. }
            | Self::Stalled { zone_id, .. }
            | Self::Escalated { zone_id, .. }
            | Self::EscalationFailed { zone_id, .. }
            | Self::Reinstated { zone_id, .. }
            | Self::EvaluationOpened { zone_id, .. } => Some(*zone_id),
        }
    }
}
