//! What a host can see of a deployment.

use serde::{Deserialize, Serialize};

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
