//! What is still needed, in a sentence (SPEC P12).

use serde::Serialize;
use utoipa::ToSchema;

use super::model::Rule;
use super::verdict::Tally;

/// What is still needed for an approval.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, ToSchema)]
pub struct Needed {
    /// In words.
    pub summary: String,
    /// How many more approvals, where a number says it.
    pub approvals: Option<u64>,
    /// How many may still vote.
    pub may_still_vote: u64,
}

/// What an open vote under `rule` still needs.
pub fn needed(rule: &Rule, tally: &Tally) -> Needed {
    let electors = tally.approve + tally.reject + tally.abstain + tally.outstanding;
    let (bar, approvals) = match rule {
        Rule::Unilateral => ("1 approval".to_owned(), Some(1)),
        Rule::Threshold { threshold } => {
            let more = u64::from(*threshold).saturating_sub(tally.approve);
            (format!("{more} more {} of {threshold}", plural(more, "approval")), Some(more))
        }
        Rule::Majority { quorum } => {
            let counted = tally.approve + tally.reject + tally.outstanding;
            let more = (counted / 2 + 1).saturating_sub(tally.approve);
            let took_part = electors - tally.outstanding;
            if more == 0 {
                (format!("a quorum of {quorum} ({took_part} of {electors} took part)"), Some(0))
            } else {
                (format!("{more} more {} for a majority of {counted} (quorum {quorum})", plural(more, "approval")), Some(more))
            }
        }
        Rule::Weighted { approval_ratio, quorum, .. } => {
            let counted = tally.approve_weight + tally.reject_weight + tally.outstanding_weight;
            let text = format!(
                "approvals of more than {approval_ratio} of the weight ({} of {counted} so far, quorum {quorum})",
                tally.approve_weight
            );
            (text, None)
        }
        Rule::Consensus { fallback: None } => ("everyone's approval".to_owned(), Some(tally.outstanding)),
        Rule::Consensus { fallback: Some(fallback) } => {
            (format!("everyone's approval, else {} decides", fallback.model_type()), Some(tally.outstanding))
        }
    };
    let voters = tally.outstanding;
    Needed { summary: format!("{bar}; {voters} may still vote"), approvals, may_still_vote: voters }
}

fn plural(number: u64, word: &str) -> String {
    if number == 1 { word.to_owned() } else { format!("{word}s") }
}
