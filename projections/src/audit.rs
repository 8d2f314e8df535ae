//! Reading the log itself: it is its own read model.

use aggregates::ids::{MemberId, OrganizationId, ZoneId};
use chrono::{DateTime, Utc};
use uuid::Uuid;

use crate::Statement;

/// What a reading of the log can be narrowed to.
#[derive(Clone, Debug, Default)]
pub struct Filter {
    /// By this actor.
    pub actor_id: Option<MemberId>,
    /// Of this type.
    pub event_type: Option<String>,
    /// In this zone.
    pub zone_id: Option<ZoneId>,
    /// Of this aggregate.
    pub aggregate_id: Option<String>,
    /// Not before this moment.
    pub from: Option<DateTime<Utc>>,
    /// Before this moment.
    pub to: Option<DateTime<Utc>>,
    /// Of this correlation.
    pub correlation_id: Option<Uuid>,
}

macro_rules! selected {
    ($($rest:literal),+) => {
        concat!(
            "SELECT global_position, organization_id, position, event_id, aggregate_type, aggregate_id, sequence, event_type, event_version,
                 payload, zone_id, actor_id, actor_kind, correlation_id, causation_id, occurred_at FROM events ",
            $($rest),+
        )
    };
}

/// Some of an organization's positions.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Stretch {
    /// Those after this one.
    pub after: u64,
    /// Those before this one.
    pub before: u64,
}

impl Stretch {
    /// All positions.
    pub const ALL: Self = Self { after: 0, before: i64::MAX as u64 };

    /// Those after `after`.
    pub fn after(after: u64) -> Self {
        Self { after, ..Self::ALL }
    }

    /// Those before `before`.
    pub fn before(before: u64) -> Self {
        Self { before, ..Self::ALL }
    }
}

/// The text for each filter that can lead, so that either database goes by the index that knows it.
macro_rules! page {
    ($lead:expr, $order:literal) => {
        match $lead {
            Lead::Correlation => page!(@ "organization_id = $1 AND correlation_id = $8 AND ", $order),
            // Streams are short and the key of the table knows them; written so that SQLite does not go by the organization.
            Lead::Aggregate => page!(@ "aggregate_id = $5 AND (organization_id = $1) = true AND ", $order),
            Lead::Positions => page!(@ "organization_id = $1 AND ", $order),
        }
    };
    (@ $lead:literal, $order:literal) => {
        selected!(
            "WHERE ", $lead,
            "($2 IS NULL OR actor_id = $2) AND ($3 IS NULL OR event_type = $3)
           AND ($4 IS NULL OR zone_id = $4) AND ($5 IS NULL OR aggregate_id = $5) AND ($6 IS NULL OR occurred_at >= $6)
           AND ($7 IS NULL OR occurred_at < $7) AND ($8 IS NULL OR correlation_id = $8)
           AND position > $9 AND position < $10 ORDER BY ", $order, " LIMIT $11"
        )
    };
}

/// What a reading goes by, the one that leaves least first. Who did it, of what type, where and when is not known to an index of the
/// log: [`crate::blocks`] says which stretches are worth reading.
enum Lead {
    Correlation,
    Aggregate,
    Positions,
}

impl Filter {
    fn lead(&self) -> Lead {
        match self {
            Self { correlation_id: Some(_), .. } => Lead::Correlation,
            Self { aggregate_id: Some(_), .. } => Lead::Aggregate,
            _ => Lead::Positions,
        }
    }

    /// Whether the log itself knows what is left: by an index of its own, or because nothing is left out.
    pub fn is_indexed(&self) -> bool {
        match self.lead() {
            Lead::Correlation | Lead::Aggregate => true,
            Lead::Positions => {
                matches!(self, Self { actor_id: None, event_type: None, zone_id: None, from: None, to: None, .. })
            }
        }
    }
}

fn filtered(sql: &'static str, organization: OrganizationId, filter: Filter, stretch: Stretch, limit: u64) -> Statement {
    Statement::new(sql)
        .bind(organization)
        .bind(filter.actor_id)
        .bind(filter.event_type)
        .bind(filter.zone_id)
        .bind(filter.aggregate_id)
        .bind(filter.from)
        .bind(filter.to)
        .bind(filter.correlation_id)
        .bind(stretch.after)
        .bind(stretch.before)
        .bind(limit)
}

/// What a filter leaves of a stretch, newest first.
pub fn newest_first(organization: OrganizationId, filter: Filter, stretch: Stretch, limit: u64) -> Statement {
    filtered(page!(filter.lead(), "position DESC"), organization, filter, stretch, limit)
}

/// What a filter leaves of a stretch, oldest first.
pub fn oldest_first(organization: OrganizationId, filter: Filter, stretch: Stretch, limit: u64) -> Statement {
    filtered(page!(filter.lead(), "position"), organization, filter, stretch, limit)
}

/// An organization's events after a position, oldest first.
pub fn all_after(organization: OrganizationId, after: u64, limit: u64) -> Statement {
    oldest_first(organization, Filter::default(), Stretch::after(after), limit)
}

/// The last event of an organization before a position.
pub fn last_before(organization: OrganizationId, before: u64) -> Statement {
    newest_first(organization, Filter::default(), Stretch::before(before), 1)
}

/// Events after a global position, in the one order that followers read.
pub fn following(after: u64, limit: u64) -> Statement {
    Statement::new(selected!("WHERE global_position > $1 ORDER BY global_position LIMIT $2")).bind(after).bind(limit)
}

/// Events of organizations and zone trees after one global position, up to another.
pub fn of_standing(after: u64, until: u64, limit: u64) -> Statement {
    Statement::new(selected!(
        "WHERE global_position > $1 AND global_position <= $2 AND aggregate_type IN ('organization', 'zone_tree')
         ORDER BY global_position LIMIT $3"
    ))
    .bind(after)
    .bind(until)
    .bind(limit)
}

/// Events after one position of an organization, up to another, that say who is who, what holds where and what is spent.
pub fn of_authority(organization: OrganizationId, after: u64, until: u64, limit: u64) -> Statement {
    Statement::new(selected!(
        "WHERE organization_id = $1 AND position > $2 AND position <= $3
           AND aggregate_type IN ('organization', 'zone_tree', 'ledger') ORDER BY position LIMIT $4"
    ))
    .bind(organization)
    .bind(after)
    .bind(until)
    .bind(limit)
}

/// The events of one stream up to a position of its organization. Nothing is to be looked for by the position: the stream is
/// short, the log is not.
pub fn stream_until(organization: OrganizationId, aggregate_type: &'static str, aggregate_id: String, until: u64) -> Statement {
    Statement::new(selected!(
        "WHERE organization_id = $1 AND aggregate_type = $2 AND aggregate_id = $3 AND position - $4 <= 0 ORDER BY sequence"
    ))
    .bind(organization)
    .bind(aggregate_type)
    .bind(aggregate_id)
    .bind(until)
}

/// Which event has a global position.
pub fn id_at(global_position: u64) -> Statement {
    Statement::new("SELECT event_id FROM events WHERE global_position = $1").bind(global_position)
}

/// The position of one event of a stream.
pub fn position_of(aggregate_type: &'static str, aggregate_id: &str, sequence: u64) -> Statement {
    Statement::new("SELECT position FROM events WHERE aggregate_type = $1 AND aggregate_id = $2 AND sequence = $3")
        .bind(aggregate_type)
        .bind(aggregate_id)
        .bind(sequence)
}

/// The last position of an organization at or before a global one: looked for from its end.
pub fn position_by(organization: OrganizationId, global_position: u64) -> Statement {
    Statement::new(
        "SELECT position FROM events WHERE organization_id = $1 AND +global_position <= $2 ORDER BY position DESC LIMIT 1",
    )
    .bind(organization)
    .bind(global_position)
}

/// The last position of an organization.
pub fn head(organization: OrganizationId) -> Statement {
    Statement::new("SELECT COALESCE(MAX(position), 0) AS position FROM organization_heads WHERE organization_id = $1")
        .bind(organization)
}

/// The global position of one of an organization's positions.
pub fn global_position(organization: OrganizationId, position: u64) -> Statement {
    Statement::new("SELECT global_position FROM events WHERE organization_id = $1 AND position = $2")
        .bind(organization)
        .bind(position)
}
