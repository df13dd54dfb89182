//! The solver against the oracle, and the corpora of the fuzz targets.
#![cfg(feature = "manifest")]
#![expect(
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    clippy::cast_possible_truncation,
    reason = "tests may fail loudly"
)]

mod callers;
#[expect(unreachable_pub, reason = "the comparison is shared with the fuzz targets")]
mod comparison;
mod diff;
mod drill;
mod fuzz_corpora;
mod options;
#[expect(unreachable_pub, reason = "the oracle is written as if it were a crate of its own")]
#[path = "../oracle/mod.rs"]
mod oracle;
#[path = "../oracle/examples.rs"]
mod oracle_examples;
mod policy_tests;
#[expect(unreachable_pub, reason = "it is shared with the comparison with Cedar")]
mod reach;
mod remedies;
mod worlds;
