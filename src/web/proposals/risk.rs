//! Why a proposal is as risky as it is, in words.

use aggregates::amount::Amount;
use aggregates::policy::Risk;
use aggregates::proposal::{Opening, ProposalType};
use rust_decimal::Decimal;

use crate::web::words::{money, risk_word};

/// The share of `whole` that `part` is, in per cent.
pub fn share_of(part: Amount, whole: Amount) -> Option<Decimal> {
    (part.decimal() * Decimal::ONE_HUNDRED).checked_div(whole.decimal()).map(|share| share.round_dp(0))
}

/// Why, where the zone's budget limit is (or was) `budget`.
pub fn why(opening: &Opening, budget: Option<Amount>) -> String {
    let kind = opening.subject.proposal_type();
    let (base, what) = match kind {
        ProposalType::TaskExecution => (Risk::Low, "Tasks"),
        ProposalType::ResourceAllocation => (Risk::Medium, "Allocations"),
        ProposalType::MembershipChange => (Risk::Medium, "Changes of roles"),
        ProposalType::ZoneChange => (Risk::High, "Changes of zones"),
    };
    let from = format!("{what} begin at {}.", risk_word(base).to_lowercase());
    let Some(amount) = opening.subject.amount() else { return from };
    let Some(budget) = budget else { return format!("{from} There is no budget limit to hold the amount against.") };
    let Some(share) = share_of(amount, budget) else { return from };
    let share = if share.is_zero() { "less than 1".to_owned() } else { share.to_string() };
    let share = format!("{} is {share} % of the budget limit of {}", money(amount.decimal()), money(budget.decimal()));
    if opening.risk_level == base {
        format!("{from} {share}; below a half it stays there.")
    } else if opening.risk_level == Risk::Critical {
        format!("{from} {share}; four fifths and more is critical.")
    } else {
        format!("{from} {share}; a half and more raises it one step.")
    }
}
