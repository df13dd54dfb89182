//! A control plane: axum in front, SQLite or PostgreSQL beneath, siting between.
//!
//! The store is an append-only table of entries, numbered by revision, and snapshots of the state at some of them.
//! Several planners may share it: an entry is appended only if it follows the last one. Whoever comes too late catches
//! up, and rebases.

pub mod api;
pub mod error;
pub mod planner;
pub mod platform;
pub mod store;
