//! Kinds: pairs that no demand can tell apart, but for what they cost and what is free.

use std::collections::HashMap;
use std::ops::Range;

use super::cluster::{PoolDef, Shape};
use super::fleet::Fleet;
use super::points::{self, Points};
use super::request::Request;
use super::slice::Devices;
use crate::id::{ClusterId, FlavorId, Id, KindId, KindSetId, OfferId, PairId, PlaceId, PoolId};
use crate::quantity::Money;

/// Pairs of one flavor on nodes of one shape. Whether a demand fits is asked once for all of them.
#[derive(Clone, PartialEq, Debug)]
pub struct Kind {
    /// What replicas run on.
    pub flavor: FlavorId,
    /// What the pools are.
    pub hardware: Hardware,
    /// Where the pools stand on the axes of pools.
    pub points: Points,
    /// The places of its offers in the list of all.
    pub(super) offers: Range<usize>,
}

/// What pools have in common whose nodes are alike.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
pub struct Hardware {
    /// The cpu flavor.
    pub host: Option<FlavorId>,
    /// Whether there are GPUs.
    pub gpus: bool,
    /// What is known of them beside their flavor.
    pub devices: Devices,
    /// What one node has; `None` is no shape, on which any demand of its kind fits (I1).
    pub shape: Option<Shape>,
    /// Whether there are only so many nodes.
    pub limited: bool,
}

/// One pair of a kind.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Offer {
    /// Price of a node for an hour; `None` where it is unknown.
    pub node_price: Option<Money>,
    /// The pair.
    pub pair: PairId,
    /// Its pool.
    pub pool: PoolId,
    /// Its cluster.
    pub cluster: ClusterId,
    /// The cluster's place.
    pub place: PlaceId,
}

impl Hardware {
    pub(super) fn of(def: &PoolDef) -> Self {
        Self {
            host: def.cpu_flavor,
            gpus: def.gpu_flavor.is_some(),
            devices: def.devices,
            shape: def.shape,
            limited: def.shape.is_some() && def.nodes.is_some(),
        }
    }

    /// Whether an idle node holds the request; one of no shape holds any (I1).
    #[must_use]
    pub fn holds(&self, request: &Request) -> bool {
        self.shape.as_ref().is_none_or(|shape| request.fits(shape))
    }

    /// The shape of nodes of which there are only so many.
    #[must_use]
    pub fn limited_shape(&self) -> Option<&Shape> {
        self.shape.as_ref().filter(|_| self.limited)
    }
}

impl Kind {
    /// Its first offer, and the one after its last.
    #[must_use]
    pub fn range(&self) -> (OfferId, OfferId) {
        (OfferId::from_index(self.offers.start), OfferId::from_index(self.offers.end))
    }
}

impl Offer {
    /// What the offers of a kind are sorted by: the price, the unknown last, then the pair.
    pub(super) fn key(&self) -> (bool, Option<Money>, PairId) {
        (self.node_price.is_none(), self.node_price, self.pair)
    }
}

/// The kinds of a fleet, in the order of their first pairs.
#[derive(Clone, PartialEq, Debug, Default)]
pub(super) struct Kinds {
    pub(super) kinds: Vec<Kind>,
    /// By pair.
    pub(super) kind_of: Vec<KindId>,
    /// Kind by kind.
    ///
    /// Invariant `cheapest-first`: those of a kind ascend by price of a node, the unknown last, then by
    /// pair. The price of a replica ascends with that of its node, so they ascend by that too, whatever
    /// the replica is.
    pub(super) offers: Vec<Offer>,
    /// By pair: the place of its offer in the list.
    pub(super) offer_of: Vec<OfferId>,
    /// The sets of kinds that clusters have, each ascending.
    pub(super) kind_sets: Vec<Vec<KindId>>,
    /// By cluster.
    pub(super) kind_set_of: Vec<KindSetId>,
}

impl Kinds {
    /// O(n log n) in pairs; `place_of` gives each cluster's place.
    pub(super) fn of(fleet: &Fleet, place_of: impl Fn(ClusterId) -> Option<PlaceId>) -> Self {
        let mut numbers: HashMap<(FlavorId, Hardware, Points), KindId> = HashMap::new();
        let mut all = Self::default();
        for (id, pair) in fleet.pair_ids() {
            let (Some(pool), Some(place)) = (fleet.pool(pair.pool), place_of(pair.cluster)) else { continue };
            let hardware = Hardware::of(&pool.def);
            let points = points::of_pool(fleet.catalog(), &pool.def, pair.flavor);
            let kind = *numbers.entry((pair.flavor, hardware, points)).or_insert_with(|| {
                all.kinds.push(Kind { flavor: pair.flavor, hardware, points, offers: 0..0 });
                KindId::from_index(all.kinds.len() - 1)
            });
            all.kind_of.push(kind);
            let node_price = pool.def.price;
            all.offers.push(Offer { node_price, pair: id, pool: pair.pool, cluster: pair.cluster, place });
        }
        let Self { kinds, kind_of, offers, .. } = &mut all;
        let kind_of = |offer: &Offer| kind_of.get(offer.pair.index()).copied();
        offers.sort_unstable_by_key(|offer| (kind_of(offer), offer.key()));
        let mut first = 0;
        for (index, kind) in kinds.iter_mut().enumerate() {
            let rest = offers.get(first..).unwrap_or_default();
            let end = first + rest.partition_point(|offer| kind_of(offer) <= Some(KindId::from_index(index)));
            kind.offers = first..end;
            first = end;
        }
        all.offer_of = vec![OfferId::from_index(0); all.offers.len()];
        all.number(0..all.offers.len());
        all.kind_set(fleet);
        all
    }

    /// The kind of a pair.
    pub(super) fn kind(&self, pair: PairId) -> Option<&Kind> {
        self.kinds.get(self.kind_of.get(pair.index())?.index())
    }

    fn kind_set(&mut self, fleet: &Fleet) {
        let mut numbers: HashMap<Vec<KindId>, KindSetId> = HashMap::new();
        for cluster in fleet.clusters() {
            let mut kind_set = self.kind_of.get(cluster.pairs.clone()).unwrap_or_default().to_vec();
            kind_set.sort_unstable();
            kind_set.dedup();
            let id = *numbers.entry(kind_set).or_insert_with_key(|kind_set| {
                self.kind_sets.push(kind_set.clone());
                KindSetId::from_index(self.kind_sets.len() - 1)
            });
            self.kind_set_of.push(id);
        }
    }

    /// Moves a pair's offer to where its new price belongs. O(offers of its kind).
    pub(super) fn reprice(&mut self, pair: PairId, price: Option<Money>) {
        let kind = self.kind_of.get(pair.index()).and_then(|kind| self.kinds.get(kind.index()));
        let Some(range) = kind.map(|kind| kind.offers.clone()) else { return };
        if let Some(offer) = self.offer_of.get(pair.index()).and_then(|at| self.offers.get_mut(at.index())) {
            offer.node_price = price;
        }
        if let Some(offers) = self.offers.get_mut(range.clone()) {
            offers.sort_by_key(Offer::key);
        }
        self.number(range);
    }

    fn number(&mut self, range: Range<usize>) {
        for (at, offer) in range.clone().zip(self.offers.get(range).unwrap_or_default()) {
            if let Some(of) = self.offer_of.get_mut(offer.pair.index()) {
                *of = OfferId::from_index(at);
            }
        }
    }
}
