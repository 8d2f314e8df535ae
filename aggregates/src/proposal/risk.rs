//! Risk (SPEC P3): a base by type, raised by how much of the budget is at stake.

use super::subject::{ProposalType, Subject};
use crate::amount::Amount;
use crate::policy::Risk;

/// The risk of `subject` where `budget` is the effective budget limit: amount ÷ budget ≥ 0.5 raises one step, ≥ 0.8 is
/// critical.
pub fn risk(subject: &Subject, budget: Option<Amount>) -> Risk {
    let base = match subject.proposal_type() {
        ProposalType::TaskExecution => Risk::Low,
        ProposalType::ResourceAllocation | ProposalType::MembershipChange => Risk::Medium,
        ProposalType::ZoneChange => Risk::High,
    };
    match subject.amount().zip(budget) {
        Some((amount, _)) if amount.is_zero() => base,
        Some((amount, budget)) if amount.is_at_least_percent_of(80, budget) => Risk::Critical,
        Some((amount, budget)) if amount.is_at_least_percent_of(50, budget) => base.raised(),
        Some(_) | None => base,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::proposal::ResourceAllocation;

    #[test]
    fn half_of_the_budget_raises_and_four_fifths_is_critical() {
        let allocation = |amount: &str| {
            let amount = Amount::parse(amount).expect("amount");
            Subject::ResourceAllocation(ResourceAllocation { amount, board_id: None, agent_type: None, beneficiary_id: None })
        };
        let budget = Some(Amount::parse("100").expect("amount"));
        assert_eq!(risk(&allocation("49.999999999"), budget), Risk::Medium);
        assert_eq!(risk(&allocation("50"), budget), Risk::High);
        assert_eq!(risk(&allocation("80"), budget), Risk::Critical);
        assert_eq!(risk(&allocation("1000"), None), Risk::Medium);
        assert_eq!(risk(&allocation("1"), Some(Amount::ZERO)), Risk::Critical);
    }
}
