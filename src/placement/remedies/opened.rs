//! How many clusters steps open: by place and set of kinds, not cluster by cluster.

use std::cell::RefCell;
use std::collections::HashMap;
use std::rc::Rc;

use super::room_of_kinds::{fitting, request};
use super::step::Step;
use super::suppose::{Case, Values};
use crate::bitset::BitSet;
use crate::deployment::Demand;
use crate::id::{ClusterId, Id, KindId, PairId, PlaceId};
use crate::inventory::{Cluster, Pair};
use crate::placement::Limited;
use crate::placement::price::replica_price;
use crate::policy::Policy;

/// What is no candidate as things are.
pub(super) struct Opened<'a> {
    case: &'a Case<'a>,
    /// The places that are admitted as things are; none where the policies refuse everything.
    places: BitSet<PlaceId>,
    /// What of the hardware is a candidate as things are.
    before: Vec<bool>,
    /// What steps that concern hardware make of it, as far as that was asked.
    counts: RefCell<HashMap<OfHardware, Rc<Counts>>>,
}

/// Steps that concern hardware, and what quantities are lowered to.
type OfHardware = (Vec<Step>, Values);

/// The open clusters with hardware that is a candidate, by place, as if the policies admitted each place.
struct Counts {
    all: Vec<usize>,
    /// Those of which it is none as things are.
    new: Vec<usize>,
}

impl<'a> Opened<'a> {
    pub(super) fn new(case: &'a Case<'a>) -> Self {
        let places = if case.local.unresolved().is_empty() {
            case.gates.after(case.fleet(), &[]).places
        } else {
            BitSet::empty(case.fleet().index().places().len())
        };
        Self { case, places, before: candidates(case, &[], &Vec::new()), counts: RefCell::default() }
    }

    /// How many clusters become candidates by steps that place all replicas. O(places), and O(classes) for what is asked
    /// of hardware the first time; O(pairs) under a bound of price.
    pub(super) fn count(&self, steps: &[Step], values: &Values) -> usize {
        let axis_of = |policy| self.case.local.policy(policy).map(Policy::axis);
        let of_hardware = steps.iter().copied().filter(|step| step.concerns_hardware(axis_of));
        let key: OfHardware = (of_hardware.collect(), values.clone());
        let mut known = self.counts.borrow_mut();
        let counts =
            Rc::clone(known.entry(key).or_insert_with_key(|(steps, values)| Rc::new(self.counts(steps, values))));
        let of = |list: &[usize], place: PlaceId| list.get(place.index()).copied().unwrap_or(0);
        let places = self.case.gates.after(self.case.fleet(), steps).places;
        let opened = |place| of(if self.places.contains(place) { &counts.new } else { &counts.all }, place);
        places.iter().map(opened).sum()
    }

    fn counts(&self, steps: &[Step], values: &Values) -> Counts {
        let (index, after) = (self.case.fleet().index(), candidates(self.case, steps, values));
        let none = || vec![0; index.places().len()];
        let mut counts = Counts { all: none(), new: none() };
        let is_in = |list: &[bool], at: usize| list.get(at).copied().unwrap_or(false);
        let mut add = |place: PlaceId, at: usize, clusters: usize| {
            if is_in(&after, at) {
                counts.all.get_mut(place.index()).into_iter().for_each(|count| *count += clusters);
                if !is_in(&self.before, at) {
                    counts.new.get_mut(place.index()).into_iter().for_each(|count| *count += clusters);
                }
            }
        };
        if by_cluster(self.case) {
            let takers = self.case.inventory.takers();
            let open = index.clusters().iter().enumerate();
            let open = open.filter(|(at, _)| takers.contain(ClusterId::from_index(*at)));
            open.for_each(|(at, (place, _))| add(*place, at, 1));
        } else {
            for (place, row) in self.case.classes.rows() {
                row.iter().for_each(|(kinds, clusters)| add(place, kinds.index(), *clusters));
            }
        }
        counts
    }
}

/// Whether what a node costs matters, which neither place nor kind says.
fn by_cluster(case: &Case<'_>) -> bool {
    case.ask.demand.max_price.is_some() || is_price_limited(case)
}

/// Whether a limit is of price: then a place of unknown price is no candidate (E4).
fn is_price_limited(case: &Case<'_>) -> bool {
    case.ask.limits.iter().any(|limit| limit.of == Limited::Price)
}

/// Which sets of kinds have a candidate after some steps, wherever they are; under a bound of price, which clusters.
fn candidates(case: &Case<'_>, steps: &[Step], values: &Values) -> Vec<bool> {
    let (fleet, index, demand) = (case.fleet(), case.fleet().index(), case.demand(steps, values));
    let admitted = case.gates.after(fleet, steps).kinds;
    let fitting: Vec<BitSet<KindId>> =
        fitting(fleet, &demand).into_iter().map(|kinds| kinds.intersection(&admitted)).collect();
    if !by_cluster(case) {
        let any = |kind: &KindId| fitting.iter().any(|kinds| kinds.contains(*kind));
        return index.kind_sets().iter().map(|kinds| kinds.iter().any(any)).collect();
    }
    let is_priced = |demand: &Demand| demand.max_price.is_some() || is_price_limited(case);
    let is_candidate = |id: PairId, pair: &Pair| {
        let Some((number, pool)) = index.kind_of(id).zip(fleet.pool(pair.pool)) else { return false };
        let Some(kind) = index.kinds().get(number.index()) else { return false };
        let mut alternatives = fitting.iter().enumerate().filter(|(_, kinds)| kinds.contains(number));
        alternatives.any(|(alternative, _)| {
            let price = || replica_price(pool, &request(fleet, &demand, alternative, kind));
            !is_priced(&demand) || price().is_some_and(|price| demand.max_price.is_none_or(|most| price <= most))
        })
    };
    let has_one = |cluster: &Cluster| {
        let mut pairs = cluster.pairs.clone().map(PairId::from_index);
        pairs.any(|id| fleet.pair(id).is_some_and(|pair| is_candidate(id, pair)))
    };
    fleet.clusters().iter().map(has_one).collect()
}
