//! The corpora of the fuzz targets, and what they once found, run through the same bodies on stable.
#![cfg(feature = "arbitrary")]

#[path = "../../fuzz/src/bodies/mod.rs"]
#[expect(unreachable_pub, reason = "the bodies are shared with the fuzz targets")]
mod bodies;

use std::fs;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::path::Path;

/// Runs a body on every entry of a target's corpus, in the order of their names.
fn replay(target: &str, body: fn(&[u8])) {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("fuzz/corpus").join(target);
    let mut entries: Vec<_> =
        fs::read_dir(&folder).expect("a corpus").map(|entry| entry.expect("an entry").path()).collect();
    entries.sort();
    assert!(!entries.is_empty(), "the corpus of {target} is empty");
    for entry in &entries {
        let bytes = fs::read(entry).expect("bytes");
        assert!(catch_unwind(AssertUnwindSafe(|| body(&bytes))).is_ok(), "{} fails", entry.display());
    }
    println!("{} entries of {target}", entries.len());
}

#[test]
fn manifest() {
    replay("manifest", bodies::manifest);
}

#[test]
fn round_trip() {
    replay("round_trip", bodies::round_trip);
}

#[test]
fn bitset() {
    replay("bitset", bodies::bitset);
}

#[test]
fn solver() {
    replay("solver", bodies::solver);
}

#[test]
fn kept() {
    replay("kept", bodies::kept);
}

#[test]
fn lifecycle() {
    replay("lifecycle", bodies::lifecycle);
}

#[test]
fn scenario() {
    replay("scenario", bodies::scenario);
}
