//! Classes: pairs that no policy can tell apart.

use std::collections::BTreeMap;

use super::fleet::Fleet;
use crate::bitset::BitSet;
use crate::catalog::Axis;
use crate::id::{Atom, PairId};
use crate::policy::Scope;

/// The pairs of a fleet, gathered into classes. Policies are answered over classes, whose number
/// follows the catalog and not the fleet.
#[derive(Clone, PartialEq, Debug, Default)]
pub struct Index {
    pairs: usize,
    classes: Vec<Class>,
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

impl Index {
    pub(super) fn build(fleet: &Fleet) -> Self {
        let mut classes: BTreeMap<(Atom, Atom), Class> = BTreeMap::new();
        for (id, pair) in fleet.pair_ids() {
            let Some(cluster) = fleet.cluster(pair.cluster) else { continue };
            let flavor = fleet.catalog().flavor_atom(pair.flavor);
            let new = || Class { place: cluster.place, rest: cluster.rest, flavor, members: Vec::new() };
            classes.entry((cluster.place, flavor)).or_insert_with(new).members.push(id);
        }
        Self { pairs: fleet.pairs().len(), classes: classes.into_values().collect() }
    }

    /// All classes.
    #[must_use]
    pub fn classes(&self) -> &[Class] {
        &self.classes
    }

    /// The pairs that a scope's policies allow, on both axes. O(classes + allowed pairs).
    ///
    /// This is where policies meet the fleet, and the only place (D9): every candidate is one of
    /// these.
    #[must_use]
    pub fn allowed(&self, scope: &Scope) -> BitSet<PairId> {
        self.select(|class| Axis::ALL.into_iter().all(|axis| admits(scope, axis, class)))
    }

    /// The pairs that a scope's policies of one axis allow.
    #[must_use]
    pub fn allowed_on(&self, scope: &Scope, axis: Axis) -> BitSet<PairId> {
        self.select(|class| admits(scope, axis, class))
    }

    /// The pairs of the classes that pass a test.
    #[must_use]
    pub fn select(&self, test: impl Fn(&Class) -> bool) -> BitSet<PairId> {
        let members = self.classes.iter().filter(|class| test(class)).flat_map(|class| &class.members);
        BitSet::from_ids(self.pairs, members.copied())
    }
}

fn admits(scope: &Scope, axis: Axis, class: &Class) -> bool {
    let (atom, rest) = class.point(axis);
    scope.axis(axis).admits(atom, rest)
}
