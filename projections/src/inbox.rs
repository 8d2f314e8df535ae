//! Inboxes: what changed for whom, and what of it they have read. Nobody is told of what they did themselves. Rows of the two
//! kinds come from different events in any order, so that neither changes the other's.

use aggregates::ids::{MemberId, OrganizationId, ZoneId};
use aggregates::{Decider, escalation, evaluation, grant, inbox, organization, proposal, zones};
use uuid::Uuid;

use crate::{Recorded, Statement, Unreadable};

/// The rows an event writes.
pub fn project(recorded: &Recorded) -> Result<Vec<Statement>, Unreadable> {
    let told = Telling { recorded };
    Ok(match recorded.aggregate_type.as_ref() {
        proposal::Proposal::TYPE => told.of_proposal(recorded.read()?),
        escalation::Escalation::TYPE => told.of_escalation(recorded.read()?),
        evaluation::Evaluation::TYPE => told.of_evaluation(&recorded.read()?),
        organization::Organization::TYPE => told.of_organization(&recorded.read()?),
        zones::Zones::TYPE => told.of_zones(&recorded.read()?),
        grant::Grant::TYPE => told.of_grant(&recorded.read()?),
        inbox::Inbox::TYPE => told.marked(recorded.read()?),
        _ => vec![],
    })
}

/// What an event is about, for whoever is told of it.
#[derive(Clone, Copy)]
struct About {
    subject: &'static str,
    id: Uuid,
    zone_id: Option<ZoneId>,
}

struct Telling<'a> {
    recorded: &'a Recorded,
}

impl Telling<'_> {
    /// Tells one member, unless they did it.
    fn tell(&self, member: MemberId, kind: &'static str, about: About) -> Option<Statement> {
        let row = Statement::new(
            "INSERT INTO notifications (organization_id, member_id, position, kind, subject_type, subject_id, zone_id, at)
             VALUES ($1, $2, $3, $4, $5, $6, $7, $8)",
        );
        let recorded = self.recorded;
        (member != recorded.actor.id).then(|| {
            row.bind(recorded.organization_id)
                .bind(member)
                .bind(recorded.position)
                .bind(kind)
                .bind(about.subject)
                .bind(about.id)
                .bind(about.zone_id)
                .bind(recorded.occurred_at)
        })
    }

    /// Tells whoever brought the subject up, unless they did it.
    fn tell_author(&self, kind: &'static str, about: About) -> Statement {
        let recorded = self.recorded;
        Statement::new(
            "INSERT INTO notifications (organization_id, member_id, position, kind, subject_type, subject_id, zone_id, at)
             SELECT organization_id, member_id, $2, $3, $4, subject_id, $5, $6 FROM authors
             WHERE subject_id = $1 AND member_id <> $7",
        )
        .bind(about.id)
        .bind(recorded.position)
        .bind(kind)
        .bind(about.subject)
        .bind(about.zone_id)
        .bind(recorded.occurred_at)
        .bind(recorded.actor.id)
    }

    fn author(&self, member: MemberId, about: About) -> Statement {
        Statement::new("INSERT INTO authors (subject_id, organization_id, member_id) VALUES ($1, $2, $3)")
            .bind(about.id)
            .bind(self.recorded.organization_id)
            .bind(member)
    }

    fn of_proposal(&self, event: proposal::Event) -> Vec<Statement> {
        use proposal::Event as Fact;
        let Ok(id) = Uuid::parse_str(&self.recorded.aggregate_id) else { return vec![] };
        let about = About { subject: "proposal", id, zone_id: self.recorded.zone_id };
        let to_author = |kind| vec![self.tell_author(kind, about)];
        match event {
            Fact::Opened(opening) => vec![self.author(opening.proposer_id, about)],
            Fact::ReviewerRecused { member_id, .. } => self.tell(member_id, "seat_lost", about).into_iter().collect(),
            Fact::Approved { .. } => to_author("proposal_approved"),
            Fact::Rejected { .. } => to_author("proposal_rejected"),
            Fact::Expired { .. } => to_author("proposal_expired"),
            Fact::Withdrawn { .. } => to_author("proposal_withdrawn"),
            Fact::ExecutionFailed { .. } => to_author("execution_failed"),
            Fact::Commented { .. } => to_author("commented"),
            Fact::Escalated { .. } => to_author("proposal_escalated"),
            Fact::Reinstated { .. } => to_author("proposal_reinstated"),
            // Whoever is asked for a review has a row among the reviewers, which says so.
            Fact::ReviewersChosen { .. }
            | Fact::ReviewDelegated { .. }
            | Fact::VoteCast { .. }
            | Fact::VoteChanged { .. }
            | Fact::ExecutionSucceeded { .. }
            | Fact::Stalled { .. }
            | Fact::EscalationFailed { .. }
            | Fact::EvaluationOpened { .. } => vec![],
        }
    }

    fn of_escalation(&self, event: escalation::Event) -> Vec<Statement> {
        use escalation::Event as Fact;
        let about =
            |id: aggregates::ids::EscalationId| About { subject: "escalation", id: id.0, zone_id: self.recorded.zone_id };
        match event {
            Fact::Raised(raised) => vec![self.author(raised.escalator_id, about(raised.escalation_id))],
            Fact::Cosigned { escalation_id, .. } => vec![self.tell_author("escalation_cosigned", about(escalation_id))],
            Fact::Accepted { escalation_id, .. } => vec![self.tell_author("escalation_accepted", about(escalation_id))],
            Fact::Resolved { escalation_id, .. } => vec![self.tell_author("escalation_resolved", about(escalation_id))],
            Fact::Dismissed { escalation_id, .. } => vec![self.tell_author("escalation_dismissed", about(escalation_id))],
        }
    }

    fn of_evaluation(&self, event: &evaluation::Event) -> Vec<Statement> {
        use evaluation::Event as Fact;
        let about =
            |id: aggregates::ids::EvaluationId| About { subject: "evaluation", id: id.0, zone_id: self.recorded.zone_id };
        let told = match event {
            Fact::Opened(opened) => self.tell(opened.executor_id, "work_being_judged", about(opened.evaluation_id)),
            Fact::Completed { executor_id, evaluation_id, .. } => self.tell(*executor_id, "work_judged", about(*evaluation_id)),
            Fact::Scored { .. } | Fact::CheckNotMade { .. } | Fact::ReviewRequested { .. } | Fact::Reviewed { .. } => None,
        };
        told.into_iter().collect()
    }

    fn of_organization(&self, event: &organization::Event) -> Vec<Statement> {
        use organization::Event as Fact;
        let about = |member: MemberId| About { subject: "member", id: member.0, zone_id: self.recorded.zone_id };
        let told = match event {
            Fact::MemberChanged { member_id, .. } => self.tell(*member_id, "membership_changed", about(*member_id)),
            Fact::ReputationChanged { member_id, .. } => self.tell(*member_id, "reputation_changed", about(*member_id)),
            Fact::StakeLocked { member_id, .. } => self.tell(*member_id, "stake_locked", about(*member_id)),
            Fact::StakeReleased { member_id, burnt: false, .. } => self.tell(*member_id, "stake_returned", about(*member_id)),
            Fact::StakeReleased { member_id, burnt: true, .. } => self.tell(*member_id, "stake_burnt", about(*member_id)),
            Fact::Founded { .. }
            | Fact::Renamed { .. }
            | Fact::MemberAdded { .. }
            | Fact::ProfileChanged { .. }
            | Fact::MemberRemoved { .. } => None,
        };
        told.into_iter().collect()
    }

    fn of_zones(&self, event: &zones::Event) -> Vec<Statement> {
        use zones::Event as Fact;
        let about = |zone: ZoneId| About { subject: "zone", id: zone.0, zone_id: Some(zone) };
        let told = match event {
            Fact::MemberAssigned { zone_id, member_id, .. } => self.tell(*member_id, "role_given", about(*zone_id)),
            Fact::MemberUnassigned { zone_id, member_id, .. } => self.tell(*member_id, "role_taken", about(*zone_id)),
            Fact::Created { .. } | Fact::Changed { .. } | Fact::Moved { .. } | Fact::StatusChanged { .. } => None,
        };
        told.into_iter().collect()
    }

    fn of_grant(&self, event: &grant::Event) -> Vec<Statement> {
        let told = match event {
            grant::Event::Issued(terms) => {
                let about = About { subject: "grant", id: terms.grant_id.0, zone_id: Some(terms.zone_id) };
                self.tell(terms.principal_id, "grant_issued", about)
            }
            _ => None,
        };
        told.into_iter().collect()
    }

    fn marked(&self, event: inbox::Event) -> Vec<Statement> {
        let inbox::Event::MarkedRead { member_id, up_to, positions, marked_at: _ } = event;
        let up_to = up_to.map(|up_to| {
            Statement::new(
                "INSERT INTO inboxes (organization_id, member_id, read_up_to) VALUES ($1, $2, $3)
                 ON CONFLICT (organization_id, member_id) DO UPDATE SET read_up_to = excluded.read_up_to",
            )
            .bind(self.recorded.organization_id)
            .bind(member_id)
            .bind(up_to)
        });
        let single = positions.into_iter().map(|position| {
            Statement::new("INSERT INTO read_marks (organization_id, member_id, position) VALUES ($1, $2, $3)")
                .bind(self.recorded.organization_id)
                .bind(member_id)
                .bind(position)
        });
        up_to.into_iter().chain(single).collect()
    }
}

/// A page of what changed for a member before `before`, the latest first; with what they have read of it. That a review is asked of
/// them is told by their row among the reviewers.
pub fn page(organization: OrganizationId, member: MemberId, before: u64, limit: u64) -> Statement {
    Statement::new(
        "SELECT n.position, n.kind, n.subject_type, n.subject_id, n.zone_id, n.at,
             CAST(CASE WHEN n.position <= COALESCE(i.read_up_to, 0) OR m.position IS NOT NULL THEN 1 ELSE 0 END AS BIGINT) AS is_read
         FROM (
             SELECT * FROM (
                 SELECT position, kind, subject_type, subject_id, zone_id, at FROM notifications
                 WHERE organization_id = $1 AND member_id = $2 AND position < $3 ORDER BY position DESC, kind LIMIT $4) told
             UNION ALL
             SELECT * FROM (
                 SELECT r.asked_position, 'review_requested', 'proposal', r.proposal_id, p.zone_id, r.told_at
                 FROM reviewers r JOIN proposals p ON p.proposal_id = r.proposal_id
                 WHERE r.organization_id = $1 AND r.member_id = $2 AND r.told_at IS NOT NULL AND r.asked_position < $3
                 ORDER BY r.asked_position DESC LIMIT $4) asked
         ) n
         LEFT JOIN inboxes i ON i.organization_id = $1 AND i.member_id = $2
         LEFT JOIN read_marks m ON m.organization_id = $1 AND m.member_id = $2 AND m.position = n.position
         ORDER BY n.position DESC, n.kind LIMIT $4",
    )
    .bind(organization)
    .bind(member)
    .bind(before)
    .bind(limit)
}

/// How much of what changed for a member they have not read.
pub fn unread(organization: OrganizationId, member: MemberId) -> Statement {
    Statement::new(
        "SELECT COUNT(*) AS unread FROM (
             SELECT position FROM notifications WHERE organization_id = $1 AND member_id = $2
                 AND position > COALESCE((SELECT read_up_to FROM inboxes i WHERE i.organization_id = $1 AND i.member_id = $2), 0)
             UNION ALL
             SELECT asked_position FROM reviewers WHERE organization_id = $1 AND member_id = $2 AND told_at IS NOT NULL
                 AND asked_position > COALESCE((SELECT read_up_to FROM inboxes i WHERE i.organization_id = $1 AND i.member_id = $2), 0)
         ) n
         WHERE NOT EXISTS (SELECT 1 FROM read_marks r WHERE r.organization_id = $1 AND r.member_id = $2 AND r.position = n.position)",
    )
    .bind(organization)
    .bind(member)
}
