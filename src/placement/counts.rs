//! What each constraint takes away of a fleet, in clusters (D6).

use super::constraint::{Code, Failures, JUDGING};
use super::feasible::{Fit, Question};
use super::spread::Domains;
use crate::bitset::BitSet;
use crate::id::{ClusterId, Id, KindId, PairId};

/// How many clusters fail each constraint by itself, and how many get past it and all before it.
///
/// What a pair fails is what its cluster and its kind fail, and whether there is room. So clusters of one
/// set of kinds that fail the same are counted together; only those are looked at one by one on whose nodes
/// something is in use and might be in the way.
#[derive(Clone, Debug)]
pub(super) struct ClusterCounts {
    /// By the constraints that all pairs of a cluster fail, as bits: the clusters.
    failing: Vec<u32>,
    /// By the number of constraints that a cluster passes before its first failure: the clusters.
    reaching: [u32; JUDGING.len() + 1],
    failed_by_some: Failures,
    /// Whether something fails everything, so that nothing is left from the start.
    blocked: bool,
}

/// What a constraint takes away, in clusters.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub struct Counts {
    /// Clusters that it alone would leave without a place.
    pub removed_alone: usize,
    /// Clusters that still have a place after it and all before it.
    pub left_after: usize,
}

impl ClusterCounts {
    /// Counts a fleet's clusters. O(kinds + clusters), and a look at the pools of each cluster of which one is in use
    /// that holds the replica when idle.
    pub(super) fn of(question: &Question<'_>, spread: Option<&Domains>, blocked: bool) -> Self {
        let kind_fits = KindFits::new(question);
        let index = question.fleet().index();
        let used = kind_fits.used_clusters();
        let mut counted = Self {
            failing: vec![0; 1 << JUDGING.len()],
            reaching: Default::default(),
            failed_by_some: Failures::default(),
            blocked,
        };
        let mut alike = vec![[0_u32; Failures::OF_CLUSTER]; index.kind_sets().len()];
        for (number, (place, kind_set)) in index.clusters().enumerate() {
            let id = ClusterId::from_index(number);
            let mut of_cluster = question.feasible.of_cluster(id, place);
            if let Some(domains) = spread {
                of_cluster.add(Code::SpreadImpossible, !domains.admits(id));
            }
            if used.contains(id) {
                counted.add(kind_fits.pairs(id), of_cluster, 1);
            } else if let Some(alike) = alike.get_mut(kind_set.index())
                && let Some(clusters) = alike.get_mut(of_cluster.cluster_index())
            {
                *clusters += 1;
            }
        }
        for (kind_set, alike) in index.kind_sets().iter().zip(&alike) {
            for (number, &clusters) in alike.iter().enumerate().filter(|(_, clusters)| **clusters > 0) {
                let kinds = kind_set.iter().map(|&kind| kind_fits.idle(kind));
                counted.add(kinds, Failures::from_cluster_index(number), clusters);
            }
        }
        counted
    }

    /// Adds clusters: of each of their pairs, what it fails beside what its cluster fails.
    fn add(&mut self, pairs: impl Iterator<Item = OfPair>, of_cluster: Failures, clusters: u32) {
        let (mut all, mut furthest) = (Failures::ALL, 0);
        for OfPair { always, passed } in pairs {
            let (always, passed) = (always.and(of_cluster), passed.min(of_cluster.passed()));
            self.failed_by_some = self.failed_by_some.and(always);
            if !self.blocked
                && let Some(&code) = JUDGING.get(passed)
            {
                // The last alternative drops out here.
                self.failed_by_some.add(code, true);
            }
            all = all & always;
            furthest = furthest.max(passed);
        }
        if let Some(failing) = self.failing.get_mut(usize::from(all.bits())) {
            *failing += clusters;
        }
        let reached = if self.blocked { 0 } else { furthest };
        if let Some(reaching) = self.reaching.get_mut(reached) {
            *reaching += clusters;
        }
    }

    /// Whether some pair fails a constraint, or is carried past it by no alternative.
    pub(super) fn is_failed_by_some(&self, code: Code) -> bool {
        self.failed_by_some.contains(code)
    }

    /// Whether there is a candidate (D2).
    pub(super) fn has_candidates(&self) -> bool {
        self.counts(Code::DoesNotFitNode).left_after > 0
    }

    /// What a constraint that judges pairs takes away.
    pub(super) fn counts(&self, code: Code) -> Counts {
        let failing = (0..=u8::MAX).zip(&self.failing);
        let failing = failing.filter(|(bits, _)| Failures::of_bits(*bits).contains(code));
        let removed: u32 = failing.map(|(_, clusters)| clusters).sum();
        let passed = JUDGING.iter().position(|&judging| judging == code).map_or(0, |at| at + 1);
        let left: u32 = self.reaching.iter().skip(passed).sum();
        Counts { removed_alone: removed as usize, left_after: left as usize }
    }
}

/// What each kind is to each alternative.
struct KindFits<'a> {
    question: &'a Question<'a>,
    fits: Vec<Vec<Fit>>,
}

/// What a pair fails by itself.
#[derive(Clone, Copy)]
struct OfPair {
    /// Under every alternative: it passes a constraint if it does under some (D1).
    always: Failures,
    /// How many constraints it passes under the best: several only if all of them under one (D1).
    passed: usize,
}

impl<'a> KindFits<'a> {
    fn new(question: &'a Question<'a>) -> Self {
        let kinds = question.fleet().index().kinds();
        let alternatives = 0..question.ask.demand.alternatives();
        let fits = |alternative| kinds.iter().map(|kind| question.feasible.of_kind(kind, alternative)).collect();
        Self { question, fits: alternatives.map(fits).collect() }
    }

    /// What a kind is to each alternative.
    fn fits(&self, kind: KindId) -> impl Iterator<Item = &Fit> {
        self.fits.iter().filter_map(move |fits| fits.get(kind.index()))
    }

    /// The clusters of which a pool is in use that would hold a replica if it were idle.
    fn used_clusters(&self) -> BitSet<ClusterId> {
        let (fleet, in_use) = (self.question.fleet(), self.question.inventory.in_use());
        let mut used = BitSet::empty(fleet.clusters().len());
        for (number, kind) in fleet.index().kinds().iter().enumerate() {
            let holds = |fit: &Fit| !fit.failures.contains(Code::DoesNotFitNode);
            if !self.fits(KindId::from_index(number)).any(holds) {
                continue;
            }
            let (first, end) = kind.range();
            let mut at = first.index();
            while let Some(offer) = in_use.first_present(at..end.index()) {
                at = offer.index() + 1;
                if let Some(offer) = fleet.index().offer(offer) {
                    used.insert(offer.cluster);
                }
            }
        }
        used
    }

    /// The pairs of a cluster, as much in use as they are.
    fn pairs(&self, cluster: ClusterId) -> impl Iterator<Item = OfPair> {
        let fleet = self.question.fleet();
        let pairs = fleet.cluster(cluster).map(|cluster| cluster.pairs.clone()).unwrap_or_default();
        pairs.map(PairId::from_index).filter_map(move |id| {
            let (pair, kind) = (fleet.pair(id)?, fleet.index().kind_of(id)?);
            Some(OfPair::of(self.fits(kind), |fit| self.question.has_room(pair, fit)))
        })
    }

    /// A pair of a kind on which nothing is in use.
    fn idle(&self, kind: KindId) -> OfPair {
        OfPair::of(self.fits(kind), |fit| !fit.failures.contains(Code::DoesNotFitNode))
    }
}

impl OfPair {
    fn of<'f>(fits: impl Iterator<Item = &'f Fit>, has_room: impl Fn(&Fit) -> bool) -> Self {
        let (mut always, mut passed) = (Failures::ALL, 0);
        for fit in fits {
            let mut failures = fit.failures;
            failures.add(Code::InsufficientCapacity, !has_room(fit));
            always = always & failures;
            passed = passed.max(failures.passed());
        }
        Self { always, passed }
    }
}
