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

fn page(description: &Value) -> String {
    let mut html = String::from(
        "<!doctype html><html lang=\"en\"><head><meta charset=\"utf-8\"><meta name=\"viewport\" content=\"width=device-width\">\
         <title>Trust Zones: interface</title><link rel=\"stylesheet\" href=\"/docs.css\"></head><body><main>",
    );
    let info = &description["info"];
    html.push_str(&format!(
        "<h1>{}</h1><p>{}</p><p><a href=\"/openapi.json\">openapi.json</a></p>",
        escaped(text(info, "title")),
        escaped(text(info, "description"))
    ));
    for tag in description["tags"].as_array().into_iter().flatten() {
        let name = text(tag, "name");
        html.push_str(&format!("<h2>{}</h2><p>{}</p>", escaped(name), escaped(text(tag, "description"))));
        for (path, methods) in description["paths"].as_object().into_iter().flatten() {
            for (method, operation) in methods.as_object().into_iter().flatten() {
                if operation["tags"].as_array().is_some_and(|tags| tags.iter().any(|tag| tag == name)) {
                    html.push_str(&operation_section(path, method, operation));
                }
            }
        }
    }
    html.push_str("<h2>Schemas</h2>");
    for (name, schema) in description["components"]["schemas"].as_object().into_iter().flatten() {
        let shown = serde_json::to_string_pretty(schema).unwrap_or_default();
        html.push_str(&format!(
            "<details id=\"schema-{0}\"><summary>{0}</summary><pre>{1}</pre></details>",
            escaped(name),
            escaped(&shown)
        ));
    }
    html.push_str("</main></body></html>");
    html
}

fn operation_section(path: &str, method: &str, operation: &Value) -> String {
    let mut html = format!("<details><summary><b>{}</b> <code>{}</code></summary>", method.to_uppercase(), escaped(path));
    html.push_str(&format!("<p>{} {}</p>", escaped(text(operation, "summary")), escaped(text(operation, "description"))));
    for parameter in operation["parameters"].as_array().into_iter().flatten() {
        let required = if parameter["required"] == Value::Bool(true) { "required" } else { "optional" };
        html.push_str(&format!(
            "<p><code>{}</code> in {}, {required}. {}</p>",
            escaped(text(parameter, "name")),
            escaped(text(parameter, "in")),
            escaped(text(parameter, "description"))
        ));
    }
    let body = operation["requestBody"]["content"].as_object().and_then(|content| content.values().next());
    if let Some(name) = body.and_then(|body| body["schema"]["$ref"].as_str()).and_then(|reference| reference.rsplit('/').next())
    {
        html.push_str(&format!("<p>Body: <a href=\"#schema-{0}\">{0}</a></p>", escaped(name)));
    }
    for (status, response) in operation["responses"].as_object().into_iter().flatten() {
        html.push_str(&format!("<p>{}: {}</p>", escaped(status), escaped(text(response, "description"))));
    }
    html.push_str("</details>");
    html
}
