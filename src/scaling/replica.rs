//! A replica as an autoscaler sees it, and what counts of it.

use std::time::Duration;

use crate::quantity::Milli;
use crate::time::Moment;

/// When the cpu figure of a replica that has just started counts.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Initialisation {
    /// How long after its start a replica's cpu figure is looked at with suspicion; 5 minutes.
    pub cpu: Duration,
    /// Until how long after its start a replica that is not ready is taken as never having been; 30 s.
    pub readiness: Duration,
}

impl Default for Initialisation {
    fn default() -> Self {
        Self { cpu: Duration::from_secs(300), readiness: Duration::from_secs(30) }
    }
}

/// One replica, as the host sees it.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Replica {
    /// Where it is in its life.
    pub phase: Phase,
    /// Whether it is being stopped.
    pub stopping: bool,
    /// When it started; `None` where unknown.
    pub started: Option<Moment>,
    /// Whether it is ready, and since when that is so; `None` where nothing is known.
    pub ready: Option<(bool, Moment)>,
    /// What it asks for of the resource; `None` where it does not say.
    pub requested: Option<Milli>,
    /// What was measured of it; `None` where nothing was.
    pub sample: Option<Sample>,
}

/// Where a replica is in its life.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Phase {
    /// Not started yet.
    Pending,
    /// Started.
    Running,
    /// Ended in failure.
    Failed,
    /// Ended well.
    Succeeded,
}

/// A figure measured of one replica.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Sample {
    /// The figure.
    pub value: Milli,
    /// When it was taken.
    pub at: Moment,
    /// Over which time it was averaged.
    pub window: Duration,
}

/// What counts of a replica.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Standing {
    /// It is, and its figure counts.
    Ready,
    /// It is to come: its figure does not count.
    Unready,
    /// It gave no figure.
    Missing,
    /// It is going: as if it were not there.
    Ignored,
}

impl Replica {
    /// A running replica, ready since its start at `since`.
    #[must_use]
    pub fn running(since: Moment, requested: Option<Milli>, sample: Option<Sample>) -> Self {
        Self {
            phase: Phase::Running,
            stopping: false,
            started: Some(since),
            ready: Some((true, since)),
            requested,
            sample,
        }
    }

    /// What counts of it for a figure. Readiness is looked at for cpu only, whose use after the start
    /// says little about the load.
    #[must_use]
    pub fn standing(&self, cpu: bool, now: Moment, initialisation: &Initialisation) -> Standing {
        if self.stopping || matches!(self.phase, Phase::Failed | Phase::Succeeded) {
            return Standing::Ignored;
        }
        if self.phase == Phase::Pending {
            return Standing::Unready;
        }
        let Some(sample) = self.sample else { return Standing::Missing };
        let unready = cpu
            && match (self.ready, self.started) {
                (Some((ready, changed)), Some(started)) => {
                    let starting = started.checked_add(initialisation.cpu).is_none_or(|end| end > now);
                    if starting {
                        !ready || changed.checked_add(sample.window).is_none_or(|full| sample.at < full)
                    } else {
                        !ready && started.checked_add(initialisation.readiness).is_none_or(|end| end > changed)
                    }
                }
                _ => true,
            };
        if unready { Standing::Unready } else { Standing::Ready }
    }

    pub(super) fn serves(&self) -> bool {
        self.phase == Phase::Running && self.ready.is_some_and(|(ready, _)| ready)
    }
}
