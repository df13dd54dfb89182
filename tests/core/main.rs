//! Names, fleets, placement and the workspace, from manifests to decisions.
#![cfg(feature = "manifest")]
#![expect(clippy::indexing_slicing, clippy::panic, clippy::unwrap_used, reason = "tests may fail loudly")]

mod attributes;
mod axes;
mod callers;
mod catalog;
mod inventory;
mod limits;
mod moments;
mod names;
mod optimize;
mod places;
mod planners;
mod reasons;
mod remedies;
mod running;
mod seeds;
mod support;
#[path = "../../fuzz/src/bodies/kept.rs"]
#[expect(unreachable_pub, clippy::expect_used, reason = "the body is shared with the fuzz target")]
mod tampered;
mod together;
mod without_effect;
mod workspace;
mod workspace_changes;
mod workspace_desired;
mod workspace_extremes;
mod workspace_kept;
mod workspace_log;
mod workspace_losses;
mod workspace_state;
