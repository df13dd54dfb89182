//! The questions that are measured, in the library's words. What a benchmark measures is changed
//! here, and nowhere else, when the library learns a better way to be asked.

use std::sync::Arc;

use siting::bitset::BitSet;
use siting::catalog::Axis;
use siting::deployment::Demand;
use siting::id::PairId;
use siting::inventory::{Inventory, Pair};
use siting::placement::{self, Ask, Decision};
use siting::policy::Scope;

/// A scope bound to a snapshot: one mask of pairs for each level and axis that restricts.
pub(crate) struct Bound {
    masks: Vec<BitSet<PairId>>,
    pairs: usize,
}

/// Binds a scope to a snapshot.
pub(crate) fn bind(inventory: &Inventory, scope: &Scope) -> Bound {
    let index = inventory.fleet().index();
    let restrictions = Axis::ALL.into_iter().flat_map(|axis| {
        scope.axis(axis).restrictions().iter().map(move |restriction| {
            index.select(|class| {
                let (atom, rest) = class.point(axis);
                restriction.admits(atom, rest)
            })
        })
    });
    Bound { masks: restrictions.collect(), pairs: inventory.fleet().pairs().len() }
}

/// F1: where a deployment may run, from masks that are bound already.
pub(crate) fn allowed(bound: &Bound) -> BitSet<PairId> {
    let Some((first, rest)) = bound.masks.split_first() else { return BitSet::full(bound.pairs) };
    let mut set = first.clone();
    rest.iter().for_each(|mask| set.intersect_with(mask));
    set
}

/// The same, unbound.
pub(crate) fn mask(inventory: &Inventory, scope: &Scope) -> BitSet<PairId> {
    inventory.fleet().index().allowed(scope)
}

/// F2: may it run anywhere.
pub(crate) fn any(inventory: &Inventory, scope: &Scope) -> bool {
    let index = inventory.fleet().index();
    index.classes().iter().any(|class| {
        Axis::ALL.into_iter().all(|axis| {
            let (atom, rest) = class.point(axis);
            scope.axis(axis).admits(atom, rest) && !class.members.is_empty()
        })
    })
}

/// F2: on how many pools and flavors.
pub(crate) fn how_many(inventory: &Inventory, scope: &Scope) -> usize {
    let index = inventory.fleet().index();
    let classes = index.classes().iter().filter(|class| {
        Axis::ALL.into_iter().all(|axis| {
            let (atom, rest) = class.point(axis);
            scope.axis(axis).admits(atom, rest)
        })
    });
    classes.map(|class| class.members.len()).sum()
}

/// F2, F4: the best place by price, with room.
pub(crate) fn best(inventory: &Inventory, scope: &Arc<Scope>, demand: &Demand) -> Decision {
    placement::decide(inventory, scope, &Ask::new(demand, 1))
}

/// The pair behind an id of the inventory's own.
pub(crate) fn pair(inventory: &Inventory, id: PairId) -> Pair {
    *inventory.fleet().pair(id).expect("an id of this fleet")
}
