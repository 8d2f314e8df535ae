//! The pages, in a real browser.

mod browser;
mod driver;
mod nordlicht;
mod pages;
mod screenshots;
mod signing_in;

pub use browser::Browser;
