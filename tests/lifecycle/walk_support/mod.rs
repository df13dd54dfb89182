//! The exhaustive walk: what can be done in a state, what tells states apart, what must hold of them,
//! and the engine that visits them all.

pub(crate) mod actions;
pub(crate) mod claims;
pub(crate) mod faults;
pub(crate) mod key;
pub(crate) mod walk;

/// The environments that deployments are promoted to.
pub(crate) const ENVIRONMENTS: [&str; 2] = ["production", "staging"];
