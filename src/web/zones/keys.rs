//! The keys of the policy objects as people read and edit them: what each is called, what it does, and how it is typed.

use aggregates::policy::Section;

/// How a key is typed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    /// Lines, which add to those of the zones above.
    Added,
    /// Lines outside of which nothing is allowed, if there are to be any.
    Only,
    /// Kinds of principals outside of which nobody is allowed.
    OnlyKinds,
    /// An amount of money.
    Money,
    /// A number.
    Number,
    /// Yes, no, or nothing said.
    YesOrNo,
    /// A moment.
    Moment,
    /// Lines of `name: number`.
    Ceilings,
    /// An amount in a span of time.
    Spending,
    /// Rows of action, number, seconds.
    Rates,
    /// A weekly window.
    Hours,
    /// A number for each level of risk.
    ByRisk,
    /// Types of proposals, and an amount.
    AutoApprove,
    /// Who chooses reviewers.
    Selection,
    /// Members.
    People,
    /// Rows of criteria.
    Criteria,
}

/// A key of a policy object.
#[derive(Clone, Copy, Debug)]
pub struct Key {
    /// Its name in the policy.
    pub name: &'static str,
    /// What it is called.
    pub label: &'static str,
    /// What it does.
    pub help: &'static str,
    /// How it is typed.
    pub kind: Kind,
}

const fn key(name: &'static str, label: &'static str, kind: Kind, help: &'static str) -> Key {
    Key { name, label, help, kind }
}

const RESPONSIBILITIES: [Key; 2] = [
    key("outcomes", "Outcomes", Kind::Added, "What is to come about, one per line."),
    key("expectations", "Expectations", Kind::Added, "How it is to be done, one per line. They hold in every zone below."),
];

const RESOURCE_SCOPE: [Key; 6] = [
    key("budget_limit", "Budget limit", Kind::Money, "The most that may be allocated in this zone and everything below it."),
    key("allowed_boards", "Boards", Kind::Only, "Boards that may be touched, one per line."),
    key("allowed_agent_types", "Types of agents", Kind::Only, "Types of agents that may act, one per line."),
    key("allowed_tools", "Tools", Kind::Only, "Tools that may be used, one per line."),
    key(
        "api_key_scopes",
        "Actions by API token",
        Kind::Only,
        "What API tokens may be used for, one pattern per line, like task.*",
    ),
    key("limits", "Named limits", Kind::Ceilings, "One per line, as name: number. Held against numbers of the same name."),
];

const QUALIFICATIONS: [Key; 3] = [
    key("kinds", "Who may work here", Kind::OnlyKinds, ""),
    key("min_reputation", "Least reputation", Kind::Number, "Whoever has earned less holds no role and does no work here."),
    key("required_skills", "Required skills", Kind::Added, "One per line; all of them are needed."),
];

const ALIGNMENT: [Key; 2] = [
    key(
        "stake_required",
        "Stake",
        Kind::Number,
        "Reputation that is locked when work is granted, and lost when it is judged badly.",
    ),
    key("sponsor_required", "Agents need a sponsor", Kind::YesOrNo, "An accountable human for every agent."),
];

const INCENTIVES: [Key; 5] = [
    key("positive_threshold", "Good from", Kind::Number, "Scores from here on raise reputation; from 0 to 1, 0.8 if empty."),
    key("neutral_threshold", "Neutral from", Kind::Number, "Scores below it cost reputation; from 0 to 1, 0.4 if empty."),
    key("positive_magnitude", "A good judgement adds", Kind::Number, "One and a half times the score, at most 2, if empty."),
    key("neutral_magnitude", "A neutral judgement adds", Kind::Number, "Nothing, if empty."),
    key(
        "negative_magnitude",
        "A bad judgement takes",
        Kind::Number,
        "What is missing to a full score, at least 0.5, if empty.",
    ),
];

const CONSTRAINTS: [Key; 10] = [
    key("allowed_actions", "Allowed actions", Kind::Only, "One pattern per line, like deploy.*; no other work is allowed."),
    key("blocked_actions", "Blocked actions", Kind::Added, "One pattern per line; forbidden to everyone, owners too."),
    key(
        "approval_required_actions",
        "Actions that need approval",
        Kind::Added,
        "One pattern per line; done only after an approved proposal.",
    ),
    key("spending_limit", "Spending limit", Kind::Spending, "The most that may be spent in a span of time."),
    key("rate_limits", "Rate limits", Kind::Rates, "How often actions may be done. Those of all zones above apply as well."),
    key("max_concurrent_tasks", "Tasks at once", Kind::Number, "The most work that may be under way."),
    key("active_hours", "Active hours", Kind::Hours, "When work may be done."),
    key("valid_from", "Not before", Kind::Moment, "In UTC."),
    key("valid_until", "Until", Kind::Moment, "In UTC; from then on no work is done."),
    key("require_human_review", "A human must approve", Kind::YesOrNo, "At least one of those who approve is a human."),
];

const APPROVAL: [Key; 7] = [
    key("reviewer_selection", "Choice of reviewers", Kind::Selection, ""),
    key("static_reviewers", "Listed reviewers", Kind::People, "Asked when reviewers are listed."),
    key("reviewers_by_risk", "Reviewers by risk", Kind::ByRisk, "How many are asked; 1, 2, 3 and 5 where it is empty."),
    key("auto_approve", "Approved by itself", Kind::AutoApprove, "What needs no reviewers."),
    key("allow_vote_change", "Votes may be changed", Kind::YesOrNo, "While the proposal is open; no, if nothing is said."),
    key("veto_window_minutes", "Minutes to object", Kind::Number, "Between approval and execution; an escalation stops it."),
    key("solo", "Alone if need be", Kind::YesOrNo, "Whoever proposes may decide when there is nobody else. It is recorded."),
];

const ESCALATION: [Key; 4] = [
    key(
        "cosigner_threshold",
        "Signatures",
        Kind::Number,
        "Persons who must sign before the deciders can be contested; 2 if empty.",
    ),
    key("max_escalations_per_day", "Escalations a day", Kind::Number, "Per person, over any 24 hours; no limit if empty."),
    key(
        "auto_escalate_after_hours",
        "Escalate after hours",
        Kind::Number,
        "Undecided for so long, a proposal goes up by itself.",
    ),
    key("auto_escalate_on_deadlock", "Escalate a deadlock", Kind::YesOrNo, "It goes up rather than being rejected."),
];

const EVALUATION: [Key; 2] = [
    key("criteria", "Criteria", Kind::Criteria, "What finished work is judged by."),
    key("evaluators_required", "Evaluators", Kind::Number, "How many judge each criterion that people judge; 1 if empty."),
];

/// The keys of a section. A decision model has none of its own: its fields are those of the model that is chosen.
pub fn keys(section: Section) -> &'static [Key] {
    match section {
        Section::Responsibilities => &RESPONSIBILITIES,
        Section::ResourceScope => &RESOURCE_SCOPE,
        Section::AgentQualifications => &QUALIFICATIONS,
        Section::AlignmentRequirements => &ALIGNMENT,
        Section::IncentiveModel => &INCENTIVES,
        Section::Constraints => &CONSTRAINTS,
        Section::DecisionModel => &[],
        Section::ApprovalPolicy => &APPROVAL,
        Section::EscalationPolicy => &ESCALATION,
        Section::EvaluationCriteria => &EVALUATION,
    }
}

/// What a section is called, and what it settles.
pub fn about(section: Section) -> (&'static str, &'static str) {
    match section {
        Section::Responsibilities => ("Responsibilities", "What the zone answers for."),
        Section::ResourceScope => ("Resources", "What may be used, and how much of it."),
        Section::AgentQualifications => ("Qualifications", "Who may hold a role and do work here."),
        Section::AlignmentRequirements => ("Ownership alignment", "What whoever does the work must put at stake."),
        Section::IncentiveModel => ("Incentives", "What judgements of finished work do to reputation."),
        Section::Constraints => ("Constraints", "What may be done, how often, and when."),
        Section::DecisionModel => ("Decision model", "How votes become an outcome."),
        Section::ApprovalPolicy => ("Approval", "Who is asked, and what needs no asking."),
        Section::EscalationPolicy => ("Escalation", "When a question goes to the zone above."),
        Section::EvaluationCriteria => ("Evaluation", "How finished work is judged."),
    }
}

/// Whether the nearest zone that sets the section settles it as a whole; the others meet key by key.
pub fn is_settled_whole(section: Section) -> bool {
    section.governs() || matches!(section, Section::IncentiveModel | Section::EvaluationCriteria)
}

/// What a key is called, by its pointer into the policies: `/constraints/allowed_actions`.
pub fn label_at(pointer: &str) -> String {
    let mut parts = pointer.trim_start_matches('/').splitn(3, '/');
    let (section, name) = (parts.next().unwrap_or_default(), parts.next());
    let Some(section) = Section::all().find(|known| known.to_string() == section) else {
        return crate::web::words::sentence(section);
    };
    let found = name.and_then(|name| keys(section).iter().find(|key| key.name == name));
    found.map_or_else(|| about(section).0.to_owned(), |key| key.label.to_owned())
}

#[cfg(test)]
mod tests {
    use aggregates::policy::Policies;
    use serde_json::json;

    use super::*;

    /// A key that no policy knows would be refused when somebody saves it.
    #[test]
    fn every_key_is_a_key_of_its_policy() {
        for section in Section::all() {
            for key in keys(section) {
                let value = json!({section.to_string(): {key.name: null}});
                let read = serde_json::from_value::<Policies>(value);
                assert!(read.is_ok(), "{section} {}: {read:?}", key.name);
            }
        }
    }
}
