//! A reservation as a value: written down, it survives the process that made it.

use std::sync::Arc;

use serde::{Deserialize, Serialize};

#[cfg(feature = "manifest")]
use super::node::Total;
use super::nodes::Taken;
use super::owner::Owner;
use super::request::Request;
use super::state::{Held, Inventory, ReservationId};
use crate::id::{Id, Name, PoolId};

/// What a reservation holds, by names and nodes. Serialise it beside the replicas that it is for, and
/// [`restore`](Inventory::restore) it into an inventory that was built anew.
///
/// ```
/// # use siting::inventory::Reservation;
/// # fn keep(inventory: &mut siting::inventory::Inventory, pair: siting::id::PairId) -> Option<()> {
/// let id = inventory.reserve(pair, &Default::default(), 1).ok()?;
/// let reservation: Reservation = inventory.reservation(id)?;
/// inventory.release(id).ok()?;
/// inventory.restore(&reservation).ok()?;
/// # Some(())
/// # }
/// ```
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Reservation {
    id: ReservationId,
    cluster: Name,
    pool: Name,
    #[serde(default, skip_serializing_if = "Owner::is_host")]
    owner: Owner,
    taken: Vec<Taken>,
    /// What replicas take where nothing is counted.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    uncounted: Option<Uncounted>,
}

/// What replicas take on nodes without a limit.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Uncounted {
    /// The place of the flavor among those of the pool.
    flavor: usize,
    request: Request,
    replicas: u32,
}

/// A reservation that cannot be restored; nothing has changed.
#[derive(Clone, PartialEq, Eq, Debug, thiserror::Error)]
#[non_exhaustive]
pub enum RestoreError {
    /// The pool is gone.
    #[error("pool `{pool}` of cluster `{cluster}` is not part of this inventory")]
    Gone {
        /// The cluster.
        cluster: Name,
        /// The pool.
        pool: Name,
    },
    /// A reservation of this number is held already.
    #[error("reservation {0} is held already")]
    Held(ReservationId),
    /// The nodes it holds are not free, or not there.
    #[error("the nodes that reservation {0} holds are not free")]
    NotFree(ReservationId),
    /// What it holds is not the same on each of its nodes, or of no nodes or replicas at all.
    #[error("reservation {0} does not hold as much on each of its nodes")]
    Uneven(ReservationId),
    /// No number after it would be left.
    #[error("reservation {0} has a number that is never given")]
    Number(ReservationId),
}

impl Reservation {
    /// Its number.
    #[must_use]
    pub fn id(&self) -> ReservationId {
        self.id
    }

    /// Whose it is.
    #[must_use]
    pub fn owner(&self) -> &Owner {
        &self.owner
    }

    /// How many replicas it is for; 0 where nodes are unlimited, as nothing is held there.
    #[must_use]
    pub fn replicas(&self) -> u64 {
        self.taken.iter().map(|taken| u64::from(taken.replicas)).sum()
    }

    /// Whether it holds just what so many replicas take, each as much as a request says.
    #[cfg(feature = "manifest")]
    pub(crate) fn is_of(&self, request: &Request, replicas: u32) -> bool {
        let mut total = Total::default();
        self.taken.iter().for_each(|taken| taken.add_to(&mut total));
        self.replicas() == u64::from(replicas) && total == Total::of(request, replicas)
    }

    /// The cluster it holds room on.
    #[must_use]
    pub fn cluster(&self) -> &Name {
        &self.cluster
    }

    /// The pool it holds room on.
    #[must_use]
    pub fn pool(&self) -> &Name {
        &self.pool
    }
}

impl Inventory {
    /// What a reservation holds; `None` for one that was never made, or was released.
    #[must_use]
    pub fn reservation(&self, id: ReservationId) -> Option<Reservation> {
        let held = self.reservations.get(&id)?;
        let pool = self.fleet.pool(held.pool)?;
        let cluster = self.fleet.cluster(pool.cluster)?.name.clone();
        Some(Reservation {
            id,
            cluster,
            pool: pool.def.name.clone(),
            owner: held.owner.clone(),
            taken: held.taken.clone(),
            uncounted: held.uncounted.as_ref().and_then(|(pair, request, replicas)| {
                let flavor = pool.pairs().position(|known| known == *pair)?;
                Some(Uncounted { flavor, request: *request, replicas: *replicas })
            }),
        })
    }

    /// Whose a reservation is; `None` for one that was never made, or was released.
    #[must_use]
    pub fn owner(&self, id: ReservationId) -> Option<&Owner> {
        self.reservations.get(&id).map(|held| &held.owner)
    }

    /// The pool that a reservation holds room on; `None` for one that was never made, or was released.
    pub(crate) fn pool_of(&self, id: ReservationId) -> Option<PoolId> {
        self.reservations.get(&id).map(|held| held.pool)
    }

    /// Makes a reservation somebody's.
    pub(crate) fn assign(&mut self, id: ReservationId, owner: Owner) {
        if let Some(held) = self.reservations.get_mut(&id) {
            held.owner = owner;
        }
    }

    /// Holds again, on the same nodes and under the same number, what a reservation held.
    ///
    /// # Errors
    /// [`RestoreError`]; nothing has changed then.
    pub fn restore(&mut self, reservation: &Reservation) -> Result<(), RestoreError> {
        let id = reservation.id;
        if self.reservations.contains_key(&id) {
            return Err(RestoreError::Held(id));
        }
        let next = id.0.checked_add(1).ok_or(RestoreError::Number(id))?;
        if !reservation.taken.iter().all(Taken::is_even) {
            return Err(RestoreError::Uneven(id));
        }
        let gone = || RestoreError::Gone { cluster: reservation.cluster.clone(), pool: reservation.pool.clone() };
        let pool = self.find_pool(&reservation.cluster, &reservation.pool).ok_or_else(gone)?;
        if let Some(Some(nodes)) = self.nodes.get_mut(pool.index()) {
            let nodes = Arc::make_mut(nodes);
            if let Some(at) = reservation.taken.iter().position(|taken| !nodes.take_again(taken)) {
                // What was taken before that goes back.
                reservation.taken.iter().take(at).for_each(|taken| nodes.give_back(taken));
                return Err(RestoreError::NotFree(id));
            }
        } else if !reservation.taken.is_empty() {
            return Err(RestoreError::NotFree(id));
        }
        self.note_use(pool);
        let uncounted = reservation.uncounted.as_ref().and_then(|found| {
            let pair = self.fleet.pool(pool)?.pairs().nth(found.flavor)?;
            Some((pair, found.request, found.replicas))
        });
        let (owner, taken) = (reservation.owner.clone(), reservation.taken.clone());
        self.reservations.insert(id, Held { pool, owner, taken, uncounted });
        self.next = self.next.max(next);
        Ok(())
    }

    /// The number that the next reservation gets.
    #[must_use]
    pub fn next_reservation(&self) -> ReservationId {
        ReservationId(self.next)
    }

    /// Gives numbers from this one on: whatever was given since has been taken back, and nobody has seen it.
    pub(crate) fn count_on_from(&mut self, next: ReservationId) {
        self.next = next.0;
    }

    /// Gives no number below this one any more.
    #[cfg(feature = "manifest")]
    pub(crate) fn skip_to(&mut self, next: ReservationId) {
        self.next = self.next.max(next.0);
    }

    /// The pool of these names. O(log n + the cluster's pools).
    #[must_use]
    pub fn find_pool(&self, cluster: &Name, pool: &Name) -> Option<PoolId> {
        let cluster = self.fleet.cluster(self.fleet.find_cluster(cluster.as_str())?)?;
        let mut pools = cluster.pools.clone().map(PoolId::from_index);
        pools.find(|&id| self.fleet.pool(id).is_some_and(|found| found.def.name == *pool))
    }
}
