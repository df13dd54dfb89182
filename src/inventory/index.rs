//! Classes: pairs that no policy can tell apart.

use std::collections::BTreeMap;
use std::ops::Range;

use super::fleet::Fleet;
use super::kind::{Kind, Kinds, Offer};
use super::points::{self, Points};
use crate::bitset::BitSet;
use crate::catalog::{Axis, PerAxis, Point};
use crate::id::{Atom, ClusterId, Id, KindId, KindSetId, OfferId, PairId, PlaceId};
use crate::quantity::Money;

/// The pairs of a fleet, gathered into [classes](Class) for policies and into [kinds](Kind) for
/// demands. Policies are answered over classes, whose number follows the catalog and not the fleet: see
/// [`allowed`](Self::allowed).
#[derive(Clone, PartialEq, Debug)]
pub struct Index {
    places: Vec<Place>,
    /// The points at which something stands, ascending.
    points: PerAxis<Vec<Point>>,
    /// The same as a set.
    present: PerAxis<BitSet<Atom>>,
    /// Ascending by place, then by points.
    classes: Vec<Class>,
    kinds: Kinds,
    /// By cluster.
    of_cluster: Vec<(PlaceId, KindSetId)>,
    /// Ascending by place, then by set of kinds.
    cluster_classes: Vec<ClusterClass>,
    /// By cluster: the number of its class.
    cluster_class_of: Vec<u32>,
    /// By pair: the number of its class.
    class_of: Vec<u32>,
}

/// Clusters that no policy can tell apart but by their pools.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Place {
    /// Where they stand on the axes of clusters.
    pub points: Points,
    classes: Range<usize>,
}

/// Pairs that no policy can tell apart.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Class {
    /// Where they stand on every axis.
    pub points: Points,
    /// Their clusters' place.
    pub place: PlaceId,
    /// The pairs, ascending.
    pub members: Vec<PairId>,
}

/// Clusters that no constraint can tell apart but by health, cordon, age and room.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct ClusterClass {
    /// Their place.
    pub place: PlaceId,
    /// The kinds of their pairs.
    pub kind_set: KindSetId,
    /// How many there are.
    pub clusters: u32,
}

impl Index {
    /// Of no pair.
    pub(super) fn empty() -> Self {
        Self {
            places: Vec::new(),
            points: PerAxis::from_fn(|_| Vec::new()),
            present: PerAxis::from_fn(|_| BitSet::empty(0)),
            classes: Vec::new(),
            kinds: Kinds::default(),
            of_cluster: Vec::new(),
            cluster_classes: Vec::new(),
            cluster_class_of: Vec::new(),
            class_of: Vec::new(),
        }
    }

    /// O(n log n) in pairs.
    pub(super) fn build(fleet: &Fleet) -> Self {
        let of_cluster: Vec<Points> = fleet.clusters().iter().map(points::of_cluster).collect();
        let mut numbers: BTreeMap<Points, PlaceId> =
            of_cluster.iter().map(|&points| (points, PlaceId::from_index(0))).collect();
        for (number, id) in numbers.values_mut().enumerate() {
            *id = PlaceId::from_index(number);
        }
        let place_of = |id: ClusterId| numbers.get(of_cluster.get(id.index())?).copied();
        let kinds = Kinds::of(fleet, place_of);
        let mut classes: BTreeMap<(PlaceId, Points), Class> = BTreeMap::new();
        for (id, pair) in fleet.pair_ids() {
            // Every pair has a cluster with a place, and a kind.
            let (Some(place), Some(at), Some(kind)) =
                (place_of(pair.cluster), of_cluster.get(pair.cluster.index()), kinds.kind(id))
            else {
                continue;
            };
            let points = PerAxis::from_fn(|axis| at.get(axis).or(*kind.points.get(axis)));
            let new = || Class { points, place, members: Vec::new() };
            classes.entry((place, points)).or_insert_with(new).members.push(id);
        }
        let classes: Vec<Class> = classes.into_values().collect();
        let mut class_of = vec![0; fleet.pairs().len()];
        for (number, class) in (0..).zip(&classes) {
            for id in &class.members {
                if let Some(of) = class_of.get_mut(id.index()) {
                    *of = number;
                }
            }
        }
        let places = places(&numbers, &classes);
        let clusters = (0..of_cluster.len()).map(ClusterId::from_index).filter_map(place_of);
        let of_cluster: Vec<_> = clusters.zip(kinds.kind_set_of.iter().copied()).collect();
        let (cluster_classes, cluster_class_of) = cluster_classes(&of_cluster);
        let points = PerAxis::from_fn(|axis| points_of(axis, &places, &classes));
        Self {
            present: PerAxis::from_fn(|axis| present(points.get(axis))),
            points,
            places,
            classes,
            kinds,
            of_cluster,
            cluster_classes,
            cluster_class_of,
            class_of,
        }
    }

    /// All classes, ascending by place, then by points.
    #[must_use]
    pub fn classes(&self) -> &[Class] {
        &self.classes
    }

    /// All places, by ascending id.
    #[must_use]
    pub fn places(&self) -> &[Place] {
        &self.places
    }

    /// The place of this id; `None` for an id of another fleet.
    #[inline]
    #[must_use]
    pub fn place(&self, id: PlaceId) -> Option<&Place> {
        self.places.get(id.index())
    }

    /// The classes of a place.
    #[must_use]
    pub fn classes_of(&self, place: &Place) -> &[Class] {
        self.classes.get(place.classes.clone()).unwrap_or_default()
    }

    /// The points of an axis at which something stands, ascending.
    #[must_use]
    pub fn points(&self, axis: Axis) -> &[Point] {
        self.points.get(axis)
    }

    /// The same as a set.
    #[must_use]
    pub fn present(&self, axis: Axis) -> &BitSet<Atom> {
        self.present.get(axis)
    }

    /// How many pairs there are.
    #[must_use]
    pub fn pair_count(&self) -> usize {
        self.class_of.len()
    }

    /// All kinds, by ascending id.
    #[must_use]
    pub fn kinds(&self) -> &[Kind] {
        &self.kinds.kinds
    }

    /// The pairs of a kind, the cheapest first, with their place among all.
    pub fn offers(&self, kind: &Kind) -> impl Iterator<Item = (OfferId, &Offer)> + Clone {
        let offers = self.kinds.offers.get(kind.offers.clone()).unwrap_or_default();
        kind.offers.clone().map(OfferId::from_index).zip(offers)
    }

    /// The offer of this id; `None` for an id of another fleet, as below.
    #[must_use]
    pub fn offer(&self, id: OfferId) -> Option<&Offer> {
        self.kinds.offers.get(id.index())
    }

    /// Where a pair stands among the offers.
    #[must_use]
    pub fn offer_of(&self, pair: PairId) -> Option<OfferId> {
        self.kinds.offer_of.get(pair.index()).copied()
    }

    /// The sets of kinds that clusters have, by ascending id.
    #[must_use]
    pub fn kind_sets(&self) -> &[Vec<KindId>] {
        &self.kinds.kind_sets
    }

    /// Each cluster's place and set of kinds, by ascending id: all that constraints ask of it, but for health,
    /// cordon and room.
    #[must_use]
    pub fn clusters(&self) -> &[(PlaceId, KindSetId)] {
        &self.of_cluster
    }

    /// The classes of clusters, ascending by place, then by set of kinds.
    #[must_use]
    pub fn cluster_classes(&self) -> &[ClusterClass] {
        &self.cluster_classes
    }

    /// By cluster: the number of its class.
    #[must_use]
    pub fn cluster_class_of(&self) -> &[u32] {
        &self.cluster_class_of
    }

    /// The class of a pair.
    #[must_use]
    pub fn class_of(&self, pair: PairId) -> Option<&Class> {
        self.classes.get(*self.class_of.get(pair.index())? as usize)
    }

    /// The kind of a pair.
    #[must_use]
    pub fn kind_of(&self, pair: PairId) -> Option<KindId> {
        self.kinds.kind_of.get(pair.index()).copied()
    }

    /// The pairs of the classes that pass a test. O(classes + pairs).
    #[must_use]
    pub fn select(&self, test: impl Fn(&Class) -> bool) -> BitSet<PairId> {
        let passes: Vec<bool> = self.classes.iter().map(test).collect();
        BitSet::of_items(&self.class_of, |&class| passes.get(class as usize).copied().unwrap_or(false))
    }

    /// Another price for a node of a pair. O(pairs of its kind).
    pub(super) fn reprice(&mut self, pair: PairId, price: Option<Money>) {
        self.kinds.reprice(pair, price);
    }
}

/// The classes of clusters, and each cluster's.
fn cluster_classes(of_cluster: &[(PlaceId, KindSetId)]) -> (Vec<ClusterClass>, Vec<u32>) {
    let mut numbers: BTreeMap<(PlaceId, KindSetId), u32> = of_cluster.iter().map(|&of| (of, 0)).collect();
    let mut classes = Vec::with_capacity(numbers.len());
    for ((&(place, kind_set), number), next) in numbers.iter_mut().zip(0..) {
        *number = next;
        classes.push(ClusterClass { place, kind_set, clusters: 0 });
    }
    let class_of = |of: &(PlaceId, KindSetId)| {
        let number = numbers.get(of).copied().unwrap_or_default();
        if let Some(class) = classes.get_mut(number as usize) {
            class.clusters += 1;
        }
        number
    };
    let class_of = of_cluster.iter().map(class_of).collect();
    (classes, class_of)
}

/// The places with these numbers, whose classes stand in their order.
fn places(numbers: &BTreeMap<Points, PlaceId>, classes: &[Class]) -> Vec<Place> {
    let mut first = 0;
    let place = |(&points, &id): (&Points, &PlaceId)| {
        let rest = classes.get(first..).unwrap_or_default();
        let end = first + rest.partition_point(|class| class.place <= id);
        let place = Place { points, classes: first..end };
        first = end;
        place
    };
    numbers.iter().map(place).collect()
}

/// The points of an axis at which something stands.
fn points_of(axis: Axis, places: &[Place], classes: &[Class]) -> Vec<Point> {
    let points = places.iter().map(|place| &place.points).chain(classes.iter().map(|class| &class.points));
    let mut points: Vec<Point> = points.filter_map(|points| *points.get(axis)).collect();
    points.sort_unstable();
    points.dedup();
    points
}

fn present(points: &[Point]) -> BitSet<Atom> {
    let atoms = points.iter().map(|point| point.atom);
    BitSet::from_ids(points.last().map_or(0, |last| last.atom.index() + 1), atoms)
}
