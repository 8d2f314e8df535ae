//! Pages for people, rendered here. They work as plain forms; small scripts of our own add liveness, keys and copying.
//!
//! Pages read what the interface reads (rulings in memory, aggregates, read models) and change things by sending commands to
//! the interface's own router, in process, as the signed-in caller: there is one way in, and a fault's pointer names a field.
//!
//! A page is added in four steps:
//! 1. a file here with a handler `async fn show(visitor: Visitor, …) -> Shown`: `visitor::Visitor` is whoever is signed in
//!    (others are sent to sign in), `page::Shown` turns a `refusal::Refusal` into an error page with the same frame;
//! 2. a struct deriving `askama::Template` with a field `frame: Frame` (from `visitor.frame("Title", "section")`), and a
//!    template that extends `layout.html`; `page::page(&template)` answers with it. What is shown of people, zones, moments,
//!    states and ids comes from `shown`: values that write their own markup, escaped;
//! 3. its routes in `routes`, and its entry in `frame::SECTIONS` if it is to be found in the menu;
//! 4. a story in `tests/web/`, and its address in the list of `tests/web/pages.rs`, which looks at every page in a browser.
//!
//! A form is `POST` → command → redirect with `?said=…` (`frame::Notice`). It carries `{{ frame.once|safe }}`, so that sending
//! it twice does a thing once. When the command is refused, the handler shows the page again with the `form::Fields` as typed
//! and the `form::Faults` at their fields (status 422). The origin of every `POST` is checked before any handler runs.
//!
//! Whatever may change while somebody looks is inside an element with an `id` and `data-live`: `live.js` fetches the page again
//! when the log has moved, and exchanges those elements.

mod assets;
mod audit;
mod check;
mod errors;
mod escalations;
mod evaluations;
mod form;
mod frame;
mod inbox;
mod interface;
mod join;
mod live;
mod members;
mod origin;
mod overview;
mod page;
mod proposals;
mod refusal;
mod session;
mod shown;
mod sign_in;
mod theme;
mod values;
mod visitor;
mod words;
mod zones;

use std::sync::Arc;

use axum::Router;
use axum::middleware::{from_fn, from_fn_with_state};
use axum::routing::{get, post};
use tower_http::compression::CompressionLayer;

use crate::engine::App;

/// What pages are made of and how they change things.
pub struct Web {
    /// The service.
    app: Arc<App>,
    /// The interface, to send commands to.
    interface: Router,
}

fn routes() -> Router<Arc<Web>> {
    Router::new()
        .route("/", get(overview::show))
        .route("/sign-in", get(sign_in::show).post(sign_in::sign_in))
        .route("/join", get(join::show).post(join::join))
        .route("/sign-out", post(sign_in::sign_out))
        .route("/organization", post(sign_in::switch))
        .route("/theme", post(theme::choose))
        .route("/inbox", get(inbox::show))
        .route("/inbox/read", post(inbox::read))
        .route("/inbox/{id}", get(inbox::show_one))
        .route("/proposals", get(proposals::list::show))
        .route("/proposals/{id}", get(proposals::show::show))
        .route("/proposals/{id}/vote", post(proposals::act::vote))
        .route("/proposals/{id}/comment", post(proposals::act::comment))
        .route("/proposals/{id}/recuse", post(proposals::act::recuse))
        .route("/proposals/{id}/withdraw", post(proposals::act::withdraw))
        .route("/proposals/{id}/retry", post(proposals::act::retry))
        .route("/proposals/{id}/delegate", post(proposals::act::delegate))
        .route("/proposals/{id}/escalate", post(proposals::act::escalate))
        .route("/proposals/new", get(proposals::compose::show).post(proposals::compose::submit))
        .route("/escalations", get(escalations::list::show))
        .route("/escalations/new", get(escalations::raise::show).post(escalations::raise::raise))
        .route("/escalations/{id}", get(escalations::show::show))
        .route("/escalations/{id}/cosign", post(escalations::act::cosign))
        .route("/escalations/{id}/dismiss", post(escalations::act::dismiss))
        .route("/escalations/{id}/withdraw", post(escalations::act::withdraw))
        .route("/evaluations", get(evaluations::list::show).post(evaluations::act::open))
        .route("/evaluations/{id}", get(evaluations::show::show))
        .route("/evaluations/{id}/score", post(evaluations::act::score))
        .route("/evaluations/{id}/check", post(evaluations::act::check))
        .route("/evaluations/{id}/finalize", post(evaluations::act::finalize))
        .route("/zones", get(zones::tree::show))
        .route("/zones/new", get(zones::create::show).post(zones::create::submit))
        .route("/zones/{id}", get(zones::parameters::show))
        .route("/zones/{id}/edit/{part}", get(zones::edit::show).post(zones::edit::submit))
        .route("/zones/{id}/roles", get(zones::roles::show).post(zones::roles::give))
        .route("/zones/{id}/roles/{assignment}/take", post(zones::roles::take))
        .route("/zones/{id}/history", get(zones::history::show))
        .route("/members", get(members::list::show))
        .route("/members/new", get(members::list::new).post(members::list::add))
        .route("/members/{id}", get(members::profile::show).post(members::profile::change))
        .route("/members/{id}/remove", post(members::profile::remove))
        .route("/tokens", get(members::tokens::show).post(members::tokens::make))
        .route("/tokens/{id}/revoke", post(members::tokens::revoke))
        .route("/invites", get(members::invites::show).post(members::invites::invite))
        .route("/invites/{id}/revoke", post(members::invites::revoke))
        .route("/check", get(check::show))
        .route("/audit", get(audit::list::show))
        .route("/audit/download", get(audit::download::give))
        .route("/audit/{position}", get(audit::event::show))
        .route("/live", get(live::follow))
        .route("/static/{name}", get(assets::serve))
}

/// The pages, which ask the interface, and `refusing_all_else`: a browser is shown a page of each refusal.
pub fn pages(app: Arc<App>, interface: Router, refusing_all_else: fn(Router<Arc<Web>>) -> Router<Arc<Web>>) -> Router {
    let web = Arc::new(Web { app, interface });
    let pages = routes().layer(from_fn(origin::same)).layer(from_fn(page::headers)).layer(CompressionLayer::new());
    refusing_all_else(pages).layer(from_fn_with_state(Arc::clone(&web), errors::shown)).with_state(web)
}
