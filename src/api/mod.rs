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
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use crate::engine::{App, Imagined};

pub use layers::around;

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
    let versioned = OpenApiRouter::new()
        .routes(routes!(organizations::create, organizations::list))
        .routes(routes!(organizations::read, organizations::change))
        .routes(routes!(organizations::read_by_id))
        .routes(routes!(members::add, members::list))
        .routes(routes!(members::read, members::change, members::remove))
        .routes(routes!(tokens::issue, tokens::list))
        .routes(routes!(tokens::read, tokens::revoke))
        .routes(routes!(invites::create, invites::list))
        .routes(routes!(invites::read, invites::revoke))
        .routes(routes!(invites::accept))
        .routes(routes!(me::read))
        .routes(routes!(inbox::read))
        .routes(routes!(inbox::mark_read))
        .routes(routes!(zones::create::create, zones::list::list))
        .routes(routes!(zones::tree::tree))
        .routes(routes!(zones::read::read, zones::change::change))
        .routes(routes!(zones::status::activate))
        .routes(routes!(zones::status::suspend))
        .routes(routes!(zones::status::archive))
        .routes(routes!(zones::relocate::relocate))
        .routes(routes!(zones::tree::children))
        .routes(routes!(zones::tree::ancestry))
        .routes(routes!(zones::effective::effective_policy))
        .routes(routes!(zones::assignments::assign, zones::assignments::list))
        .routes(routes!(zones::assignments::read, zones::assignments::unassign))
        .routes(routes!(checks::check))
        .routes(routes!(checks::check_all))
        .routes(routes!(checks::who_can))
        .routes(routes!(checks::what_can))
        .routes(routes!(checks::simulate))
        .routes(routes!(ledger::budget))
        .routes(routes!(ledger::reserve, ledger::list))
        .routes(routes!(ledger::read))
        .routes(routes!(ledger::commit))
        .routes(routes!(ledger::release))
        .routes(routes!(proposals::submit::submit, proposals::list::list))
        .routes(routes!(proposals::list::pending_reviews))
        .routes(routes!(proposals::read::read))
        .routes(routes!(proposals::vote::vote))
        .routes(routes!(proposals::recuse::recuse))
        .routes(routes!(proposals::withdraw::withdraw))
        .routes(routes!(proposals::comment::comment))
        .routes(routes!(proposals::retry::retry_execution))
        .routes(routes!(proposals::delegate::delegate))
        .routes(routes!(escalations::raise::escalate))
        .routes(routes!(escalations::raise::petition))
        .routes(routes!(escalations::list::list))
        .routes(routes!(escalations::read::read))
        .routes(routes!(escalations::sign::cosign))
        .routes(routes!(escalations::dismiss::dismiss))
        .routes(routes!(escalations::dismiss::withdraw))
        .routes(routes!(evaluations::open::open, evaluations::list::list))
        .routes(routes!(evaluations::read::read))
        .routes(routes!(evaluations::judge::score))
        .routes(routes!(evaluations::judge::auto_evaluate))
        .routes(routes!(evaluations::judge::finalize))
        .routes(routes!(overview::read))
        .routes(routes!(standing::read))
        .routes(routes!(grants::list))
        .routes(routes!(grants::read))
        .routes(routes!(grants::use_grant))
        .routes(routes!(audit::read))
        .routes(routes!(events::read));
    OpenApiRouter::with_openapi(Described::openapi())
        .nest("/api/v1", versioned)
        .routes(routes!(operations::healthz))
        .routes(routes!(operations::readyz))
        .routes(routes!(operations::metrics))
}

/// The description of the interface (OpenAPI 3.1).
pub fn openapi() -> OpenApi {
    description::completed(described().into_openapi())
}

/// Every route of the interface.
pub fn routes(app: Arc<App>) -> Router {
    let (routes, description) = described().split_for_parts();
    let routes = routes
        .merge(docs::routes(&description::completed(description)))
        .merge(authzen::routes())
        .fallback(operations::nowhere)
        .method_not_allowed_fallback(operations::not_that_way);
    routes.with_state(app)
}
