//! Policies and payloads as people read them: keys as words, ids as names, lists as chips, amounts with their thousands apart.

use std::collections::BTreeMap;
use std::fmt::Write;

use aggregates::ids::{MemberId, ZoneId};
use aggregates::policy::Policies;
use rust_decimal::Decimal;
use serde_json::{Map, Value, json};

use super::shown::{Escaped, Html};
use super::visitor::Visitor;
use super::words::{money, number, plain, sentence};

/// One key of a policy that differs.
#[derive(Clone, Debug)]
pub struct Difference {
    /// What it is called.
    pub what: String,
    /// What it said.
    pub before: Html,
    /// What it would say.
    pub after: Html,
}

/// What a key of a policy is called: the section, and the key in it.
pub fn key_words(section: &str, key: &str) -> String {
    if key.is_empty() { sentence(section) } else { format!("{} · {}", sentence(section), plain(key)) }
}

fn chip(text: &str) -> String {
    format!("<span class=\"chip\">{}</span>", Escaped(text))
}

fn is_money(key: &str) -> bool {
    key.contains("amount") || key.contains("budget") || key == "below"
}

impl Visitor {
    /// A value as people read it, under its key.
    pub fn value(&self, key: &str, value: &Value) -> Html {
        Html(match value {
            Value::Null => "<span class=\"quiet\">no limit of its own</span>".to_owned(),
            Value::Bool(true) => "yes".to_owned(),
            Value::Bool(false) => "no".to_owned(),
            Value::Number(figure) => figure.to_string().parse::<Decimal>().map_or_else(|_| figure.to_string(), number),
            Value::String(text) => self.text_value(key, text),
            Value::Array(items) if items.is_empty() => "<span class=\"quiet\">nothing</span>".to_owned(),
            Value::Array(items) => {
                let items: Vec<String> = items.iter().map(|item| self.item(key, item)).collect();
                format!("<span class=\"chips\">{}</span>", items.concat())
            }
            Value::Object(keys) => self.keys(keys),
        })
    }

    fn text_value(&self, key: &str, text: &str) -> String {
        if let Ok(id) = text.parse::<MemberId>()
            && self.ruling.authority.organization.anyone(id).is_some()
        {
            return self.person(id).to_string();
        }
        if let Ok(id) = text.parse::<ZoneId>()
            && self.ruling.authority.tree.zone(id).is_some()
        {
            return self.zone(id).to_string();
        }
        if let Ok(at) = text.parse::<aggregates::Moment>() {
            return super::shown::exact(at);
        }
        match text.parse::<Decimal>() {
            Ok(figure) if is_money(key) => money(figure),
            _ => Escaped(text).to_string(),
        }
    }

    fn item(&self, key: &str, item: &Value) -> String {
        match item {
            Value::String(text) => match text.parse::<MemberId>() {
                Ok(id) => chip(&self.name(id)),
                Err(_) => chip(text),
            },
            Value::Object(_) => format!("<span class=\"chip\">{}</span>", self.value(key, item)),
            other => chip(&other.to_string()),
        }
    }

    fn keys(&self, keys: &Map<String, Value>) -> String {
        let mut shown = String::from("<span class=\"small-pairs\">");
        for (key, value) in keys.iter().filter(|(_, value)| !value.is_null()) {
            let label = match key.parse::<MemberId>() {
                Ok(id) => self.name(id),
                Err(_) => plain(key),
            };
            // Writing to a string cannot fail.
            write!(shown, "<span><span class=\"quiet\">{}</span> {}</span>", Escaped(&label), self.value(key, value)).ok();
        }
        shown + "</span>"
    }

    /// What differs between two sets of policies, key by key, in the order of the sections.
    pub fn differences(&self, before: &Policies, after: &Policies) -> Vec<Difference> {
        let (before, after) = (flat(before), flat(after));
        let mut keys: Vec<&(String, String)> = before.keys().chain(after.keys()).collect();
        keys.sort_unstable();
        keys.dedup();
        let none = Value::Null;
        let differing = keys.into_iter().filter(|key| before.get(*key) != after.get(*key));
        differing
            .map(|key| Difference {
                what: key_words(&key.0, &key.1),
                before: self.value(&key.1, before.get(key).unwrap_or(&none)),
                after: self.value(&key.1, after.get(key).unwrap_or(&none)),
            })
            .collect()
    }
}

/// Policies as pairs of section and key.
fn flat(policies: &Policies) -> BTreeMap<(String, String), Value> {
    let mut found = BTreeMap::new();
    let Value::Object(sections) = json!(policies) else { return found };
    for (section, value) in sections {
        match value {
            Value::Object(keys) if section != "decision_model" => {
                for (key, value) in keys {
                    found.insert((section.clone(), key), value);
                }
            }
            other => {
                found.insert((section, String::new()), other);
            }
        }
    }
    found.retain(|_, value| !value.is_null());
    found
}
