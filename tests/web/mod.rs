//! The pages, in a real browser.

mod axe;
mod browser;
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

pub use browser::Browser;
