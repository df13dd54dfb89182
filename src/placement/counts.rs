//! What each constraint takes away of a fleet, in clusters (D6).

use std::cell::RefCell;

use super::alike::{Alike, State};
use super::constraint::{Code, Failures};
use super::feasible::{Fit, Question};
use super::shortage::Shortage;
use crate::bitset::BitSet;
use crate::id::{ClusterId, Id, KindId, PairId, PoolId};

/// How many clusters fail each constraint by itself, and how many get past it and all before it.
///
/// What a pair fails is what its cluster and its kind fail, and whether there is room. So clusters of one
/// set of kinds that fail the same are counted together; only those are looked at one by one on whose nodes
/// something is in use and might be in the way.
#[derive(Clone, Debug)]
pub(super) struct ClusterCounts {
    /// By the place of a constraint: the clusters of which all pairs fail it.
    failing: [u32; Failures::MOST],
    /// By the number of constraints that a cluster passes before its first failure: the clusters.
    reaching: [u32; Failures::MOST + 1],
    failed_by_some: Failures,
    /// Whether something fails everything, so that nothing is left from the start.
    blocked: bool,
    /// The pools in use, of open clusters, that would hold a replica if they were idle, and have no room for one
    /// under some alternative.
    pub(super) full: Vec<PoolId>,
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
    pub(super) fn of(question: &Question<'_>, shortage: Shortage<'_>, blocked: bool) -> Self {
        let kind_fits = KindFits::new(question);
        let (index, feasible) = (question.fleet().index(), question.feasible);
        let used = kind_fits.used_clusters();
        let mut counted = Self {
            failing: [0; Failures::MOST],
            reaching: [0; Failures::MOST + 1],
            failed_by_some: Failures::default(),
            blocked,
            full: Vec::new(),
        };
        let mut alike = Alike::new(index.places().iter().map(|place| feasible.of_points(&place.points)), index);
        let looks_at_all = shortage.together.is_some() || shortage.spread.is_some();
        for (word, classes) in index.cluster_class_of().chunks(64).enumerate() {
            let (closed, in_use) = (feasible.states(word), used.words().get(word).copied().unwrap_or(0));
            let [unhealthy, cordoned, stale] = closed;
            let mut left = if looks_at_all { u64::MAX } else { unhealthy | cordoned | stale | in_use };
            while left != 0 {
                let bit = left.trailing_zeros() as usize;
                left &= left - 1;
                // The last word has bits that no cluster has.
                let Some(&class) = classes.get(bit) else { break };
                let Some(class) = index.cluster_classes().get(class as usize) else { continue };
                let mut state = State::of(closed, bit);
                let id = ClusterId::from_index(word * 64 + bit);
                if looks_at_all {
                    state.add_shortage(shortage, id);
                }
                if in_use >> bit & 1 == 0 {
                    alike.put(state, class);
                } else {
                    alike.take(class);
                    let of_cluster = alike.of_place(class.place).and(state.failures());
                    counted.add(kind_fits.pairs(id, feasible.is_open(id, class.place)), of_cluster, 1);
                }
            }
        }
        for (of_cluster, of_sets) in alike.patterns() {
            for (kind_set, &clusters) in index.kind_sets().iter().zip(of_sets).filter(|(_, clusters)| **clusters > 0) {
                counted.add(kind_set.iter().map(|&kind| kind_fits.idle(kind)), of_cluster, clusters);
            }
        }
        counted.full = kind_fits.full.into_inner();
        counted
    }

    /// Adds clusters: of each of their pairs, what it fails beside what its cluster fails.
    fn add(&mut self, pairs: impl Iterator<Item = OfPair>, of_cluster: Failures, clusters: u32) {
        let (mut all, mut furthest) = (Failures::ALL, 0);
        for OfPair { always, passed } in pairs {
            let (always, passed) = (always.and(of_cluster), passed.min(of_cluster.passed()));
            self.failed_by_some = self.failed_by_some.and(always);
            if !self.blocked {
                // The last alternative drops out here.
                self.failed_by_some.add_place(passed);
            }
            all = all & always;
            furthest = furthest.max(passed);
        }
        for place in all.places() {
            if let Some(failing) = self.failing.get_mut(place) {
                *failing += clusters;
            }
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
        self.counts(Code::TooExpensive).left_after > 0
    }

    /// What a constraint that judges pairs takes away.
    pub(super) fn counts(&self, code: Code) -> Counts {
        let removed = self.failing.get(code.place()).copied().unwrap_or(0);
        let left: u32 = self.reaching.iter().skip(code.place() + 1).sum();
        Counts { removed_alone: removed as usize, left_after: left as usize }
    }
}

/// What each kind is to each alternative.
struct KindFits<'a> {
    question: &'a Question<'a>,
    fits: Vec<Vec<Fit>>,
    /// The pools that were found to be full.
    full: RefCell<Vec<PoolId>>,
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
        Self { question, fits: alternatives.map(fits).collect(), full: RefCell::new(Vec::new()) }
    }

    /// What a kind is to each alternative.
    fn fits(&self, kind: KindId) -> impl Iterator<Item = &Fit> {
        self.fits.iter().filter_map(move |fits| fits.get(kind.index()))
    }

    /// The clusters of which a pool is in use that would hold a replica if it were idle; all where a price is bounded
    /// or something is limited, since no kind says what its pools cost.
    fn used_clusters(&self) -> BitSet<ClusterId> {
        let (fleet, in_use) = (self.question.fleet(), self.question.inventory.in_use());
        if self.question.feasible.asks_for_price() || !self.question.limits().is_empty() {
            return BitSet::full(fleet.clusters().len());
        }
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
        let ended = self.question.ended.into_iter().flat_map(|ended| ended.keys());
        ended.filter_map(|&pool| fleet.pool(pool)).for_each(|pool| {
            used.insert(pool.cluster);
        });
        used
    }

    /// The pairs of a cluster, as much in use as they are.
    fn pairs(&self, cluster: ClusterId, is_open: bool) -> impl Iterator<Item = OfPair> {
        let fleet = self.question.fleet();
        let pairs = fleet.cluster(cluster).map(|cluster| cluster.pairs.clone()).unwrap_or_default();
        pairs.map(PairId::from_index).filter_map(move |id| {
            let (pair, kind) = (fleet.pair(id)?, fleet.index().kind_of(id)?);
            Some(OfPair::of(self.fits(kind), |fit| {
                let mut failures = Failures::default();
                let price = self.question.feasible.is_within_price(pair.pool, &fit.request);
                failures.add(Code::TooExpensive, !price);
                let has_room = self.question.has_room(pair, fit);
                failures.add(Code::InsufficientCapacity, !has_room);
                failures.add(Code::OverLimit, !self.question.is_within_limits(id, &fit.request));
                if !has_room && price && is_open && fit.failures.is_none() {
                    self.found_full(pair.pool);
                }
                failures
            }))
        })
    }

    fn found_full(&self, pool: PoolId) {
        let mut full = self.full.borrow_mut();
        if full.last() != Some(&pool) {
            full.push(pool);
        }
    }

    /// A pair of a kind on which nothing is in use.
    fn idle(&self, kind: KindId) -> OfPair {
        OfPair::of(self.fits(kind), |fit| {
            let mut failures = Failures::default();
            failures.add(Code::InsufficientCapacity, fit.failures.contains(Code::DoesNotFitNode));
            failures
        })
    }
}

impl OfPair {
    /// Of what its kind is to each alternative, and what it fails beside that.
    fn of<'f>(fits: impl Iterator<Item = &'f Fit>, own: impl Fn(&Fit) -> Failures) -> Self {
        let (mut always, mut passed) = (Failures::ALL, 0);
        for fit in fits {
            let failures = fit.failures.and(own(fit));
            always = always & failures;
            passed = passed.max(failures.passed());
        }
        Self { always, passed }
    }
}
