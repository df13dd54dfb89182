//! The questions that are measured, in the library's words. What a benchmark measures is changed
//! here, and nowhere else, when the library learns a better way to be asked.

use std::sync::Arc;

use siting::bitset::BitSet;
use siting::deployment::Demand;
use siting::id::PairId;
use siting::inventory::{Bound, Inventory, Pair};
use siting::placement::{self, Ask, Decision};
use siting::policy::Scope;

/// Binds a scope to a snapshot: a mask of pairs for each axis that is restricted.
pub(crate) fn bind(inventory: &Inventory, scope: &Scope) -> Bound {
    inventory.fleet().index().bind(scope)
}

/// F1: where a deployment may run, from masks that are bound already.
pub(crate) fn allowed(bound: &Bound) -> BitSet<PairId> {
    bound.allowed()
}

/// The same, unbound.
pub(crate) fn mask(inventory: &Inventory, scope: &Scope) -> BitSet<PairId> {
    inventory.fleet().index().allowed(scope)
}

/// F2: may it run anywhere.
pub(crate) fn any(inventory: &Inventory, scope: &Scope) -> bool {
    inventory.fleet().index().allowed_classes(scope).next().is_some()
}

/// F2: on how many pools and flavors.
pub(crate) fn how_many(inventory: &Inventory, scope: &Scope) -> usize {
    inventory.fleet().index().count_allowed(scope)
}

/// F2, F4: the best place by price, with room.
pub(crate) fn best(inventory: &Inventory, scope: &Arc<Scope>, demand: &Demand) -> Decision {
    placement::decide(inventory, scope, &Ask::new(demand, 1))
}

/// The pair behind an id of the inventory's own.
pub(crate) fn pair(inventory: &Inventory, id: PairId) -> Pair {
    *inventory.fleet().pair(id).expect("an id of this fleet")
}
