//! Stories about the service, told over HTTP, on both databases.

mod first_decision;
mod golden_events;
mod harness;
mod log;
mod malformed;
mod openapi;
mod permissions;
mod races;
