//! Autoscaling, traffic and rollouts as arithmetic, held against the published vectors of others.
#![expect(clippy::indexing_slicing, clippy::panic, clippy::unwrap_used, reason = "tests may fail loudly")]

mod limits;
mod masks;
mod metrics;
mod rollout;
mod scaling;
mod traffic;
mod vectors_rollout;
mod vectors_scaling;
mod vectors_traffic;
