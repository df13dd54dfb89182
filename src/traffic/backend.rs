//! Backends, and why none of them can be had.

use std::fmt;

use serde::{Deserialize, Serialize};

use super::health::{Checks, Health};
use super::masks::{Mask, SiteId};
use crate::time::Moment;

/// A backend's number, which the host gives.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug, Serialize, Deserialize)]
pub struct BackendId(pub u32);

/// The number of a version of the workload, which the host gives.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Default, Debug, Serialize, Deserialize)]
pub struct VersionId(pub u32);

/// A replica that can be sent requests, and what is known of it.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct Backend {
    /// Its number.
    pub id: BackendId,
    /// The version it runs.
    pub version: VersionId,
    /// Where it listens: what consistent hashing places on its ring.
    pub address: String,
    /// The port there.
    pub port: u16,
    /// Its share of the requests, against the other weights; 0 takes none.
    pub weight: u32,
    /// Whether it says that it can serve.
    pub ready: bool,
    /// Whether the policies let it serve its deployment's requests, wherever they come from.
    pub allowed: bool,
    /// Where it stands, for masks; one that does not say serves only callers who are cut from nothing.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub site: Option<SiteId>,
    /// Whether it finishes what it has and takes nothing new.
    pub draining: bool,
    /// The most connections it takes; `None` is any number.
    pub max_connections: Option<u32>,
    /// Open connections.
    pub connections: u32,
    /// What checks and requests have shown.
    pub health: Health,
}

impl Backend {
    /// A ready and allowed backend of weight 1, of which nothing bad is known.
    #[must_use]
    pub fn new(id: BackendId, address: impl Into<String>, port: u16) -> Self {
        Self {
            id,
            version: VersionId::default(),
            address: address.into(),
            port,
            weight: 1,
            ready: true,
            allowed: true,
            site: None,
            draining: false,
            max_connections: None,
            connections: 0,
            health: Health::default(),
        }
    }

    /// Why it takes no request at `now`; `None` where it does. The causes are asked in the order of
    /// [`Cause`].
    #[must_use]
    pub fn unusable(&self, now: Moment, checks: &Checks) -> Option<Cause> {
        if !self.allowed {
            Some(Cause::Forbidden)
        } else if !self.ready {
            Some(Cause::NotReady)
        } else if !self.health.is_good(now, checks) {
            Some(Cause::Unhealthy)
        } else if self.weight == 0 {
            Some(Cause::WithoutWeight)
        } else if self.draining {
            Some(Cause::Draining)
        } else if self.max_connections.is_some_and(|most| self.connections >= most) {
            Some(Cause::Full)
        } else {
            None
        }
    }
}

impl Backend {
    /// The same for callers whom a mask binds.
    pub(super) fn unusable_for(&self, mask: &Mask, now: Moment, checks: &Checks) -> Option<Cause> {
        if self.allowed && !mask.admits(self.site) { Some(Cause::NotForCaller) } else { self.unusable(now, checks) }
    }
}

/// Why a backend takes no request, or why there is no route at all.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Cause {
    /// There are no backends of what is asked for: it is at zero, and must be woken first.
    WakeFirst,
    /// The policies do not allow it.
    Forbidden,
    /// The caller may not be answered where it stands.
    NotForCaller,
    /// It is not ready.
    NotReady,
    /// It failed its checks or its requests.
    Unhealthy,
    /// Its weight is 0.
    WithoutWeight,
    /// It finishes what it has.
    Draining,
    /// It has as many connections as it takes.
    Full,
}

/// There is no backend that may be sent the request (R7).
#[derive(Clone, Copy, PartialEq, Eq, Default, Debug)]
pub struct NoRoute {
    /// How many backends there are, by cause, in the order of [`Cause`] from [`Cause::Forbidden`] on.
    counts: [u32; 7],
}

impl NoRoute {
    /// Sums up why none of `backends` takes a request.
    pub(super) fn of(causes: impl Iterator<Item = Cause>) -> Self {
        let mut none = Self::default();
        for cause in causes {
            if let Some(count) = none.counts.get_mut((cause as usize).wrapping_sub(1)) {
                *count += 1;
            }
        }
        none
    }

    /// The cause nearest to a route: what most nearly would have taken the request.
    #[must_use]
    pub fn cause(&self) -> Cause {
        let causes = [
            Cause::Forbidden,
            Cause::NotForCaller,
            Cause::NotReady,
            Cause::Unhealthy,
            Cause::WithoutWeight,
            Cause::Draining,
            Cause::Full,
        ];
        let present = causes.into_iter().zip(self.counts).rev().find(|(_, count)| *count > 0);
        present.map_or(Cause::WakeFirst, |(cause, _)| cause)
    }

    /// How many backends take no request for this cause.
    #[must_use]
    pub fn count(&self, cause: Cause) -> u32 {
        self.counts.get((cause as usize).wrapping_sub(1)).copied().unwrap_or(0)
    }
}

impl fmt::Display for NoRoute {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self.cause() {
            Cause::WakeFirst => "there is no replica of what is asked for: wake it first",
            Cause::Forbidden => "no replica is where the policies allow it",
            Cause::NotForCaller => "no replica is where this caller may be answered",
            Cause::NotReady => "no replica is ready",
            Cause::Unhealthy => "no ready replica is healthy",
            Cause::WithoutWeight => "every healthy replica has a weight of 0",
            Cause::Draining => "every healthy replica is draining",
            Cause::Full => "every healthy replica has as many connections as it takes",
        })
    }
}

impl std::error::Error for NoRoute {}
