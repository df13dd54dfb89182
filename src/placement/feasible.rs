//! Which pairs pass which constraint (D2, D6).

use crate::bitset::BitSet;
use crate::catalog::Axis;
use crate::id::{ClusterId, Id, PairId};
use crate::inventory::{Fleet, Inventory, Pair, Pool, Request};
use crate::policy::Scope;

use super::ask::Ask;
use super::constraint::Code;
use super::lower;

/// The constraints that judge each pair by itself, in the order of D6.
pub(super) const JUDGING: [Code; 7] = [
    Code::Unhealthy,
    Code::Cordoned,
    Code::LocationNotAllowed,
    Code::FlavorNotAllowed,
    Code::NoSuchFlavor,
    Code::DoesNotFitNode,
    Code::InsufficientCapacity,
];

/// One deployment's question to one inventory.
#[derive(Clone, Copy, Debug)]
pub(super) struct Question<'a> {
    pub(super) inventory: &'a Inventory,
    pub(super) scope: &'a Scope,
    pub(super) ask: Ask<'a>,
    /// As if no spread were asked for: to tell whether it is what stands in the way.
    pub(super) unspread: bool,
}

impl<'a> Question<'a> {
    pub(super) fn new(inventory: &'a Inventory, scope: &'a Scope, ask: Ask<'a>) -> Self {
        Self { inventory, scope, ask, unspread: false }
    }

    pub(super) fn fleet(&self) -> &'a Fleet {
        self.inventory.fleet()
    }

    /// The pairs that pass every constraint up to and including `does-not-fit-node`, under one
    /// alternative (D2). Starts from what the policies allow and only takes away (D9).
    pub(super) fn candidates(&self, alternative: usize) -> BitSet<PairId> {
        let fleet = self.fleet();
        if self.scope.refuses_everything() {
            return BitSet::empty(fleet.pairs().len());
        }
        let allowed = fleet.index().allowed(self.scope);
        self.among(allowed.iter(), |pair, pool| {
            self.inventory.is_open(pair.cluster)
                && lower::admits(fleet.catalog(), self.ask.demand, alternative, &pool.def, pair.flavor)
                && pool.holds(&self.request(alternative, pair))
        })
    }

    /// The pairs that pass one constraint by itself, under one alternative.
    pub(super) fn passing(&self, code: Code, alternative: usize) -> BitSet<PairId> {
        let fleet = self.fleet();
        match code {
            Code::Unhealthy => self.among_all(|pair, _| self.inventory.healthy().contains(pair.cluster)),
            Code::Cordoned => self.among_all(|pair, _| !self.inventory.cordoned().contains(pair.cluster)),
            Code::LocationNotAllowed => fleet.index().allowed_on(self.scope, Axis::Location),
            Code::FlavorNotAllowed => fleet.index().allowed_on(self.scope, Axis::Flavor),
            Code::NoSuchFlavor => self.among_all(|pair, pool| {
                lower::admits(fleet.catalog(), self.ask.demand, alternative, &pool.def, pair.flavor)
            }),
            Code::DoesNotFitNode => self.among_all(|pair, pool| pool.holds(&self.request(alternative, pair))),
            Code::InsufficientCapacity => self.among_all(|pair, pool| self.has_room(pair, pool, alternative)),
            Code::PolicyUnresolved
            | Code::PolicyRequired
            | Code::PolicyConflict
            | Code::SpreadImpossible
            | Code::NoClusters => BitSet::empty(fleet.pairs().len()),
        }
    }

    /// What a replica takes on a pair, under one alternative.
    pub(super) fn request(&self, alternative: usize, pair: &Pair) -> Request {
        lower::request_under(self.ask.demand, alternative, self.fleet().catalog().flavor_kind(pair.flavor))
    }

    fn has_room(&self, pair: &Pair, pool: &Pool, alternative: usize) -> bool {
        let request = self.request(alternative, pair);
        match self.inventory.nodes(pair.pool) {
            Some(nodes) => nodes.best(&request).is_some(),
            None => pool.holds(&request),
        }
    }

    pub(super) fn among_all(&self, test: impl Fn(&Pair, &Pool) -> bool) -> BitSet<PairId> {
        self.among((0..self.fleet().pairs().len()).map(PairId::from_index), test)
    }

    fn among(&self, pairs: impl Iterator<Item = PairId>, test: impl Fn(&Pair, &Pool) -> bool) -> BitSet<PairId> {
        let fleet = self.fleet();
        let passes = |&id: &PairId| {
            let pair = fleet.pair(id);
            pair.is_some_and(|pair| fleet.pool(pair.pool).is_some_and(|pool| test(pair, pool)))
        };
        BitSet::from_ids(fleet.pairs().len(), pairs.filter(passes))
    }
}

/// How many clusters have a pair in the set (D6: they *survive*).
pub(super) fn surviving_clusters(fleet: &Fleet, pairs: &BitSet<PairId>) -> usize {
    let mut last: Option<ClusterId> = None;
    let mut count = 0;
    // A cluster's pairs are neighbours (invariant `ranges-nest` of the fleet).
    for pair in pairs.iter().filter_map(|id| fleet.pair(id)) {
        if last != Some(pair.cluster) {
            last = Some(pair.cluster);
            count += 1;
        }
    }
    count
}
