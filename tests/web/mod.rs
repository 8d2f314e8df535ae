//! The pages, in a real browser.

mod auditing;
mod axe;
mod belonging;
mod browser;
mod comfort;
mod deciding;
mod driver;
mod escalating;
mod judging;
mod nordlicht;
mod pages;
mod proposing;
mod reading;
mod screenshots;
mod signing_in;
mod zoning;

pub use browser::Browser;
