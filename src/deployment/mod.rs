//! What a user asks for: a workload, what one replica of it takes, and settings for its lifecycle.
//!
//! The central type is [`Deployment`]; what decides where it can run is its [`Demand`].
//!
//! Answers for the rules D1, D5 (what is preferred) and, in part, L11.

mod demand;
mod mix;
mod preferences;
mod settings;

pub use demand::{Demand, GpuNeed, Needs, Resources};
pub use mix::{Expected, InvalidMix, Mix, OfGpus};
pub use preferences::{Domain, Favourite, Near, Preference, Preferences, Site, Spread, Together};
pub use settings::{Algorithm, HealthCheck, LoadBalancer, Offloading, Scaling, Secret, Variables};

use std::fmt;

use crate::id::{EnvironmentId, Name, ResourceTypeId};
use crate::origin::Origin;
use crate::policy::Attachment;

/// One version of a workload with its settings, names resolved.
#[derive(Clone, PartialEq, Debug)]
pub struct Deployment {
    /// Its name, unique among the workload's deployments.
    pub name: Name,
    /// What it deploys.
    pub workload: Workload,
    /// The environment that governs it (E2).
    pub environment: EnvironmentId,
    /// Its own policies.
    pub attachments: Vec<Attachment>,
    /// Policies that it names on a remote platform and that are not known here.
    pub unresolved: Vec<Name>,
    /// Higher is decided first.
    pub priority: i32,
    /// How many replicas are wanted.
    pub replicas: u32,
    /// What one replica takes.
    pub demand: Demand,
    /// Which of the candidates it prefers.
    pub preferences: Preferences,
    /// Where it was written.
    pub origin: Origin,
}

impl Deployment {
    /// How it is addressed from outside: `workload/name`.
    #[must_use]
    pub fn address(&self) -> String {
        format!("{}/{}", self.workload.name, self.name)
    }
}

/// Anything deployable: a model, function or agent, or a type that the workspace registers.
#[derive(Clone, PartialEq, Eq, Hash, Debug)]
pub struct Workload {
    /// Its type, which policies can target.
    pub resource_type: ResourceTypeId,
    /// Its name.
    pub name: Name,
}

impl fmt::Display for Workload {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.name.fmt(f)
    }
}
