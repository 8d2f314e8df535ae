//! Which models are stricter (SPEC P9): the same model with a higher bar, or consensus.

use super::model::{DecisionModel, Rule};

/// Whether `chosen` lets nothing through that `zone` would stop. A deadline of its own leaves less time than the zone's, and is one
/// at which nothing passes with fewer votes.
pub fn is_stricter_or_equal(chosen: &DecisionModel, zone: &DecisionModel) -> bool {
    let deadline_is = match (chosen.timeout_hours, zone.timeout_hours) {
        (None, _) => true,
        (own, zones) if own == zones => true,
        (Some(own), zones) => zones.is_none_or(|zones| own < zones) && !decides_on_votes_cast(&chosen.rule),
    };
    deadline_is && rule_is(&chosen.rule, &zone.rule)
}

/// Whether `chosen` sets a higher bar than `zone`, or asks for consensus (SPEC P9).
pub fn is_stricter(chosen: &DecisionModel, zone: &DecisionModel) -> bool {
    let same_bar = chosen.rule == zone.rule && !matches!(chosen.rule, Rule::Consensus { .. });
    !same_bar && is_stricter_or_equal(chosen, zone)
}

/// Whether those who have not voted no longer count once the deadline has passed (SPEC D2).
fn decides_on_votes_cast(rule: &Rule) -> bool {
    match rule {
        Rule::Majority { .. } | Rule::Weighted { .. } => true,
        Rule::Consensus { fallback: Some(fallback) } => decides_on_votes_cast(fallback),
        Rule::Unilateral | Rule::Threshold { .. } | Rule::Consensus { fallback: None } => false,
    }
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
            // A lower cap is no higher bar: it takes a say from whoever would weigh more, and may have stopped it.
            let same_weights = weights == zone_weights && max_share == zone_share;
            same_weights && approval_ratio >= zone_ratio && quorum >= zone_quorum
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
            (r#"{"model_type":"threshold","threshold":3,"timeout_hours":1}"#, true),
            (r#"{"model_type":"threshold","threshold":1,"timeout_hours":1}"#, false),
            (r#"{"model_type":"consensus","fallback_model":"threshold","threshold":2,"timeout_hours":1}"#, true),
        ] {
            assert_eq!(is_stricter_or_equal(&model(chosen), &zone), stricter, "{chosen}");
        }
    }

    #[test]
    fn a_deadline_at_which_fewer_votes_suffice_is_the_zones_own() {
        let zone = model(r#"{"model_type":"majority","timeout_hours":24}"#);
        for (chosen, stricter) in [
            (r#"{"model_type":"majority","quorum":0.9,"timeout_hours":24}"#, true),
            (r#"{"model_type":"majority","quorum":0.9}"#, true),
            (r#"{"model_type":"majority","quorum":0.9,"timeout_hours":1}"#, false),
            (r#"{"model_type":"consensus","timeout_hours":1}"#, true),
            (r#"{"model_type":"consensus","timeout_hours":25}"#, false),
            (r#"{"model_type":"consensus","fallback_model":"majority","timeout_hours":1}"#, false),
            (r#"{"model_type":"consensus","fallback_model":"majority","timeout_hours":24}"#, true),
        ] {
            assert_eq!(is_stricter_or_equal(&model(chosen), &zone), stricter, "{chosen}");
        }
    }

    #[test]
    fn a_cap_on_weights_is_the_zones_own() {
        let free = model(r#"{"model_type":"weighted","weights":{"approver":2,"owner":9}}"#);
        let capped = model(r#"{"model_type":"weighted","weights":{"approver":2,"owner":9},"max_share":0.4}"#);
        let lower = model(r#"{"model_type":"weighted","weights":{"approver":2,"owner":9},"max_share":0.3}"#);
        let higher_bar =
            model(r#"{"model_type":"weighted","weights":{"approver":2,"owner":9},"max_share":0.4,"approval_ratio":0.9}"#);
        for (chosen, zone, stricter) in [
            (&capped, &free, false),
            (&free, &capped, false),
            (&lower, &capped, false),
            (&capped, &capped, true),
            (&higher_bar, &capped, true),
        ] {
            assert_eq!(is_stricter_or_equal(chosen, zone), stricter, "{chosen:?} under {zone:?}");
        }
    }
}
