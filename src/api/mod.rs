//! The HTTP interface: one file per thing one can do. A handler translates; it holds no rule and no SQL.

mod audit;
mod authzen;
mod checks;
mod description;
mod docs;
mod escalations;
mod evaluations;
mod events;
mod grants;
mod inbox;
mod invites;
mod json;
mod layers;
mod ledger;
mod me;
mod members;
mod operations;
mod organizations;
mod overview;
mod page;
mod proposals;
mod request;
mod sight;
mod standing;
mod time_travel;
mod tokens;
mod zones;

use std::sync::Arc;

use axum::Router;
use utoipa::OpenApi as _;
use utoipa::openapi::OpenApi;
use utoipa_axum::router::{OpenApiRouter, UtoipaMethodRouter};
use utoipa_axum::routes;

use crate::engine::{App, Imagined};

pub use layers::around;

/// Below which path the interface is.
const VERSION: &str = "/api/v1";

#[derive(utoipa::OpenApi)]
#[openapi(
    components(schemas(Imagined)),
    info(
        title = "Trust Zones",
        description = "Governance for people and AI agents: zones that only narrow, proposals decided by others, one append-only log.",
        license(name = "MIT", identifier = "MIT")
    ),
    tags(
        (name = "organizations", description = "Organizations and who belongs to them"),
        (name = "zones", description = "Zones, their policies, roles and permission checks"),
        (name = "escalations", description = "Decisions and deciders taken to the zone above"),
        (name = "evaluations", description = "Judgements of finished work"),
        (name = "proposals", description = "Proposals, votes and their execution"),
        (name = "checks", description = "Questions of permission: one, many, who can, what can, what would be"),
        (name = "ledger", description = "Reservations, budgets and grants"),
        (name = "audit", description = "The log"),
        (name = "operations", description = "Running the service")
    )
)]
struct Described;

fn described() -> OpenApiRouter<Arc<App>> {
    let versioned = vec![
        routes!(organizations::create, organizations::list),
        routes!(organizations::read, organizations::change),
        routes!(organizations::read_by_id),
        routes!(members::add, members::list),
        routes!(members::read, members::change, members::remove),
        routes!(tokens::issue, tokens::list),
        routes!(tokens::read, tokens::revoke),
        routes!(invites::create, invites::list),
        routes!(invites::read, invites::revoke),
        routes!(invites::accept),
        routes!(me::read),
        routes!(inbox::read),
        routes!(inbox::mark_read),
        routes!(zones::create::create, zones::list::list),
        routes!(zones::tree::tree),
        routes!(zones::read::read, zones::change::change),
        routes!(zones::status::activate),
        routes!(zones::status::suspend),
        routes!(zones::status::archive),
        routes!(zones::relocate::relocate),
        routes!(zones::tree::children),
        routes!(zones::tree::ancestry),
        routes!(zones::effective::effective_policy),
        routes!(zones::assignments::assign, zones::assignments::list),
        routes!(zones::assignments::read, zones::assignments::unassign),
        routes!(checks::check),
        routes!(checks::check_all),
        routes!(checks::who_can),
        routes!(checks::what_can),
        routes!(checks::simulate),
        routes!(ledger::budget),
        routes!(ledger::reserve, ledger::list),
        routes!(ledger::read),
        routes!(ledger::commit),
        routes!(ledger::release),
        routes!(proposals::submit::submit, proposals::list::list),
        routes!(proposals::list::pending_reviews),
        routes!(proposals::read::read),
        routes!(proposals::vote::vote),
        routes!(proposals::recuse::recuse),
        routes!(proposals::withdraw::withdraw),
        routes!(proposals::comment::comment),
        routes!(proposals::retry::retry_execution),
        routes!(proposals::delegate::delegate),
        routes!(escalations::raise::escalate),
        routes!(escalations::raise::petition),
        routes!(escalations::list::list),
        routes!(escalations::read::read),
        routes!(escalations::sign::cosign),
        routes!(escalations::dismiss::dismiss),
        routes!(escalations::dismiss::withdraw),
        routes!(evaluations::open::open, evaluations::list::list),
        routes!(evaluations::read::read),
        routes!(evaluations::judge::score),
        routes!(evaluations::judge::auto_evaluate),
        routes!(evaluations::judge::finalize),
        routes!(overview::read),
        routes!(standing::read),
        routes!(grants::list),
        routes!(grants::read),
        routes!(grants::use_grant),
        routes!(audit::read),
        routes!(events::read),
    ];
    let operations = [routes!(operations::healthz), routes!(operations::readyz), routes!(operations::metrics)];
    let all = versioned.into_iter().map(versioned_below).chain(operations);
    all.fold(OpenApiRouter::with_openapi(Described::openapi()), OpenApiRouter::routes)
}

/// The same routes below [`VERSION`]. A router within a router would take the path of each request apart and put it together again.
fn versioned_below((schemas, mut paths, methods): UtoipaMethodRouter<Arc<App>>) -> UtoipaMethodRouter<Arc<App>> {
    paths.paths = paths.paths.into_iter().map(|(path, item)| (format!("{VERSION}{path}"), item)).collect();
    (schemas, paths, methods)
}

/// The description of the interface (OpenAPI 3.1).
pub fn openapi() -> OpenApi {
    description::completed(described().into_openapi())
}

/// Every route of the interface.
pub fn routes(app: Arc<App>) -> Router {
    let (routes, description) = described().split_for_parts();
    let routes = routes.merge(docs::routes(&description::completed(description))).merge(authzen::routes());
    routes.method_not_allowed_fallback(operations::not_that_way).with_state(app)
}

/// The same routes, with a refusal for every other path and for every other way of asking.
pub fn refusing_all_else<S: Clone + Send + Sync + 'static>(routes: Router<S>) -> Router<S> {
    routes.fallback(operations::nowhere).method_not_allowed_fallback(operations::not_that_way)
}
