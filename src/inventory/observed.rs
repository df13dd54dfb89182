//! What an inventory takes for too old (I8).

use std::sync::Arc;
use std::time::Duration;

use super::freshness::{Freshness, Takers};
use super::state::Inventory;
use crate::bitset::BitSet;
use crate::id::ClusterId;
use crate::time::Moment;

impl Inventory {
    /// The clusters that were observed too long before the moment of questions (I8).
    #[must_use]
    pub fn stale(&self) -> &Arc<BitSet<ClusterId>> {
        &self.freshness.stale
    }

    /// Which clusters take new work, as decisions see them.
    #[must_use]
    pub fn takers(&self) -> Takers<'_> {
        Takers { healthy: &self.healthy, cordoned: &self.cordoned, stale: self.stale() }
    }

    /// Says how old what was observed of a cluster may be. O(n log n) in clusters, where it says so.
    pub(crate) fn set_max_age(&mut self, max_age: Option<Duration>) {
        self.freshness = match max_age {
            Some(most) => Freshness::new(&self.fleet, most),
            None => Freshness::none(self.fleet.clusters().len()),
        };
    }

    /// Says which clusters are stale at a moment; where it is not known, all that can be. O(log n) in clusters, where
    /// that has not changed.
    pub(crate) fn look(&mut self, at: Option<Moment>) {
        self.freshness.look(at);
    }

    /// Whether clusters become stale with time.
    pub(crate) fn ages(&self) -> bool {
        !self.freshness.deadlines.is_empty()
    }

    /// From which moment on each cluster is stale that was observed.
    pub(crate) fn stale_from(&self) -> impl Iterator<Item = (ClusterId, Moment)> + '_ {
        self.freshness.deadlines.iter().map(|(from, cluster)| (*cluster, *from))
    }
}
