//! Stories about the service, told over HTTP, on both databases.

mod decisions;
mod first_decision;
mod harness;
mod http;
mod isolation;
mod narrowing;
