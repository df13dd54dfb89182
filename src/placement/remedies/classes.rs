//! The open clusters, gathered by where they stand and what they have: steps are tried on these, not cluster by cluster.

use crate::bitset::BitSet;
use crate::id::{ClusterId, Id, KindId, KindSetId, PlaceId};
use crate::inventory::Inventory;

/// The open clusters of a fleet, counted.
pub(super) struct Classes {
    /// By place: the sets of kinds that open clusters there have, each with how many have it.
    rows: Vec<Vec<(KindSetId, usize)>>,
    /// By kind: the places where an open cluster has it.
    places_of: Vec<BitSet<PlaceId>>,
}

impl Classes {
    /// O(clusters × log clusters of a place).
    pub(super) fn of(inventory: &Inventory) -> Self {
        let (index, takers) = (inventory.fleet().index(), inventory.takers());
        let mut by_place: Vec<Vec<KindSetId>> = vec![Vec::new(); index.places().len()];
        for (number, (place, kinds)) in index.clusters().iter().enumerate() {
            if takers.contain(ClusterId::from_index(number))
                && let Some(row) = by_place.get_mut(place.index())
            {
                row.push(*kinds);
            }
        }
        let rows: Vec<_> = by_place.into_iter().map(counted).collect();
        let mut places_of = vec![BitSet::empty(rows.len()); index.kinds().len()];
        for (place, row) in rows.iter().enumerate() {
            let kinds = row.iter().filter_map(|(kinds, _)| index.kind_sets().get(kinds.index())).flatten();
            for kind in kinds {
                if let Some(places) = places_of.get_mut(kind.index()) {
                    places.insert(PlaceId::from_index(place));
                }
            }
        }
        Self { rows, places_of }
    }

    /// By place: the sets of kinds that open clusters there have, each with how many have it.
    pub(super) fn rows(&self) -> impl Iterator<Item = (PlaceId, &[(KindSetId, usize)])> {
        self.rows.iter().enumerate().map(|(place, row)| (PlaceId::from_index(place), row.as_slice()))
    }

    /// The places where an open cluster has a kind.
    pub(super) fn places_of(&self, kind: KindId) -> Option<&BitSet<PlaceId>> {
        self.places_of.get(kind.index())
    }
}

fn counted(mut kinds: Vec<KindSetId>) -> Vec<(KindSetId, usize)> {
    kinds.sort_unstable();
    let mut counts: Vec<(KindSetId, usize)> = Vec::new();
    for kinds in kinds {
        match counts.last_mut().filter(|(last, _)| *last == kinds) {
            Some((_, count)) => *count += 1,
            None => counts.push((kinds, 1)),
        }
    }
    counts
}
