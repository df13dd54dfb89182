//! The way to zero and back.
//!
//! Source of the algorithm: `handleScaleToZero` of Knative Serving's
//! `pkg/reconciler/autoscaling/kpa/scaler.go`, with one change: until the last replica may go, it is
//! one that stays, where the original leaves as many as there are.

use std::time::Duration;

use serde::{Deserialize, Serialize};

use crate::time::Moment;

/// When the last replica may go.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Settings {
    /// Whether it may at all.
    pub enabled: bool,
    /// How long a deployment must have been active before it may be found idle.
    pub stable_window: Duration,
    /// How long the buffer that catches requests must have been in the path.
    pub grace: Duration,
    /// How long the last replica is kept after the deployment was found idle.
    pub retention: Duration,
    /// How long a start may take before it is given up.
    pub activation: Duration,
}

impl Default for Settings {
    /// Knative's: 60 s active, 30 s of grace, no retention; a start is given up after 600 s.
    fn default() -> Self {
        Self {
            enabled: true,
            stable_window: Duration::from_secs(60),
            grace: Duration::from_secs(30),
            retention: Duration::ZERO,
            activation: Duration::from_secs(600),
        }
    }
}

/// Where a deployment is on the way.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub enum Activity {
    /// At zero, and nothing is wanted.
    Asleep,
    /// Its first replica is starting, since then.
    Activating(Moment),
    /// It has ready replicas, since then.
    Active(Moment),
    /// Nothing is wanted of it, since then.
    Idle(Moment),
}

/// What keeps the last replica, where nothing is wanted of it.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum LastReplica {
    /// Scaling to zero is not enabled.
    NotEnabled,
    /// It is still starting.
    Starting,
    /// The deployment was active within the stable window.
    RecentlyActive,
    /// The time of retention is not over.
    Retention,
    /// The buffer that catches requests is not known to be in the path ([`Seen::buffered_since`]).
    NoBuffer,
    /// The buffer has not been in the path for the time of grace.
    Grace,
}

/// Why [`step`] has just kept the last replica.
pub(super) fn kept_by(
    settings: &Settings,
    activity: Activity,
    now: Moment,
    buffered_since: Option<Moment>,
) -> LastReplica {
    match activity {
        _ if !settings.enabled => LastReplica::NotEnabled,
        Activity::Activating(_) => LastReplica::Starting,
        Activity::Asleep | Activity::Active(_) => LastReplica::RecentlyActive,
        Activity::Idle(_) if buffered_since.is_none() => LastReplica::NoBuffer,
        Activity::Idle(since) if now.since(since) < settings.retention => LastReplica::Retention,
        Activity::Idle(_) => LastReplica::Grace,
    }
}

/// What is seen at a moment.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Seen {
    /// Replicas asked for at present.
    pub current: u32,
    /// Replicas ready.
    pub ready: u32,
    /// Since when the buffer that catches requests is in the path; `None` where it is not.
    pub buffered_since: Option<Moment>,
}

/// The number of replicas for a wanted `desired`, which it is but for the last replica: that one goes
/// when the deployment has been idle for long enough and the buffer is in the path.
///
/// ```
/// use siting::scaling::zero::{self, Activity, Seen, Settings};
/// use siting::time::Moment;
///
/// let (settings, mut activity) = (Settings::default(), Activity::Active(Moment::from_millis(0)));
/// let mut at = |seconds: u64| {
///     let now = Moment::from_millis(seconds * 1000);
///     let seen = Seen { current: 1, ready: 1, buffered_since: Some(Moment::from_millis(60_000)) };
///     zero::step(&settings, &mut activity, now, 0, &seen)
/// };
/// assert_eq!(at(59), 1); // not active for long enough
/// assert_eq!(at(60), 1); // found idle
/// assert_eq!(at(89), 1);
/// assert_eq!(at(90), 0); // buffered for the time of grace
/// ```
pub fn step(settings: &Settings, activity: &mut Activity, now: Moment, desired: u32, seen: &Seen) -> u32 {
    if seen.ready > 0 && matches!(activity, Activity::Asleep | Activity::Activating(_)) {
        *activity = Activity::Active(now);
    }
    if desired > 0 {
        *activity = match *activity {
            Activity::Active(since) if seen.ready > 0 => Activity::Active(since),
            Activity::Activating(since) => Activity::Activating(since),
            _ if seen.ready > 0 => Activity::Active(now),
            _ => Activity::Activating(now),
        };
        return desired;
    }
    if !settings.enabled {
        return 1;
    }
    let last = seen.current.min(1);
    match *activity {
        Activity::Asleep => last.min(seen.ready),
        Activity::Activating(since) if now.since(since) > settings.activation => fall_asleep(activity),
        Activity::Activating(_) => last,
        Activity::Active(since) => {
            if now.since(since) >= settings.stable_window {
                *activity = Activity::Idle(now);
            }
            last
        }
        Activity::Idle(since) => {
            let Some(buffered) = seen.buffered_since else { return last };
            let idle = now.since(since);
            let long_idle = idle >= settings.grace.max(settings.retention);
            let caught = idle >= settings.retention && now.since(buffered) >= settings.grace;
            if long_idle || caught { fall_asleep(activity) } else { last }
        }
    }
}

fn fall_asleep(activity: &mut Activity) -> u32 {
    *activity = Activity::Asleep;
    0
}
