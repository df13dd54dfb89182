//! The questions that are measured, as callers ask them: by public calls of a workspace.

use std::sync::Arc;

use siting::bitset::BitSet;
use siting::deployment::Demand;
use siting::id::{ClusterId, PairId};
use siting::inventory::{Inventory, Pair};
use siting::placement::{self, Ask, Decision};
use siting::policy::Scope;
use siting::workspace::Outcome;

use super::asked::Asked;

/// F1: where the deployment may run, from a set that is kept while nothing changes.
pub(crate) fn allowed(asked: &Asked) -> Arc<BitSet<ClusterId>> {
    asked.workspace.allowed(asked.deployment).expect("the deployment")
}

/// F2: may it run anywhere.
pub(crate) fn any(asked: &Asked) -> bool {
    asked.workspace.is_allowed_anywhere(asked.deployment).expect("the deployment")
}

/// F2: on how many pools and flavors.
pub(crate) fn how_many(asked: &Asked) -> usize {
    asked.workspace.count_allowed(asked.deployment).expect("the deployment")
}

/// F2: on which pools and flavors.
pub(crate) fn mask(asked: &Asked) -> BitSet<PairId> {
    asked.workspace.allowed_pairs(asked.deployment).expect("the deployment")
}

/// F2, F4, F10: the best place by price, with room, or why there is none.
pub(crate) fn place(asked: &Asked) -> Outcome {
    asked.workspace.place(asked.deployment).expect("the deployment")
}

/// The best place on an inventory that changes with every answer.
pub(crate) fn best(inventory: &Inventory, scope: &Arc<Scope>, demand: &Demand) -> Decision {
    placement::decide(inventory, scope, &Ask::new(demand, 1))
}

/// The pair behind an id of the inventory's own.
pub(crate) fn pair(inventory: &Inventory, id: PairId) -> Pair {
    *inventory.fleet().pair(id).expect("an id of this fleet")
}
