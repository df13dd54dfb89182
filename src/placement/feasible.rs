//! Which pairs pass which constraint (D2, D6).
//!
//! What a constraint says of a pair it says of all pairs of a kind, or of a cluster; so it is asked once
//! for each of these, and a pair fails what its cluster or its kind fails. Only room is asked of the
//! pool itself.

use std::collections::HashMap;
use std::sync::Arc;

use crate::bitset::BitSet;
use crate::deployment::{Demand, Spread, Together};
use crate::id::{ClusterId, Id, PairId, PlaceId, PoolId};
use crate::inventory::{Allowed, Fleet, Inventory, Kind, Nodes, Pair, Points, Request, Takers};
use crate::policy::Scope;

use super::ask::Ask;
use super::constraint::{Code, Failures};
use super::limits::{Budget, Limit, Limited};
use super::lower;
use super::price::replica_price;

/// A fleet as one deployment's policies and demand see it: all of the constraints on candidates.
#[derive(Clone, Debug)]
pub(super) struct Feasible<'a> {
    fleet: &'a Fleet,
    takers: Takers<'a>,
    /// What the policies leave (D9).
    allowed: Allowed<'a>,
    demand: &'a Demand,
    /// Whether a price is limited, so that it must be known (E4).
    priced: bool,
}

/// What a kind is to one alternative of a demand.
#[derive(Clone, Copy, Debug)]
pub(super) struct Fit {
    /// What all its pairs fail.
    pub(super) failures: Failures,
    /// What one replica takes.
    pub(super) request: Request,
}

impl<'a> Feasible<'a> {
    pub(super) fn new(fleet: &'a Fleet, takers: Takers<'a>, scope: &'a Scope, demand: &'a Demand) -> Self {
        Self { fleet, takers, allowed: fleet.index().allowed(scope), demand, priced: false }
    }

    /// The same under limits: where one is of price, a place of unknown price is no candidate (E4).
    pub(super) fn within(self, limits: &[Limit]) -> Self {
        Self { priced: limits.iter().any(|limit| limit.of == Limited::Price), ..self }
    }

    /// Whether what a place costs decides whether it is a candidate.
    pub(super) fn asks_for_price(&self) -> bool {
        self.priced || self.demand.max_price.is_some()
    }

    pub(super) fn fleet(&self) -> &'a Fleet {
        self.fleet
    }

    pub(super) fn scope(&self) -> &'a Scope {
        self.allowed.scope()
    }

    pub(super) fn demand(&self) -> &'a Demand {
        self.demand
    }

    /// Whether a cluster of a place passes all constraints on clusters.
    #[inline]
    pub(super) fn is_open(&self, cluster: ClusterId, place: PlaceId) -> bool {
        self.allowed.admits_place(place) && self.takes_work(cluster)
    }

    /// Whether a cluster takes new work (I3, I8).
    fn takes_work(&self, cluster: ClusterId) -> bool {
        self.takers.contain(cluster)
    }

    /// What every pair of a cluster may fail, whatever its place: health, cordon and age.
    pub(super) const OF_STATE: [Code; 3] = [Code::Unhealthy, Code::Cordoned, Code::Stale];

    /// Which clusters fail each of [`OF_STATE`](Self::OF_STATE), of the 64 of a word: a bit for each.
    #[inline]
    pub(super) fn states(&self, word: usize) -> [u64; 3] {
        let of = |set: &BitSet<ClusterId>| set.words().get(word).copied().unwrap_or(0);
        [!of(self.takers.healthy), of(self.takers.cordoned), of(self.takers.stale)]
    }

    /// What every pair of a cluster fails of [`OF_STATE`](Self::OF_STATE).
    fn of_state(&self, cluster: ClusterId) -> Failures {
        let (word, bit) = (cluster.index() / 64, cluster.index() % 64);
        let mut failures = Failures::default();
        let all = Self::OF_STATE.into_iter().zip(self.states(word));
        all.for_each(|(code, failing)| failures.add(code, failing >> bit & 1 == 1));
        failures
    }

    /// What everything that stands at these points fails by policies.
    pub(super) fn of_points(&self, points: &Points) -> Failures {
        let mut failures = Failures::default();
        self.allowed.excluding(points).for_each(|axis| failures.add(Code::NotAllowed(axis), true));
        failures
    }

    /// What every pair of a kind fails under one alternative: flavor, hardware demanded, size of an
    /// empty node.
    pub(super) fn of_kind(&self, kind: &Kind, alternative: usize) -> Fit {
        let catalog = self.fleet.catalog();
        let request = lower::request_under(self.demand, alternative, catalog.flavor_kind(kind.flavor));
        let admitted =
            lower::admits(catalog, self.demand, alternative, lower::of_hardware(&kind.hardware), kind.flavor);
        let mut failures = self.of_points(&kind.points);
        failures.add(Code::NoSuchFlavor, !admitted);
        failures.add(Code::DoesNotFitNode, !kind.hardware.holds(&request));
        Fit { failures, request }
    }

    /// Whether a replica on a pair costs no more than the demand bounds its price to (D1). What does not fit an idle node
    /// has no price, and an unknown one is none that is within a bound.
    pub(super) fn is_within_price(&self, pool: PoolId, request: &Request) -> bool {
        let price = || self.fleet.pool(pool).and_then(|pool| replica_price(pool, request));
        !self.asks_for_price() || price().is_some_and(|price| self.demand.max_price.is_none_or(|most| price <= most))
    }

    /// What one replica takes on a kind under one alternative; `None` where its pairs are no candidates,
    /// wherever they are.
    pub(super) fn fits(&self, kind: &Kind, alternative: usize) -> Option<Request> {
        let catalog = self.fleet.catalog();
        let admitted = self.allowed.admits(&kind.points)
            && lower::admits(catalog, self.demand, alternative, lower::of_hardware(&kind.hardware), kind.flavor);
        let request = || lower::request_under(self.demand, alternative, catalog.flavor_kind(kind.flavor));
        admitted.then(request).filter(|request| kind.hardware.holds(request))
    }

    /// What a pair fails under one alternative, but for room.
    pub(super) fn of_pair(&self, id: PairId, alternative: usize) -> Option<Fit> {
        let (index, pair) = (self.fleet.index(), self.fleet.pair(id)?);
        let fit = self.of_kind(index.kinds().get(index.kind_of(id)?.index())?, alternative);
        let of_place = self.of_points(&index.place(index.class_of(id)?.place)?.points);
        let mut failures = fit.failures.and(of_place).and(self.of_state(pair.cluster));
        failures.add(Code::TooExpensive, !self.is_within_price(pair.pool, &fit.request));
        Some(Fit { failures, ..fit })
    }

    /// What a replica takes on a pair, under one alternative.
    pub(super) fn request(&self, alternative: usize, pair: &Pair) -> Request {
        lower::request_under(self.demand, alternative, self.fleet.catalog().flavor_kind(pair.flavor))
    }

    /// Whether a pair passes every constraint up to and including `too-expensive`, under one
    /// alternative (D2).
    pub(super) fn is_candidate(&self, id: PairId, alternative: usize) -> bool {
        !self.scope().refuses_everything() && self.of_pair(id, alternative).is_some_and(|fit| fit.failures.is_none())
    }

    /// The candidates under one alternative, in no particular order. O(places + kinds + allowed pairs).
    pub(super) fn candidates(&self, alternative: usize) -> impl Iterator<Item = PairId> {
        let index = self.fleet.index();
        let mut fits: Vec<Option<Option<Request>>> = vec![None; index.kinds().len()];
        let mut fits = move |id: PairId, pool: PoolId| {
            let Some(of) = index.kind_of(id) else { return false };
            let (Some(known), Some(kind)) = (fits.get_mut(of.index()), index.kinds().get(of.index())) else {
                return false;
            };
            let request = known.get_or_insert_with(|| self.fits(kind, alternative));
            request.as_ref().is_some_and(|request| self.is_within_price(pool, request))
        };
        let pairs = self.allowed.classes().flat_map(|class| class.members.iter().copied());
        pairs.filter(move |&id| {
            self.fleet.pair(id).is_some_and(|pair| self.takes_work(pair.cluster) && fits(id, pair.pool))
        })
    }

    /// The candidates under some alternative.
    pub(super) fn all_candidates(&self) -> BitSet<PairId> {
        let alternatives = 0..self.demand.alternatives();
        let candidates = alternatives.flat_map(|alternative| self.candidates(alternative));
        BitSet::from_ids(self.fleet.pairs().len(), candidates)
    }

    /// About how many pairs stand where the policies allow.
    pub(super) fn estimate(&self) -> usize {
        self.allowed.estimate()
    }
}

/// Bounds of all replicas taken together that are left out of a question.
#[derive(Clone, Copy, Default, Debug)]
pub(super) struct Without {
    pub(super) spread: bool,
    pub(super) together: bool,
    pub(super) limits: bool,
}

/// One deployment's question to one inventory.
#[derive(Clone, Copy, Debug)]
pub(super) struct Question<'a> {
    pub(super) inventory: &'a Inventory,
    pub(super) feasible: &'a Feasible<'a>,
    pub(super) ask: Ask<'a>,
    /// What of the bounds of all replicas is left out: to tell whether it is what stands in the way.
    pub(super) without: Without,
    /// The pools as they were where spreading ended, as far as they have changed: a domain that is full then has no
    /// room (D6).
    pub(super) ended: Option<&'a HashMap<PoolId, Nodes>>,
}

impl<'a> Question<'a> {
    pub(super) fn new(inventory: &'a Inventory, feasible: &'a Feasible<'a>, ask: Ask<'a>) -> Self {
        Self { inventory, feasible, ask, without: Without::default(), ended: None }
    }

    pub(super) fn fleet(&self) -> &'a Fleet {
        self.inventory.fleet()
    }

    /// How the replicas are to be spread.
    pub(super) fn spread(&self) -> Option<Spread> {
        self.ask.preferences.spread.filter(|_| !self.without.spread)
    }

    /// In what kind of domain they are to stand together.
    pub(super) fn together(&self) -> Option<Together> {
        self.ask.preferences.together.filter(|_| !self.without.together)
    }

    /// The limits in force.
    pub(super) fn limits(&self) -> &'a [Limit] {
        if self.without.limits { &[] } else { self.ask.limits }
    }

    /// Whether the limits leave room for one replica on a pair.
    pub(super) fn is_within_limits(&self, pair: PairId, request: &Request) -> bool {
        self.limits().is_empty() || Budget::new(self.limits()).room(self.fleet(), pair, request, 1) > 0
    }

    /// How many replicas have room on a pair's pool, at most so many.
    pub(super) fn room(&self, pair: &Pair, request: &Request, most: u32) -> u32 {
        self.nodes(pair.pool).map_or(most, |nodes| nodes.room(request, most))
    }

    /// Whether a node of a pair's pool has room for a replica now. What would not fit an idle node has
    /// none.
    pub(super) fn has_room(&self, pair: &Pair, fit: &Fit) -> bool {
        if fit.failures.contains(Code::DoesNotFitNode) {
            return false;
        }
        self.nodes(pair.pool).is_none_or(|nodes| nodes.has_room(&fit.request))
    }

    /// What is free on a pool; `None` where nodes are unlimited.
    fn nodes(&self, pool: PoolId) -> Option<&'a Nodes> {
        self.ended.and_then(|ended| ended.get(&pool)).or_else(|| self.inventory.nodes(pool))
    }

    /// What is free on these pools, to be kept.
    pub(super) fn kept(&self, pools: &[PoolId]) -> Vec<(PoolId, Arc<Nodes>)> {
        let free = |&pool: &PoolId| {
            let ended = self.ended.and_then(|ended| ended.get(&pool)).map(|nodes| Arc::new(nodes.clone()));
            Some((pool, ended.or_else(|| self.inventory.shared_nodes(pool).cloned())?))
        };
        pools.iter().filter_map(free).collect()
    }

    /// Every constraint that a pair fails under one alternative.
    pub(super) fn failures(&self, id: PairId, alternative: usize) -> Option<Failures> {
        let fit = self.feasible.of_pair(id, alternative)?;
        let mut failures = fit.failures;
        failures.add(Code::InsufficientCapacity, !self.has_room(self.fleet().pair(id)?, &fit));
        failures.add(Code::OverLimit, !self.is_within_limits(id, &fit.request));
        Some(failures)
    }
}
