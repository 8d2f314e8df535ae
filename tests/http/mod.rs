//! The interface itself: problems, keys, versions, pages, time travel, streams, and who may come in (SPEC A2–A8, H2–H4, L7).

mod access;
mod bodies;
mod changing;
mod connections;
mod problems;
mod reading;
mod streams;
mod tokens;
