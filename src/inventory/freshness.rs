//! Which clusters take new work: health, cordons, and how old what is known of them may be (I3, I8).

use std::sync::Arc;
use std::time::Duration;

use super::fleet::Fleet;
use crate::bitset::BitSet;
use crate::id::{ClusterId, Id};
use crate::time::Moment;

/// From which moment on each cluster is stale that was observed, ascending; and those that are.
///
/// Invariant `stale-by-deadline`: the stale ones are those of the first so many deadlines.
#[derive(Clone, Debug)]
pub(super) struct Freshness {
    pub(super) deadlines: Arc<Vec<(Moment, ClusterId)>>,
    passed: usize,
    pub(super) stale: Arc<BitSet<ClusterId>>,
}

impl Freshness {
    /// Nothing is ever stale.
    pub(super) fn none(clusters: usize) -> Self {
        Self { deadlines: Arc::default(), passed: 0, stale: Arc::new(BitSet::empty(clusters)) }
    }

    /// By how old what was observed may be; all of it is stale until somebody says which moment it is.
    pub(super) fn new(fleet: &Fleet, max_age: Duration) -> Self {
        let observed = fleet.clusters().iter().enumerate();
        let deadline = |(index, at): (usize, Option<Moment>)| {
            // Of just that age it still counts.
            Some((at?.after(max_age).after(Duration::from_millis(1)), ClusterId::from_index(index)))
        };
        let mut deadlines: Vec<_> =
            observed.map(|(index, cluster)| (index, cluster.observed_at)).filter_map(deadline).collect();
        deadlines.sort_unstable();
        let mut new = Self { deadlines: Arc::new(deadlines), ..Self::none(fleet.clusters().len()) };
        new.look(None);
        new
    }

    pub(super) fn look(&mut self, at: Option<Moment>) {
        let passed = at.map_or(self.deadlines.len(), |at| self.deadlines.partition_point(|(from, _)| *from <= at));
        if passed != self.passed {
            self.passed = passed;
            let stale = self.deadlines.iter().take(passed).map(|(_, cluster)| *cluster);
            self.stale = Arc::new(BitSet::from_ids(self.stale.universe(), stale));
        }
    }
}

/// The clusters that take new work, as sets: healthy, not cordoned, not stale.
#[derive(Clone, Copy, Debug)]
pub struct Takers<'a> {
    /// The healthy ones.
    pub healthy: &'a BitSet<ClusterId>,
    /// Those that are closed to new work.
    pub cordoned: &'a BitSet<ClusterId>,
    /// Those that were observed too long ago (I8).
    pub stale: &'a BitSet<ClusterId>,
}

impl Takers<'_> {
    /// Whether a cluster takes new work.
    #[inline]
    #[must_use]
    pub fn contain(&self, cluster: ClusterId) -> bool {
        self.healthy.contains(cluster) && !self.cordoned.contains(cluster) && !self.stale.contains(cluster)
    }
}
