//! What policies leave of a fleet: the one way from a scope to clusters and pools (D9).

use smallvec::SmallVec;

use super::index::{Class, Index, Place};
use super::points::{Points, is_of_clusters};
use crate::bitset::BitSet;
use crate::catalog::Axis;
use crate::id::{ClusterId, Id, PairId, PlaceId};
use crate::policy::Scope;

/// What a scope's policies leave of a fleet.
///
/// Every question about policies and a fleet is asked here, for all axes alike: a pair is allowed where no axis
/// excludes the place of its cluster or its own kind. An axis that nothing restricts costs nothing.
#[derive(Clone, Debug)]
pub struct Allowed<'a> {
    index: &'a Index,
    scope: &'a Scope,
    restricted: SmallVec<[Axis; 8]>,
}

impl Index {
    /// What a scope's policies leave of the fleet. O(axes).
    #[must_use]
    pub fn allowed<'a>(&'a self, scope: &'a Scope) -> Allowed<'a> {
        let is_restricted = |axis: &Axis| !scope.axis(*axis).restrictions().is_empty();
        let restricted = Axis::ALL.into_iter().filter(is_restricted).collect();
        Allowed { index: self, scope, restricted }
    }
}

impl<'a> Allowed<'a> {
    /// The policies.
    #[must_use]
    pub fn scope(&self) -> &'a Scope {
        self.scope
    }

    /// The axes whose policies exclude these points.
    pub fn excluding(&self, points: &Points) -> impl Iterator<Item = Axis> {
        self.restricted.iter().copied().filter(|&axis| !self.admits_on(axis, points))
    }

    /// Whether no axis excludes these points.
    #[inline]
    #[must_use]
    pub fn admits(&self, points: &Points) -> bool {
        self.restricted.iter().all(|&axis| self.admits_on(axis, points))
    }

    #[inline]
    fn admits_on(&self, axis: Axis, points: &Points) -> bool {
        points.get(axis).is_none_or(|point| self.scope.axis(axis).admits(point))
    }

    /// Whether no axis excludes a place; an id of another fleet is excluded.
    #[inline]
    #[must_use]
    pub fn admits_place(&self, place: PlaceId) -> bool {
        self.index.place(place).is_some_and(|place| self.admits(&place.points))
    }

    /// The classes of allowed pairs. O(places + classes of allowed places).
    pub fn classes(&self) -> impl Iterator<Item = &'a Class> {
        let places = self.index.places().iter().filter(|place| self.is_possible() && self.admits(&place.points));
        let classes = places.flat_map(|place: &Place| self.index.classes_of(place));
        classes.filter(|class| self.admits(&class.points))
    }

    /// Whether any pair is allowed.
    #[must_use]
    pub fn is_any(&self) -> bool {
        self.classes().next().is_some()
    }

    /// How many pairs are allowed. O(places + classes of allowed places).
    #[must_use]
    pub fn count(&self) -> usize {
        self.classes().map(|class| class.members.len()).sum()
    }

    /// Whether a pair is allowed. O(1).
    #[must_use]
    pub fn contains(&self, pair: PairId) -> bool {
        self.is_possible() && self.index.class_of(pair).is_some_and(|class| self.admits(&class.points))
    }

    /// The allowed pairs. O(classes + pairs).
    #[must_use]
    pub fn pairs(&self) -> BitSet<PairId> {
        let is_possible = self.is_possible();
        self.index.select(|class| is_possible && self.admits(&class.points))
    }

    /// The clusters with an allowed pair. O(places + kinds + clusters).
    #[must_use]
    pub fn clusters(&self) -> BitSet<ClusterId> {
        let is_possible = self.is_possible();
        let places: Vec<bool> =
            self.index.places().iter().map(|place| is_possible && self.admits(&place.points)).collect();
        let kinds: Vec<bool> = self.index.kinds().iter().map(|kind| self.admits(&kind.points)).collect();
        let is_in = |list: &[bool], at: usize| list.get(at).copied().unwrap_or(false);
        let some = |kind_set: &Vec<_>| kind_set.iter().any(|kind: &crate::id::KindId| is_in(&kinds, kind.index()));
        let kind_sets: Vec<bool> = self.index.kind_sets().iter().map(some).collect();
        BitSet::of_items(self.index.clusters(), |(place, kind_set)| {
            is_in(&places, place.index()) && is_in(&kind_sets, kind_set.index())
        })
    }

    /// About how many pairs stand where the axes of clusters allow: as if all their points had the same number.
    #[must_use]
    pub fn estimate(&self) -> usize {
        let of_clusters = self.restricted.iter().copied().filter(|&axis| is_of_clusters(axis));
        of_clusters.fold(self.index.pair_count(), |pairs, axis| {
            let present = self.index.present(axis);
            let allowed = pairs.saturating_mul(self.scope.axis(axis).allowed().count_common(present));
            allowed.checked_div(present.len()).unwrap_or(0)
        })
    }

    fn is_possible(&self) -> bool {
        !self.scope.refuses_everything()
    }
}
