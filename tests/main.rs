//! Stories about the service, told over HTTP, on both databases.

mod architecture;
mod deadlines;
mod decisions;
mod demo;
mod enforcement;
mod escalations;
mod evaluations;
mod first_decision;
mod gardener;
mod golden_events;
mod harness;
mod http;
mod inbox;
mod isolation;
mod log;
mod malformed;
mod narrowing;
mod openapi;
mod permissions;
mod races;
mod reach;
mod readme;
mod starting;
mod together;
mod web;
