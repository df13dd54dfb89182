//! Health of a backend: what checks say, and what its requests show.
//!
//! Active checks flip a backend after so many opposite results in a row (as Envoy and Pingora do). Where
//! that is asked for, a share of failed requests takes it out for a while, after which a single request is
//! let through to see (as nginx does). It is off unless asked for: one failed request in a hundred, evenly
//! over all backends, says nothing of any of them (R5).

use std::time::Duration;

use serde::{Deserialize, Serialize};

use crate::time::Moment;

/// The thresholds of health.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct Checks {
    /// Failed checks in a row after which a backend is unhealthy; at least 1.
    pub unhealthy_after: u32,
    /// Passed checks in a row after which it is healthy again; at least 1.
    pub healthy_after: u32,
    /// When failed requests take it out; `None` is never.
    pub requests: Option<FailedRequests>,
}

/// When failed requests take a backend out: at a share of failures over a number of requests.
///
/// ```
/// use siting::traffic::{Checks, FailedRequests};
/// let checks = Checks { requests: Some(FailedRequests::default()), ..Checks::default() };
/// assert!(checks.requests.is_some_and(|requests| (requests.percent, requests.at_least) == (50, 20)));
/// ```
#[derive(Clone, Copy, PartialEq, Eq, Debug, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct FailedRequests {
    /// The percentage of failures at which it is taken out, from 1 to 100.
    pub percent: u8,
    /// The requests within [`FailedRequests::timeout`] below which the share says nothing; at least 1.
    pub at_least: u32,
    /// How long it is taken out, and how long requests are counted.
    pub timeout: Duration,
}

impl Default for FailedRequests {
    /// Half of at least twenty requests within ten seconds.
    fn default() -> Self {
        Self { percent: 50, at_least: 20, timeout: Duration::from_secs(10) }
    }
}

impl Default for Checks {
    /// Three failed checks, two passed ones; requests do not count.
    fn default() -> Self {
        Self { unhealthy_after: 3, healthy_after: 2, requests: None }
    }
}

/// What is known of a backend's health. A new one is good.
///
/// ```
/// use siting::time::Moment;
/// use siting::traffic::{Checks, FailedRequests, Health};
///
/// let requests = FailedRequests { at_least: 2, ..FailedRequests::default() };
/// let checks = Checks { requests: Some(requests), ..Checks::default() };
/// let mut health = Health::default();
/// let at = |seconds: u64| Moment::from_millis(seconds * 1000);
/// for _ in 0..3 {
///     health.checked(false, &checks);
/// }
/// assert!(!health.is_good(at(0), &checks));
/// health.checked(true, &checks);
/// assert!(health.checked(true, &checks)); // the second in a row turns it
/// health.chosen(at(1), &checks);
/// health.failed(at(1));
/// assert!(health.is_good(at(1), &checks)); // one request says too little
/// health.chosen(at(1), &checks);
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
    /// Requests of the time that is counted.
    #[serde(default)]
    requests: u32,
    /// Of these, failed.
    fails: u32,
    /// When that time began.
    #[serde(default)]
    since: Option<Moment>,
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
        let rule = checks.requests?;
        let since = self.checked_at.filter(|_| self.is_out(&rule))?;
        Some(since.checked_add(rule.timeout).unwrap_or(Moment::from_millis(u64::MAX)))
    }

    /// Whether as many of its requests failed as take it out.
    fn is_out(&self, rule: &FailedRequests) -> bool {
        let share = u64::from(self.requests) * u64::from(rule.percent.clamp(1, 100));
        self.fails > 0 && self.requests >= rule.at_least && u64::from(self.fails) * 100 >= share
    }

    /// Notes the result of a check. True where it turned the verdict.
    pub fn checked(&mut self, passed: bool, checks: &Checks) -> bool {
        if passed != self.bad {
            self.opposite = 0;
            return false;
        }
        self.opposite = self.opposite.saturating_add(1);
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
            (self.requests, self.fails, self.since) = (0, 0, None);
        }
    }

    /// Notes that the backend was chosen for a request. After the time of being taken out, this is the one
    /// that is let through.
    pub fn chosen(&mut self, now: Moment, checks: &Checks) {
        let Some(rule) = checks.requests else { return };
        if self.is_out(&rule) {
            if self.checked_at.is_some_and(|at| now.since(at) > rule.timeout) {
                self.checked_at = Some(now);
            }
            return;
        }
        if self.since.is_none_or(|since| now.since(since) > rule.timeout) {
            (self.requests, self.fails, self.since) = (0, 0, Some(now));
        }
        self.requests = self.requests.saturating_add(1);
    }
}
