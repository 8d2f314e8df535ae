//! The description of the interface, held against everything that is asked and answered (SPEC H1).

use std::collections::{BTreeMap, BTreeSet};
use std::sync::{LazyLock, OnceLock};

use jsonschema::Validator;
use reqwest::Method;
use serde_json::{Value, json};

use super::reply::Reply;

/// What is described, read once.
static DESCRIBED: LazyLock<Described> = LazyLock::new(Described::read);

/// Holds what was asked and answered against the description: an answer has the form that is described for its status, and what
/// was done was asked for in the form that is described.
///
/// # Panics
/// Where they differ.
pub fn agrees(method: &Method, path: &str, sent: Option<&[u8]>, reply: &Reply) {
    let path = path.split('?').next().unwrap_or_default();
    let Some(operation) = DESCRIBED.operation(method, path) else { return };
    let form = operation.answer(reply.status);
    let form = form.unwrap_or_else(|| panic!("{method} {path} is not described to answer {}", reply.status));
    let lines = form.content_type.as_deref() == Some("application/x-ndjson");
    if let Some(schema) = &form.schema {
        let form = form.validator.get_or_init(|| DESCRIBED.validator(schema));
        if lines {
            let lines = reply.raw.split(|byte| *byte == b'\n').filter(|line| !line.is_empty());
            lines.for_each(|line| fits(form, &serde_json::from_slice(line).expect("JSON"), method, path, "answers"));
        } else {
            fits(form, &reply.body, method, path, "answers");
        }
    }
    // What is merged (RFC 7396) may be null wherever something is to go, which no form of what it is merged with says.
    if let Some(sent) = sent.filter(|_| reply.status < 300 && method != Method::PATCH)
        && let Some(schema) = &operation.request
    {
        let form = operation.asked.get_or_init(|| DESCRIBED.validator(schema));
        fits(form, &serde_json::from_slice(sent).expect("JSON"), method, path, "takes");
    }
}

fn fits(form: &Validator, value: &Value, method: &Method, path: &str, does: &str) {
    let faults: Vec<String> =
        form.iter_errors(value).map(|error| format!("{} ({})", error.instance_path(), error)).take(3).collect();
    assert!(faults.is_empty(), "{method} {path} {does} what is not described: {}\n{value}", faults.join("; "));
}

/// A part of a path.
enum Part {
    Said(String),
    Any,
}

/// How an answer is described.
struct Form {
    schema: Option<Value>,
    content_type: Option<String>,
    validator: OnceLock<Validator>,
}

/// What one can do, as it is described.
struct Operation {
    method: String,
    path: Vec<Part>,
    request: Option<Value>,
    asked: OnceLock<Validator>,
    answers: BTreeMap<String, Form>,
}

impl Operation {
    /// The form of an answer with that status.
    fn answer(&self, status: u16) -> Option<&Form> {
        let class = format!("{}XX", status / 100);
        self.answers.get(&status.to_string()).or_else(|| self.answers.get(&class))
    }

    fn is_at(&self, path: &[&str]) -> bool {
        let same = |(part, given): (&Part, &&str)| match part {
            Part::Said(said) => said == given,
            Part::Any => true,
        };
        self.path.len() == path.len() && self.path.iter().zip(path).all(same)
    }

    fn names(&self) -> usize {
        self.path.iter().filter(|part| matches!(part, Part::Any)).count()
    }
}

struct Described {
    operations: Vec<Operation>,
    schemas: Value,
}

impl Described {
    fn read() -> Self {
        // The committed description: that it is the one of the code is a test of its own, and reading it takes less.
        let text = std::fs::read_to_string(concat!(env!("CARGO_MANIFEST_DIR"), "/docs/openapi.json")).expect("a description");
        let mut whole: Value = serde_json::from_str(&text).expect("JSON");
        let mut operations = Vec::new();
        for (path, methods) in whole["paths"].as_object().expect("paths") {
            for (method, described) in methods.as_object().expect("methods") {
                let path = path.trim_start_matches("/api/v1").split('/');
                let part = |part: &str| if part.starts_with('{') { Part::Any } else { Part::Said(part.to_owned()) };
                let answers = described["responses"].as_object().expect("responses").iter();
                let request = described.pointer("/requestBody/content/application~1json/schema").cloned();
                operations.push(Operation {
                    method: method.to_uppercase(),
                    path: path.map(part).collect(),
                    request,
                    asked: OnceLock::new(),
                    answers: answers.map(|(status, answer)| (status.clone(), form(answer))).collect(),
                });
            }
        }
        // What says a word is meant before what says any.
        operations.sort_by_key(Operation::names);
        Self { operations, schemas: whole["components"]["schemas"].take() }
    }

    fn operation(&self, method: &Method, path: &str) -> Option<&Operation> {
        let path: Vec<&str> = path.split('/').collect();
        self.operations.iter().find(|operation| operation.method == method.as_str() && operation.is_at(&path))
    }

    /// A validator of a schema, with those that it refers to.
    fn validator(&self, schema: &Value) -> Validator {
        let (mut needed, mut wanted) = (BTreeSet::new(), references(schema));
        while let Some(name) = wanted.pop() {
            if needed.insert(name.clone()) {
                wanted.extend(references(&self.schemas[name.as_str()]));
            }
        }
        let schemas: BTreeMap<&str, &Value> = needed.iter().map(|name| (name.as_str(), &self.schemas[name.as_str()])).collect();
        let document = json!({"components": {"schemas": schemas}, "allOf": [schema]});
        jsonschema::draft202012::options().should_validate_formats(true).build(&document).expect("a schema")
    }
}

fn form(answer: &Value) -> Form {
    let content = answer["content"].as_object().and_then(|content| content.iter().next());
    let (content_type, content) = content.unzip();
    let schema =
        content.and_then(|content| content.get("schema")).filter(|_| content_type.is_some_and(|kind| kind != "text/plain"));
    Form { schema: schema.cloned(), content_type: content_type.cloned(), validator: OnceLock::new() }
}

/// The names of the schemas that a schema refers to.
fn references(schema: &Value) -> Vec<String> {
    match schema {
        Value::Object(keys) => {
            let own = keys.get("$ref").and_then(Value::as_str).and_then(|place| place.strip_prefix("#/components/schemas/"));
            own.map(str::to_owned).into_iter().chain(keys.values().flat_map(references)).collect()
        }
        Value::Array(items) => items.iter().flat_map(references).collect(),
        _ => Vec::new(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// What an answer to a request for a token amounts to.
    fn answered(status: u16, body: Value, sent: &Value) {
        let raw = body.to_string().into_bytes();
        let reply = Reply { status, headers: reqwest::header::HeaderMap::new(), body, raw };
        agrees(&Method::POST, "/tokens?dry_run=false", Some(sent.to_string().as_bytes()), &reply);
    }

    fn issued() -> Value {
        let id = "01a22177-a262-74a1-bdd8-80fdf25fc8e1";
        json!({"id": id, "token": null, "prefix": "tz", "member_id": id, "name": "One", "expires_at": null, "actions": null,
            "created_at": "2026-01-05T10:00:00Z"})
    }

    #[test]
    fn what_is_described_agrees() {
        answered(201, issued(), &json!({"name": "One"}));
        answered(
            429,
            json!({"type": "about:blank", "title": "", "status": 429, "code": "too_many_requests", "detail": ""}),
            &json!({}),
        );
    }

    #[test]
    #[should_panic(expected = "answers what is not described")]
    fn an_answer_of_another_form_does_not_agree() {
        let mut another = issued();
        another["member_id"] = json!("somebody");
        answered(201, another, &json!({"name": "One"}));
    }

    #[test]
    #[should_panic(expected = "takes what is not described")]
    fn a_command_of_another_form_that_is_carried_out_does_not_agree() {
        answered(201, issued(), &json!({"name": "One", "colour": "red"}));
    }

    #[test]
    #[should_panic(expected = "is not described to answer 302")]
    fn an_answer_that_is_not_described_does_not_agree() {
        answered(302, Value::Null, &json!({"name": "One"}));
    }
}
