//! What the deployments of an environment, or of all, may hold together (E4).

use crate::catalog::Meaning;
use crate::quantity::{Bytes, Cpu, Gpus, Money};

/// What deployments may hold together at most; what is not stated is not limited (E4).
///
/// ```
/// use siting::policy::Limits;
///
/// let limits = Limits { cpu: Some("512".parse()?), ..Limits::default() };
/// assert!(!limits.is_empty());
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub struct Limits {
    /// GPUs of any type.
    pub gpu: Option<Gpus>,
    /// GPUs by type: what is under a node of the tree, and what is known only by a node above it.
    pub gpus: Vec<(Meaning, Gpus)>,
    /// Cpu.
    pub cpu: Option<Cpu>,
    /// Memory.
    pub memory: Option<Bytes>,
    /// What all replicas cost an hour.
    pub price_per_hour: Option<Money>,
}

impl Limits {
    /// Whether nothing is limited.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        *self == Self::default()
    }
}
