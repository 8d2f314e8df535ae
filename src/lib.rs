//! Trust Zones: an event-sourced governance service. Decides nothing itself: the rule book is in `aggregates`, the read
//! models are in `projections`; this package wires them to a log, a clock and HTTP.

pub mod api;
pub mod auth;
pub mod clock;
pub mod config;
mod connections;
pub mod demo;
pub mod door;
pub mod engine;
pub mod entropy;
pub mod gardener;
pub mod governance;
pub mod overview;
pub mod processes;
pub mod service;
pub mod store;
pub mod web;
