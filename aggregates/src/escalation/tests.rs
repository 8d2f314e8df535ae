//! Escalations by themselves.
