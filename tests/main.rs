//! Stories about the service, told over HTTP, on both databases.

mod demo;
mod first_decision;
mod harness;
