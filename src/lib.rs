//! Policy and placement: *may this workload run there, where best, why not.*

pub mod bitset;
pub mod id;
pub mod origin;
