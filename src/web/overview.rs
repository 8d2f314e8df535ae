//! `/`: what goes on.

use askama::Template;

use super::frame::Frame;
use super::page::{Shown, page};
use super::visitor::Visitor;

#[derive(Template)]
#[template(path = "overview.html")]
struct Overview {
    frame: Frame,
}

/// Figures, each leading to the list behind it.
pub async fn show(visitor: Visitor) -> Shown {
    visitor.must_everywhere("zone.read")?;
    page(&Overview { frame: visitor.frame("Overview", "overview") })
}
