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

/// What an open vote under `rule` still needs. `human_missing` says that one of the approvals must be a human's, and none is yet
/// (SPEC D4).
pub fn needed(rule: &Rule, tally: &Tally, human_missing: bool) -> Needed {
    let (bar, approvals) = bar(rule, tally);
    let (bar, approvals) = match (bar, human_missing, approvals) {
        (Some(bar), false, approvals) => (bar, approvals),
        (Some(bar), true, Some(0)) => (format!("{bar}, and a human's approval"), Some(1)),
        (Some(bar), true, approvals) => (format!("{bar}, a human's among them"), approvals),
        (None, true, _) => ("a human's approval".to_owned(), Some(1)),
        (None, false, approvals) => ("the votes of the others, for votes may still change".to_owned(), approvals),
    };
    let voters = tally.outstanding;
    Needed { summary: format!("{bar}; {voters} may still vote"), approvals, may_still_vote: voters }
}

/// The bar an approval must pass, unless it has been passed, and how many more approvals that takes, where a number says it.
fn bar(rule: &Rule, tally: &Tally) -> (Option<String>, Option<u64>) {
    let electors = tally.approve + tally.reject + tally.abstain + tally.outstanding;
    let (text, approvals) = match rule {
        Rule::Unilateral => ("1 approval".to_owned(), Some(1)),
        Rule::Threshold { threshold } => {
            let more = u64::from(*threshold).saturating_sub(tally.approve);
            if more == 0 {
                return (None, Some(0));
            }
            (format!("{more} more {} of {threshold}", plural(more, "approval")), Some(more))
        }
        Rule::Majority { quorum } => {
            let counted = tally.approve + tally.reject + tally.outstanding;
            let more = (counted / 2 + 1).saturating_sub(tally.approve);
            let took_part = electors - tally.outstanding;
            if more == 0 && quorum.is_reached_by(took_part, electors) {
                return (None, Some(0));
            }
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
        Rule::Consensus { fallback: Some(fallback) } if tally.reject > 0 => {
            let (bar_of_fallback, approvals) = bar(fallback, tally);
            let bar_of_fallback = bar_of_fallback.unwrap_or_else(|| "the votes of the others".to_owned());
            (format!("{bar_of_fallback}, for with an objection {} decides", fallback.model_type()), approvals)
        }
        Rule::Consensus { fallback: Some(fallback) } => {
            (format!("everyone's approval, else {} decides", fallback.model_type()), Some(tally.outstanding))
        }
    };
    (Some(text), approvals)
}

fn plural(number: u64, word: &str) -> String {
    if number == 1 { word.to_owned() } else { format!("{word}s") }
}

#[cfg(test)]
mod tests {
    use super::super::model::DecisionModel;
    use super::*;

    fn told(model: &str, (approve, reject, outstanding): (u64, u64, u64), human_missing: bool) -> (String, Option<u64>) {
        let model: DecisionModel = serde_json::from_str(model).expect("a model");
        let weights =
            Tally { approve_weight: approve, reject_weight: reject, outstanding_weight: outstanding, ..Tally::default() };
        let needed = needed(&model.rule, &Tally { approve, reject, outstanding, ..weights }, human_missing);
        (needed.summary, needed.approvals)
    }

    #[test]
    fn a_humans_approval_that_is_missing_is_asked_for() {
        let two = r#"{"model_type":"threshold","threshold":2}"#;
        let half = r#"{"model_type":"majority"}"#;
        let most = r#"{"model_type":"majority","quorum":0.8}"#;
        for (model, votes, missing, summary, approvals) in [
            (two, (1, 0, 2), false, "1 more approval of 2; 2 may still vote", Some(1)),
            (two, (1, 0, 2), true, "1 more approval of 2, a human's among them; 2 may still vote", Some(1)),
            (two, (2, 0, 1), true, "a human's approval; 1 may still vote", Some(1)),
            (half, (3, 0, 1), true, "a human's approval; 1 may still vote", Some(1)),
            (half, (2, 0, 1), false, "the votes of the others, for votes may still change; 1 may still vote", Some(0)),
            (most, (3, 0, 2), false, "a quorum of 0.8 (3 of 5 took part); 2 may still vote", Some(0)),
            (most, (3, 0, 2), true, "a quorum of 0.8 (3 of 5 took part), and a human's approval; 2 may still vote", Some(1)),
        ] {
            assert_eq!(told(model, votes, missing), (summary.to_owned(), approvals));
        }
    }

    #[test]
    fn a_consensus_with_an_objection_needs_what_its_fallback_needs() {
        let falling = r#"{"model_type":"consensus","fallback_model":"threshold","threshold":2}"#;
        let agreeing = ("everyone's approval, else threshold decides; 2 may still vote".to_owned(), Some(2));
        assert_eq!(told(falling, (1, 0, 2), false), agreeing);
        let objected = ("1 more approval of 2, for with an objection threshold decides; 1 may still vote".to_owned(), Some(1));
        assert_eq!(told(falling, (1, 1, 1), false), objected);
    }
}
