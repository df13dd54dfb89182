//! Statuses and how one follows another, as a table (L1, L8).

use std::fmt;

use serde::{Deserialize, Serialize};

/// What a deployment is at (L1). The names that are read and written are Baseten's.
///
/// ```
/// use siting::lifecycle::Status;
/// assert_eq!(Status::Loading.as_str(), "LOADING_MODEL");
/// assert!(Status::Active.serves() && !Status::ScaledToZero.serves());
/// ```
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug, Serialize, Deserialize)]
pub enum Status {
    /// Its image is being built.
    #[serde(rename = "BUILDING")]
    Building,
    /// The build failed.
    #[serde(rename = "BUILD_FAILED")]
    BuildFailed,
    /// The build was stopped.
    #[serde(rename = "BUILD_STOPPED")]
    BuildStopped,
    /// Its replicas are being started.
    #[serde(rename = "DEPLOYING")]
    Deploying,
    /// It did not come up.
    #[serde(rename = "DEPLOY_FAILED")]
    DeployFailed,
    /// Its replicas run and load the model.
    #[serde(rename = "LOADING_MODEL")]
    Loading,
    /// It answers.
    #[serde(rename = "ACTIVE")]
    Active,
    /// It runs and does not answer well.
    #[serde(rename = "UNHEALTHY")]
    Unhealthy,
    /// It answers while a patch, a restart or its replacement is under way.
    #[serde(rename = "UPDATING")]
    Updating,
    /// It has no replicas and wakes when called.
    #[serde(rename = "SCALED_TO_ZERO")]
    ScaledToZero,
    /// It comes back from zero replicas.
    #[serde(rename = "WAKING_UP")]
    WakingUp,
    /// Its replicas finish what they do, and stop.
    #[serde(rename = "DEACTIVATING")]
    Deactivating,
    /// It is stopped.
    #[serde(rename = "INACTIVE")]
    Inactive,
    /// It ran and broke for good.
    #[serde(rename = "FAILED")]
    Failed,
    /// It is gone; a tombstone is left.
    #[serde(rename = "DELETED")]
    Deleted,
}

impl Status {
    /// Every status; the last is the end.
    pub const ALL: [Self; 15] = [
        Self::Building,
        Self::BuildFailed,
        Self::BuildStopped,
        Self::Deploying,
        Self::DeployFailed,
        Self::Loading,
        Self::Active,
        Self::Unhealthy,
        Self::Updating,
        Self::ScaledToZero,
        Self::WakingUp,
        Self::Deactivating,
        Self::Inactive,
        Self::Failed,
        Self::Deleted,
    ];

    /// The status's name as reports have it.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Building => "BUILDING",
            Self::BuildFailed => "BUILD_FAILED",
            Self::BuildStopped => "BUILD_STOPPED",
            Self::Deploying => "DEPLOYING",
            Self::DeployFailed => "DEPLOY_FAILED",
            Self::Loading => "LOADING_MODEL",
            Self::Active => "ACTIVE",
            Self::Unhealthy => "UNHEALTHY",
            Self::Updating => "UPDATING",
            Self::ScaledToZero => "SCALED_TO_ZERO",
            Self::WakingUp => "WAKING_UP",
            Self::Deactivating => "DEACTIVATING",
            Self::Inactive => "INACTIVE",
            Self::Failed => "FAILED",
            Self::Deleted => "DELETED",
        }
    }

    /// Whether calls are answered: it has a ready replica.
    #[must_use]
    pub fn serves(self) -> bool {
        matches!(self, Self::Active | Self::Updating)
    }

    /// Whether it was told to stop, so that its endpoint answers 404 (L8).
    #[must_use]
    pub fn is_deactivated(self) -> bool {
        matches!(self, Self::Deactivating | Self::Inactive | Self::BuildStopped)
    }

    /// Whether it is on its way up, and may not get there in time.
    #[must_use]
    pub fn is_starting(self) -> bool {
        matches!(self, Self::Deploying | Self::Loading | Self::WakingUp)
    }

    /// Whether it takes resources, which is what a bill counts.
    #[must_use]
    pub fn consumes(self) -> bool {
        match self {
            Self::Building
            | Self::Deploying
            | Self::Loading
            | Self::Active
            | Self::Unhealthy
            | Self::Updating
            | Self::WakingUp
            | Self::Deactivating => true,
            Self::BuildFailed
            | Self::BuildStopped
            | Self::DeployFailed
            | Self::ScaledToZero
            | Self::Inactive
            | Self::Failed
            | Self::Deleted => false,
        }
    }

    /// What it becomes; `None` where the table has no such transition.
    ///
    /// ```
    /// use siting::lifecycle::{Event, Status};
    /// assert_eq!(Status::Deploying.after(Event::Ready), Some(Status::Active));
    /// assert_eq!(Status::Inactive.after(Event::Wake), None);
    /// ```
    #[must_use]
    pub fn after(self, event: Event) -> Option<Self> {
        TRANSITIONS.iter().find(|row| row.event == event && row.from.contains(&self)).map(|row| row.to(self))
    }
}

impl fmt::Display for Status {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

/// What moves a deployment from one status to the next: an observation, or what a command comes to.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
pub enum Event {
    /// Its image is built.
    Built,
    /// Its replicas run and load the model.
    Loading,
    /// It answers.
    Ready,
    /// It, or its start, broke; or the start's deadline passed.
    Failed,
    /// A move's new replicas answer.
    Moved,
    /// A move's, or restart's, new replicas did not come up; the old ones stay.
    MoveFailed,
    /// Its replicas are gone.
    Drained,
    /// It stopped answering well.
    Unhealthy,
    /// It answers well again.
    Healthy,
    /// The draft is pushed anew.
    Push,
    /// The draft is patched.
    Patch,
    /// New replicas are started beside the old.
    Restart,
    /// The replicas, which may not answer anyway, are stopped, and new ones started.
    ColdRestart,
    /// A strategy begins to replace it.
    Rollout,
    /// It has been replaced, or stays.
    RolloutOver,
    /// It goes to zero replicas.
    Idle,
    /// It is to go to zero replicas while it comes up or is updated: another took its place.
    Replaced,
    /// It comes back from zero replicas.
    Wake,
    /// It is stopped.
    Deactivate,
    /// It is started, or tried again.
    Activate,
    /// It is deleted.
    Delete,
}

impl Event {
    /// The event's name as tables have it.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Built => "built",
            Self::Loading => "loading",
            Self::Ready => "ready",
            Self::Failed => "failed",
            Self::Moved => "moved",
            Self::MoveFailed => "move failed",
            Self::Drained => "drained",
            Self::Unhealthy => "unhealthy",
            Self::Healthy => "healthy",
            Self::Push => "push",
            Self::Patch => "patch",
            Self::Restart => "restart",
            Self::ColdRestart => "cold restart",
            Self::Rollout => "rollout",
            Self::RolloutOver => "rollout over",
            Self::Idle => "idle",
            Self::Replaced => "replaced",
            Self::Wake => "wake",
            Self::Deactivate => "deactivate",
            Self::Activate => "activate",
            Self::Delete => "delete",
        }
    }
}

impl fmt::Display for Event {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

/// One row of the transition table.
#[derive(Clone, Copy, Debug)]
pub struct Transition {
    /// The statuses it starts from.
    pub from: &'static [Status],
    /// What happens.
    pub event: Event,
    /// The status it ends in; `None` where it stays as it is.
    pub to: Option<Status>,
}

impl Transition {
    fn to(&self, from: Status) -> Status {
        self.to.unwrap_or(from)
    }
}

const fn row(from: &'static [Status], event: Event, to: Status) -> Transition {
    Transition { from, event, to: Some(to) }
}

/// How statuses follow one another. The code asks this table and nothing else; the documentation
/// prints it.
pub const TRANSITIONS: &[Transition] = {
    use Status::{
        Active, BuildFailed, BuildStopped, Building, Deactivating, DeployFailed, Deploying, Failed, Inactive, Loading,
        ScaledToZero, Unhealthy, Updating, WakingUp,
    };
    /// Every status but that of the deleted.
    const ALIVE: &[Status] = &[
        Building,
        BuildFailed,
        BuildStopped,
        Deploying,
        DeployFailed,
        Loading,
        Active,
        Unhealthy,
        Updating,
        ScaledToZero,
        WakingUp,
        Deactivating,
        Inactive,
        Failed,
    ];
    &[
        row(&[Building], Event::Built, Deploying),
        row(&[Building], Event::Failed, BuildFailed),
        row(&[Building], Event::Deactivate, BuildStopped),
        row(&[BuildFailed, BuildStopped], Event::Activate, Building),
        row(&[Deploying], Event::Loading, Loading),
        row(&[Deploying, Loading, WakingUp, Updating], Event::Ready, Active),
        row(&[Deploying, Loading, WakingUp, Updating], Event::Failed, DeployFailed),
        row(&[Active], Event::Unhealthy, Unhealthy),
        row(&[Unhealthy], Event::Healthy, Active),
        row(&[Active, Unhealthy], Event::Failed, Failed),
        row(&[Active, Unhealthy], Event::Moved, Active),
        row(&[Updating], Event::MoveFailed, Active),
        Transition { from: &[Active, Unhealthy], event: Event::MoveFailed, to: None },
        row(&[Active, Unhealthy], Event::Idle, ScaledToZero),
        row(&[Deploying, Loading, WakingUp, Updating], Event::Replaced, ScaledToZero),
        row(&[ScaledToZero], Event::Wake, WakingUp),
        row(&[Active], Event::Patch, Updating),
        row(&[Unhealthy], Event::Patch, Loading),
        row(&[Active], Event::Restart, Updating),
        row(&[Active], Event::Rollout, Updating),
        row(&[Updating], Event::RolloutOver, Active),
        row(&[Active, Unhealthy, Deploying, Loading, WakingUp], Event::ColdRestart, Deploying),
        row(&[Deploying, Loading, Active, Unhealthy, Updating, WakingUp], Event::Deactivate, Deactivating),
        row(&[ScaledToZero], Event::Deactivate, Inactive),
        row(&[Deactivating], Event::Drained, Inactive),
        row(&[Inactive, DeployFailed, Failed], Event::Activate, Deploying),
        row(ALIVE, Event::Push, Building),
        row(ALIVE, Event::Delete, Status::Deleted),
    ]
};

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn l1_there_are_baseten_s_fourteen_statuses_and_the_end() {
        let named: Vec<_> = Status::ALL.iter().map(|status| status.as_str()).collect();
        assert_eq!(named.len(), 15);
        for status in Status::ALL {
            assert_eq!(serde_json::to_value(status).unwrap(), status.as_str());
        }
    }

    #[test]
    fn the_table_says_one_thing_for_each_status_and_event() {
        for row in TRANSITIONS {
            for &from in row.from {
                let rows = TRANSITIONS.iter().filter(|other| other.event == row.event && other.from.contains(&from));
                assert_eq!(rows.count(), 1, "{from} on {}", row.event);
            }
        }
    }

    #[test]
    fn nothing_follows_the_end_and_every_other_status_can_be_reached() {
        assert!(TRANSITIONS.iter().all(|row| !row.from.contains(&Status::Deleted)));
        let reached: Vec<_> = TRANSITIONS.iter().filter_map(|row| row.to).collect();
        assert!(Status::ALL.iter().all(|status| reached.contains(status)));
    }
}
