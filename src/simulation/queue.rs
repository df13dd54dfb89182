//! Requests that wait, in the order in which they came. They are counted in thousandths.

use std::collections::VecDeque;
use std::time::Duration;

use crate::time::Moment;

/// Requests that wait for a replica.
#[derive(Default)]
pub(super) struct Queue {
    /// When they came, and how many.
    waiting: VecDeque<(Moment, u64)>,
}

impl Queue {
    pub(super) fn push(&mut self, came: Moment, requests: u64) {
        if requests > 0 {
            self.waiting.push_back((came, requests));
        }
    }

    pub(super) fn len(&self) -> u64 {
        self.waiting.iter().fold(0, |all: u64, (_, requests)| all.saturating_add(*requests))
    }

    /// Takes up to so many from the front: how many that were, and for how long the first of them waited.
    pub(super) fn take(&mut self, most: u64, now: Moment) -> (u64, Duration) {
        let waited = self.waiting.front().map_or(Duration::ZERO, |(came, _)| now.since(*came));
        let mut left = most;
        while left > 0
            && let Some((_, requests)) = self.waiting.front_mut()
        {
            let taken = left.min(*requests);
            *requests -= taken;
            left -= taken;
            if *requests == 0 {
                self.waiting.pop_front();
            }
        }
        (most - left, waited)
    }

    /// Takes out those that have waited for the limit, and says how many.
    pub(super) fn expire(&mut self, limit: Duration, now: Moment) -> u64 {
        let mut expired: u64 = 0;
        while let Some((came, requests)) = self.waiting.front().copied()
            && now.since(came) >= limit
        {
            expired = expired.saturating_add(requests);
            self.waiting.pop_front();
        }
        expired
    }

    /// Takes out all of them, with the moments at which they came.
    pub(super) fn drain(&mut self) -> impl Iterator<Item = (Moment, u64)> + '_ {
        self.waiting.drain(..)
    }
}
