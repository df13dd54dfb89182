//! Clusters that come, go and change their prices, while replicas run.
//!
//! An inventory that was changed equals one that was built anew from what it came to.

use std::collections::HashMap;
use std::sync::Arc;

use super::cluster::ClusterDef;
use super::fleet::{Fleet, InvalidFleet};
use super::state::Inventory;
use crate::catalog::Catalog;
use crate::id::{ClusterId, Id, Name, PoolId};
use crate::quantity::Money;

/// A cluster that cannot be removed; nothing has changed.
#[derive(Clone, PartialEq, Eq, Debug, thiserror::Error)]
#[non_exhaustive]
pub enum RemoveClusterError {
    /// There is no such cluster.
    #[error("no cluster is called `{0}`")]
    Unknown(String),
    /// Replicas hold room on it.
    #[error("{reservations} reservations hold room on cluster `{cluster}`; release them first")]
    Held {
        /// The cluster.
        cluster: Name,
        /// Reservations on it.
        reservations: usize,
    },
}

impl Inventory {
    /// Adds a cluster whose names were resolved against `catalog`, which is the inventory's own or
    /// has grown from it. Scopes that are compiled stay as they are (C7); ids of clusters, pools and
    /// pairs are others afterwards, reservations keep theirs.
    ///
    /// O(n log n) in clusters and pools, without a look at nodes.
    ///
    /// # Errors
    /// [`InvalidFleet`]; nothing has changed then.
    pub fn add_cluster(&mut self, catalog: &Catalog, def: ClusterDef) -> Result<(), InvalidFleet> {
        let mut defs = self.fleet.defs();
        defs.push(def);
        self.rebuild(catalog, defs)
    }

    /// Removes a cluster on which nothing is held.
    ///
    /// # Errors
    /// [`RemoveClusterError`]; nothing has changed then.
    pub fn remove_cluster(&mut self, name: &str) -> Result<(), RemoveClusterError> {
        let unknown = || RemoveClusterError::Unknown(name.to_owned());
        let id = self.fleet.find_cluster(name).ok_or_else(unknown)?;
        let cluster = self.fleet.cluster(id).ok_or_else(unknown)?;
        let holds = |pool: PoolId| cluster.pools.contains(&pool.index());
        let reservations = self.reservations.values().filter(|held| holds(held.pool)).count();
        if reservations > 0 {
            return Err(RemoveClusterError::Held { cluster: cluster.name.clone(), reservations });
        }
        let mut defs = self.fleet.defs();
        defs.retain(|def| def.name.as_str() != name);
        let catalog = self.fleet.catalog().clone();
        // Fewer clusters of a fleet make a fleet.
        self.rebuild(&catalog, defs).map_err(|_| unknown())
    }

    /// States another price for the nodes of a pool; an id of another fleet changes nothing.
    ///
    /// O(pools).
    pub fn set_price(&mut self, pool: PoolId, price: Option<Money>) {
        Arc::make_mut(&mut self.fleet).set_price(pool, price);
        // The offers of its kinds stand elsewhere now.
        self.note_all_use();
    }

    /// Another fleet in which what runs, runs on.
    fn rebuild(&mut self, catalog: &Catalog, defs: Vec<ClusterDef>) -> Result<(), InvalidFleet> {
        let mut after = Self::with_closed_nodes(catalog, defs.clone(), &self.closed_nodes())?;
        for def in &defs {
            let Some(id) = after.fleet.find_cluster(def.name.as_str()) else { continue };
            let (healthy, cordoned) = match self.fleet.find_cluster(def.name.as_str()) {
                Some(old) => (self.healthy.contains(old), self.cordoned.contains(old)),
                None => (def.healthy, def.cordoned),
            };
            after.set_healthy(id, healthy);
            after.set_cordoned(id, cordoned);
        }
        let moved = moved(&self.fleet, &after.fleet);
        for (old, new) in &moved {
            if let (Some(from), Some(to)) = (self.nodes.get(old.index()), after.nodes.get_mut(new.index())) {
                to.clone_from(from);
            }
        }
        after.reservations = std::mem::take(&mut self.reservations);
        for held in after.reservations.values_mut() {
            // Every reservation's pool is still there: removing refuses what is held.
            if let Some(&pool) = moved.get(&held.pool) {
                held.pool = pool;
            }
        }
        after.next = self.next;
        after.note_all_use();
        *self = after;
        Ok(())
    }
}

/// The pools of one fleet that are in another, by their names.
fn moved(from: &Fleet, to: &Fleet) -> HashMap<PoolId, PoolId> {
    let mut moved = HashMap::with_capacity(from.pools().len());
    for cluster in from.clusters() {
        let Some(found) = to.find_cluster(cluster.name.as_str()).and_then(|id: ClusterId| to.cluster(id)) else {
            continue;
        };
        // Pools stand in the order of their names in both.
        for (old, new) in cluster.pools.clone().zip(found.pools.clone()) {
            moved.insert(PoolId::from_index(old), PoolId::from_index(new));
        }
    }
    moved
}
