//! What a host can see of a deployment.

use std::fmt;
use std::sync::Arc;

use serde::{Deserialize, Serialize};

use crate::id::Name;
use crate::lifecycle::state::{Place, Seen};

/// What a host can see of a deployment.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Observation {
    /// Its image is built.
    Built,
    /// Its replicas run and load the model.
    Loading,
    /// Its replicas are ready.
    Ready,
    /// Its build, its start or itself failed.
    Failed,
    /// Its stopped replicas are gone.
    Drained,
    /// It does not answer well.
    Unhealthy,
    /// It answers well again.
    Healthy,
    /// A timer that was asked for went off.
    TimerFired,
}

impl Observation {
    /// Every observation.
    pub const ALL: [Self; 8] = [
        Self::Built,
        Self::Loading,
        Self::Ready,
        Self::Failed,
        Self::Drained,
        Self::Unhealthy,
        Self::Healthy,
        Self::TimerFired,
    ];

    /// The observation's name, as read and written.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Built => "built",
            Self::Loading => "loading",
            Self::Ready => "ready",
            Self::Failed => "failed",
            Self::Drained => "drained",
            Self::Unhealthy => "unhealthy",
            Self::Healthy => "healthy",
            Self::TimerFired => "timer-fired",
        }
    }
}

/// How the replicas of a deployment and generation are at one place now (L14). The host counts what it sees of
/// a place: an observation whose number is not above that of the last one changes nothing.
#[derive(Clone, PartialEq, Eq, Hash, Debug, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct PlaceSeen {
    /// The cluster.
    pub cluster: Name,
    /// The pool.
    pub pool: Name,
    /// The flavor, as `gpu:t4`.
    pub flavor: Arc<str>,
    /// The host's number of the observation, ascending for each place.
    pub sequence: u64,
    /// Replicas that answer.
    #[serde(default)]
    pub ready: u32,
    /// Replicas that died, or that nobody can reach.
    #[serde(default)]
    pub lost: u32,
    /// Replicas that did not start.
    #[serde(default)]
    pub failed: u32,
}

impl fmt::Display for PlaceSeen {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { cluster, pool, ready, lost, failed, .. } = self;
        write!(f, "{ready} ready, {lost} lost, {failed} failed on pool {pool} of {cluster}")
    }
}

impl PlaceSeen {
    pub(in crate::lifecycle) fn place(&self) -> Place {
        let (cluster, pool, flavor) = (self.cluster.clone(), self.pool.clone(), Arc::clone(&self.flavor));
        Place { cluster, pool, flavor, replicas: 0 }
    }

    pub(in crate::lifecycle) fn seen(&self) -> Seen {
        Seen { sequence: Some(self.sequence), ready: self.ready, lost: self.lost, failed: self.failed }
    }
}
