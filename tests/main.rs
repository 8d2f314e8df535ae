//! Stories about the service, told over HTTP, on both databases.

mod architecture;
mod deadlines;
mod demo;
mod first_decision;
mod harness;
mod malformed;
mod openapi;
mod permissions;
mod races;
mod readme;
