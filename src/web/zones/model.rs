//! The fields of decision models: one of five, each with its own, and a sentence that explains it.

use serde_json::{Map, Value, json};

use super::typed::{MOST_ROWS, Pair, number, plain};
use crate::web::form::Fields;

/// The five models: name, what it is called, and how it decides.
pub const MODELS: [(&str, &str, &str); 5] = [
    ("unilateral", "Unilateral", "The first approval or rejection decides. Quick, and only as careful as one person."),
    ("threshold", "Threshold", "A number of approvals decides. It is rejected once they can no longer be reached."),
    ("majority", "Majority", "More approvals than rejections and open votes together, if enough reviewers take part."),
    ("weighted", "Weighted", "Votes weigh differently: by reputation, or as is said here. A share of the weight decides."),
    ("consensus", "Consensus", "Everyone who does not abstain approves. When someone objects, another model may decide."),
];

const SHARES: [&str; 3] = ["quorum", "approval_ratio", "max_share"];

fn takes(model: &str, key: &str) -> bool {
    match model {
        "threshold" => key == "threshold",
        "majority" => key == "quorum",
        "weighted" => SHARES.contains(&key) || key == "weights",
        _ => false,
    }
}

fn weights(fields: &Fields) -> Value {
    if fields.is("weights-by", "reputation") {
        return json!("reputation");
    }
    let row = |row: usize| {
        let who = fields.given(&format!("weights-{row}-who"))?;
        let weight = fields.given(&format!("weights-{row}-weight")).map_or(Value::Null, number);
        Some((who.to_owned(), weight))
    };
    Value::Object((0..MOST_ROWS).filter_map(row).collect::<Map<_, _>>())
}

/// The model that the fields say. Fields of other models are left alone.
pub fn read(fields: &Fields) -> Value {
    let chosen = fields.given("model_type").unwrap_or_default();
    let fallback = fields.given("fallback_model").filter(|_| chosen == "consensus");
    let mut model = Map::from_iter([("model_type".to_owned(), json!(chosen))]);
    if let Some(fallback) = fallback {
        model.insert("fallback_model".to_owned(), json!(fallback));
    }
    let deciding = fallback.unwrap_or(chosen);
    for key in ["threshold", "quorum", "approval_ratio", "max_share"] {
        if let Some(text) = fields.given(key).filter(|_| takes(deciding, key)) {
            model.insert(key.to_owned(), number(text));
        }
    }
    if takes(deciding, "weights") {
        model.insert("weights".to_owned(), weights(fields));
    }
    if let Some(hours) = fields.given("timeout_hours") {
        model.insert("timeout_hours".to_owned(), number(hours));
    }
    Value::Object(model)
}

/// A model as fields.
pub fn fill(model: &Value) -> Vec<Pair> {
    let keys = ["model_type", "fallback_model", "threshold", "quorum", "approval_ratio", "max_share", "timeout_hours"];
    let mut pairs: Vec<Pair> =
        keys.iter().filter(|key| !model[**key].is_null()).map(|key| ((*key).to_owned(), plain(&model[*key]))).collect();
    match &model["weights"] {
        Value::Object(named) => {
            pairs.push(("weights-by".to_owned(), "named".to_owned()));
            for (row, (who, weight)) in named.iter().enumerate() {
                pairs.push((format!("weights-{row}-who"), who.clone()));
                pairs.push((format!("weights-{row}-weight"), plain(weight)));
            }
        }
        Value::String(_) => pairs.push(("weights-by".to_owned(), "reputation".to_owned())),
        _ => {}
    }
    pairs
}
