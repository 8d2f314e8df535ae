//! The zones of Nordlicht Energie: the company, three teams below it, and one team below the platform. Each decides in its
//! own way, and each narrows what the company allows.

use serde_json::{Value, json};

use super::door::{Door, Person};
use super::people::People;

/// The zones, by what they are called.
pub struct Zones {
    /// The root.
    pub company: String,
    /// Answers customers.
    pub customer_care: String,
    /// Buys and sells energy.
    pub trading: String,
    /// Builds and releases software.
    pub platform: String,
    /// Keeps it running; below the platform.
    pub reliability: String,
}

impl Zones {
    /// Makes the zones and gives out the roles in them.
    pub async fn set_up(door: &Door, people: &People) -> anyhow::Result<Self> {
        let owner = &people.greta;
        let company = door.makes_id(owner, "/zones", company()).await?;
        let customer_care = door.makes_id(owner, "/zones", below(&company, customer_care())).await?;
        let trading = door.makes_id(owner, "/zones", below(&company, trading(people))).await?;
        let platform = door.makes_id(owner, "/zones", below(&company, platform())).await?;
        let reliability = door.makes_id(owner, "/zones", below(&platform, reliability())).await?;
        let zones = Self { company, customer_care, trading, platform, reliability };
        zones.give_roles(door, people).await?;
        Ok(zones)
    }

    async fn give_roles(&self, door: &Door, people: &People) -> anyhow::Result<()> {
        let roles: [(&String, &Person, &str); 21] = [
            (&self.company, &people.greta, "approver"),
            (&self.company, &people.jonas, "approver"),
            (&self.company, &people.sofia, "approver"),
            (&self.company, &people.henrik, "evaluator"),
            (&self.customer_care, &people.amira, "approver"),
            (&self.customer_care, &people.tomasz, "approver"),
            (&self.customer_care, &people.jonas, "approver"),
            (&self.customer_care, &people.amira, "gardener"),
            (&self.customer_care, &people.tomasz, "executor"),
            (&self.customer_care, &people.watt, "executor"),
            (&self.trading, &people.sofia, "approver"),
            (&self.trading, &people.henrik, "approver"),
            (&self.trading, &people.merit, "executor"),
            (&self.platform, &people.priya, "approver"),
            (&self.platform, &people.jonas, "approver"),
            (&self.platform, &people.henrik, "approver"),
            (&self.platform, &people.priya, "gardener"),
            (&self.platform, &people.ferry, "executor"),
            (&self.platform, &people.priya, "executor"),
            (&self.reliability, &people.priya, "approver"),
            (&self.reliability, &people.lantern, "executor"),
        ];
        for (zone, member, role) in roles {
            let body = json!({"member_id": member.id, "role": role});
            door.makes(&people.greta, &format!("/zones/{zone}/assignments"), body).await?;
        }
        Ok(())
    }
}

fn below(parent: &str, mut zone: Value) -> Value {
    zone["parent_zone_id"] = json!(parent);
    zone
}

/// The whole company: consensus, two million a year, sponsors for every agent, and incentives that no team may change.
fn company() -> Value {
    json!({
        "name": "Nordlicht Energie",
        "description": "Everything the company delegates, to people and to agents.",
        "responsibilities": {
            "outcomes": ["Reliable green power for 380,000 households"],
            "expectations": ["Say why when you vote", "Nobody decides on their own work"],
        },
        "resource_scope": {
            "budget_limit": "2000000",
            "allowed_boards": ["company", "customer-desk", "power-desk", "platform"],
            "allowed_agent_types": ["support", "analyst", "trader", "release", "operator"],
            "allowed_tools": ["crm", "phone-bridge", "exchange-gateway", "argo", "terraform"],
        },
        "agent_qualifications": {"kinds": ["human", "agent"]},
        "alignment_requirements": {"sponsor_required": true},
        "incentive_model": {"positive_threshold": 0.8, "neutral_threshold": 0.5, "negative_magnitude": 1},
        "constraints": {
            "blocked_actions": ["ledger.delete"],
            "approval_required_actions": ["contract.sign", "deploy.production", "trade.*"],
        },
        "decision_model": {"model_type": "consensus", "fallback_model": "threshold", "threshold": 2, "timeout_hours": 72},
        "approval_policy": {"reviewer_selection": "assigned", "reviewers_by_risk": {"low": 2, "medium": 2, "high": 3, "critical": 3}},
        "escalation_policy": {"cosigner_threshold": 2, "max_escalations_per_day": 3},
        "evaluation_criteria": {
            "evaluators_required": 1,
            "criteria": [
                {"name": "benefit", "type": "human", "weight": 2},
                {"name": "on_time", "type": "automated_check", "weight": 1},
            ],
        },
        "sealed": ["incentive_model"],
    })
}

/// Customer care: the majority decides; small refunds need nobody.
fn customer_care() -> Value {
    json!({
        "name": "Customer Care",
        "description": "Invoices, refunds and every conversation with a household.",
        "responsibilities": {"outcomes": ["Nine of ten questions answered the same day"]},
        "resource_scope": {
            "budget_limit": "120000",
            "allowed_boards": ["customer-desk"],
            "allowed_agent_types": ["support", "analyst"],
            "allowed_tools": ["crm", "phone-bridge"],
        },
        "constraints": {
            "allowed_actions": ["task.*", "refund.*", "contact.*", "service.*"],
            "rate_limits": [{"action": "refund.*", "max": 200, "per_seconds": 3600}],
        },
        "decision_model": {"model_type": "majority", "quorum": 0.5},
        "approval_policy": {
            "reviewers_by_risk": {"low": 2, "medium": 2, "high": 3, "critical": 3},
            "auto_approve": {"below": "150"},
        },
    })
}

/// Trading: named reviewers weigh differently, a human is always among those who approve, and four hours remain to object.
fn trading(people: &People) -> Value {
    let (sofia, henrik, jonas) = (&people.sofia.id, &people.henrik.id, &people.jonas.id);
    json!({
        "name": "Energy Trading",
        "description": "Buying what customers will need, and selling what they will not.",
        "resource_scope": {
            "budget_limit": "600000",
            "allowed_boards": ["power-desk"],
            "allowed_agent_types": ["trader", "analyst"],
            "allowed_tools": ["exchange-gateway"],
        },
        "agent_qualifications": {"required_skills": ["forecasting"]},
        "constraints": {
            "spending_limit": {"amount": "50000", "window": "day"},
            "active_hours": {"timezone": "Europe/Berlin", "from": "00:00", "to": "24:00"},
            "require_human_review": true,
        },
        "decision_model": {
            "model_type": "weighted", "weights": {sofia: 3, henrik: 2, jonas: 2}, "approval_ratio": 0.5, "quorum": 0.5,
            "max_share": 0.5, "timeout_hours": 48,
        },
        "approval_policy": {
            "reviewer_selection": "static",
            "static_reviewers": [sofia, henrik, jonas],
            "veto_window_minutes": 240,
        },
        "escalation_policy": {"cosigner_threshold": 2, "auto_escalate_on_deadlock": true},
        "sealed": ["decision_model"],
    })
}

/// The platform: two approvals, which may be reconsidered until they decide.
fn platform() -> Value {
    json!({
        "name": "Platform",
        "description": "Billing, metering and the customer portal.",
        "resource_scope": {
            "budget_limit": "400000",
            "allowed_boards": ["platform"],
            "allowed_agent_types": ["release", "operator"],
            "allowed_tools": ["argo", "terraform"],
            "limits": {"replicas": 80},
        },
        "constraints": {
            "blocked_actions": ["infra.destroy"],
            "max_concurrent_tasks": 12,
            "valid_until": "2040-01-01T00:00:00Z",
        },
        "decision_model": {"model_type": "threshold", "threshold": 2},
        "approval_policy": {
            "reviewers_by_risk": {"low": 2, "medium": 3, "high": 3, "critical": 3},
            "allow_vote_change": true,
        },
        "evaluation_criteria": {
            "criteria": [
                {"name": "quality", "type": "human", "weight": 3},
                {"name": "on_time", "type": "automated_check"},
            ],
        },
    })
}

/// Site reliability: one voice is enough, for those who know the machines.
fn reliability() -> Value {
    json!({
        "name": "Site Reliability",
        "description": "Keeps the lights of the control room on, at night too.",
        "responsibilities": {"expectations": ["Page a human before touching the meter gateway"]},
        "resource_scope": {"budget_limit": "60000", "limits": {"replicas": 24}, "api_key_scopes": ["infra.*", "task.*", "resource.*"]},
        "agent_qualifications": {"required_skills": ["kubernetes"]},
        "constraints": {"allowed_actions": ["infra.*", "task.*"], "max_concurrent_tasks": 4},
        "decision_model": {"model_type": "unilateral"},
        "approval_policy": {"reviewers_by_risk": {"low": 1, "medium": 1, "high": 2, "critical": 2}},
    })
}
