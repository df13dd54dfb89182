//! Classes: pairs that no policy can tell apart.

use std::borrow::Cow;
use std::collections::BTreeMap;
use std::ops::Range;

use super::fleet::Fleet;
use super::kind::{Kind, Kinds, Offer};
use crate::bitset::BitSet;
use crate::catalog::{Axis, PerAxis};
use crate::id::{Atom, Id, KindId, KindSetId, OfferId, PairId};
use crate::policy::Scope;
use crate::quantity::Money;

/// The pairs of a fleet, gathered into [classes](Class) for policies and into [kinds](Kind) for
/// demands. Policies are answered over classes, whose number follows the catalog and not the fleet.
#[derive(Clone, PartialEq, Debug)]
pub struct Index {
    places: Vec<Place>,
    /// The places as a set.
    present: BitSet<Atom>,
    /// Ascending by place, then flavor.
    classes: Vec<Class>,
    kinds: Kinds,
    /// By cluster: its point on the location axis.
    place_of: Vec<Atom>,
    /// By pair: the number of its class.
    class_of: Vec<u32>,
}

/// Clusters of one place: no policy on places can tell them apart.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Place {
    /// Their point on the location axis.
    pub atom: Atom,
    /// The rest of their country, for scopes compiled before the place was known (P7).
    pub rest: Atom,
    classes: Range<usize>,
}

/// Pairs of one place and one flavor.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Class {
    /// Their point on the location axis.
    pub place: Atom,
    /// The rest of their country, for scopes compiled before the place was known (P7).
    pub rest: Atom,
    /// Their point on the flavor axis.
    pub flavor: Atom,
    /// The pairs, ascending.
    pub members: Vec<PairId>,
}

impl Class {
    /// The class's point on an axis, and what stands for it in a scope that does not know it yet.
    #[must_use]
    pub fn point(&self, axis: Axis) -> (Atom, Atom) {
        match axis {
            Axis::Location => (self.place, self.rest),
            Axis::Flavor => (self.flavor, self.flavor),
        }
    }
}

/// A scope's policies, bound to the pairs of one fleet: a mask for each axis that is restricted.
///
/// Binding looks at every pair once; after that the allowed set is an AND of masks. Ids are the fleet's:
/// bind anew where clusters come or go.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Bound {
    pairs: usize,
    masks: PerAxis<Option<BitSet<PairId>>>,
}

impl Bound {
    /// The pairs that every axis allows. O(pairs / 64).
    #[must_use]
    pub fn allowed(&self) -> BitSet<PairId> {
        let mut masks = self.masks.iter().filter_map(|(_, mask)| mask.as_ref());
        let Some(first) = masks.next() else { return BitSet::full(self.pairs) };
        let mut allowed = first.clone();
        masks.for_each(|mask| allowed.intersect_with(mask));
        allowed
    }

    /// The pairs that one axis allows; `None` where nothing restricts it.
    #[must_use]
    pub fn mask(&self, axis: Axis) -> Option<&BitSet<PairId>> {
        self.masks.get(axis).as_ref()
    }
}

impl Index {
    /// Of no pair.
    pub(super) fn empty() -> Self {
        Self {
            places: Vec::new(),
            present: BitSet::empty(0),
            classes: Vec::new(),
            kinds: Kinds::default(),
            place_of: Vec::new(),
            class_of: Vec::new(),
        }
    }

    /// O(n log n) in pairs.
    pub(super) fn build(fleet: &Fleet) -> Self {
        let mut classes: BTreeMap<(Atom, Atom), Class> = BTreeMap::new();
        for (id, pair) in fleet.pair_ids() {
            let Some(cluster) = fleet.cluster(pair.cluster) else { continue };
            let flavor = fleet.catalog().flavor_atom(pair.flavor);
            let new = || Class { place: cluster.place, rest: cluster.rest, flavor, members: Vec::new() };
            classes.entry((cluster.place, flavor)).or_insert_with(new).members.push(id);
        }
        let classes: Vec<Class> = classes.into_values().collect();
        let places = places(fleet, &classes);
        let universe = places.last().map_or(0, |place| place.atom.index() + 1);
        let present = BitSet::from_ids(universe, places.iter().map(|place| place.atom));
        let place_of = fleet.clusters().iter().map(|cluster| cluster.place).collect();
        let mut class_of = vec![0; fleet.pairs().len()];
        for (number, class) in (0..).zip(&classes) {
            for id in &class.members {
                if let Some(of) = class_of.get_mut(id.index()) {
                    *of = number;
                }
            }
        }
        Self { places, present, classes, kinds: Kinds::of(fleet), place_of, class_of }
    }

    /// All classes, ascending by place, then flavor.
    #[must_use]
    pub fn classes(&self) -> &[Class] {
        &self.classes
    }

    /// All places, ascending.
    #[must_use]
    pub fn places(&self) -> &[Place] {
        &self.places
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
    pub fn clusters(&self) -> impl Iterator<Item = (Atom, KindSetId)> {
        self.place_of.iter().copied().zip(self.kinds.kind_set_of.iter().copied())
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

    /// The places that a scope's policies allow. O(1), or O(places) where some of them are unknown to the
    /// scope's catalog.
    ///
    /// With the flavors that it allows, this is where policies meet the fleet, and the only place (D9): every
    /// candidate is a pair of an allowed place and an allowed flavor.
    #[must_use]
    pub fn allowed_places<'s>(&self, scope: &'s Scope) -> Cow<'s, BitSet<Atom>> {
        let axis = scope.axis(Axis::Location);
        if self.present.universe() <= axis.allowed().universe() {
            return Cow::Borrowed(axis.allowed());
        }
        let allowed = self.places.iter().filter(|place| axis.admits(place.atom, place.rest));
        Cow::Owned(BitSet::from_ids(self.present.universe(), allowed.map(|place| place.atom)))
    }

    /// About how many pairs stand in some places: as if all places had the same number.
    #[must_use]
    pub fn estimate(&self, places: &BitSet<Atom>) -> usize {
        let share = |pairs: usize| pairs.checked_div(self.places.len()).unwrap_or(0);
        share(self.class_of.len() * places.count_common(&self.present))
    }

    /// The classes of some places.
    pub fn classes_in(&self, places: &BitSet<Atom>) -> impl Iterator<Item = &Class> {
        let places = self.places.iter().filter(|place| places.contains(place.atom));
        places.flat_map(|place| self.classes.get(place.classes.clone()).unwrap_or_default())
    }

    /// The classes that a scope's policies allow, on both axes. O(places + classes of allowed places).
    pub fn allowed_classes(&self, scope: &Scope) -> impl Iterator<Item = &Class> {
        let places = self.places.iter().filter(|place| scope.axis(Axis::Location).admits(place.atom, place.rest));
        let classes = places.flat_map(|place| self.classes.get(place.classes.clone()).unwrap_or_default());
        classes.filter(|class| scope.axis(Axis::Flavor).admits(class.flavor, class.flavor))
    }

    /// How many pairs a scope's policies allow. O(places + classes of allowed places).
    #[must_use]
    pub fn count_allowed(&self, scope: &Scope) -> usize {
        self.allowed_classes(scope).map(|class| class.members.len()).sum()
    }

    /// The pairs that a scope's policies allow, on both axes. O(classes + pairs).
    #[must_use]
    pub fn allowed(&self, scope: &Scope) -> BitSet<PairId> {
        self.bind(scope).allowed()
    }

    /// Binds a scope to the fleet. O(classes + pairs).
    #[must_use]
    pub fn bind(&self, scope: &Scope) -> Bound {
        let mask = |axis| {
            let restricted = !scope.axis(axis).restrictions().is_empty();
            restricted.then(|| {
                self.select(|class| {
                    let (atom, rest) = class.point(axis);
                    scope.axis(axis).admits(atom, rest)
                })
            })
        };
        Bound { pairs: self.class_of.len(), masks: PerAxis::from_fn(mask) }
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

/// The places of classes that stand in their order.
fn places(fleet: &Fleet, classes: &[Class]) -> Vec<Place> {
    let mut places: BTreeMap<Atom, Place> = BTreeMap::new();
    for cluster in fleet.clusters() {
        places.insert(cluster.place, Place { atom: cluster.place, rest: cluster.rest, classes: 0..0 });
    }
    let mut first = 0;
    let mut places: Vec<Place> = places.into_values().collect();
    for place in &mut places {
        let rest = classes.get(first..).unwrap_or_default();
        let end = first + rest.partition_point(|class| class.place <= place.atom);
        place.classes = first..end;
        first = end;
    }
    places
}
