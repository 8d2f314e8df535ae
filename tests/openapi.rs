//! The committed description of the interface is the one the service gives (SPEC H1).

use serde_json::Value;

use crate::harness::{Kind, TestApp, golden};

#[test]
fn the_committed_description_is_the_one_of_the_code() {
    let mut description = trust_zones::api::openapi().to_pretty_json().expect("a description");
    description.push('\n');
    golden::agrees("docs/openapi.json", &description);
}

#[test]
fn each_operation_has_a_name_of_its_own_parameters_where_they_are_given_and_refusals() {
    let description = serde_json::to_value(trust_zones::api::openapi()).expect("a description");
    let (mut queries, mut demanded, mut operations) = (0, Vec::new(), std::collections::BTreeSet::new());
    for (path, methods) in description["paths"].as_object().expect("paths") {
        for (method, operation) in methods.as_object().expect("methods") {
            let mut named: Vec<&str> = path.split('/').filter_map(|part| part.strip_prefix('{')?.strip_suffix('}')).collect();
            for parameter in operation["parameters"].as_array().into_iter().flatten() {
                let name = parameter["name"].as_str().expect("a name");
                match parameter["in"].as_str().expect("a place") {
                    "path" => {
                        let place = named.iter().position(|known| *known == name);
                        named.remove(place.unwrap_or_else(|| panic!("{method} {path} has no {name}")));
                    }
                    "query" => {
                        queries += 1;
                        if parameter["required"] == true {
                            demanded.push(format!("{method} {path}?{name}"));
                        }
                    }
                    place => assert_eq!(place, "header", "{method} {path}: {name}"),
                }
            }
            assert!(named.is_empty(), "{method} {path} does not say what {named:?} is");
            let called = operation["operationId"].as_str().expect("a name");
            assert!(operations.insert(called.to_owned()), "{called} is what two operations are called");
            for (status, answer) in operation["responses"].as_object().expect("responses") {
                let shown = status.starts_with('2') && status != "204";
                let forms = answer["content"].as_object().into_iter().flatten();
                let mut forms = forms.map(|(_, form)| &form["schema"]).filter(|schema| schema.is_object());
                assert!(!shown || forms.next().is_some(), "{method} {path} does not say what form its {status} has");
            }
            if path.starts_with("/api/") {
                let refused =
                    operation["responses"].as_object().expect("responses").iter().filter(|(status, _)| status.starts_with('4'));
                let documents: Vec<&Value> =
                    refused.map(|(_, response)| &response["content"]["application/problem+json"]).collect();
                assert!(!documents.is_empty() && documents.iter().all(|document| document.is_object()), "{method} {path}");
            }
        }
    }
    assert!(queries > 100, "only {queries} parameters of queries");
    assert_eq!(demanded, ["get /api/v1/zones/{id}/who-can?action"], "whatever else there is may be left out");
}

#[test]
fn whatever_the_description_refers_to_is_there() {
    fn references<'a>(of: &'a Value, found: &mut std::collections::BTreeSet<&'a str>) {
        match of {
            Value::Object(keys) => {
                found.extend(keys.get("$ref").and_then(Value::as_str));
                keys.values().for_each(|value| references(value, found));
            }
            Value::Array(items) => items.iter().for_each(|item| references(item, found)),
            _ => {}
        }
    }
    let description = serde_json::to_value(trust_zones::api::openapi()).expect("a description");
    let mut found = std::collections::BTreeSet::new();
    references(&description, &mut found);
    assert!(found.len() > 100, "only {} references", found.len());
    for place in found {
        let pointer = place.strip_prefix('#').expect("a reference into the document");
        assert!(description.pointer(pointer).is_some(), "{place} leads nowhere");
    }
}

#[tokio::test]
async fn the_service_describes_itself_in_openapi_3_1() {
    let app = TestApp::start(Kind::Sqlite).await;
    let served = app.stranger().get("/openapi.json").await.expect(200);
    let of_the_code: Value = serde_json::to_value(trust_zones::api::openapi()).expect("a description");
    assert_eq!(served.body, of_the_code);
    assert!(served.text("/openapi").starts_with("3.1."), "{}", served.text("/openapi"));
    let paths = served.at("/paths").as_object().expect("paths");
    for (path, methods) in paths {
        for (method, operation) in methods.as_object().expect("methods") {
            assert!(
                operation["responses"].as_object().is_some_and(|all| !all.is_empty()),
                "{method} {path} says what it answers"
            );
            let named: Vec<&str> =
                operation["parameters"].as_array().into_iter().flatten().filter_map(|p| p["name"].as_str()).collect();
            for placeholder in path.split('{').skip(1).filter_map(|rest| rest.split('}').next()) {
                assert!(named.contains(&placeholder), "{method} {path} describes {{{placeholder}}}");
            }
        }
    }
}
