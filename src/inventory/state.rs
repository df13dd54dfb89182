//! An inventory: a fleet and what changes on it.

use std::collections::BTreeMap;
use std::fmt;
use std::sync::Arc;

use serde::{Deserialize, Serialize};

use super::cluster::ClusterDef;
use super::fleet::{Fleet, InvalidFleet};
use super::freshness::Freshness;
use super::in_use::OffersInUse;
use super::node_numbers::ClosedNodes;
use super::nodes::{Nodes, Taken};
use super::owner::Owner;
use super::request::{GpuRequest, Request};
use crate::bitset::BitSet;
use crate::catalog::Catalog;
use crate::id::{ClusterId, Id, OfferId, PairId, PoolId};

/// A fleet, its health and cordons, what is free on it, and who reserved what.
///
/// A clone is a snapshot: it shares all that does not change, and neither sees the other's changes.
#[derive(Clone, Debug)]
pub struct Inventory {
    pub(super) fleet: Arc<Fleet>,
    pub(super) healthy: Arc<BitSet<ClusterId>>,
    pub(super) cordoned: Arc<BitSet<ClusterId>>,
    pub(super) freshness: Freshness,
    /// The offers of pools on which something is in use, or which have no nodes, and perhaps of some that are idle
    /// again.
    ///
    /// Invariant `unused-is-idle`: any other pool that has a limit has nodes, and nothing is in use on them.
    pub(super) in_use: Arc<OffersInUse>,
    /// By pool; `None` where nodes are unlimited.
    pub(super) nodes: Vec<Option<Arc<Nodes>>>,
    pub(super) reservations: BTreeMap<ReservationId, Held>,
    pub(super) next: u64,
}

/// Names a reservation of one inventory; never used again.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug, Serialize, Deserialize)]
#[serde(transparent)]
pub struct ReservationId(pub(super) u64);

#[cfg(feature = "manifest")]
impl ReservationId {
    /// Whether no inventory comes near this number by reserving: what counts on from there would soon overflow.
    pub(crate) const fn is_beyond_reach(self) -> bool {
        self.0 > u64::MAX / 2
    }
}

impl ReservationId {
    /// The reservation of this number.
    #[must_use]
    pub const fn new(number: u64) -> Self {
        Self(number)
    }

    /// Its number, for who keeps it elsewhere.
    #[must_use]
    pub const fn get(self) -> u64 {
        self.0
    }
}

impl fmt::Display for ReservationId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

/// What replicas hold of one pool. Nothing is held where nodes are unlimited.
#[derive(Clone, PartialEq, Eq, Debug)]
pub(super) struct Held {
    pub(super) pool: PoolId,
    pub(super) owner: Owner,
    pub(super) taken: Vec<Taken>,
    /// What replicas take where nothing is counted: the pair, the request, and how many they are.
    pub(super) uncounted: Option<(PairId, Request, u32)>,
}

/// A reservation that cannot be made; nothing has changed (I4).
#[derive(Clone, Copy, PartialEq, Eq, Debug, thiserror::Error)]
#[non_exhaustive]
pub enum ReserveError {
    /// The pair is not of this fleet.
    #[error("the pool is not part of this inventory")]
    UnknownPair,
    /// The cluster is unhealthy or cordoned (I3).
    #[error("the cluster is unhealthy or cordoned")]
    Closed,
    /// There is not enough room.
    #[error("{wanted} replicas are wanted and {fitting} fit")]
    NoRoom {
        /// Replicas asked for.
        wanted: u32,
        /// Replicas that would fit.
        fitting: u32,
    },
    /// The workspace's limits do not let so much be held (E4).
    #[error("it would pass a limit of the workspace")]
    OverLimit,
    /// No number is left to name it by.
    #[error("no number is left for a reservation")]
    NoNumber,
}

/// The reservation was never made, or has been released already (I4).
#[derive(Clone, Copy, PartialEq, Eq, Debug, thiserror::Error)]
#[error("reservation {0} is unknown or already released")]
pub struct UnknownReservation(pub ReservationId);

impl Inventory {
    /// Clusters whose names were resolved against `catalog`.
    ///
    /// # Errors
    /// [`InvalidFleet`] where names repeat or more is in use than there is.
    pub fn new(catalog: &Catalog, clusters: Vec<ClusterDef>) -> Result<Self, InvalidFleet> {
        Self::with_closed_nodes(catalog, clusters, &ClosedNodes::default())
    }

    /// The same, where nodes are gone beside those that the pools state.
    pub(crate) fn with_closed_nodes(
        catalog: &Catalog,
        clusters: Vec<ClusterDef>,
        gone: &ClosedNodes,
    ) -> Result<Self, InvalidFleet> {
        let mut closed = BTreeMap::new();
        for def in &clusters {
            closed.insert(def.name.clone(), (def.healthy, def.cordoned));
        }
        let fleet = Fleet::build(catalog, clusters)?;
        let universe = fleet.clusters().len();
        let those = |test: fn(&(bool, bool)) -> bool| {
            let ids = closed.values().enumerate().filter(move |(_, state)| test(state));
            BitSet::from_ids(universe, ids.map(|(index, _)| ClusterId::from_index(index)))
        };
        let (healthy, cordoned) = (Arc::new(those(|state| state.0)), Arc::new(those(|state| state.1)));
        let mut nodes = Vec::with_capacity(fleet.pools().len());
        for pool in fleet.pools() {
            nodes.push(match (&pool.def.shape, pool.def.nodes) {
                (Some(shape), Some(count)) => {
                    let cluster = fleet.cluster(pool.cluster).map(|cluster| &cluster.name);
                    let closed = cluster.map(|cluster| gone.of(cluster, &pool.def.name)).unwrap_or_default();
                    let over_used = |resource| InvalidFleet::OverUsed {
                        cluster: cluster.unwrap_or(&pool.def.name).clone(),
                        pool: pool.def.name.clone(),
                        resource,
                    };
                    let (used, per_node) = (&pool.def.used, &pool.def.used_per_node);
                    let nodes = Nodes::with_closed(shape, count, closed, used, per_node).map_err(over_used)?;
                    Some(Arc::new(nodes))
                }
                _ => None,
            });
        }
        let in_use = Arc::new(OffersInUse::none(fleet.pairs().len()));
        let fleet = Arc::new(fleet);
        let freshness = Freshness::none(universe);
        let mut new =
            Self { fleet, healthy, cordoned, freshness, in_use, nodes, reservations: BTreeMap::new(), next: 0 };
        new.note_all_use();
        Ok(new)
    }

    /// The clusters and pools, shared by all snapshots.
    #[must_use]
    pub fn fleet(&self) -> &Arc<Fleet> {
        &self.fleet
    }

    /// The healthy clusters.
    #[must_use]
    pub fn healthy(&self) -> &Arc<BitSet<ClusterId>> {
        &self.healthy
    }

    /// The cordoned clusters.
    #[must_use]
    pub fn cordoned(&self) -> &Arc<BitSet<ClusterId>> {
        &self.cordoned
    }

    /// Whether a cluster takes new work: healthy and not cordoned (I3).
    #[must_use]
    pub fn is_open(&self, cluster: ClusterId) -> bool {
        self.healthy.contains(cluster) && !self.cordoned.contains(cluster)
    }

    /// Records a cluster's health. An id of another fleet changes nothing.
    pub fn set_healthy(&mut self, cluster: ClusterId, healthy: bool) {
        set(Arc::make_mut(&mut self.healthy), cluster, healthy);
    }

    /// Closes a cluster to new work, or opens it again. An id of another fleet changes nothing.
    pub fn set_cordoned(&mut self, cluster: ClusterId, cordoned: bool) {
        set(Arc::make_mut(&mut self.cordoned), cluster, cordoned);
    }

    /// What is free on a pool; `None` where nodes are unlimited.
    #[must_use]
    pub fn nodes(&self, pool: PoolId) -> Option<&Nodes> {
        self.nodes.get(pool.index())?.as_deref()
    }

    /// How many numbers the nodes of a pool have, those that are gone among them; `None` where they are not counted.
    pub(crate) fn numbers(&self, pool: PoolId) -> Option<u32> {
        self.nodes(pool).map(Nodes::numbers)
    }

    /// The nodes of all pools that are gone.
    pub(crate) fn closed_nodes(&self) -> ClosedNodes {
        let mut closed = ClosedNodes::default();
        for (pool, nodes) in self.fleet.pools().iter().zip(&self.nodes) {
            let Some(nodes) = nodes.as_deref().filter(|nodes| nodes.closed > 0) else { continue };
            if let Some(cluster) = self.fleet.cluster(pool.cluster) {
                closed.set(&cluster.name, &pool.def.name, nodes.closed());
            }
        }
        closed
    }

    /// What is free on a pool, shared with this snapshot.
    pub(crate) fn shared_nodes(&self, pool: PoolId) -> Option<&Arc<Nodes>> {
        self.nodes.get(pool.index())?.as_ref()
    }

    /// Whether something may be in use on the nodes behind an offer. Where not, every node is idle or their
    /// number is unlimited, so what is free on them is known from their shape.
    #[must_use]
    pub fn is_in_use(&self, offer: OfferId) -> bool {
        self.in_use.contains(offer)
    }

    /// The offers for which [`is_in_use`](Self::is_in_use).
    pub(crate) fn in_use(&self) -> &OffersInUse {
        &self.in_use
    }

    /// Takes room for `replicas`, each on the node where it leaves least.
    ///
    /// O(log n) for each run of nodes that the replicas fill.
    ///
    /// # Errors
    /// [`ReserveError`]; nothing has changed then.
    pub fn reserve(&mut self, pair: PairId, request: &Request, replicas: u32) -> Result<ReservationId, ReserveError> {
        let found = self.fleet.pair(pair).ok_or(ReserveError::UnknownPair)?;
        if !self.is_open(found.cluster) {
            return Err(ReserveError::Closed);
        }
        self.reserve_anyway(pair, request, replicas)
    }

    /// As [`reserve`](Self::reserve), for what runs already, be the cluster open or not.
    ///
    /// # Errors
    /// [`ReserveError`]; nothing has changed then.
    pub fn reserve_anyway(
        &mut self,
        pair: PairId,
        request: &Request,
        replicas: u32,
    ) -> Result<ReservationId, ReserveError> {
        let &found = self.fleet.pair(pair).ok_or(ReserveError::UnknownPair)?;
        let (id, next) = (ReservationId(self.next), self.next.checked_add(1).ok_or(ReserveError::NoNumber)?);
        let taken = self.take(found.pool, request, replicas)?;
        self.next = next;
        let uncounted = taken.is_empty().then_some((pair, *request, replicas));
        self.reservations.insert(id, Held { pool: found.pool, owner: Owner::Host, taken, uncounted });
        Ok(id)
    }

    /// Takes room for all of several requests, or for none.
    ///
    /// # Errors
    /// The place in the list of the first that cannot be had, and why; nothing has changed then.
    pub fn reserve_all(
        &mut self,
        wanted: &[(PairId, Request, u32)],
    ) -> Result<Vec<ReservationId>, (usize, ReserveError)> {
        let next = self.next;
        let mut made = Vec::with_capacity(wanted.len());
        for (index, (pair, request, replicas)) in wanted.iter().enumerate() {
            match self.reserve(*pair, request, *replicas) {
                Ok(id) => made.push(id),
                Err(error) => {
                    // Nobody has seen these ids, so they can be given again.
                    for id in made {
                        let _ = self.release(id);
                    }
                    self.next = next;
                    return Err((index, error));
                }
            }
        }
        Ok(made)
    }

    /// Takes room on one pool for all replicas, or for none.
    fn take(&mut self, pool: PoolId, request: &Request, replicas: u32) -> Result<Vec<Taken>, ReserveError> {
        let Some(Some(nodes)) = self.nodes.get_mut(pool.index()) else {
            let holds = self.fleet.pool(pool).is_some_and(|pool| pool.holds(request));
            return if holds { Ok(Vec::new()) } else { Err(ReserveError::NoRoom { wanted: replicas, fitting: 0 }) };
        };
        if replicas > 0 && nodes.best(request).is_none() {
            return Err(ReserveError::NoRoom { wanted: replicas, fitting: 0 });
        }
        let nodes = Arc::make_mut(nodes);
        let (mut taken, mut left) = (Vec::new(), replicas);
        while left > 0 {
            let Some(part) = nodes.take(request, left) else {
                taken.iter().for_each(|part| nodes.give_back(part));
                return Err(ReserveError::NoRoom { wanted: replicas, fitting: replicas - left });
            };
            left -= part.replicas;
            taken.push(part);
        }
        self.note_use(pool);
        Ok(taken)
    }

    /// Notes whether a pool is idle.
    pub(super) fn note_use(&mut self, id: PoolId) {
        let Some(pool) = self.fleet.pool(id) else { return };
        let used = match (self.nodes.get(id.index()), &pool.def.shape) {
            (Some(Some(nodes)), Some(shape)) => !nodes.is_idle(shape),
            _ => false,
        };
        for offer in pool.pairs().filter_map(|pair| self.fleet.index().offer_of(pair)) {
            if self.in_use.contains(offer) != used {
                Arc::make_mut(&mut self.in_use).set(offer, used);
            }
        }
    }

    /// Notes it of all pools.
    pub(super) fn note_all_use(&mut self) {
        self.in_use = Arc::new(OffersInUse::none(self.fleet.pairs().len()));
        for index in 0..self.nodes.len() {
            self.note_use(PoolId::from_index(index));
        }
    }

    /// Gives back what a reservation holds.
    ///
    /// # Errors
    /// [`UnknownReservation`] if it was never made, or has been released already.
    pub fn release(&mut self, id: ReservationId) -> Result<(), UnknownReservation> {
        let reservation = self.reservations.remove(&id).ok_or(UnknownReservation(id))?;
        if let Some(Some(nodes)) = self.nodes.get_mut(reservation.pool.index()) {
            let nodes = Arc::make_mut(nodes);
            for taken in &reservation.taken {
                nodes.give_back(taken);
            }
        }
        self.note_use(reservation.pool);
        Ok(())
    }

    /// Gives back what `fewer` replicas of a reservation hold; the others stay on their nodes. Legal on a closed
    /// cluster too, as nothing is taken (L14).
    ///
    /// # Errors
    /// [`UnknownReservation`] if it was never made, or has been released already.
    pub fn shrink(&mut self, id: ReservationId, fewer: u32) -> Result<(), UnknownReservation> {
        self.shrink_among(id, fewer, 0)
    }

    /// What would be free on the one pool of several reservations without so many replicas of each. `None` where they
    /// are of several pools, or of one without a limit.
    pub(crate) fn without(&self, fewer: &[(ReservationId, u32)]) -> Option<Nodes> {
        let (first, _) = fewer.first()?;
        let pool = self.reservations.get(first)?.pool;
        let mut nodes = self.nodes(pool)?.clone();
        for (id, fewer) in fewer {
            let held = self.reservations.get(id).filter(|held| held.pool == pool)?;
            split(held.taken.clone(), *fewer).0.iter().for_each(|taken| nodes.give_back(taken));
        }
        Some(nodes)
    }

    /// Takes room for `more` replicas of a reservation, beside those that it holds.
    ///
    /// # Errors
    /// [`ReserveError`]; nothing has changed then.
    pub fn extend(&mut self, id: ReservationId, request: &Request, more: u32) -> Result<(), ReserveError> {
        let pool = self.reservations.get(&id).ok_or(ReserveError::UnknownPair)?.pool;
        if !self.fleet.pool(pool).is_some_and(|pool| self.is_open(pool.cluster)) {
            return Err(ReserveError::Closed);
        }
        let taken = self.take(pool, request, more)?;
        if let Some(held) = self.reservations.get_mut(&id) {
            held.taken.extend(taken);
            if let Some((.., replicas)) = &mut held.uncounted {
                *replicas = replicas.saturating_add(more);
            }
        }
        Ok(())
    }

    /// What the replicas of a reservation take: on which pair, each how much, and how many they are.
    pub(crate) fn held(&self, id: ReservationId) -> Vec<(PairId, Request, u32)> {
        let Some(held) = self.reservations.get(&id) else { return Vec::new() };
        let counted = held.taken.iter().filter_map(|taken| {
            let request = taken.request();
            let pool = self.fleet.pool(held.pool)?;
            let wants_gpu = request.gpu != GpuRequest::None;
            let is_of_gpus = |pair: &PairId| {
                self.fleet.pair(*pair).map(|pair| Some(pair.flavor) == pool.def.gpu_flavor) == Some(wants_gpu)
            };
            let pair = pool.pairs().find(is_of_gpus).or_else(|| pool.pairs().next())?;
            Some((pair, request, taken.replicas))
        });
        counted.chain(held.uncounted).collect()
    }

    /// The reservations that have not been released, oldest first.
    pub fn reservations(&self) -> impl Iterator<Item = ReservationId> + '_ {
        self.reservations.keys().copied()
    }
}

/// What `fewer` replicas give back, the last taken first, and what the others keep.
pub(super) fn split(taken: Vec<Taken>, fewer: u32) -> (Vec<Taken>, Vec<Taken>) {
    let (mut left, mut given) = (fewer, Vec::new());
    let mut kept = Vec::with_capacity(taken.len());
    for taken in taken.into_iter().rev() {
        let part = left.min(taken.replicas);
        left -= part;
        let (gone, stays) = taken.split(part);
        given.extend(gone);
        kept.extend(stays.into_iter().rev());
    }
    kept.reverse();
    (given, kept)
}

fn set(clusters: &mut BitSet<ClusterId>, cluster: ClusterId, member: bool) {
    if cluster.index() < clusters.universe() {
        if member {
            clusters.insert(cluster);
        } else {
            clusters.remove(cluster);
        }
    }
}
