//! The bodies of the fuzz targets: each takes any bytes, and panics where something does not hold.

mod bitset;
mod kept;
mod lifecycle;
mod manifest;
mod scenario;
mod solver;

pub use bitset::bitset;
pub use kept::kept;
pub use lifecycle::lifecycle;
pub use manifest::{manifest, round_trip};
pub use scenario::scenario;
pub use solver::solver;
