//! Reading JSON into types, with the place and the reason when it does not fit.

use serde::de::value::{BorrowedStrDeserializer, MapDeserializer, SeqDeserializer};
use serde::de::{DeserializeOwned, Deserializer, Error as _, IntoDeserializer, Unexpected, Visitor};
use serde::forward_to_deserialize_any;
use serde_json::Value;
use serde_path_to_error::{Path, Segment};

use crate::rejection::Fault;

/// Reads `value` as a `T`.
///
/// # Errors
/// One fault that names the key and the reason.
pub fn read<T: DeserializeOwned>(value: &Value) -> Result<T, Fault> {
    // To keep track of the place costs as much as to read, and what fits needs none.
    T::deserialize(Strict(value)).or_else(|_| {
        serde_path_to_error::deserialize(Strict(value)).map_err(|error| {
            let message = error.inner().to_string();
            fault(&pointer(error.path()), &message)
        })
    })
}

/// The JSON pointer to `place` below `key`.
pub fn below(key: &str, place: &str) -> String {
    format!("/{}{place}", escaped(key))
}

/// JSON in which an object is an object: derived readers would take an array of its values in order for one, too.
#[derive(Clone, Copy)]
struct Strict<'v>(&'v Value);

impl<'de> IntoDeserializer<'de, serde_json::Error> for Strict<'de> {
    type Deserializer = Self;

    fn into_deserializer(self) -> Self {
        self
    }
}

impl<'de> Deserializer<'de> for Strict<'de> {
    type Error = serde_json::Error;

    fn deserialize_any<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Self::Error> {
        match self.0 {
            Value::Array(items) => {
                let mut items = SeqDeserializer::new(items.iter().map(Strict));
                let read = visitor.visit_seq(&mut items)?;
                items.end()?;
                Ok(read)
            }
            Value::Object(keys) => {
                let keys = keys.iter().map(|(key, value)| (BorrowedStrDeserializer::new(key), Strict(value)));
                let mut keys = MapDeserializer::new(keys);
                let read = visitor.visit_map(&mut keys)?;
                keys.end()?;
                Ok(read)
            }
            scalar => scalar.deserialize_any(visitor),
        }
    }

    fn deserialize_struct<V: Visitor<'de>>(
        self,
        _name: &'static str,
        _fields: &'static [&'static str],
        visitor: V,
    ) -> Result<V::Value, Self::Error> {
        let unexpected = match self.0 {
            Value::Object(_) => return self.deserialize_any(visitor),
            Value::Null => Unexpected::Unit,
            Value::Bool(given) => Unexpected::Bool(*given),
            Value::Number(_) => Unexpected::Other("number"),
            Value::String(given) => Unexpected::Str(given),
            Value::Array(_) => Unexpected::Seq,
        };
        Err(Self::Error::invalid_type(unexpected, &"an object"))
    }

    fn deserialize_option<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Self::Error> {
        if self.0.is_null() { visitor.visit_none() } else { visitor.visit_some(self) }
    }

    fn deserialize_newtype_struct<V: Visitor<'de>>(self, _name: &'static str, visitor: V) -> Result<V::Value, Self::Error> {
        visitor.visit_newtype_struct(self)
    }

    fn deserialize_enum<V: Visitor<'de>>(
        self,
        name: &'static str,
        variants: &'static [&'static str],
        visitor: V,
    ) -> Result<V::Value, Self::Error> {
        self.0.deserialize_enum(name, variants, visitor)
    }

    forward_to_deserialize_any! {
        bool i8 i16 i32 i64 i128 u8 u16 u32 u64 u128 f32 f64 char str string bytes byte_buf unit unit_struct seq tuple tuple_struct
        map identifier ignored_any
    }
}

/// What is said of a key that must be there and is not.
const REQUIRED: &str = "is required";

fn pointer(path: &Path) -> String {
    path.iter()
        .map(|segment| match segment {
            Segment::Seq { index } => format!("/{index}"),
            Segment::Map { key } => format!("/{}", escaped(key)),
            Segment::Enum { variant } => format!("/{}", escaped(variant)),
            Segment::Unknown => String::new(),
        })
        .collect()
}

fn escaped(key: &str) -> String {
    key.replace('~', "~0").replace('/', "~1")
}

/// Serde names an offending key of an object in backticks, without it being part of the path: put it there.
fn fault(path: &str, message: &str) -> Fault {
    let quoted = || message.split('`').nth(1).unwrap_or_default();
    let at_key = || {
        let key = escaped(quoted());
        if path.ends_with(&format!("/{key}")) { path.to_owned() } else { format!("{path}/{key}") }
    };
    if message.starts_with("unknown field") {
        Fault::new(at_key(), "unknown_key", format!("`{}` is not a key here", quoted()))
    } else if message.starts_with("missing field") {
        Fault::new(at_key(), "required", format!("`{}` is required", quoted()))
    } else if message.starts_with('`') && message.contains("`: ") {
        let reason = message.split_once("`: ").map_or(message, |(_, reason)| reason);
        Fault::new(at_key(), if reason == REQUIRED { "required" } else { "invalid" }, reason)
    } else {
        Fault::new(path, "invalid", message)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::policy::Policies;
    use serde_json::json;

    #[test]
    fn a_fault_points_at_the_key() {
        let cases = [
            (json!({"constraints": {"alowed_actions": []}}), "/constraints/alowed_actions", "unknown_key"),
            (json!({"constraints": {"allowed_actions": ["a", 5]}}), "/constraints/allowed_actions/1", "invalid"),
            (json!({"constraints": {"spending_limit": {"amount": 5}}}), "/constraints/spending_limit/window", "required"),
            (json!({"resource_scope": {"budget_limit": -1}}), "/resource_scope/budget_limit", "invalid"),
            (json!({"decision_model": {"model_type": "threshold", "threshold": 0}}), "/decision_model/threshold", "invalid"),
            (json!({"decision_model": {"model_type": "dictator"}}), "/decision_model/model_type", "invalid"),
            (json!({"decision_model": {"model_type": "threshold"}}), "/decision_model/threshold", "required"),
            (json!({"constraints": {"spending_limit": {"window": "day"}}}), "/constraints/spending_limit/amount", "required"),
            (
                json!({"decision_model": {"model_type": "weighted", "weights": {"owner": -1}}}),
                "/decision_model/weights/owner",
                "invalid",
            ),
            (json!({"decision_model": {"model_type": "weighted", "weights": "rep"}}), "/decision_model/weights", "invalid"),
            (json!({"decision_model": "unilateral"}), "/decision_model", "invalid"),
            (json!({"approval_policy": [null]}), "/approval_policy", "invalid"),
            (json!({"constraints": {"spending_limit": ["5", "day"]}}), "/constraints/spending_limit", "invalid"),
            (json!({"decision_model": ["unilateral"]}), "/decision_model", "invalid"),
        ];
        for (value, pointer, code) in cases {
            let fault = read::<Policies>(&value).expect_err("a fault");
            assert_eq!((fault.pointer.as_str(), fault.code.as_str()), (pointer, code), "{value}: {}", fault.message);
        }
    }
}
