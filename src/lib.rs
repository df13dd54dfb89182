//! Policy and placement: *may this workload run there, where best, why not.*

pub mod analysis;
pub mod bitset;
pub mod catalog;
#[cfg(feature = "cli")]
pub mod cli;
pub mod deployment;
pub mod id;
pub mod inventory;
pub mod manifest;
pub mod origin;
pub mod placement;
pub mod policy;
pub mod quantity;
pub mod workspace;
