//! The five models, their keys and their bounds.

use std::collections::BTreeMap;
use std::fmt;
use std::str::FromStr;

use serde::de::value::MapAccessDeserializer;
use serde::de::{MapAccess, Unexpected, Visitor};
use serde::{Deserialize, Deserializer, Serialize};
use strum::{Display, IntoStaticStr};
use utoipa::openapi::RefOr;
use utoipa::openapi::schema::Schema;
use utoipa::{PartialSchema, ToSchema};

use crate::actor::{OrganizationRole, ZoneRole};
use crate::amount::{Quantity, Share};
use crate::ids::MemberId;

/// More reviewers than any electorate has.
pub const MAX_REVIEWERS: u32 = 1_000;
/// The heaviest single weight.
pub(super) const MAX_WEIGHT: u32 = 1_000_000;

/// The longest timeout: ten years, in hours.
pub fn longest_timeout() -> Quantity {
    Quantity::parse("87600").expect("a plain number")
}

/// The names of the five models.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema, Display, IntoStaticStr)]
#[serde(rename_all = "snake_case")]
#[strum(serialize_all = "snake_case")]
pub enum ModelType {
    /// The first approve or reject decides.
    Unilateral,
    /// A number of approvals decides.
    Threshold,
    /// More than half decides.
    Majority,
    /// A share of the weight decides.
    Weighted,
    /// Everyone agrees, or another model decides.
    Consensus,
}

/// Who weighs how much.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, ToSchema)]
#[serde(untagged)]
pub enum Weights {
    /// By reputation: hundredths of it, at least 1.
    Reputation(ByReputation),
    /// By member id or role name; whoever is not listed weighs 1.
    Named(BTreeMap<String, u32>),
}

/// The word `reputation`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum ByReputation {
    /// The word `reputation`.
    Reputation,
}

/// Reads weights by name, or the word `reputation`.
struct ReadingWeights;

impl<'de> Visitor<'de> for ReadingWeights {
    type Value = Weights;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("weights by name, or `reputation`")
    }

    fn visit_str<E: serde::de::Error>(self, word: &str) -> Result<Weights, E> {
        match word {
            "reputation" => Ok(Weights::Reputation(ByReputation::Reputation)),
            other => Err(E::invalid_value(Unexpected::Str(other), &self)),
        }
    }

    fn visit_map<A: MapAccess<'de>>(self, names: A) -> Result<Weights, A::Error> {
        BTreeMap::deserialize(MapAccessDeserializer::new(names)).map(Weights::Named)
    }
}

impl<'de> Deserialize<'de> for Weights {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_any(ReadingWeights)
    }
}

/// A model without its timeout.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub enum Rule {
    /// The first approve or reject decides; abstaining passes.
    #[default]
    Unilateral,
    /// `threshold` approvals decide.
    Threshold {
        /// How many, 1 to 1,000.
        threshold: u32,
    },
    /// More approvals than everything else that may still come.
    Majority {
        /// The share of the electorate that must take part.
        quorum: Share,
    },
    /// More than a share of the weight that counts.
    Weighted {
        /// Who weighs how much.
        weights: Weights,
        /// The share of weight that approvals must pass.
        approval_ratio: Share,
        /// The share of the electorate's weight that must take part.
        quorum: Share,
        /// The most of the whole that one reviewer may weigh.
        max_share: Option<Share>,
    },
    /// All who do not abstain approve; else the fallback decides.
    Consensus {
        /// What decides when someone objects or time runs out.
        fallback: Option<Fallback>,
    },
}

/// What decides when consensus fails: any other model.
pub type Fallback = Box<Rule>;

/// A decision model: a rule and, perhaps, a deadline.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(try_from = "Written", into = "Written")]
pub struct DecisionModel {
    /// How votes become an outcome.
    pub rule: Rule,
    /// Hours after opening at which the clock decides; more than 0, at most 87,600.
    pub timeout_hours: Option<Quantity>,
}

/// A decision model as it is written: flat, with the keys of its type.
#[derive(Clone, Debug, Default, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(as = DecisionModelKeys)]
pub struct Written {
    /// Which of the five.
    #[schema(value_type = ModelType)]
    model_type: String,
    /// Threshold: how many approvals.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(minimum = 1, maximum = 1000)]
    threshold: Option<i64>,
    /// Majority, weighted: the share that must take part; 0.5 when absent.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    quorum: Option<Share>,
    /// Weighted: `"reputation"`, or weights by member id or role.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    weights: Option<Weights>,
    /// Weighted: the share of weight that approvals must pass; 0.5 when absent.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    approval_ratio: Option<Share>,
    /// Weighted: the most of the whole that one reviewer may weigh.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    max_share: Option<Share>,
    /// Hours after opening at which the clock decides.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    timeout_hours: Option<Quantity>,
    /// Consensus: which model decides when someone objects or time runs out; its keys stand beside it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<ModelType>)]
    fallback_model: Option<String>,
}

impl PartialSchema for DecisionModel {
    fn schema() -> RefOr<Schema> {
        Written::schema()
    }
}

impl ToSchema for DecisionModel {
    fn schemas(schemas: &mut Vec<(String, RefOr<Schema>)>) {
        Written::schemas(schemas);
    }
}

/// Why something written is no decision model; names the key.
#[derive(Debug, PartialEq, Eq, thiserror::Error)]
#[error("`{key}`: {reason}")]
pub struct NotAModel {
    key: &'static str,
    reason: String,
}

fn not(key: &'static str, reason: impl Into<String>) -> NotAModel {
    NotAModel { key, reason: reason.into() }
}

impl ModelType {
    fn parse(key: &'static str, text: &str) -> Result<Self, NotAModel> {
        match text {
            "unilateral" => Ok(Self::Unilateral),
            "threshold" => Ok(Self::Threshold),
            "majority" => Ok(Self::Majority),
            "weighted" => Ok(Self::Weighted),
            "consensus" => Ok(Self::Consensus),
            other => Err(not(
                key,
                format!("no model is called `{other}`; there are unilateral, threshold, majority, weighted, consensus"),
            )),
        }
    }

    fn takes(self, key: &str) -> bool {
        match self {
            Self::Unilateral => false,
            Self::Threshold => key == "threshold",
            Self::Majority => key == "quorum",
            Self::Weighted => matches!(key, "weights" | "approval_ratio" | "quorum" | "max_share"),
            Self::Consensus => key == "fallback_model",
        }
    }
}

/// A name by which weights are looked up: a member id in its one spelling, or a role.
fn member_or_role(name: &str) -> Option<String> {
    let role = || OrganizationRole::from_str(name).is_ok() || ZoneRole::from_str(name).is_ok();
    match MemberId::from_str(name) {
        Ok(member) => Some(member.to_string()),
        Err(_) => role().then(|| name.to_owned()),
    }
}

/// Weights by names that are found again, each once.
fn looked_up(named: BTreeMap<String, u32>) -> Result<BTreeMap<String, u32>, NotAModel> {
    if named.is_empty() || named.values().any(|weight| !(1..=MAX_WEIGHT).contains(weight)) {
        return Err(not("weights", "must name someone, each with a weight from 1 to 1,000,000"));
    }
    let mut known = BTreeMap::new();
    for (name, weight) in named {
        let name =
            member_or_role(&name).ok_or_else(|| not("weights", format!("`{name}` is neither a member id nor a role")))?;
        if known.insert(name.clone(), weight).is_some() {
            return Err(not("weights", format!("`{name}` is named more than once")));
        }
    }
    Ok(known)
}

impl TryFrom<Written> for DecisionModel {
    type Error = NotAModel;

    fn try_from(written: Written) -> Result<Self, NotAModel> {
        let model = ModelType::parse("model_type", &written.model_type)?;
        let fallback = written.fallback_model.as_deref().map(|name| ModelType::parse("fallback_model", name)).transpose()?;
        if fallback == Some(ModelType::Consensus) {
            return Err(not("fallback_model", "must be another model than consensus"));
        }
        written.refuse_foreign_keys(model, fallback)?;
        if written.timeout_hours.is_some_and(|hours| hours == Quantity::ZERO || hours > longest_timeout()) {
            return Err(not("timeout_hours", "must be more than 0 and at most 87,600"));
        }
        let timeout_hours = written.timeout_hours;
        let rule = match (model, fallback) {
            (ModelType::Consensus, Some(other)) => Rule::Consensus { fallback: Some(Box::new(written.rule(other)?)) },
            (own, _) => written.rule(own)?,
        };
        Ok(Self { rule, timeout_hours })
    }
}

impl Written {
    fn refuse_foreign_keys(&self, model: ModelType, fallback: Option<ModelType>) -> Result<(), NotAModel> {
        let keys = [
            ("threshold", self.threshold.is_some()),
            ("quorum", self.quorum.is_some()),
            ("weights", self.weights.is_some()),
            ("approval_ratio", self.approval_ratio.is_some()),
            ("max_share", self.max_share.is_some()),
            ("fallback_model", self.fallback_model.is_some()),
        ];
        for (key, given) in keys {
            let taken = model.takes(key) || fallback.is_some_and(|fallback| fallback.takes(key));
            if given && !taken {
                return Err(not(key, format!("is not a key of {model}")));
            }
        }
        Ok(())
    }

    fn rule(&self, model: ModelType) -> Result<Rule, NotAModel> {
        match model {
            ModelType::Unilateral => Ok(Rule::Unilateral),
            ModelType::Threshold => {
                let threshold = self.threshold.ok_or_else(|| not("threshold", "is required"))?;
                match u32::try_from(threshold) {
                    Ok(threshold) if (1..=MAX_REVIEWERS).contains(&threshold) => Ok(Rule::Threshold { threshold }),
                    _ => Err(not("threshold", "must be from 1 to 1,000")),
                }
            }
            ModelType::Majority => Ok(Rule::Majority { quorum: self.quorum.unwrap_or_else(Share::half) }),
            ModelType::Weighted => {
                let weights = match self.weights.clone().ok_or_else(|| not("weights", "is required"))? {
                    Weights::Named(named) => Weights::Named(looked_up(named)?),
                    Weights::Reputation(word) => Weights::Reputation(word),
                };
                Ok(Rule::Weighted {
                    weights,
                    approval_ratio: self.approval_ratio.unwrap_or_else(Share::half),
                    quorum: self.quorum.unwrap_or_else(Share::half),
                    max_share: self.max_share,
                })
            }
            ModelType::Consensus => Ok(Rule::Consensus { fallback: None }),
        }
    }

    fn write(&mut self, rule: Rule) {
        match rule {
            Rule::Unilateral => {}
            Rule::Threshold { threshold } => self.threshold = Some(i64::from(threshold)),
            Rule::Majority { quorum } => self.quorum = Some(quorum),
            Rule::Weighted { weights, approval_ratio, quorum, max_share } => {
                self.weights = Some(weights);
                self.approval_ratio = Some(approval_ratio);
                self.quorum = Some(quorum);
                self.max_share = max_share;
            }
            Rule::Consensus { fallback } => {
                if let Some(fallback) = fallback {
                    self.fallback_model = Some(fallback.model_type().to_string());
                    self.write(*fallback);
                }
            }
        }
    }
}

impl From<DecisionModel> for Written {
    fn from(model: DecisionModel) -> Self {
        let mut written =
            Self { model_type: model.rule.model_type().to_string(), timeout_hours: model.timeout_hours, ..Self::default() };
        written.write(model.rule);
        written
    }
}

impl Rule {
    /// Its name.
    pub fn model_type(&self) -> ModelType {
        match self {
            Self::Unilateral => ModelType::Unilateral,
            Self::Threshold { .. } => ModelType::Threshold,
            Self::Majority { .. } => ModelType::Majority,
            Self::Weighted { .. } => ModelType::Weighted,
            Self::Consensus { .. } => ModelType::Consensus,
        }
    }

    /// The smallest electorate with which an approval is possible at all.
    pub fn least_electorate(&self) -> usize {
        match self {
            Self::Unilateral | Self::Majority { .. } | Self::Consensus { fallback: None } => 1,
            Self::Threshold { threshold } => usize::try_from(*threshold).unwrap_or(usize::MAX),
            Self::Weighted { max_share, .. } => max_share.map_or(1, |share| {
                let least = (rust_decimal::Decimal::ONE / share.decimal()).ceil();
                usize::try_from(least).unwrap_or(usize::MAX)
            }),
            Self::Consensus { fallback: Some(fallback) } => fallback.least_electorate(),
        }
    }

    /// Whether an approval is possible at all: a part must be larger than the ratio, and nothing is larger than everything.
    pub fn can_approve(&self) -> bool {
        match self {
            Self::Weighted { approval_ratio, .. } => approval_ratio.decimal() < rust_decimal::Decimal::ONE,
            // Where a consensus falls back on such a rule, everybody may agree before it comes to that.
            Self::Unilateral | Self::Majority { .. } | Self::Threshold { .. } | Self::Consensus { .. } => true,
        }
    }

    /// The weighted rule in it, if there is one: itself or its fallback.
    pub fn weighted(&self) -> Option<(&Weights, Option<Share>)> {
        match self {
            Self::Weighted { weights, max_share, .. } => Some((weights, *max_share)),
            Self::Consensus { fallback: Some(fallback) } => fallback.weighted(),
            Self::Unilateral | Self::Threshold { .. } | Self::Majority { .. } | Self::Consensus { fallback: None } => None,
        }
    }
}

impl DecisionModel {
    /// The model with `rule` and no deadline.
    pub fn of(rule: Rule) -> Self {
        Self { rule, timeout_hours: None }
    }

    /// When the clock decides a proposal opened at `opened_at`, if it does.
    pub fn deadline(&self, opened_at: crate::Moment) -> Option<crate::Moment> {
        self.timeout_hours?.hours_after(opened_at)
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn a_member_is_weighed_by_whichever_spelling_and_once() {
        let plain = "0192f0c1-2b3c-7d4e-8f50-a1b2c3d4e5f6";
        let weighted = |weights: serde_json::Value| {
            serde_json::from_value::<DecisionModel>(json!({"model_type": "weighted", "weights": weights}))
        };
        let spellings = [plain.to_uppercase(), format!("urn:uuid:{plain}"), plain.replace('-', ""), format!("{{{plain}}}")];
        for spelling in spellings {
            let model = weighted(json!({spelling.as_str(): 7, "owner": 2})).expect("a model");
            let Some((Weights::Named(named), _)) = model.rule.weighted() else { panic!("weights") };
            assert_eq!(named.get(plain), Some(&7), "{spelling}");
            let twice = weighted(json!({spelling.as_str(): 7, plain: 7})).expect_err("a refusal");
            assert!(twice.to_string().contains("named more than once"), "{twice}");
        }
        assert!(weighted(json!({"nobody": 1})).is_err());
    }
}
