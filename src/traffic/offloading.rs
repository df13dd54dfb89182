//! When requests go to a remote side, and how many.

use std::time::Duration;

use serde::{Deserialize, Serialize};

use crate::time::Moment;

/// When and how much is offloaded (R6).
///
/// A metric counts as reached once its load has been at or over its target without a break for the
/// window; any one is enough. What has begun ends when for the release window every metric was below its
/// release point. The relief that offloading brings is no recovery, so a steady load gets a steady answer:
///
/// - A stated release point, in thousandths of the target, holds for every metric.
/// - Unstated, a metric that falls as requests leave ([`Load::relieved`]) is released below what is left of
///   the target: target × (1 − percentage). Any other is released below the target.
/// - At 100 % nothing local is left to measure. Unless a release point is stated, it ends when all requests
///   ([`LocalSide::requests`]) are below 90 % of those when it began, and never where they are not told.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", try_from = "AnyOffloading")]
pub struct Offloading {
    /// The percentage of requests that goes to the remote side, from 0 to 100.
    percentage: u8,
    /// How long a metric must be at or over its target.
    pub window: Duration,
    /// How long all must be below the release threshold.
    pub release_window: Duration,
    /// The release point, in thousandths of the target, up to 1000; `None` where it follows from the rest.
    #[serde(default)]
    release: Option<u16>,
}

impl Offloading {
    /// `percentage` of the requests after `window` at the target, and back after as long below it.
    /// `None` above 100.
    #[must_use]
    pub fn new(percentage: u8, window: Duration) -> Option<Self> {
        (percentage <= 100).then_some(Self { percentage, window, release_window: window, release: None })
    }

    /// With a stated point for going back, in thousandths of the target. `None` above 1000.
    #[must_use]
    pub fn releasing_below(self, release: u16) -> Option<Self> {
        (release <= 1000).then_some(Self { release: Some(release), ..self })
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

    /// The stated release point, in thousandths of the target.
    #[must_use]
    pub fn release(&self) -> Option<u16> {
        self.release
    }

    /// Whether it ends only by the number of all requests: at 100 % without a stated release point.
    #[must_use]
    pub fn releases_by_requests(&self) -> bool {
        self.percentage == 100 && self.release.is_none()
    }

    /// The point below which a load releases, in thousandths of its target.
    fn release_point(&self, load: &Load) -> u64 {
        match self.release {
            Some(stated) => stated.into(),
            None if load.relieved => u64::from(100 - self.percentage) * 10,
            None => 1000,
        }
    }
}

/// An offloading that was written down, before it is checked.
#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct AnyOffloading {
    percentage: u8,
    window: Duration,
    release_window: Duration,
    #[serde(default)]
    release: Option<u16>,
}

impl TryFrom<AnyOffloading> for Offloading {
    type Error = &'static str;
    fn try_from(any: AnyOffloading) -> Result<Self, &'static str> {
        let found = Self::new(any.percentage, any.window).and_then(|found| match any.release {
            Some(release) => found.releasing_below(release),
            None => Some(found),
        });
        let found = found.ok_or("a percentage is at most 100, and a release point at most the target")?;
        Ok(found.releasing_after(any.release_window))
    }
}

/// What the machine remembers.
///
/// ```
/// use std::time::Duration;
/// use siting::time::Moment;
/// use siting::traffic::{Load, LocalSide, Offloading, Remote, RemoteId, Side};
///
/// let offloading = Offloading::new(50, Duration::from_secs(60)).unwrap();
/// let remotes = [Remote { id: RemoteId(7), healthy: true, allowed: true }];
/// let mut side = Side::default();
/// let mut at = |seconds: u64, load: u64| {
///     let loads = [Load { part: Some(load), relieved: true }];
///     let local = LocalSide { ready: true, loads: &loads, requests: None };
///     side.step(&offloading, Moment::from_millis(seconds * 1000), &local, &remotes)
/// };
/// assert_eq!(at(0, 1000).remote, None);
/// assert_eq!(at(59, 1200).remote, None);
/// assert_eq!(at(60, 1200).remote, Some((RemoteId(7), 50)));
/// assert_eq!(at(200, 600).remote, Some((RemoteId(7), 50))); // half of the load, which is still as high
/// assert_eq!(at(201, 490).remote, Some((RemoteId(7), 50))); // it takes as long to go back
/// assert_eq!(at(261, 490).local, 100);
/// ```
#[derive(Clone, PartialEq, Eq, Default, Debug, Serialize, Deserialize)]
pub struct Side {
    /// Since when each metric has been at or over its target.
    reached: Vec<Option<Moment>>,
    /// Whether requests are offloaded for the load.
    offloading: bool,
    /// Since when all have been below their release points.
    released: Option<Moment>,
    /// All requests when it began.
    #[serde(default)]
    began_with: Option<u64>,
}

/// The load of a metric.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Load {
    /// In thousandths of the target; `None` where there is no figure, which reaches nothing.
    pub part: Option<u64>,
    /// Whether it falls as requests leave: a figure of the local replicas, as those of the Resource and Pods
    /// metrics, and not one of the outside, as those of the Object and External metrics.
    pub relieved: bool,
}

/// What is seen of the local side.
#[derive(Clone, Copy, Default, PartialEq, Eq, Debug)]
pub struct LocalSide<'a> {
    /// Whether a local replica is ready.
    pub ready: bool,
    /// The loads of the metrics, in their order.
    pub loads: &'a [Load],
    /// All requests, those that go to the remote side among them, in any unit that stays the same, as
    /// thousandths of a request a second; `None` where they are not known.
    pub requests: Option<u64>,
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
    /// The same for requests of callers whom a mask binds (P18). `local` says whether it leaves a ready local replica;
    /// `remotes` are those of [`Side::step`], ranked, of which it allows some. Where it leaves one side, that answers all of
    /// them; the shares are as for everybody where it leaves both.
    ///
    /// ```
    /// use siting::traffic::{Remote, RemoteId, Routing, Why};
    /// let all = Routing { local: 70, remote: Some((RemoteId(1), 30)), why: Why::Loaded };
    /// let remotes = [
    ///     Remote { id: RemoteId(1), healthy: true, allowed: false }, // outside of the mask
    ///     Remote { id: RemoteId(2), healthy: true, allowed: true },
    /// ];
    /// let european = all.for_caller(true, &remotes);
    /// assert_eq!((european.local, european.remote), (70, Some((RemoteId(2), 30))));
    /// let european = all.for_caller(false, &remotes);
    /// assert_eq!((european.local, european.remote), (0, Some((RemoteId(2), 100))));
    /// assert_eq!(all.for_caller(false, &[]).why, Why::NoRoute);
    /// ```
    #[must_use]
    pub fn for_caller(&self, local: bool, remotes: &[Remote]) -> Self {
        let remote = remotes.iter().find(|remote| remote.healthy && remote.allowed).map(|remote| remote.id);
        let is_down = matches!(self.why, Why::LocalDown | Why::NoRoute);
        match (local && !is_down, remote) {
            (false, None) => Self { local: 0, remote: None, why: Why::NoRoute },
            (false, Some(remote)) => {
                let why = if is_down { Why::LocalDown } else { Why::LocalNotForCaller };
                Self { local: 0, remote: Some((remote, 100)), why }
            }
            (true, remote) => match (self.remote, remote) {
                (None, _) => Self { remote: None, ..*self },
                (Some(_), None) => Self { local: 100, remote: None, why: Why::LoadedWithoutRemote },
                (Some((_, percent)), Some(remote)) => Self { remote: Some((remote, percent)), ..*self },
            },
        }
    }

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
    /// The caller may not be answered where the local replicas are: all of its requests go to the remote side.
    LocalNotForCaller,
    /// No local replica is ready, and no remote side is healthy and allowed: there is no route (R7).
    NoRoute,
}

impl Side {
    /// Takes in what is seen of the local side, and says where requests go from `now` on. The `remotes` are
    /// ranked: the first that is healthy and allowed is the one.
    pub fn step(&mut self, offloading: &Offloading, now: Moment, local: &LocalSide<'_>, remotes: &[Remote]) -> Routing {
        self.reached.resize(local.loads.len(), None);
        for (since, load) in self.reached.iter_mut().zip(local.loads) {
            let at_target = load.part.is_some_and(|part| part >= 1000);
            *since = at_target.then(|| since.unwrap_or(now));
        }
        let full = |since: &Option<Moment>| since.is_some_and(|since| now.since(since) >= offloading.window);
        let below = self.is_below(offloading, local);
        self.released = below.then(|| self.released.unwrap_or(now));
        let calm = self.released.is_some_and(|since| now.since(since) >= offloading.release_window);
        if self.reached.iter().any(full) {
            if !self.offloading {
                self.began_with = local.requests;
            }
            self.offloading = true;
        } else if calm {
            self.offloading = false;
        }
        let remote = remotes.iter().find(|remote| remote.healthy && remote.allowed).map(|remote| remote.id);
        let percentage = offloading.percentage;
        match (local.ready, remote) {
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

    /// Whether all is below the release points.
    fn is_below(&self, offloading: &Offloading, local: &LocalSide<'_>) -> bool {
        if self.offloading && offloading.releases_by_requests() {
            let fallen = |(now, then): (u64, u64)| u128::from(now) * 10 < u128::from(then) * 9;
            return local.requests.zip(self.began_with).is_some_and(fallen);
        }
        let high = |load: &Load| load.part.is_some_and(|part| part >= offloading.release_point(load));
        !local.loads.iter().any(high)
    }
}
