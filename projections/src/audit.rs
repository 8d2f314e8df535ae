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

/// The text for each filter that can lead, so that either database goes by the index that knows it: none looks through the
/// whole log for what `$n IS NULL OR …` leaves open.
macro_rules! page {
    ($lead:expr, $end:literal, $sorted:literal) => {
        match $lead {
            Lead::Correlation => page!(@ "organization_id = $1 AND correlation_id = $8 AND ", $end),
            // Streams are short and the key of the table knows them; written so that SQLite does not go by the organization.
            Lead::Aggregate => page!(@ "aggregate_id = $5 AND (organization_id = $1) = true AND ", $end),
            Lead::Zone => page!(@ "organization_id = $1 AND zone_id = $4 AND ", $end),
            Lead::Actor => page!(@ "organization_id = $1 AND actor_id = $2 AND ", $end),
            Lead::Type => page!(@ "organization_id = $1 AND event_type = $3 AND ", $end),
            // What happened in a stretch of time is found by time and put in order; a plus keeps both databases from the order.
            Lead::Time => page!(@ "organization_id = $1 AND occurred_at >= $6 AND occurred_at < $7 AND ", $sorted),
            Lead::Nothing => page!(@ "organization_id = $1 AND ", $end),
        }
    };
    (@ $lead:literal, $end:literal) => {
        selected!(
            "WHERE ", $lead,
            "($2 IS NULL OR actor_id = $2) AND ($3 IS NULL OR event_type = $3)
           AND ($4 IS NULL OR zone_id = $4) AND ($5 IS NULL OR aggregate_id = $5) AND ($6 IS NULL OR occurred_at >= $6)
           AND ($7 IS NULL OR occurred_at < $7) AND ($8 IS NULL OR correlation_id = $8)
           AND ", $end
        )
    };
}

/// The filter to go by, the one that leaves least first.
enum Lead {
    Correlation,
    Aggregate,
    Zone,
    Actor,
    Type,
    Time,
    Nothing,
}

impl Filter {
    fn lead(&self) -> Lead {
        match self {
            Self { correlation_id: Some(_), .. } => Lead::Correlation,
            Self { aggregate_id: Some(_), .. } => Lead::Aggregate,
            Self { zone_id: Some(_), .. } => Lead::Zone,
            Self { actor_id: Some(_), .. } => Lead::Actor,
            Self { event_type: Some(_), .. } => Lead::Type,
            Self { from: Some(_), to: Some(_), .. } => Lead::Time,
            _ => Lead::Nothing,
        }
    }
}

fn filtered(sql: &'static str, organization: OrganizationId, filter: Filter) -> Statement {
    Statement::new(sql)
        .bind(organization)
        .bind(filter.actor_id)
        .bind(filter.event_type)
        .bind(filter.zone_id)
        .bind(filter.aggregate_id)
        .bind(filter.from)
        .bind(filter.to)
        .bind(filter.correlation_id)
}

/// A page of events before position `before`, newest first.
pub fn newest_first(organization: OrganizationId, filter: Filter, before: u64, limit: u64) -> Statement {
    let text = page!(
        filter.lead(),
        "position < $9 ORDER BY position DESC LIMIT $10",
        "+position < $9 ORDER BY +position DESC LIMIT $10"
    );
    filtered(text, organization, filter).bind(before).bind(limit)
}

/// A page of events after position `after`, oldest first.
pub fn oldest_first(organization: OrganizationId, filter: Filter, after: u64, limit: u64) -> Statement {
    let text = page!(filter.lead(), "position > $9 ORDER BY position LIMIT $10", "+position > $9 ORDER BY +position LIMIT $10");
    filtered(text, organization, filter).bind(after).bind(limit)
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

/// The last position of an organization at or before a moment.
pub fn position_at(organization: OrganizationId, moment: DateTime<Utc>) -> Statement {
    Statement::new("SELECT COALESCE(MAX(position), 0) AS position FROM events WHERE organization_id = $1 AND occurred_at <= $2")
        .bind(organization)
        .bind(moment)
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
