//! The command line, the documentation that shows it, the conformance cases and the scenarios, run as users run them.
#![cfg(feature = "cli")]
#![expect(clippy::indexing_slicing, clippy::panic, clippy::unwrap_used, reason = "tests may fail loudly")]

mod commands;
mod conformance;
mod diff;
mod docs;
mod drill;
mod errors;
mod helps;
mod json_schema;
mod limits;
mod load_tests;
mod moments;
mod policy_tests;
mod reports;
mod silence;
mod simulation;
mod simulation_host;
mod support;
mod tampering;
mod verify;
mod verify_documents;
mod what_if;
