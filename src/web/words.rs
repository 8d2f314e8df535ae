//! Words for what the rule book calls by names: states, risks, models, conflicts. One place, so that every page says the same.

use aggregates::amount::Quantity;
use aggregates::decision_model::{Choice, DecisionModel, Rule, Weights};
use aggregates::policy::Risk;
use aggregates::proposal::{ConflictCode, ExecutionStatus, ProposalType, RecusalReason, SelectionReason, Status};
use aggregates::zones;
use rust_decimal::Decimal;

use super::shown::Badge;

/// A snake-case name as words.
pub fn plain(name: &str) -> String {
    name.replace('_', " ")
}

/// The same, with a capital letter.
pub fn sentence(name: &str) -> String {
    capitalized(&plain(name))
}

fn capitalized(words: &str) -> String {
    let mut letters = words.chars();
    letters.next().map(|first| first.to_uppercase().collect::<String>() + letters.as_str()).unwrap_or_default()
}

/// A number with its thousands apart.
pub fn number(amount: Decimal) -> String {
    let text = amount.normalize().to_string();
    let (whole, rest) = text.split_once('.').map_or((text.as_str(), ""), |(whole, rest)| (whole, rest));
    let (sign, digits) = whole.strip_prefix('-').map_or(("", whole), |digits| ("−", digits));
    let mut grouped = String::new();
    for (index, digit) in digits.chars().enumerate() {
        if index > 0 && (digits.len() - index).is_multiple_of(3) {
            grouped.push(',');
        }
        grouped.push(digit);
    }
    if rest.is_empty() { format!("{sign}{grouped}") } else { format!("{sign}{grouped}.{rest}") }
}

/// A reputation, or what changed it: fine enough to compare by.
pub fn reputation(quantity: Quantity) -> String {
    number(quantity.decimal().round_dp(2))
}

/// An amount of money: with no decimals or at least two.
pub fn money(amount: Decimal) -> String {
    let text = number(amount);
    match text.split_once('.') {
        Some((_, cents)) if cents.len() == 1 => text + "0",
        Some(_) | None => text,
    }
}

/// What a type of proposal is called.
pub fn proposal_type(kind: ProposalType) -> &'static str {
    match kind {
        ProposalType::TaskExecution => "Task",
        ProposalType::ResourceAllocation => "Allocation",
        ProposalType::ZoneChange => "Zone change",
        ProposalType::MembershipChange => "Role change",
    }
}

/// Where a proposal stands; an execution that did not succeed is told with it.
pub fn status(status: Status, execution: Option<ExecutionStatus>) -> Badge {
    match (status, execution) {
        (Status::PendingReview, _) => Badge::new("open", "Open"),
        (Status::Approved, Some(ExecutionStatus::Failed)) => Badge::new("bad", "Not carried out"),
        (Status::Approved, Some(ExecutionStatus::Held)) => Badge::new("wait", "Held"),
        (Status::Approved, _) => Badge::new("good", "Approved"),
        (Status::Rejected, _) => Badge::new("bad", "Rejected"),
        (Status::Escalated, _) => Badge::new("wait", "Escalated"),
        (Status::Expired, _) => Badge::new("off", "Expired"),
        (Status::Withdrawn, _) => Badge::new("off", "Withdrawn"),
    }
}

/// How risky something is: the word, and as many bars as steps.
pub fn risk(risk: Risk) -> super::shown::RiskMark {
    super::shown::RiskMark(risk)
}

/// A vote.
pub fn choice(choice: Choice) -> Badge {
    match choice {
        Choice::Approve => Badge::new("good", "Approves"),
        Choice::Reject => Badge::new("bad", "Rejects"),
        Choice::Abstain => Badge::new("off", "Abstains"),
    }
}

/// A zone's own status.
pub fn zone_status(status: zones::Status) -> Badge {
    match status {
        zones::Status::Draft => Badge::new("open", "Draft"),
        zones::Status::Active => Badge::new("good", "Active"),
        zones::Status::Suspended => Badge::new("wait", "Suspended"),
        zones::Status::Archived => Badge::new("off", "Archived"),
    }
}

/// Why someone is in an electorate.
pub fn selection(reason: SelectionReason) -> &'static str {
    match reason {
        SelectionReason::Approver => "Approver of",
        SelectionReason::Static => "Listed by",
        SelectionReason::Owner => "Owner of the organization",
        SelectionReason::Solo => "Alone, for want of anyone else, in",
        SelectionReason::Delegate => "Asked to decide in someone's place, in",
    }
}

/// Why someone must not decide.
pub fn conflict(code: ConflictCode, proposer: bool) -> &'static str {
    match code {
        ConflictCode::SelfReview if proposer => "proposed it",
        ConflictCode::SelfReview => "stands behind whoever proposed or contests it",
        ConflictCode::SubjectOfProposal => "it is about them",
        ConflictCode::ExecutorOfProposal => "would carry it out",
        ConflictCode::Beneficiary => "would benefit from it",
        ConflictCode::ContestedDecider => "their earlier decision is contested",
    }
}

/// The same, said to them.
pub fn conflict_of_yours(code: ConflictCode, proposer: bool) -> &'static str {
    match code {
        ConflictCode::SelfReview if proposer => "you proposed it",
        ConflictCode::SelfReview => "you stand behind whoever proposed or contests it",
        ConflictCode::SubjectOfProposal => "it is about you",
        ConflictCode::ExecutorOfProposal => "you would carry it out",
        ConflictCode::Beneficiary => "you would benefit from it",
        ConflictCode::ContestedDecider => "your earlier decision is contested",
    }
}

/// What the interface says, as a sentence for people.
pub fn spoken(message: &str) -> String {
    let plain = message.replace('`', "");
    let first = plain.split(' ').next().unwrap_or_default().trim_end_matches(['.', ',', ':']);
    // The name of an action is what it is.
    let begun = if first.contains(['.', '_']) { plain.clone() } else { capitalized(&plain) };
    if begun.ends_with(['.', '!', '?']) || begun.is_empty() { begun } else { begun + "." }
}

/// Why someone has left an electorate.
pub fn recusal(reason: RecusalReason) -> &'static str {
    match reason {
        RecusalReason::Recused => "stood back",
        RecusalReason::MembershipLost => "left the organization",
        RecusalReason::RoleLost => "lost the role it rested on",
        RecusalReason::Delegated => "handed the seat to someone else",
    }
}

/// A risk, as a word.
pub fn risk_word(risk: Risk) -> &'static str {
    match risk {
        Risk::Low => "Low",
        Risk::Medium => "Medium",
        Risk::High => "High",
        Risk::Critical => "Critical",
    }
}

fn rule(rule: &Rule) -> String {
    match rule {
        Rule::Unilateral => "The first approval or rejection decides.".to_owned(),
        Rule::Threshold { threshold: 1 } => "One approval decides.".to_owned(),
        Rule::Threshold { threshold } => format!("{threshold} approvals decide."),
        Rule::Majority { quorum } => {
            format!(
                "More approvals than rejections and open votes together decide, if {} take part.",
                percent(quorum.decimal())
            )
        }
        Rule::Weighted { weights, approval_ratio, quorum, max_share } => {
            let by = match weights {
                Weights::Reputation(_) => "Votes weigh by reputation",
                Weights::Named(_) => "Votes weigh as the zone says",
            };
            let cap = max_share.map(|share| format!(", nobody more than {} of the whole", percent(share.decimal())));
            let cap = cap.unwrap_or_default();
            let (ratio, quorum) = (percent(approval_ratio.decimal()), percent(quorum.decimal()));
            format!("{by}{cap}. Approvals decide with more than {ratio} of the weight, if {quorum} of it takes part.")
        }
        Rule::Consensus { fallback: None } => "Everyone who does not abstain must approve; one objection rejects.".to_owned(),
        Rule::Consensus { fallback: Some(fallback) } => {
            let then = self::rule(fallback);
            format!("Everyone who does not abstain must approve. Otherwise: {}", lower_first(&then))
        }
    }
}

fn lower_first(text: &str) -> String {
    let mut letters = text.chars();
    letters.next().map(|first| first.to_lowercase().collect::<String>() + letters.as_str()).unwrap_or_default()
}

/// A share as a percentage.
pub fn percent(share: Decimal) -> String {
    format!("{} %", number((share * Decimal::ONE_HUNDRED).round_dp(1)))
}

/// A decision model, in sentences.
pub fn model(model: &DecisionModel) -> String {
    let deadline = model.timeout_hours.map(|hours| {
        let unit = if hours.decimal() == Decimal::ONE { "hour" } else { "hours" };
        format!(" The clock decides after {} {unit}.", number(hours.decimal()))
    });
    rule(&model.rule) + &deadline.unwrap_or_default()
}

/// What a decision model is called.
pub fn model_name(model: &DecisionModel) -> String {
    sentence(&model.rule.model_type().to_string())
}

#[cfg(test)]
mod tests {
    use super::money;

    #[test]
    fn thousands_stand_apart() {
        let told = |text: &str| money(text.parse().expect("a number"));
        assert_eq!(
            [told("5"), told("38000"), told("1234567.5"), told("240000.00"), told("-1200")],
            ["5", "38,000", "1,234,567.50", "240,000", "−1,200"]
        );
    }
}
