//! Who reviewed what, and how: one row for each seat in an electorate, with the positions of the events it rests on. What someone's
//! reviews amount to is counted over their latest ones; nothing is counted that no row shows (SPEC G2, G5).

use aggregates::decision_model::Choice;
use aggregates::ids::{MemberId, OrganizationId, ProposalId};
use chrono::{DateTime, Utc};

use crate::{Recorded, Statement};

/// How many of someone's latest reviews their record counts.
const LATEST: u64 = 1_000;
/// How many of someone's latest answers the middle of their answer times is taken of.
pub const LATEST_ANSWERS: u64 = 101;

/// When `member` is told that a review is asked of them; not at all if they brought it about themselves.
fn told(recorded: &Recorded, member: MemberId) -> Option<DateTime<Utc>> {
    (member != recorded.actor.id).then_some(recorded.occurred_at)
}

/// Someone is asked for a review when a proposal opens.
pub fn asked(proposal: ProposalId, member: MemberId, recorded: &Recorded, at: DateTime<Utc>) -> Statement {
    Statement::new(
        "INSERT INTO reviewers (proposal_id, organization_id, opened_position, pending, asked_position, asked_epoch, member_id, told_at)
         VALUES ($1, $2, $3, $4, $5, $6, $7, $8)",
    )
    .bind(proposal)
    .bind(recorded.organization_id)
    .bind(recorded.position)
    .bind(true)
    .bind(recorded.position)
    .bind(at.timestamp())
    .bind(member)
    .bind(told(recorded, member))
}

/// Someone is asked later, chosen or handed a seat: their row is like those of the others.
pub fn seated(proposal: ProposalId, member: MemberId, recorded: &Recorded, at: DateTime<Utc>) -> Statement {
    Statement::new(
        "INSERT INTO reviewers (proposal_id, organization_id, opened_position, pending, asked_position, asked_epoch, member_id, told_at)
         SELECT proposal_id, organization_id, opened_position, status = 'pending_review', $2, $3, $4, $5
         FROM proposals WHERE proposal_id = $1",
    )
    .bind(proposal)
    .bind(recorded.position)
    .bind(at.timestamp())
    .bind(member)
    .bind(told(recorded, member))
}

/// Someone answered; their first answer is the one whose time counts, their last the one that stands.
pub fn answered(proposal: ProposalId, member: MemberId, choice: Choice, position: u64, at: DateTime<Utc>) -> Statement {
    Statement::new(
        "UPDATE reviewers SET pending = $3, answered = $7, choice = $4, answered_position = COALESCE(answered_position, $5),
             answer_seconds = COALESCE(answer_seconds, $6 - asked_epoch)
         WHERE proposal_id = $1 AND member_id = $2",
    )
    .bind(proposal)
    .bind(member)
    .bind(false)
    .bind(choice.to_string())
    .bind(position)
    .bind(at.timestamp())
    .bind(true)
}

/// Someone left an electorate.
pub fn left(proposal: ProposalId, member: MemberId) -> Statement {
    Statement::new("UPDATE reviewers SET pending = $3, answered = $4 WHERE proposal_id = $1 AND member_id = $2")
        .bind(proposal)
        .bind(member)
        .bind(false)
        .bind(true)
}

/// A proposal is over. Whoever had still to answer has `missed` it if time ran out on it; a decision that came early did not
/// need them; rows that wait no more are left alone.
pub fn closed(proposal: ProposalId, missed: bool) -> Statement {
    Statement::new("UPDATE reviewers SET missed = $2, pending = $3 WHERE proposal_id = $1 AND pending")
        .bind(proposal)
        .bind(missed)
        .bind(false)
}

/// The same, for a decision at a moment: it was missed if that was not before the deadline.
pub fn closed_by_decision(proposal: ProposalId, at: DateTime<Utc>) -> Statement {
    Statement::new(
        "UPDATE reviewers SET missed = COALESCE((SELECT deadline <= $2 FROM proposals WHERE proposal_id = $1), $3), pending = $3
         WHERE proposal_id = $1 AND pending",
    )
    .bind(proposal)
    .bind(at)
    .bind(false)
}

/// What the latest reviews of a member amount to.
pub fn record(organization: OrganizationId, member: MemberId) -> Statement {
    Statement::new(
        "SELECT COALESCE(SUM(CASE WHEN answered_position IS NOT NULL OR missed THEN 1 ELSE 0 END), 0) AS asked,
                COALESCE(SUM(CASE WHEN answered_position IS NOT NULL THEN 1 ELSE 0 END), 0) AS in_time,
                (SELECT COUNT(*) FROM standing s WHERE s.organization_id = $1 AND s.member_id = $2 AND s.kind = 'upheld') AS upheld,
                (SELECT COUNT(*) FROM standing s WHERE s.organization_id = $1 AND s.member_id = $2 AND s.kind = 'overturned')
                    AS overturned,
                COALESCE(SUM(CASE WHEN pending THEN 1 ELSE 0 END), 0) AS open_reviews
         FROM (SELECT answered_position, missed, pending FROM reviewers
               WHERE member_id = $2 AND organization_id = $1 ORDER BY asked_position DESC LIMIT $3) latest",
    )
    .bind(organization)
    .bind(member)
    .bind(LATEST)
}

/// The times a member took for their latest answers, in seconds, the shortest first.
pub fn answer_times(organization: OrganizationId, member: MemberId) -> Statement {
    Statement::new(
        "SELECT answer_seconds FROM (SELECT answer_seconds FROM reviewers
             WHERE member_id = $2 AND organization_id = $1 AND answer_seconds IS NOT NULL ORDER BY asked_position DESC LIMIT $3) latest
         ORDER BY answer_seconds",
    )
    .bind(organization)
    .bind(member)
    .bind(LATEST_ANSWERS)
}
