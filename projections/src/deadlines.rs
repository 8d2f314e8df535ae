//! Deadlines: one row for each moment at which the clock has something to do.

use aggregates::Decider;
use aggregates::evaluation::{self, Evaluation};
use aggregates::grant::{Event as Granted, Grant};
use aggregates::ids::ProposalId;
use aggregates::ledger::{Event as Booked, Holder, Ledger};
use aggregates::proposal::{Event, Proposal};
use chrono::{DateTime, Utc};
use strum::{EnumString, IntoStaticStr};
use uuid::Uuid;

use crate::{Param, Recorded, Statement, Unreadable};

/// What a deadline is for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, EnumString, IntoStaticStr)]
#[strum(serialize_all = "snake_case")]
pub enum Kind {
    /// A pending proposal's deadline or expiry.
    Decision,
    /// The end of an approved proposal's veto window.
    VetoWindow,
    /// When an undecided proposal goes up by itself.
    Escalation,
    /// When rules choose the reviewers of a proposal if the gardener has not.
    Reviewers,
    /// When nobody waits any more for a language model's review of finished work.
    Review,
    /// The end of a reservation.
    Reservation,
    /// The end of a grant.
    Grant,
}

impl From<Kind> for Param {
    fn from(kind: Kind) -> Self {
        <&'static str>::from(kind).into()
    }
}

/// The rows an event writes.
pub fn project(recorded: &Recorded) -> Result<Vec<Statement>, Unreadable> {
    match recorded.aggregate_type.as_ref() {
        Proposal::TYPE => of_proposal(recorded),
        Ledger::TYPE => of_ledger(recorded),
        Grant::TYPE => of_grant(recorded),
        Evaluation::TYPE => Ok(of_evaluation(recorded, &recorded.read()?)),
        _ => Ok(vec![]),
    }
}

fn row(recorded: &Recorded, kind: Kind, subject: impl Into<Param>, at: DateTime<Utc>) -> Statement {
    Statement::new("INSERT INTO deadlines (kind, subject_id, organization_id, due_at) VALUES ($1, $2, $3, $4)")
        .bind(kind)
        .bind(subject)
        .bind(recorded.organization_id)
        .bind(at)
}

/// A grant's money ends with the grant.
fn of_ledger(recorded: &Recorded) -> Result<Vec<Statement>, Unreadable> {
    Ok(match recorded.read()? {
        Booked::Reserved(terms) if terms.holder == Holder::Task => {
            vec![row(recorded, Kind::Reservation, terms.reservation_id, terms.expires_at)]
        }
        Booked::Committed { reservation_id, .. }
        | Booked::Released { reservation_id, .. }
        | Booked::Lapsed { reservation_id, .. } => vec![met(Kind::Reservation, reservation_id)],
        Booked::Reserved(_) | Booked::Drawn { .. } | Booked::Admitted { .. } => vec![],
    })
}

fn of_grant(recorded: &Recorded) -> Result<Vec<Statement>, Unreadable> {
    Ok(match recorded.read()? {
        Granted::Issued(terms) => vec![row(recorded, Kind::Grant, terms.grant_id, terms.expires_at)],
        Granted::Used { grant_id, last: true, .. } | Granted::Expired { grant_id, .. } | Granted::Voided { grant_id, .. } => {
            vec![met(Kind::Grant, grant_id)]
        }
        Granted::Used { .. } => vec![],
    })
}

fn of_proposal(recorded: &Recorded) -> Result<Vec<Statement>, Unreadable> {
    let due = |kind: Kind, proposal: ProposalId, at: DateTime<Utc>| row(recorded, kind, proposal, at);
    Ok(match recorded.read::<Event>()? {
        Event::Opened(opening) => {
            let first = [opening.deadline, opening.expires_at].into_iter().flatten().min();
            let decision = first.map(|at| due(Kind::Decision, opening.proposal_id, at));
            let escalation = opening.way_up.at.map(|at| due(Kind::Escalation, opening.proposal_id, at));
            let reviewers =
                opening.to_be_chosen.as_ref().map(|awaited| due(Kind::Reviewers, opening.proposal_id, awaited.until));
            [decision, escalation, reviewers].into_iter().flatten().collect()
        }
        Event::Approved { proposal_id, held_until, .. } => {
            let held = held_until.map(|at| due(Kind::VetoWindow, proposal_id, at));
            [Some(nothing_due(proposal_id)), held].into_iter().flatten().collect()
        }
        Event::Rejected { proposal_id, .. } | Event::Expired { proposal_id, .. } | Event::Withdrawn { proposal_id, .. } => {
            vec![nothing_due(proposal_id)]
        }
        Event::Escalated { proposal_id, .. } => vec![only_reviewers_due(proposal_id)],
        Event::EscalationFailed { proposal_id, .. } => vec![met(Kind::Escalation, proposal_id)],
        Event::Reinstated { proposal_id, due_at, held_until, escalates_at, .. } => {
            let decision = due_at.map(|at| due(Kind::Decision, proposal_id, at));
            let held = held_until.map(|at| due(Kind::VetoWindow, proposal_id, at));
            let escalation = escalates_at.map(|at| due(Kind::Escalation, proposal_id, at));
            [decision, held, escalation].into_iter().flatten().collect()
        }
        Event::ReviewersChosen { proposal_id, .. } => vec![met(Kind::Reviewers, proposal_id)],
        Event::ExecutionSucceeded { proposal_id, .. } | Event::ExecutionFailed { proposal_id, .. } => {
            vec![met(Kind::VetoWindow, proposal_id)]
        }
        Event::VoteCast { .. }
        | Event::VoteChanged { .. }
        | Event::ReviewerRecused { .. }
        | Event::ReviewDelegated { .. }
        | Event::Stalled { .. }
        | Event::EvaluationOpened { .. }
        | Event::Commented { .. } => vec![],
    })
}

fn nothing_due(proposal: ProposalId) -> Statement {
    Statement::new("DELETE FROM deadlines WHERE subject_id = $1").bind(proposal)
}

fn met(kind: Kind, subject: impl Into<Param>) -> Statement {
    Statement::new("DELETE FROM deadlines WHERE subject_id = $1 AND kind = $2").bind(subject).bind(kind)
}

/// The question has gone up; who would decide it here is still to be chosen, in case it comes back.
fn only_reviewers_due(proposal: ProposalId) -> Statement {
    Statement::new("DELETE FROM deadlines WHERE subject_id = $1 AND kind <> $2").bind(proposal).bind(Kind::Reviewers)
}

fn of_evaluation(recorded: &Recorded, event: &evaluation::Event) -> Vec<Statement> {
    match event {
        evaluation::Event::ReviewRequested { evaluation_id, due_at, .. } => {
            let due = Statement::new(
                "INSERT INTO deadlines (kind, subject_id, organization_id, due_at) VALUES ($1, $2, $3, $4)
                 ON CONFLICT (subject_id, kind) DO UPDATE SET due_at = excluded.due_at",
            );
            vec![due.bind(Kind::Review).bind(*evaluation_id).bind(recorded.organization_id).bind(*due_at)]
        }
        evaluation::Event::Reviewed { evaluation_id, .. } | evaluation::Event::Completed { evaluation_id, .. } => {
            vec![Statement::new("DELETE FROM deadlines WHERE subject_id = $1").bind(*evaluation_id)]
        }
        evaluation::Event::Opened(_) | evaluation::Event::Scored { .. } | evaluation::Event::CheckNotMade { .. } => vec![],
    }
}

/// Whatever waits for something of this kind and may still have it by `now`, the most urgent first.
pub fn awaiting(kind: Kind, now: DateTime<Utc>, limit: u64) -> Statement {
    Statement::new(
        "SELECT subject_id, organization_id FROM deadlines WHERE kind = $1 AND due_at > $2 ORDER BY due_at, subject_id LIMIT $3",
    )
    .bind(kind)
    .bind(now)
    .bind(limit)
}

/// The place of a deadline among all: when it is due, what for, and of which kind.
pub type Place = (DateTime<Utc>, Uuid, String);

/// Before every deadline.
pub fn first() -> Place {
    (DateTime::UNIX_EPOCH, Uuid::nil(), String::new())
}

/// What is due at `now`, the earliest first, from `after` on.
pub fn due(now: DateTime<Utc>, after: &Place, limit: u64) -> Statement {
    Statement::new(
        "SELECT kind, subject_id, organization_id, due_at FROM deadlines
         WHERE due_at <= $1 AND (due_at, subject_id, kind) > ($2, $3, $4) ORDER BY due_at, subject_id, kind LIMIT $5",
    )
    .bind(now)
    .bind(after.0)
    .bind(after.1)
    .bind(after.2.as_str())
    .bind(limit)
}
