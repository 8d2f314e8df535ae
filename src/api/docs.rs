//! `/openapi.json` and a page that shows it to people, rendered here: no third-party script.

use std::sync::Arc;

use axum::Router;
use axum::http::header;
use axum::response::{Html, IntoResponse};
use axum::routing::get;
use serde_json::Value;
use utoipa::openapi::OpenApi;

use crate::engine::App;

const STYLE: &str = include_str!("docs.css");

/// The routes of the description.
pub fn routes(description: &OpenApi) -> Router<Arc<App>> {
    let json = description.to_pretty_json().unwrap_or_default();
    let page = page(&serde_json::from_str(&json).unwrap_or(Value::Null));
    Router::new()
        .route("/openapi.json", get(async move || ([(header::CONTENT_TYPE, "application/json")], json).into_response()))
        .route("/docs", get(async move || Html(page)))
        .route("/docs.css", get(async || ([(header::CONTENT_TYPE, "text/css")], STYLE)))
}

fn escaped(text: &str) -> String {
    text.replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;").replace('"', "&quot;")
}

fn text<'a>(value: &'a Value, key: &str) -> &'a str {
    value.get(key).and_then(Value::as_str).unwrap_or_default()
}

/// What `show` makes of each entry of an object, one after the other.
fn each(object: &Value, show: impl Fn(&str, &Value) -> String) -> String {
    let entries = object.as_object().into_iter().flatten();
    entries.map(|(key, value)| show(key, value)).collect::<Vec<_>>().concat()
}

fn page(description: &Value) -> String {
    let tags = description["tags"].as_array().into_iter().flatten();
    let tags = tags.map(|tag| tag_section(tag, &description["paths"])).collect::<Vec<_>>().concat();
    let schemas = each(&description["components"]["schemas"], |name, schema| {
        let shown = serde_json::to_string_pretty(schema).unwrap_or_default();
        format!("<details id=\"schema-{0}\"><summary>{0}</summary><pre>{1}</pre></details>", escaped(name), escaped(&shown))
    });
    let info = &description["info"];
    let (title, about) = (escaped(text(info, "title")), escaped(text(info, "description")));
    format!(
        "<!doctype html><html lang=\"en\"><head><meta charset=\"utf-8\"><meta name=\"viewport\" content=\"width=device-width\">\
         <title>{title}: interface</title><link rel=\"stylesheet\" href=\"/docs.css\"></head><body><main><h1>{title}</h1><p>{about}</p>\
         <p><a href=\"/openapi.json\">openapi.json</a></p>{tags}<h2>Schemas</h2>{schemas}</main></body></html>"
    )
}

fn tag_section(tag: &Value, paths: &Value) -> String {
    let name = text(tag, "name");
    let belongs = |operation: &Value| operation["tags"].as_array().is_some_and(|tags| tags.iter().any(|tag| tag == name));
    let operations = each(paths, |path, methods| {
        each(
            methods,
            |method, operation| if belongs(operation) { operation_section(path, method, operation) } else { String::new() },
        )
    });
    format!("<h2>{}</h2><p>{}</p>{operations}", escaped(name), escaped(text(tag, "description")))
}

fn operation_section(path: &str, method: &str, operation: &Value) -> String {
    let parameters = operation["parameters"].as_array().into_iter().flatten().map(|parameter| {
        let required = if parameter["required"] == Value::Bool(true) { "required" } else { "optional" };
        let (name, place, about) = (text(parameter, "name"), text(parameter, "in"), text(parameter, "description"));
        format!("<p><code>{}</code> in {}, {required}. {}</p>", escaped(name), escaped(place), escaped(about))
    });
    let parameters = parameters.collect::<Vec<_>>().concat();
    let body = operation["requestBody"]["content"].as_object().and_then(|content| content.values().next());
    let schema = body.and_then(|body| body["schema"]["$ref"].as_str()).and_then(|reference| reference.rsplit('/').next());
    let body = schema.map(|name| format!("<p>Body: <a href=\"#schema-{0}\">{0}</a></p>", escaped(name))).unwrap_or_default();
    let responses = each(&operation["responses"], |status, response| {
        format!("<p>{}: {}</p>", escaped(status), escaped(text(response, "description")))
    });
    format!(
        "<details><summary><b>{}</b> <code>{}</code></summary><p>{} {}</p>{parameters}{body}{responses}</details>",
        method.to_uppercase(),
        escaped(path),
        escaped(text(operation, "summary")),
        escaped(text(operation, "description"))
    )
}
