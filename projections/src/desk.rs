//! What pages ask of the proposals that the interface does not: by risk, by age, and the figures of the overview.

use aggregates::ids::{MemberId, OrganizationId, ProposalId, ZoneId};
use chrono::{DateTime, Utc};

use crate::Statement;

/// What a list of proposals can be narrowed to.
#[derive(Clone, Debug, Default)]
pub struct Filter {
    /// In this zone.
    pub zone_id: Option<ZoneId>,
    /// In this status.
    pub status: Option<String>,
    /// Of this type.
    pub proposal_type: Option<String>,
    /// At this risk.
    pub risk_level: Option<String>,
    /// By this proposer.
    pub proposer_id: Option<MemberId>,
    /// With this reviewer.
    pub reviewer_id: Option<MemberId>,
    /// Opened not before this moment.
    pub opened_from: Option<DateTime<Utc>>,
    /// Opened before this moment.
    pub opened_to: Option<DateTime<Utc>>,
    /// Decided not before this moment.
    pub decided_from: Option<DateTime<Utc>>,
    /// Decided before this moment.
    pub decided_to: Option<DateTime<Utc>>,
}

macro_rules! listed {
    ($rest:expr) => {
        concat!(
            "SELECT p.proposal_id, p.opened_position, p.zone_id, p.proposal_type, p.title, p.status, p.risk_level, p.proposer_id,
                 p.decision_model, p.tally, p.reason, p.execution_status, p.deadline, p.expires_at, p.opened_at, p.decided_at
             FROM ",
            $rest
        )
    };
}

macro_rules! narrowed {
    ($status:literal) => {
        concat!(
            "proposals p
             WHERE p.organization_id = $1 AND p.opened_position < $2 AND ",
            $status,
            " AND ($3 IS NULL OR p.zone_id = $3) AND ($5 IS NULL OR p.proposal_type = $5)
               AND ($6 IS NULL OR p.risk_level = $6) AND ($7 IS NULL OR p.proposer_id = $7)
               AND ($8 IS NULL OR EXISTS (SELECT 1 FROM reviewers r WHERE r.proposal_id = p.proposal_id AND r.member_id = $8))
               AND ($9 IS NULL OR p.opened_at >= $9) AND ($10 IS NULL OR p.opened_at < $10)
               AND ($11 IS NULL OR p.decided_at >= $11) AND ($12 IS NULL OR p.decided_at < $12)
             ORDER BY p.opened_position DESC LIMIT $13"
        )
    };
}

/// A page of proposals opened before position `before`, newest first. One status is found by its index.
pub fn page(organization: OrganizationId, filter: Filter, before: u64, limit: u64) -> Statement {
    let select = if filter.status.is_some() { listed!(narrowed!("p.status = $4")) } else { listed!(narrowed!("$4 IS NULL")) };
    Statement::new(select)
        .bind(organization)
        .bind(before)
        .bind(filter.zone_id)
        .bind(filter.status)
        .bind(filter.proposal_type)
        .bind(filter.risk_level)
        .bind(filter.proposer_id)
        .bind(filter.reviewer_id)
        .bind(filter.opened_from)
        .bind(filter.opened_to)
        .bind(filter.decided_from)
        .bind(filter.decided_to)
        .bind(limit)
}

/// What waits for `member`'s vote, the oldest first.
pub fn waiting(organization: OrganizationId, member: MemberId, limit: u64) -> Statement {
    Statement::new(listed!(
        "reviewers r JOIN proposals p ON p.proposal_id = r.proposal_id
         WHERE r.organization_id = $1 AND r.member_id = $2 AND r.pending ORDER BY r.opened_position LIMIT $3"
    ))
    .bind(organization)
    .bind(member)
    .bind(limit)
}

/// How many proposals wait for `member`'s vote: counted in an index that knows nothing else.
pub fn waiting_for(member: MemberId) -> Statement {
    Statement::new("SELECT COUNT(*) AS number FROM reviewers WHERE member_id = $1 AND pending").bind(member)
}

/// Open proposals by risk and zone: how many, how many of them opened before each of three moments (the latest first), and when the
/// oldest was opened. One look at an index that knows nothing else.
pub fn open(organization: OrganizationId, before: [DateTime<Utc>; 3]) -> Statement {
    let [one, two, three] = before;
    Statement::new(
        "SELECT risk_level, zone_id, COUNT(*) AS number, MIN(opened_at) AS oldest,
             SUM(CASE WHEN opened_at < $2 THEN 1 ELSE 0 END) AS one, SUM(CASE WHEN opened_at < $3 THEN 1 ELSE 0 END) AS two,
             SUM(CASE WHEN opened_at < $4 THEN 1 ELSE 0 END) AS three
         FROM proposals WHERE organization_id = $1 AND status = 'pending_review' GROUP BY zone_id, risk_level",
    )
    .bind(organization)
    .bind(one)
    .bind(two)
    .bind(three)
}

/// Open proposals by zone.
pub fn open_by_zone(organization: OrganizationId) -> Statement {
    Statement::new(
        "SELECT zone_id, COUNT(*) AS number FROM proposals
         WHERE organization_id = $1 AND status = 'pending_review' GROUP BY zone_id",
    )
    .bind(organization)
}

/// How many escalations wait for signatures or for a decision.
pub fn live_escalations(organization: OrganizationId) -> Statement {
    Statement::new(
        "SELECT status, COUNT(*) AS number FROM escalations
         WHERE organization_id = $1 AND status IN ('pending', 'accepted') GROUP BY status",
    )
    .bind(organization)
}

/// How many were decided, or ran out of time, on each day since a moment, by what became of them.
pub fn decided_by_day(organization: OrganizationId, since: DateTime<Utc>) -> Statement {
    Statement::new(
        "SELECT substr(CAST(decided_at AS text), 1, 10) AS day, status, COUNT(*) AS number FROM proposals
         WHERE organization_id = $1 AND decided_at >= $2 GROUP BY 1, status",
    )
    .bind(organization)
    .bind(since)
}

/// What was decided, or ran out of time, since a moment: the newest first.
pub fn decided_since(organization: OrganizationId, since: DateTime<Utc>, limit: u64) -> Statement {
    Statement::new(
        "SELECT status, opened_at, decided_at FROM proposals
         WHERE organization_id = $1 AND decided_at >= $2 ORDER BY decided_at DESC LIMIT $3",
    )
    .bind(organization)
    .bind(since)
    .bind(limit)
}

/// What a proposal is called.
pub fn title(organization: OrganizationId, proposal: ProposalId) -> Statement {
    Statement::new("SELECT title FROM proposals WHERE organization_id = $1 AND proposal_id = $2")
        .bind(organization)
        .bind(proposal)
}
