//! The committed description of the interface is the one the service gives (SPEC H1).

use serde_json::Value;

use crate::harness::{Kind, TestApp, golden};

#[test]
fn the_committed_description_is_the_one_of_the_code() {
    let mut description = trust_zones::api::openapi().to_pretty_json().expect("a description");
    description.push('\n');
    golden::agrees("docs/openapi.json", &description);
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
