//! Which models are stricter (SPEC P9): the same model with a higher bar, or consensus.

use super::model::{DecisionModel, Rule};

/// Whether `chosen` lets nothing through that `zone` would stop. A deadline may only be the zone's own.
pub fn is_stricter_or_equal(chosen: &DecisionModel, zone: &DecisionModel) -> bool {
    (chosen.timeout_hours.is_none() || chosen.timeout_hours == zone.timeout_hours) && rule_is(&chosen.rule, &zone.rule)
}

fn rule_is(chosen: &Rule, zone: &Rule) -> bool {
    match (chosen, zone) {
        (Rule::Consensus { fallback: Some(chosen) }, Rule::Consensus { fallback: Some(zone) }) => rule_is(chosen, zone),
        (Rule::Consensus { fallback: None }, _) | (Rule::Unilateral, Rule::Unilateral) => true,
        (Rule::Consensus { fallback: Some(_) }, Rule::Consensus { fallback: None }) => false,
        (Rule::Consensus { fallback: Some(fallback) }, zone) => rule_is(fallback, zone),
        (Rule::Threshold { threshold: chosen }, Rule::Threshold { threshold: zone }) => chosen >= zone,
        (Rule::Majority { quorum: chosen }, Rule::Majority { quorum: zone }) => chosen >= zone,
        (
            Rule::Weighted { weights, approval_ratio, quorum, max_share },
            Rule::Weighted { weights: zone_weights, approval_ratio: zone_ratio, quorum: zone_quorum, max_share: zone_share },
        ) => {
            let caps = match (max_share, zone_share) {
                (_, None) => true,
                (None, Some(_)) => false,
                (Some(chosen), Some(zone)) => chosen <= zone,
            };
            weights == zone_weights && approval_ratio >= zone_ratio && quorum >= zone_quorum && caps
        }
        (Rule::Unilateral | Rule::Threshold { .. } | Rule::Majority { .. } | Rule::Weighted { .. }, _) => false,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn model(json: &str) -> DecisionModel {
        serde_json::from_str(json).expect("model")
    }

    #[test]
    fn a_higher_bar_or_consensus_is_stricter_and_a_lax_fallback_is_not() {
        let zone = model(r#"{"model_type":"threshold","threshold":2}"#);
        for (chosen, stricter) in [
            (r#"{"model_type":"threshold","threshold":3}"#, true),
            (r#"{"model_type":"threshold","threshold":1}"#, false),
            (r#"{"model_type":"majority"}"#, false),
            (r#"{"model_type":"consensus"}"#, true),
            (r#"{"model_type":"consensus","fallback_model":"unilateral"}"#, false),
            (r#"{"model_type":"consensus","fallback_model":"threshold","threshold":2}"#, true),
            (r#"{"model_type":"threshold","threshold":3,"timeout_hours":1}"#, false),
        ] {
            assert_eq!(is_stricter_or_equal(&model(chosen), &zone), stricter, "{chosen}");
        }
    }
}
