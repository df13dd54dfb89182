//! What a decision was made on, but for what is free.

use std::sync::Arc;

use super::ask::Ask;
use super::feasible::Feasible;
use super::limits::Limit;
use crate::bitset::BitSet;
use crate::deployment::Demand;
use crate::id::ClusterId;
use crate::inventory::{Fleet, Inventory, Takers};
use crate::policy::Scope;

/// The fleet, the policies and the demand that candidates follow from.
#[derive(Clone, Debug)]
pub(super) struct Asked {
    pub(super) fleet: Arc<Fleet>,
    pub(super) healthy: Arc<BitSet<ClusterId>>,
    pub(super) cordoned: Arc<BitSet<ClusterId>>,
    pub(super) stale: Arc<BitSet<ClusterId>>,
    pub(super) scope: Arc<Scope>,
    pub(super) demand: Demand,
    pub(super) limits: Vec<Limit>,
}

impl Asked {
    pub(super) fn new(inventory: &Inventory, scope: &Arc<Scope>, ask: &Ask<'_>) -> Self {
        Self {
            fleet: Arc::clone(inventory.fleet()),
            healthy: Arc::clone(inventory.healthy()),
            cordoned: Arc::clone(inventory.cordoned()),
            stale: Arc::clone(inventory.stale()),
            scope: Arc::clone(scope),
            demand: ask.demand.clone(),
            limits: ask.limits.to_vec(),
        }
    }

    pub(super) fn feasible(&self) -> Feasible<'_> {
        let takers = Takers { healthy: &self.healthy, cordoned: &self.cordoned, stale: &self.stale };
        Feasible::new(&self.fleet, takers, &self.scope, &self.demand).within(&self.limits)
    }
}
