//! What the log is narrowed to, as the address says it.

use aggregates::{access, escalation, evaluation, grant, inbox, invite, ledger, organization, proposal, token, zones};
use projections::audit::Filter;

use crate::web::form::Fields;
use crate::web::refusal::Refusal;
use crate::web::visitor::Visitor;

/// The names of events, by what they are about.
pub const TYPES: [(&str, &[&str]); 12] = [
    ("Zones", zones::Event::NAMES),
    ("Proposals", proposal::Event::NAMES),
    ("Grants", grant::Event::NAMES),
    ("Escalations", escalation::Event::NAMES),
    ("Evaluations", evaluation::Event::NAMES),
    ("Organization and members", organization::Event::NAMES),
    ("Tokens", token::Event::NAMES),
    ("Invitations", invite::Event::NAMES),
    ("Security", access::Event::NAMES),
    ("Spending and rates", ledger::Event::NAMES),
    ("Inboxes", inbox::Event::NAMES),
    ("Allowances", &["escalation_allowance.used"]),
];

/// The filter that the address asks for.
pub fn filter(fields: &Fields) -> Result<Filter, Refusal> {
    Ok(Filter {
        actor_id: fields.narrowed("actor_id", |id| id.parse().ok())?,
        event_type: fields.given("type").map(str::to_owned),
        zone_id: fields.narrowed("zone_id", |id| id.parse().ok())?,
        aggregate_id: fields.given("entity").map(str::to_owned),
        from: fields.narrowed_by_moment("from")?,
        to: fields.narrowed_by_moment("to")?,
        correlation_id: fields.narrowed("correlation_id", |id| id.parse().ok())?,
    })
}

/// The whole log is for `audit.read`; what happened in one zone, or to one proposal, for whoever may read the zone (SPEC C1).
pub async fn permitted(visitor: &Visitor, filter: &Filter) -> Result<(), Refusal> {
    let its_zone = visitor.app.zone_of_history(&visitor.ruling, filter).await?;
    match its_zone.filter(|zone| visitor.ruling.authority.tree.zone(*zone).is_some()) {
        Some(zone) => visitor.must(zone, "zone.read"),
        None => visitor.must_everywhere("audit.read"),
    }
}

/// The address with these filters, `key` set to `value`, and everything else that is set kept but the page.
pub fn address(path: &str, fields: &Fields, key: &str, value: &str) -> String {
    let mut query = form_urlencoded::Serializer::new(String::new());
    for name in ["actor_id", "type", "zone_id", "entity", "from", "to", "correlation_id", "order"] {
        if let Some(set) = fields.given(name).filter(|_| name != key) {
            query.append_pair(name, set);
        }
    }
    if !value.is_empty() {
        query.append_pair(key, value);
    }
    format!("{path}?{}", query.finish())
}
