//! The part of an inventory that does not change while replicas come and go.

use std::collections::BTreeMap;

use super::cluster::{Cluster, ClusterDef, Pool};
use super::index::Index;
use crate::catalog::{Catalog, Point};
use crate::id::{ClusterId, FlavorId, Id, Name, PairId, PoolId};
use crate::origin::Origin;
use crate::quantity::Money;

/// Clusters, pools and the pairs of pool and flavor on which a replica can run.
///
/// Invariants:
/// 1. `ids-ascend`: clusters stand in the order of their names by bytes; pools in that of cluster
///    and name; pairs in that of pool, flavor kind and code. Comparing ids is therefore the last
///    tie of D5, and a fleet does not depend on the order in which it was described;
/// 2. `ranges-nest`: a cluster's pools and pairs are neighbours.
#[derive(Clone, Debug)]
pub struct Fleet {
    catalog: Catalog,
    clusters: Vec<Cluster>,
    pools: Vec<Pool>,
    pairs: Vec<Pair>,
    index: Index,
}

/// Where a replica can run, and on what.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Pair {
    /// The cluster.
    pub cluster: ClusterId,
    /// The pool.
    pub pool: PoolId,
    /// The flavor it would run on.
    pub flavor: FlavorId,
}

/// Why clusters make no fleet.
#[derive(Clone, PartialEq, Eq, Debug, thiserror::Error)]
#[non_exhaustive]
pub enum InvalidFleet {
    /// Two clusters of one name.
    #[error("two clusters are called `{name}`")]
    SameCluster {
        /// The name.
        name: Name,
        /// Where the two stand.
        origins: Box<[Origin; 2]>,
    },
    /// Two pools of one name in a cluster.
    #[error("two pools of cluster `{cluster}` are called `{pool}`")]
    SamePool {
        /// The cluster.
        cluster: Name,
        /// The pool's name.
        pool: Name,
    },
    /// More in use than a pool holds (I1).
    #[error("more {resource} is in use than pool `{pool}` of cluster `{cluster}` holds")]
    OverUsed {
        /// The cluster.
        cluster: Name,
        /// The pool.
        pool: Name,
        /// The resource.
        resource: &'static str,
    },
}

impl Fleet {
    /// Orders the clusters and indexes them. O(n log n) in clusters and pools.
    pub(super) fn build(catalog: &Catalog, mut defs: Vec<ClusterDef>) -> Result<Self, InvalidFleet> {
        defs.sort_by(|a, b| a.name.cmp(&b.name));
        for (a, b) in defs.iter().zip(defs.iter().skip(1)) {
            if a.name == b.name {
                let origins = Box::new([a.origin.clone(), b.origin.clone()]);
                return Err(InvalidFleet::SameCluster { name: a.name.clone(), origins });
            }
        }
        let mut fleet = Self {
            catalog: catalog.clone(),
            clusters: Vec::with_capacity(defs.len()),
            pools: Vec::new(),
            pairs: Vec::new(),
            index: Index::empty(),
        };
        for def in defs {
            fleet.push(def)?;
        }
        fleet.index = Index::build(&fleet);
        Ok(fleet)
    }

    fn push(&mut self, def: ClusterDef) -> Result<(), InvalidFleet> {
        let id = ClusterId::from_index(self.clusters.len());
        let (first_pool, first_pair) = (self.pools.len(), self.pairs.len());
        let mut pools = BTreeMap::new();
        for pool in def.pools {
            if let Some(twin) = pools.insert(pool.name.clone(), pool) {
                return Err(InvalidFleet::SamePool { cluster: def.name, pool: twin.name });
            }
        }
        for pool in pools.into_values() {
            let pool_id = PoolId::from_index(self.pools.len());
            // Cpu stands before gpu, and a pool has at most one of each (invariant `ids-ascend`).
            let flavors = pool.cpu_flavor.into_iter().chain(pool.gpu_flavor);
            let first = self.pairs.len();
            self.pairs.extend(flavors.map(|flavor| Pair { cluster: id, pool: pool_id, flavor }));
            self.pools.push(Pool { cluster: id, pairs: first..self.pairs.len(), def: pool });
        }
        self.clusters.push(Cluster {
            name: def.name,
            run_by: self.catalog.provider_point(def.provider.as_str()),
            provider: def.provider,
            country: def.country,
            location: def.location,
            zone: def.zone,
            place: Point {
                atom: self.catalog.place(def.country, def.location),
                rest: self.catalog.rest_of(def.country),
            },
            coordinates: def.coordinates,
            labels: def.labels,
            observed_at: def.observed_at,
            pools: first_pool..self.pools.len(),
            pairs: first_pair..self.pairs.len(),
            origin: def.origin,
        });
        Ok(())
    }

    /// The clusters as they were defined, but for their health and cordons.
    pub(super) fn defs(&self) -> Vec<ClusterDef> {
        let def = |cluster: &Cluster| ClusterDef {
            name: cluster.name.clone(),
            provider: cluster.provider.clone(),
            country: cluster.country,
            location: cluster.location,
            zone: cluster.zone.clone(),
            coordinates: cluster.coordinates,
            labels: cluster.labels.clone(),
            healthy: true,
            cordoned: false,
            observed_at: cluster.observed_at,
            pools: self
                .pools
                .get(cluster.pools.clone())
                .unwrap_or_default()
                .iter()
                .map(|pool| pool.def.clone())
                .collect(),
            origin: cluster.origin.clone(),
        };
        self.clusters.iter().map(def).collect()
    }

    /// States another number of a pool's nodes.
    pub(super) fn set_nodes(&mut self, pool: PoolId, nodes: u32) {
        if let Some(found) = self.pools.get_mut(pool.index()) {
            found.def.nodes = Some(nodes);
        }
    }

    /// States another price for a pool's nodes.
    pub(super) fn set_price(&mut self, pool: PoolId, price: Option<Money>) {
        let Some(found) = self.pools.get_mut(pool.index()) else { return };
        found.def.price = price;
        for pair in found.pairs() {
            self.index.reprice(pair, price);
        }
    }

    /// The catalog its names were resolved against.
    #[must_use]
    pub fn catalog(&self) -> &Catalog {
        &self.catalog
    }

    /// All clusters, by ascending id.
    #[must_use]
    pub fn clusters(&self) -> &[Cluster] {
        &self.clusters
    }

    /// All pools, by ascending id.
    #[must_use]
    pub fn pools(&self) -> &[Pool] {
        &self.pools
    }

    /// All pairs, by ascending id.
    #[must_use]
    pub fn pairs(&self) -> &[Pair] {
        &self.pairs
    }

    /// All pairs with their ids.
    pub fn pair_ids(&self) -> impl Iterator<Item = (PairId, &Pair)> {
        self.pairs.iter().enumerate().map(|(index, pair)| (PairId::from_index(index), pair))
    }

    /// A cluster; `None` for an id of another fleet, as below.
    #[must_use]
    pub fn cluster(&self, id: ClusterId) -> Option<&Cluster> {
        self.clusters.get(id.index())
    }

    /// A pool.
    #[must_use]
    pub fn pool(&self, id: PoolId) -> Option<&Pool> {
        self.pools.get(id.index())
    }

    /// A pair.
    #[must_use]
    pub fn pair(&self, id: PairId) -> Option<&Pair> {
        self.pairs.get(id.index())
    }

    /// The cluster of this name. O(log n).
    #[must_use]
    pub fn find_cluster(&self, name: &str) -> Option<ClusterId> {
        let at = self.clusters.binary_search_by(|cluster| cluster.name.as_str().cmp(name));
        at.ok().map(ClusterId::from_index)
    }

    /// The pair of these names and flavor. O(log n + the cluster's pairs).
    #[must_use]
    pub fn find_pair(&self, cluster: &str, pool: &str, flavor: FlavorId) -> Option<PairId> {
        let pairs = self.cluster(self.find_cluster(cluster)?)?.pairs.clone();
        let mut ids = pairs.map(PairId::from_index);
        ids.find(|&id| {
            self.pair(id).is_some_and(|pair| {
                pair.flavor == flavor && self.pool(pair.pool).is_some_and(|found| found.def.name.as_str() == pool)
            })
        })
    }

    /// The names behind a pair: its cluster, its pool and the flavor's code; `None` for an id of
    /// another fleet.
    #[must_use]
    pub fn names(&self, id: PairId) -> Option<(&Name, &Name, &str)> {
        let pair = self.pair(id)?;
        let (cluster, pool) = (self.cluster(pair.cluster)?, self.pool(pair.pool)?);
        Some((&cluster.name, &pool.def.name, self.catalog.flavor_code(pair.flavor)))
    }

    /// The classes that policies are answered over.
    #[must_use]
    pub fn index(&self) -> &Index {
        &self.index
    }
}
