//! When requests go to a remote side, and how many.

use std::time::Duration;

use serde::{Deserialize, Serialize};

use crate::time::Moment;

/// When and how much is offloaded (R6).
///
/// A metric counts as reached once its load has been at or over its target without a break for the
/// window; any one is enough. What has begun ends when for the release window no metric was at or over
/// the release threshold.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", try_from = "AnyOffloading")]
pub struct Offloading {
    /// The percentage of requests that goes to the remote side, from 0 to 100.
    percentage: u8,
    /// How long a metric must be at or over its target.
    pub window: Duration,
    /// How long all must be below the release threshold.
    pub release_window: Duration,
    /// The release threshold, in thousandths of the target, up to 1000.
    release: u16,
}

impl Offloading {
    /// `percentage` of the requests after `window` at the target, and back after as long below it.
    /// `None` above 100.
    #[must_use]
    pub fn new(percentage: u8, window: Duration) -> Option<Self> {
        (percentage <= 100).then_some(Self { percentage, window, release_window: window, release: 1000 })
    }

    /// With a lower threshold for going back, in thousandths of the target. `None` above 1000.
    #[must_use]
    pub fn releasing_below(self, release: u16) -> Option<Self> {
        (release <= 1000).then_some(Self { release, ..self })
    }

    /// With another time to go back than to begin.
    #[must_use]
    pub fn releasing_after(self, release_window: Duration) -> Self {
        Self { release_window, ..self }
    }

    /// The percentage that goes to the remote side.
    #[must_use]
    pub fn percentage(&self) -> u8 {
        self.percentage
    }

    /// The release threshold, in thousandths of the target.
    #[must_use]
    pub fn release(&self) -> u16 {
        self.release
    }
}

/// An offloading that was written down, before it is checked.
#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct AnyOffloading {
    percentage: u8,
    window: Duration,
    release_window: Duration,
    release: u16,
}

impl TryFrom<AnyOffloading> for Offloading {
    type Error = &'static str;
    fn try_from(any: AnyOffloading) -> Result<Self, &'static str> {
        let found = Self::new(any.percentage, any.window).and_then(|found| found.releasing_below(any.release));
        let found = found.ok_or("a percentage is at most 100, and a release threshold at most the target")?;
        Ok(found.releasing_after(any.release_window))
    }
}

/// What the machine remembers.
///
/// ```
/// use std::time::Duration;
/// use siting::time::Moment;
/// use siting::traffic::{Offloading, Remote, RemoteId, Side};
///
/// let offloading = Offloading::new(50, Duration::from_secs(60)).unwrap();
/// let remotes = [Remote { id: RemoteId(7), healthy: true, allowed: true }];
/// let mut side = Side::default();
/// let mut at = |seconds: u64, load: u64| {
///     side.step(&offloading, Moment::from_millis(seconds * 1000), &[Some(load)], true, &remotes)
/// };
/// assert_eq!(at(0, 1000).remote, None);
/// assert_eq!(at(59, 1200).remote, None);
/// assert_eq!(at(60, 1200).remote, Some((RemoteId(7), 50)));
/// assert_eq!(at(61, 900).remote, Some((RemoteId(7), 50))); // it takes as long to go back
/// assert_eq!(at(121, 900).local, 100);
/// ```
#[derive(Clone, PartialEq, Eq, Default, Debug, Serialize, Deserialize)]
pub struct Side {
    /// Since when each metric has been at or over its target.
    reached: Vec<Option<Moment>>,
    /// Whether requests are offloaded for the load.
    offloading: bool,
    /// Since when all have been below the release threshold.
    released: Option<Moment>,
}

/// The number of a remote side, which the host gives.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug, Serialize, Deserialize)]
pub struct RemoteId(pub u32);

/// A remote side.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Remote {
    /// Its number.
    pub id: RemoteId,
    /// Whether it can serve.
    pub healthy: bool,
    /// Whether the policies allow it.
    pub allowed: bool,
}

/// Where requests go: percentages that sum to 100, or to 0 where there is no route.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Routing {
    /// The percentage that stays.
    pub local: u8,
    /// The remote side and its percentage, which is above 0.
    pub remote: Option<(RemoteId, u8)>,
    /// Why it is so.
    pub why: Why,
}

/// Where one request goes.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Destination {
    /// To the local replicas.
    Local,
    /// To this remote side.
    Remote(RemoteId),
}

impl Routing {
    /// Where a request goes, for a random number of which the remainder by 100 counts; `None` where there
    /// is no route.
    ///
    /// ```
    /// use siting::traffic::{Destination, RemoteId, Routing, Why};
    /// let routing = Routing { local: 70, remote: Some((RemoteId(1), 30)), why: Why::Loaded };
    /// assert_eq!(routing.choose(169), Some(Destination::Local));
    /// assert_eq!(routing.choose(170), Some(Destination::Remote(RemoteId(1))));
    /// ```
    #[must_use]
    pub fn choose(&self, random: u64) -> Option<Destination> {
        if random % 100 < u64::from(self.local) {
            return Some(Destination::Local);
        }
        self.remote.map(|(remote, _)| Destination::Remote(remote))
    }
}

/// Why requests go where they go.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Why {
    /// No metric has reached its target.
    Calm,
    /// A metric has.
    Loaded,
    /// A metric has, and no remote side is healthy and allowed: all stays.
    LoadedWithoutRemote,
    /// No local replica is ready: all goes to the remote side.
    LocalDown,
    /// No local replica is ready, and no remote side is healthy and allowed: there is no route (R7).
    NoRoute,
}

impl Side {
    /// Takes in the loads of the metrics, in thousandths of their targets (`None` where there is no
    /// figure, which reaches nothing), and says where requests go from `now` on. The `remotes` are ranked:
    /// the first that is healthy and allowed is the one.
    pub fn step(
        &mut self,
        offloading: &Offloading,
        now: Moment,
        loads: &[Option<u64>],
        local_ready: bool,
        remotes: &[Remote],
    ) -> Routing {
        self.reached.resize(loads.len(), None);
        for (since, load) in self.reached.iter_mut().zip(loads) {
            let at_target = load.is_some_and(|load| load >= 1000);
            *since = at_target.then(|| since.unwrap_or(now));
        }
        let full = |since: &Option<Moment>| since.is_some_and(|since| now.since(since) >= offloading.window);
        let high = loads.iter().flatten().any(|load| *load >= u64::from(offloading.release));
        self.released = if high { None } else { Some(self.released.unwrap_or(now)) };
        let calm = self.released.is_some_and(|since| now.since(since) >= offloading.release_window);
        if self.reached.iter().any(full) {
            self.offloading = true;
        } else if calm {
            self.offloading = false;
        }
        let remote = remotes.iter().find(|remote| remote.healthy && remote.allowed).map(|remote| remote.id);
        let percentage = offloading.percentage;
        match (local_ready, remote) {
            (false, Some(remote)) => Routing { local: 0, remote: Some((remote, 100)), why: Why::LocalDown },
            (false, None) => Routing { local: 0, remote: None, why: Why::NoRoute },
            (true, _) if !self.offloading => Routing { local: 100, remote: None, why: Why::Calm },
            (true, None) => Routing { local: 100, remote: None, why: Why::LoadedWithoutRemote },
            (true, Some(remote)) => {
                let part = (percentage > 0).then_some((remote, percentage));
                Routing { local: 100 - percentage, remote: part, why: Why::Loaded }
            }
        }
    }
}
