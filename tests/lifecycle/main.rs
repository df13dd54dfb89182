//! The lives of deployments: commands, edits, promotions, rollouts, autoscaling, adoption, and every reachable state.
#![expect(
    clippy::expect_used,
    clippy::indexing_slicing,
    clippy::panic,
    clippy::unwrap_used,
    reason = "tests may fail loudly"
)]

mod adoption;
mod autoscaling;
mod commands;
mod docs;
mod edits;
mod edits_in_promotions;
mod old_answers;
mod places;
mod places_in_promotions;
mod random;
mod rollouts;
mod support;
mod walk;
mod walk_support;
