//! Health of a backend: what checks say, and what its requests show.
//!
//! Active checks flip a backend after so many opposite results in a row (as Envoy and Pingora do);
//! failed requests take it out for a while (as nginx does), after which a single request is let
//! through to see.

use std::time::Duration;

use serde::{Deserialize, Serialize};

use crate::time::Moment;

/// The thresholds of health.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Checks {
    /// Failed checks in a row after which a backend is unhealthy; at least 1.
    pub unhealthy_after: u32,
    /// Passed checks in a row after which it is healthy again; at least 1.
    pub healthy_after: u32,
    /// Failed requests within [`Checks::fail_timeout`] after which it is taken out; 0 is never.
    pub max_fails: u32,
    /// How long it is taken out, and how long failures are counted.
    pub fail_timeout: Duration,
}

impl Default for Checks {
    /// Three failed checks, two passed ones; one failed request, ten seconds (nginx).
    fn default() -> Self {
        Self { unhealthy_after: 3, healthy_after: 2, max_fails: 1, fail_timeout: Duration::from_secs(10) }
    }
}

/// What is known of a backend's health. A new one is good.
///
/// ```
/// use siting::time::Moment;
/// use siting::traffic::{Checks, Health};
///
/// let (checks, mut health) = (Checks::default(), Health::default());
/// let at = |seconds: u64| Moment::from_millis(seconds * 1000);
/// for _ in 0..3 {
///     health.checked(false, &checks);
/// }
/// assert!(!health.is_good(at(0), &checks));
/// health.checked(true, &checks);
/// assert!(health.checked(true, &checks)); // the second in a row turns it
/// health.failed(at(1));
/// assert!(!health.is_good(at(11), &checks));
/// assert!(health.is_good(at(12), &checks)); // one request is let through …
/// health.chosen(at(12), &checks);
/// assert!(!health.is_good(at(12), &checks)); // … and no other, until it is known how it went
/// health.succeeded();
/// assert!(health.is_good(at(12), &checks));
/// ```
#[derive(Clone, Copy, PartialEq, Eq, Default, Debug, Serialize, Deserialize)]
pub struct Health {
    /// Whether the checks speak against it.
    bad: bool,
    /// Checks in a row that say the opposite.
    opposite: u32,
    /// Failed requests.
    fails: u32,
    /// When the last request failed.
    failed_at: Option<Moment>,
    /// From when on the time of being taken out counts.
    checked_at: Option<Moment>,
}

impl Health {
    /// Whether neither checks nor requests speak against it.
    #[must_use]
    pub fn is_good(&self, now: Moment, checks: &Checks) -> bool {
        !self.bad && self.returns_after(checks).is_none_or(|end| end < now)
    }

    /// The last moment of being taken out for failed requests.
    pub(super) fn returns_after(&self, checks: &Checks) -> Option<Moment> {
        let out = checks.max_fails > 0 && self.fails >= checks.max_fails;
        let since = self.checked_at.filter(|_| out)?;
        Some(since.checked_add(checks.fail_timeout).unwrap_or(Moment::from_millis(u64::MAX)))
    }

    /// Notes the result of a check. True where it turned the verdict.
    pub fn checked(&mut self, passed: bool, checks: &Checks) -> bool {
        if passed != self.bad {
            self.opposite = 0;
            return false;
        }
        self.opposite += 1;
        let needed = if passed { checks.healthy_after } else { checks.unhealthy_after };
        let turns = self.opposite >= needed;
        if turns {
            self.bad = !passed;
            self.opposite = 0;
        }
        turns
    }

    /// Notes that a request failed.
    pub fn failed(&mut self, now: Moment) {
        self.fails = self.fails.saturating_add(1);
        self.failed_at = Some(now);
        self.checked_at = Some(now);
    }

    /// Notes that a request was answered. It clears the failures where the backend was chosen after the
    /// time of being taken out.
    pub fn succeeded(&mut self) {
        if self.failed_at < self.checked_at {
            self.fails = 0;
        }
    }

    /// Notes that the backend was chosen: after the time of being taken out, this is the one request that
    /// is let through.
    pub fn chosen(&mut self, now: Moment, checks: &Checks) {
        if self.checked_at.is_some_and(|at| now.since(at) > checks.fail_timeout) {
            self.checked_at = Some(now);
        }
    }
}
