//! The one door: the interface for programs and the pages for people, under the same layers.

use std::sync::Arc;

use axum::Router;

use crate::engine::App;
use crate::{api, web};

/// Everything that is served.
pub fn router(app: Arc<App>) -> Router {
    let interface = api::routes(Arc::clone(&app));
    let pages = web::pages(app, interface.clone(), api::refusing_all_else);
    api::around(interface.merge(pages))
}
