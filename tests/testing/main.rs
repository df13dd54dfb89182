//! The kit for the tests of whoever builds on the crate: its strategies, laws, scenarios and series.
#![cfg(all(feature = "proptest", feature = "arbitrary", feature = "manifest"))]
#![expect(clippy::indexing_slicing, clippy::panic, clippy::unwrap_used, reason = "tests may fail loudly")]

mod laws;
mod scenarios;
mod series;
#[path = "../lifecycle/support/mod.rs"]
mod support;
mod types;
