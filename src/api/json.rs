//! JSON in which nothing is said twice.

use std::fmt;

use serde::de::{Error as _, MapAccess, SeqAccess, Visitor};
use serde::{Deserialize, Deserializer};
use serde_json::{Map, Value};

/// JSON in which each key of an object is given once: of two, readers do not agree which counts.
///
/// # Errors
/// What is no such JSON, and where.
pub fn parse(text: &[u8]) -> Result<Value, serde_json::Error> {
    serde_json::from_slice::<Unambiguous>(text).map(|read| read.0)
}

/// As many digits as it takes to write any float so that it is read as the same: no writer of floats gives more.
const FLOAT_DIGITS: usize = 17;

/// The first number of a JSON text that is read as another one: a fraction of more digits than a float holds.
pub fn overlong_fraction(text: &[u8]) -> Option<&str> {
    let text = std::str::from_utf8(text).ok()?;
    let outside = outside_of_strings(text);
    let numbers = outside.flat_map(|part| part.split(|c: char| !(c.is_ascii_alphanumeric() || "+-.".contains(c))));
    numbers.into_iter().find(|number| is_overlong(number))
}

fn is_overlong(number: &str) -> bool {
    if !number.starts_with(|first: char| first == '-' || first.is_ascii_digit()) || !number.contains(['.', 'e', 'E']) {
        return false;
    }
    let mantissa = number.split(['e', 'E']).next().unwrap_or_default();
    let digits = mantissa.trim_start_matches(['-', '0', '.']).trim_end_matches(['0', '.']);
    digits.bytes().filter(u8::is_ascii_digit).count() > FLOAT_DIGITS
}

/// The parts of a JSON text between its strings.
fn outside_of_strings(text: &str) -> impl Iterator<Item = &str> {
    let mut rest = Some(text);
    std::iter::from_fn(move || {
        let (outside, inside) = match rest?.split_once('"') {
            Some((outside, inside)) => (outside, Some(inside)),
            None => (rest?, None),
        };
        rest = inside.and_then(|inside| {
            let mut escaped = false;
            let end = inside.bytes().position(|byte| {
                let ends = byte == b'"' && !escaped;
                escaped = byte == b'\\' && !escaped;
                ends
            })?;
            inside.get(end + 1..)
        });
        Some(outside)
    })
}

struct Unambiguous(Value);

impl<'de> Deserialize<'de> for Unambiguous {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_any(ReadingUnambiguous).map(Self)
    }
}

struct ReadingUnambiguous;

impl<'de> Visitor<'de> for ReadingUnambiguous {
    type Value = Value;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("any JSON")
    }

    fn visit_bool<E>(self, given: bool) -> Result<Value, E> {
        Ok(Value::Bool(given))
    }

    fn visit_i64<E>(self, given: i64) -> Result<Value, E> {
        Ok(given.into())
    }

    fn visit_u64<E>(self, given: u64) -> Result<Value, E> {
        Ok(given.into())
    }

    fn visit_f64<E>(self, given: f64) -> Result<Value, E> {
        Ok(given.into())
    }

    fn visit_str<E>(self, given: &str) -> Result<Value, E> {
        Ok(given.into())
    }

    fn visit_string<E>(self, given: String) -> Result<Value, E> {
        Ok(Value::String(given))
    }

    fn visit_unit<E>(self) -> Result<Value, E> {
        Ok(Value::Null)
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut items: A) -> Result<Value, A::Error> {
        let mut array = Vec::new();
        while let Some(Unambiguous(item)) = items.next_element()? {
            array.push(item);
        }
        Ok(Value::Array(array))
    }

    fn visit_map<A: MapAccess<'de>>(self, mut keys: A) -> Result<Value, A::Error> {
        let mut object = Map::new();
        while let Some(key) = keys.next_key::<String>()? {
            if object.contains_key(&key) {
                return Err(A::Error::custom(format!("the key `{key}` is given twice")));
            }
            let Unambiguous(value) = keys.next_value()?;
            object.insert(key, value);
        }
        Ok(Value::Object(object))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_fraction_of_more_digits_than_a_float_holds_is_found() {
        for (text, found) in [
            (r#"{"a": 1000.0000000000000001}"#, Some("1000.0000000000000001")),
            (r#"[1, "2.", -0.100000000000000000001e5]"#, Some("-0.100000000000000000001e5")),
            (r#"{"say \\\"1.000000000000000000001": "\\", "b": 3.000000000000000000001}"#, Some("3.000000000000000000001")),
            (r#"{"a": 1.000000000000000000000, "b": 0.30000000000000004, "c": 12345678901234567890}"#, None),
            (r#"{"a": "1000.0000000000000001", "b": 1.7976931348623157e308, "c": true}"#, None),
        ] {
            assert!(serde_json::from_str::<Value>(text).is_ok(), "{text}");
            assert_eq!(overlong_fraction(text.as_bytes()), found, "{text}");
        }
    }

    #[test]
    fn a_key_given_twice_is_no_json() {
        for twice in [r#"{"a": 1, "a": 2}"#, r#"{"a": [{"b": 1, "b": 1}]}"#, r#"{"a": 1, "\u0061": 2}"#] {
            let refused = parse(twice.as_bytes()).expect_err("a refusal").to_string();
            assert!(refused.contains("is given twice"), "{refused}");
        }
        let once =
            r#"{"a": [{"b": 1}, {"b": -1, "c": 0.5}], "d": {"b": null, "e": true, "f": "\u00e9", "g": 18446744073709551615}}"#;
        assert_eq!(parse(once.as_bytes()).expect("JSON"), serde_json::from_str::<Value>(once).expect("JSON"));
    }
}
