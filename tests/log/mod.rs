//! The log and what is worked out from it (SPEC L1–L3, L6, R1, R2): appended once and in one order, whole commands or none,
//! and everything else can be thrown away and made again.

pub mod appending;
mod following;
mod lost_answers;
mod narrowed;
mod plans;
mod read_models;
mod unwritable;
mod upgrading;
