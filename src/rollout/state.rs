//! What is seen of a rollout, where it is, and what it says.

use serde::{Deserialize, Serialize};

use super::Group;
use super::judge::Verdict;
use super::settings::WhenIdle;
use crate::metrics::Summary;

/// Where a rollout is.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Phase {
    /// The new version takes over.
    Advancing,
    /// The new version has all traffic, and the old one is kept to go back to (blue-green).
    Switched,
    /// The old version takes back.
    Reverting(Reason),
    /// It is over.
    Done(Outcome),
}

/// How a rollout ended.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Outcome {
    /// The new version has taken over.
    Completed,
    /// The old version serves as before, for this reason.
    RolledBack(Reason),
}

/// Why a rollout goes back.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Reason {
    /// A check, by its place, came to this verdict.
    Check(usize, Verdict),
    /// Nothing moved for the progress deadline.
    Deadline,
    /// The new version is gone: it failed.
    Failed,
    /// It was cancelled.
    Cancelled,
    /// Someone wanted to go back.
    ByHand,
}

/// Why a rollout stands still.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Pause {
    /// Someone wanted it to.
    ByHand,
    /// A check, by its place, is inconclusive; resuming begins it anew.
    Inconclusive(usize),
}

/// What is seen of both versions.
#[derive(Clone, Copy, Debug)]
pub struct Observation<'a> {
    /// Replicas that both versions together are to have: the old one's number. May change on the way.
    pub desired: u32,
    /// Replicas that the new version may have at most. Where that is fewer than `desired`, it takes over with
    /// these.
    pub most: u32,
    /// The old version.
    pub old: Group,
    /// The new version.
    pub new: Group,
    /// What was measured of the new version; `None` where nothing was.
    pub summary: Option<&'a Summary>,
    /// Requests that the new version has answered since it exists.
    pub requests: u64,
}

/// What the host is to do.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Action {
    /// Ask for so many replicas of the old version.
    ScaleOld(u32),
    /// Ask for so many replicas of the new version.
    ScaleNew(u32),
    /// Send this percentage of the traffic to the new version, and the rest to the old.
    Route(u8),
    /// Stand still until resumed.
    Paused(Pause),
    /// Nothing to do, but to say so: no request came to judge the new version by, and it waits for some or
    /// goes on without.
    Idle(WhenIdle),
    /// Go back.
    Reverting(Reason),
    /// It is over.
    Done(Outcome),
}

/// Why a command is not followed.
#[derive(Clone, Copy, PartialEq, Eq, Debug, thiserror::Error)]
#[non_exhaustive]
pub enum Refusal {
    /// It is over.
    #[error("the rollout is over")]
    Over,
    /// It goes back already.
    #[error("the rollout is going back already")]
    Reverting,
    /// It is paused already.
    #[error("the rollout is paused already")]
    Paused,
    /// It is not paused.
    #[error("the rollout is not paused")]
    NotPaused,
}
