//! Stories about the service, told over HTTP, on both databases.

mod first_decision;
mod harness;
mod narrowing;
