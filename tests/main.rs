//! Stories about the service, told over HTTP, on both databases.

mod architecture;
mod deadlines;
mod decisions;
mod demo;
mod first_decision;
mod harness;
mod isolation;
mod malformed;
mod narrowing;
mod openapi;
mod permissions;
mod races;
mod readme;
