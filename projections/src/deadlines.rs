//! Deadlines: one row for each moment at which the clock has something to do.

use aggregates::Decider;
use aggregates::ids::ProposalId;
use aggregates::proposal::{Event, Proposal};
use chrono::{DateTime, Utc};

use crate::{Recorded, Statement, Unreadable};

/// A pending proposal's deadline or expiry.
pub const DECISION: &str = "decision";
/// The end of an approved proposal's veto window.
pub const VETO_WINDOW: &str = "veto_window";

/// When rules choose the reviewers of a proposal if the gardener has not.
pub const REVIEWERS: &str = "reviewers";

/// The rows an event writes.
pub fn project(recorded: &Recorded) -> Result<Vec<Statement>, Unreadable> {
    if recorded.aggregate_type != Proposal::TYPE {
        return Ok(vec![]);
    }
    let due = |kind: &'static str, proposal: ProposalId, at: DateTime<Utc>| {
        Statement::new("INSERT INTO deadlines (kind, subject_id, organization_id, due_at) VALUES ($1, $2, $3, $4)")
            .bind(kind)
            .bind(proposal)
            .bind(recorded.organization_id)
            .bind(at)
    };
    Ok(match recorded.read::<Event>()? {
        Event::Opened(opening) => {
            let first = [opening.deadline, opening.expires_at].into_iter().flatten().min();
            let decision = first.map(|at| due(DECISION, opening.proposal_id, at));
            let reviewers = opening.to_be_chosen.map(|awaited| due(REVIEWERS, opening.proposal_id, awaited.until));
            [decision, reviewers].into_iter().flatten().collect()
        }
        Event::Approved { proposal_id, held_until, .. } => {
            let held = held_until.map(|at| due(VETO_WINDOW, proposal_id, at));
            [Some(over(proposal_id)), held].into_iter().flatten().collect()
        }
        Event::Rejected { proposal_id, .. } | Event::Expired { proposal_id, .. } | Event::Withdrawn { proposal_id, .. } => {
            vec![over(proposal_id)]
        }
        Event::ReviewersChosen { proposal_id, .. } => vec![met(REVIEWERS, proposal_id)],
        Event::ExecutionSucceeded { proposal_id, .. } | Event::ExecutionFailed { proposal_id, .. } => {
            vec![met(VETO_WINDOW, proposal_id)]
        }
        Event::VoteCast { .. } | Event::VoteChanged { .. } | Event::ReviewerRecused { .. } | Event::Commented { .. } => vec![],
    })
}

fn met(kind: &'static str, proposal: ProposalId) -> Statement {
    Statement::new("DELETE FROM deadlines WHERE subject_id = $1 AND kind = $2").bind(proposal).bind(kind)
}

/// Nothing waits for the decision any more, nor for those who were to take it.
fn over(proposal: ProposalId) -> Statement {
    Statement::new("DELETE FROM deadlines WHERE subject_id = $1 AND kind IN ($2, $3)")
        .bind(proposal)
        .bind(DECISION)
        .bind(REVIEWERS)
}

/// Proposals whose reviewers are to be chosen and may still be by `now`, the most urgent first.
pub fn awaiting_reviewers(now: DateTime<Utc>, limit: u64) -> Statement {
    Statement::new(
        "SELECT subject_id, organization_id FROM deadlines WHERE kind = $1 AND due_at > $2 ORDER BY due_at, subject_id LIMIT $3",
    )
    .bind(REVIEWERS)
    .bind(now)
    .bind(limit)
}

/// What is due at `now`, the earliest first.
pub fn due(now: DateTime<Utc>, limit: u64) -> Statement {
    Statement::new(
        "SELECT kind, subject_id, organization_id FROM deadlines WHERE due_at <= $1 ORDER BY due_at, subject_id LIMIT $2",
    )
    .bind(now)
    .bind(limit)
}
