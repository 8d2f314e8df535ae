//! What the description of the interface says of every operation alike (SPEC H1 to H4), and no handler says for itself: names that no two
//! share, the token, the headers of commands and of their answers, and problem documents.

use std::collections::BTreeMap;

use utoipa::openapi::path::{Operation, Parameter, ParameterBuilder, ParameterIn, PathItem};
use utoipa::openapi::schema::{AllOf, Object, ObjectBuilder, OneOfBuilder, Schema, Type};
use utoipa::openapi::security::{Http, HttpAuthScheme, SecurityRequirement, SecurityScheme};
use utoipa::openapi::{Content, HeaderBuilder, OpenApi, Ref, RefOr, Required, Response};

use super::page::{MOST, USUAL};
use crate::engine::PROBLEM;

/// The one scheme by which callers prove who they are.
const TOKEN: &str = "token";
/// What a command answers that does nothing.
const DRY_RUN: &str = "With `dry_run`: what would have been done";
/// What anybody may ask.
const OPEN: [&str; 4] = ["/healthz", "/readyz", "/metrics", "/api/v1/invites/accept"];

/// The description, completed.
pub fn completed(mut api: OpenApi) -> OpenApi {
    let scheme = Http::builder().scheme(HttpAuthScheme::Bearer).description(Some("An API token.")).build();
    let components = api.components.get_or_insert_default();
    components.add_security_scheme(TOKEN, SecurityScheme::Http(scheme));
    join_keys(&mut components.schemas);
    api.security = Some(vec![SecurityRequirement::new(TOKEN, [""; 0])]);
    for (path, item) in &mut api.paths.paths {
        for (operation, commands) in operations(item) {
            complete(path, operation, commands);
        }
    }
    api
}

/// What takes up the keys of other objects gets them as keys of its own: of two objects that each admit no further keys, nothing
/// is both.
fn join_keys(schemas: &mut BTreeMap<String, RefOr<Schema>>) {
    let joined: Vec<(String, Object)> =
        schemas.iter().filter_map(|(name, schema)| Some((name.clone(), joined(schemas, schema)?))).collect();
    schemas.extend(joined.into_iter().map(|(name, object)| (name, RefOr::T(Schema::Object(object)))));
}

/// The one object that a schema amounts to, if it is several.
fn joined(schemas: &BTreeMap<String, RefOr<Schema>>, schema: &RefOr<Schema>) -> Option<Object> {
    let RefOr::T(Schema::AllOf(AllOf { items, description, .. })) = schema else { return None };
    let whole = ObjectBuilder::new().schema_type(Type::Object).description(description.clone()).build();
    items.iter().try_fold(whole, |mut whole, part| {
        let part = match part {
            RefOr::Ref(place) => schemas.get(place.ref_location.rsplit('/').next()?)?,
            RefOr::T(_) => part,
        };
        let RefOr::T(Schema::Object(part)) = part else { return None };
        whole.properties.extend(part.properties.clone());
        whole.required.extend(part.required.clone());
        whole.additional_properties = whole.additional_properties.or_else(|| part.additional_properties.clone());
        Some(whole)
    })
}

/// The operations on a path, and whether each is a command.
fn operations(item: &mut PathItem) -> impl Iterator<Item = (&mut Operation, bool)> {
    let PathItem { get, post, patch, delete, .. } = item;
    [(get, false), (post, true), (patch, true), (delete, true)]
        .into_iter()
        .filter_map(|(operation, commands)| Some((operation.as_mut()?, commands)))
}

fn complete(path: &str, operation: &mut Operation, commands: bool) {
    operation.operation_id = operation.operation_id.as_deref().map(|name| unique(path, name));
    if OPEN.contains(&path) {
        operation.security = Some(Vec::new());
    }
    if !path.starts_with("/api/") {
        return;
    }
    let parameters = operation.parameters.get_or_insert_default();
    parameters.iter_mut().for_each(say_what_pages_take);
    parameters.push(header("X-Request-Id", "What the request is called in logs and, if it is a UUID, in the audit trail."));
    if commands {
        parameters.push(key());
        parameters.push(header("If-Match", "The versions (entity tags) it may be at; 412 if it is at none of them."));
        if parameters.iter().all(|parameter| parameter.name != "dry_run") {
            parameters.push(dry_run());
            may_be_imagined(operation);
        }
    }
    for class in ["4XX", "5XX"] {
        operation.responses.responses.entry(class.to_owned()).or_insert_with(|| RefOr::T(refusal()));
    }
    for (status, response) in &mut operation.responses.responses {
        let RefOr::T(response) = response else { continue };
        if status.starts_with('2') && commands {
            tell(response, "Trust-Zones-Position", "The position of the organization's log at which it holds.");
            tell(response, "ETag", "The version of what was changed, where it has one.");
        }
        if status.starts_with('4') || status.starts_with('5') {
            response.content = refusal().content;
        }
        if response.description.is_empty() {
            meaning(status).clone_into(&mut response.description);
        }
    }
}

/// The name of an operation among all: what it is about, and what is done.
fn unique(path: &str, name: &str) -> String {
    let path = path.trim_start_matches(super::VERSION).replace('-', "_");
    let mut words: Vec<&str> = path.split('/').filter(|word| !word.is_empty() && !word.starts_with('{')).collect();
    if words.last() == Some(&name) {
        words.pop();
    }
    words.push(name);
    words.join("_")
}

fn text() -> ObjectBuilder {
    ObjectBuilder::new().schema_type(Type::String)
}

fn header(name: &str, about: &str) -> Parameter {
    let parameter = ParameterBuilder::new().name(name).parameter_in(ParameterIn::Header).required(Required::False);
    parameter.description(Some(about)).schema(Some(text())).build()
}

fn key() -> Parameter {
    let about = "Visible characters: asked again under the same key, it is done once.";
    let visible = text().min_length(Some(1)).max_length(Some(255)).pattern(Some("^[!-~]+$"));
    let key = ParameterBuilder::new().name("Idempotency-Key").parameter_in(ParameterIn::Header).required(Required::False);
    key.description(Some(about)).schema(Some(visible)).build()
}

/// What pages of lists have in common: how long they may be, and what a cursor looks like.
fn say_what_pages_take(parameter: &mut Parameter) {
    let schema: ObjectBuilder = match parameter.name.as_str() {
        "limit" => {
            let number = ObjectBuilder::new().schema_type(Type::Integer);
            number.minimum(Some(1)).maximum(Some(MOST)).default(Some(USUAL.into()))
        }
        "cursor" => text().pattern(Some("^c[0-9a-z]+$")).description(Some("Where to go on: `next` of the page before.")),
        _ => return,
    };
    parameter.schema = Some(schema.into());
}

fn dry_run() -> Parameter {
    let parameter = ParameterBuilder::new().name("dry_run").parameter_in(ParameterIn::Query).required(Required::False);
    let flag = ObjectBuilder::new().schema_type(Type::Boolean);
    parameter.description(Some("Answers the events it would append, and appends nothing.")).schema(Some(flag)).build()
}

/// Says that a command may answer what it would have done instead of what it has done.
fn may_be_imagined(operation: &mut Operation) {
    let imagined = RefOr::Ref(Ref::from_schema_name("Imagined"));
    let done = operation.responses.responses.entry("200".to_owned()).or_insert_with(|| RefOr::T(Response::new(DRY_RUN)));
    let RefOr::T(done) = done else { return };
    let content = done.content.entry("application/json".to_owned()).or_insert_with(|| Content::new(None::<Ref>));
    content.schema = Some(match content.schema.take() {
        Some(answer) => OneOfBuilder::new().item(answer).item(imagined).into(),
        None => imagined,
    });
}

fn tell(response: &mut Response, name: &str, about: &str) {
    let header = HeaderBuilder::new().schema(text()).description(Some(about)).build();
    response.headers.insert(name.to_owned(), header);
}

fn refusal() -> Response {
    let mut refusal = Response::new("");
    refusal.content.insert(PROBLEM.to_owned(), Content::new(Some(Ref::from_schema_name("Problem"))));
    refusal
}

fn meaning(status: &str) -> &'static str {
    match status {
        "200" => "Done, or as asked",
        "201" => "Made",
        "204" => "Done; there is nothing to show",
        "404" => "There is no such thing here",
        "5XX" => "The service cannot do it now: the document says why; nothing has been done unless it says so",
        _ => "Refused: the document says what and why",
    }
}
