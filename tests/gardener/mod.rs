//! The gardener: a language model chooses reviewers, and rules do when it cannot (SPEC section 9).

mod asking;
mod choosing;
mod dying;
mod overreach;
mod reviewing;
pub mod server;

use std::time::Duration;

use aggregates::actor::{OrganizationRole, PrincipalKind};
use aggregates::amount::Quantity;
use aggregates::gardener::{Numbers, Question, Record, ReviewerProfile, Seat};
use aggregates::ids::{MemberId, ProposalId, ZoneId};
use aggregates::policy::Risk;
use aggregates::proposal::{ProposalType, read_subject};
use aggregates::text::{Name, Prose};
use clap::Parser;
use serde_json::json;
use trust_zones::gardener::{Gardener, GardenerSettings};
use uuid::Uuid;

use server::{Model, PROVIDERS};

#[derive(Debug, Parser)]
struct Flags {
    #[command(flatten)]
    settings: GardenerSettings,
}

/// A gardener who asks `model` through `provider`'s interface.
fn gardener(model: &Model, provider: &str, timeout: Duration) -> Gardener {
    let flags = ["test".to_owned()].into_iter().chain(model.flags(provider));
    let settings = Flags::parse_from(flags).settings;
    let endpoint = settings.endpoint().expect("settings").expect("an endpoint");
    Gardener::new(endpoint, timeout)
}

/// Long enough for any answer that comes.
const PATIENT: Duration = Duration::from_secs(20);

fn candidate(number: u128) -> MemberId {
    MemberId(Uuid::from_u128(number))
}

/// A task at medium risk under a threshold of 2, with five candidates; its text is the proposer's.
fn question(description: &str) -> Question {
    let profile = |number| ReviewerProfile {
        member_id: candidate(number),
        kind: PrincipalKind::Human,
        seat: Seat::Approver { levels_up: 0 },
        organization_role: OrganizationRole::Member,
        reputation: Quantity::ZERO,
        skills: std::collections::BTreeSet::default(),
        record: Record::default(),
    };
    Question {
        proposal_id: ProposalId(Uuid::from_u128(100)),
        zone_id: ZoneId(Uuid::from_u128(200)),
        title: Name::parse("Deploy").expect("a title"),
        description: Prose::parse(description).expect("prose"),
        subject: read_subject(ProposalType::TaskExecution, &json!({"action": "deploy.production"})).expect("a subject"),
        risk_level: Risk::Medium,
        decision_model: serde_json::from_value(json!({"model_type": "threshold", "threshold": 2})).expect("a model"),
        numbers: Numbers { low: 1, medium: 2, high: 3, critical: 5 },
        least: 2,
        human_required: false,
        candidates: (1..=5).map(profile).collect(),
    }
}
