//! Capacity that is reserved and released: by decisions that are carried out, and by the host itself (I3, I4, W5, W6).

use std::sync::Arc;

use super::limits::passed;
use super::lives::Lives;
use super::{LookupError, Reference, Workspace};
use crate::deployment::Workload;
use crate::id::{ClusterId, DeploymentId, PairId};
use crate::inventory::{
    Inventory, Owner, Request, Reservation, ReservationId, ReserveError, RestoreError, UnknownReservation,
};
use crate::lifecycle::{Effect, Place};
use crate::placement::{self, Ask, CommitError, Decision};

/// A reservation that the host cannot release; nothing has changed.
#[derive(Clone, PartialEq, Eq, Debug, thiserror::Error)]
#[non_exhaustive]
pub enum ReleaseError {
    /// It was never made, or has been released already.
    #[error(transparent)]
    Unknown(#[from] UnknownReservation),
    /// A live deployment holds it (W5).
    #[error("reservation {id} belongs to {owner}, whose lifecycle commands release it")]
    Owned {
        /// The reservation.
        id: ReservationId,
        /// Whose it is.
        owner: Owner,
    },
}

/// A reservation that the host cannot restore; nothing has changed.
#[derive(Clone, PartialEq, Eq, Debug, thiserror::Error)]
#[non_exhaustive]
pub enum TakeBackError {
    /// What it holds would pass a limit (E4).
    #[error("reservation {0} would pass a limit")]
    OverLimit(ReservationId),
    /// It cannot be restored.
    #[error(transparent)]
    Restore(#[from] RestoreError),
    /// A live deployment held it (W5).
    #[error("reservation {id} belongs to {owner}; restore its lifecycle instead")]
    Owned {
        /// The reservation.
        id: ReservationId,
        /// Whose it is.
        owner: Owner,
    },
}

impl Workspace {
    /// Carries out a decision about a deployment: reserves what it placed, if every constraint holds at this
    /// moment (W6). The policies, the clusters and the deployment's own demand are checked again; what the
    /// decision says of itself is not trusted.
    ///
    /// ```
    /// use siting::manifest::spec::Specs;
    /// use siting::workspace::{LoadOptions, Workspace};
    ///
    /// let mut workspace = Workspace::from_specs(Specs::default(), LoadOptions::default())?;
    /// for id in workspace.deployment_ids() {
    ///     let decision = workspace.place(id)?.decision;
    ///     workspace.commit(id, &decision)?;
    /// }
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    ///
    /// # Errors
    /// [`CommitError`]; nothing has changed then, and the caller decides again.
    pub fn commit(
        &mut self,
        deployment: impl Reference<DeploymentId>,
        decision: &Decision,
    ) -> Result<Vec<ReservationId>, CommitError> {
        let places = placement::located(decision, self.inventory.fleet())?;
        self.commit_pairs(deployment, &places)
    }

    /// As [`commit`](Self::commit), for places that somebody names: a decision of another process, or a claim.
    ///
    /// # Errors
    /// [`CommitError`]; nothing has changed then.
    pub fn commit_places(
        &mut self,
        deployment: impl Reference<DeploymentId>,
        places: &[Place],
    ) -> Result<Vec<ReservationId>, CommitError> {
        let pair = |place: &Place| {
            let gone =
                || CommitError::Changed { site: format!("pool `{}` of cluster `{}`", place.pool, place.cluster) };
            Ok((self.pair(place).ok_or_else(gone)?, place.replicas))
        };
        let places = places.iter().map(pair).collect::<Result<Vec<_>, CommitError>>()?;
        self.commit_pairs(deployment, &places)
    }

    fn commit_pairs(
        &mut self,
        deployment: impl Reference<DeploymentId>,
        places: &[(PairId, u32)],
    ) -> Result<Vec<ReservationId>, CommitError> {
        let deployments = Arc::clone(&self.deployments);
        let unknown = |error: LookupError| CommitError::UnknownDeployment(error.to_string());
        let id = deployment.find_in(self).map_err(unknown)?;
        // Invariant `found-ids-are-there`: `find_in` gives ids of this workspace only.
        let found = deployments.get(id).ok_or(CommitError::Refused)?;
        let scope = self.scope_of(found).into();
        let limits = self.limits_on(&self.inventory, &[found.environment]);
        let ask = Ask::new(&found.demand, found.replicas).preferring(&found.preferences).within(&limits);
        let made = placement::commit(&mut self.inventory, &scope, &ask, places)?;
        self.hold_for(found, &made);
        if !made.is_empty() {
            let address = found.address();
            self.accepted(None, format!("deployment `{address}`"));
        }
        Ok(made)
    }

    /// Reserves capacity that belongs to no deployment, all or nothing: how many replicas where, and what each takes.
    /// The reservations are the host's own. Policies are not checked.
    ///
    /// # Errors
    /// The place in the list of the first that cannot be had, and why; nothing has changed then.
    pub fn reserve(&mut self, wanted: &[(Place, Request)]) -> Result<Vec<ReservationId>, (usize, ReserveError)> {
        let pair = |(at, (place, request)): (usize, &(Place, Request))| {
            let pair = self.pair(place).ok_or((at, ReserveError::UnknownPair))?;
            Ok((pair, *request, place.replicas))
        };
        let wanted = wanted.iter().enumerate().map(pair).collect::<Result<Vec<_>, _>>()?;
        // What belongs to no deployment counts for the workspace (E4).
        let mut limits = self.limits_on(&self.inventory, &[]);
        for (at, (pair, request, replicas)) in wanted.iter().enumerate() {
            for limit in &mut limits {
                let each = limit.of.of_replica(self.inventory.fleet(), *pair, request).unwrap_or(0);
                let more = each.saturating_mul(u64::from(*replicas));
                limit.held = limit.held.saturating_add(more);
                if more > 0 && limit.held > limit.most {
                    return Err((at, ReserveError::OverLimit));
                }
            }
        }
        let made = self.inventory.reserve_all(&wanted)?;
        if !made.is_empty() {
            self.accepted(None, format!("{} reservations", made.len()));
        }
        Ok(made)
    }

    /// The same policies and deployments over another inventory, on which nothing of this workspace runs. For
    /// benchmarks, whose fleets are larger than anybody would write down; a host loads clusters as documents.
    #[doc(hidden)]
    #[must_use]
    pub fn over(mut self, inventory: Inventory) -> Self {
        self.running.clear();
        self.lives = Lives::default();
        self.inventory = inventory;
        self
    }

    /// Releases a reservation of the host's own.
    ///
    /// # Errors
    /// [`ReleaseError`]; nothing has changed then.
    pub fn release(&mut self, id: ReservationId) -> Result<(), ReleaseError> {
        match self.inventory.owner(id) {
            Some(owner @ Owner::Deployment(_)) => Err(ReleaseError::Owned { id, owner: owner.clone() }),
            _ => {
                self.inventory.release(id)?;
                self.accepted(None, format!("reservation {id}"));
                Ok(())
            }
        }
    }

    /// Restores a reservation of the host's own, on the same nodes and under the same number.
    ///
    /// # Errors
    /// [`TakeBackError`]; nothing has changed then.
    pub fn take_back(&mut self, reservation: &Reservation) -> Result<(), TakeBackError> {
        match reservation.owner() {
            owner @ Owner::Deployment(_) => Err(TakeBackError::Owned { id: reservation.id(), owner: owner.clone() }),
            Owner::Host | Owner::Committed(_) => {
                let (before, next) = (self.limits_held(), self.inventory.next_reservation());
                self.inventory.restore(reservation)?;
                if passed(&before, &self.limits_held()).is_some() {
                    // It was held a moment ago.
                    let _ = self.inventory.release(reservation.id());
                    self.inventory.count_on_from(next);
                    return Err(TakeBackError::OverLimit(reservation.id()));
                }
                self.accepted(None, format!("reservation {}", reservation.id()));
                Ok(())
            }
        }
    }

    /// The same, as a part of a state that is kept: what it holds is held, whatever is limited by now.
    #[cfg(feature = "manifest")]
    pub(super) fn hold_again(&mut self, reservation: &Reservation) -> Result<(), TakeBackError> {
        match reservation.owner() {
            owner @ Owner::Deployment(_) => Err(TakeBackError::Owned { id: reservation.id(), owner: owner.clone() }),
            Owner::Host | Owner::Committed(_) => Ok(self.inventory.restore(reservation)?),
        }
    }

    /// Records whether a cluster is healthy (I3), as of the last moment: a [change](Self::change) says of which. Replicas of
    /// lives on one that is not are not ready until it is back (W9). What the host has to do for these lives: mostly
    /// routes.
    ///
    /// # Errors
    /// [`LookupError`].
    pub fn set_healthy(
        &mut self,
        cluster: impl Reference<ClusterId>,
        healthy: bool,
    ) -> Result<Vec<(Workload, Effect)>, LookupError> {
        let id = cluster.find_in(self)?;
        let name = self.inventory.fleet().cluster(id).map(|cluster| cluster.name.clone());
        if let Some(name) = name.filter(|_| self.inventory.healthy().contains(id) != healthy) {
            self.inventory.set_healthy(id, healthy);
            self.write_flag(name.as_str(), healthy, |spec| &mut spec.healthy);
            self.accepted(None, format!("cluster `{name}`"));
            let now = self.last_moment().unwrap_or_default();
            return Ok(self.tell_of_cluster(now, &name, !healthy));
        }
        Ok(Vec::new())
    }

    /// Closes a cluster to new work, or opens it again (I3). Running replicas are not affected.
    ///
    /// # Errors
    /// [`LookupError`].
    pub fn set_cordoned(&mut self, cluster: impl Reference<ClusterId>, cordoned: bool) -> Result<(), LookupError> {
        let id = cluster.find_in(self)?;
        let name = self.inventory.fleet().cluster(id).map(|cluster| cluster.name.clone());
        if let Some(name) = name.filter(|_| self.inventory.cordoned().contains(id) != cordoned) {
            self.inventory.set_cordoned(id, cordoned);
            self.write_flag(name.as_str(), cordoned, |spec| &mut spec.cordoned);
            self.accepted(None, format!("cluster `{name}`"));
        }
        Ok(())
    }
}
